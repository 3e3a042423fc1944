// Package report makes a page of Markdown and charts of a run of the benchmark.
//
//	err := report.Write("docs/benchmarks", run)
//
// Every figure on the page is computed here from the samples of that one run:
// medians, ratios and whether a goal is met. The only text that a person has
// written for particular figures is in explanations.go.
package report

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/leat-io/leat/bench/result"
)

// Write makes dir/README.md and, beside it, the PNG charts that the page shows.
// The directory is made if it does not exist. The same run gives the same bytes
// of Markdown.
//
// Kinds of work that are not in the run are left out, samples that failed are
// shown as such and take no part in any median. A chart of an earlier report for
// which this run has no figures is removed, so that nobody takes it for a new one.
func Write(dir string, run result.Run) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("write the report of the benchmark: %w", err)
	}
	r := newReport(run, explanations)
	for _, c := range r.charts {
		if err := c.write(dir); err != nil {
			return fmt.Errorf("write the chart %s of the benchmark: %w", filepath.Join(dir, c.file), err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "README.md"), []byte(r.markdown()), 0o600); err != nil {
		return fmt.Errorf("write the report of the benchmark: %w", err)
	}
	return nil
}

// report is a run with what was worked out from it.
type report struct {
	run          result.Run
	contenders   []result.Contender
	figures      *figures
	columns      []column
	explanations map[pairing]string
	charts       []chart
}

func newReport(run result.Run, why map[pairing]string) *report {
	r := &report{run: run, figures: newFigures(run.Samples), explanations: why}
	r.contenders = contendersOf(run)
	r.columns = r.columnsOf(run)
	r.charts = r.allCharts()
	return r
}

// contendersOf are those of the run, and after them any that only the samples name.
func contendersOf(run result.Run) []result.Contender {
	known := map[string]bool{}
	all := append([]result.Contender(nil), run.Contenders...)
	for _, c := range all {
		known[c.Name] = true
	}
	for _, s := range run.Samples {
		if !known[s.Contender] {
			known[s.Contender] = true
			all = append(all, result.Contender{Name: s.Contender})
		}
	}
	return all
}

// Names that the report treats in a way of its own.
const (
	ours     = "leat"
	bare     = "bare protocol"            // the limit: the same entries as leat's
	bareThin = "bare protocol, one field" // shows what the envelope of an event costs
	layer    = "leat, stream.Reader"      // shows what of leat's costs is the protocol's
	goRedis  = "go-redis"
	rueidis  = "rueidis"
)

// rivals are those that leat has to be ahead of: all but itself, the limit, and a part
// of leat that does less.
func (r *report) rivals() []string {
	var names []string
	for _, c := range r.contenders {
		if c.Name != ours && c.Name != bare && c.Name != bareThin && c.Name != layer {
			names = append(names, c.Name)
		}
	}
	return names
}

// write makes the chart, or removes the one of an earlier report when there is
// nothing to draw.
func (c chart) write(dir string) error {
	path := filepath.Join(dir, c.file)
	if c.draw == nil {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		return nil
	}
	data, err := c.draw()
	if err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o600)
}
