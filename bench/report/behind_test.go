package report

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/leat-io/leat/bench/result"
)

// whyOf is what the report says of the row of publish in which leat is not ahead of the
// peer.
func whyOf(t *testing.T, peer string, mine, theirs []float64, why map[pairing]string) string {
	t.Helper()
	samples := append(rates(ours, result.Publish, mine...), rates(peer, result.Publish, theirs...)...)
	rows := newReport(result.Run{Samples: samples}, why).behind()
	if len(rows) != 1 {
		t.Fatalf("behind = %+v", rows)
	}
	return newReport(result.Run{Samples: samples}, why).explain(rows[0])
}

func TestWhatIsSaidOfARowInWhichLeatIsNotAhead(t *testing.T) {
	t.Parallel()
	why := map[pairing]string{{"publish", "taskq"}: "of taskq", {"publish", ""}: "of all", {"consume", ""}: "of another"}
	for name, c := range map[string]struct {
		peer         string
		mine, theirs []float64
		why          map[pairing]string
		want         string
	}{
		"of a peer":                        {"taskq", []float64{90, 80, 99}, []float64{100, 100, 100}, why, "of taskq"},
		"of everybody":                     {"asynq", []float64{90, 80, 99}, []float64{100, 100, 100}, why, "of all"},
		"of another measure":               {"asynq", []float64{90, 80}, []float64{100, 100}, map[pairing]string{{"consume", ""}: "x"}, "not explained yet"},
		"a round in which leat is ahead":   {"taskq", []float64{90, 80, 101}, []float64{100, 100, 100}, why, level},
		"a round in which they are equal":  {"taskq", []float64{90, 80, 100}, []float64{100, 100, 100}, why, level},
		"one round, which spreads nothing": {"taskq", []float64{100}, []float64{100}, why, "of taskq"},
	} {
		if got := whyOf(t, c.peer, c.mine, c.theirs, c.why); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// An explanation of a measure that the table has not would never be read.
func TestExplanationsAreOfMeasures(t *testing.T) {
	t.Parallel()
	r := newReport(madeUp(1), explanations)
	known := map[string]bool{}
	for _, m := range r.measures() {
		known[m.name] = true
	}
	for p := range explanations {
		if !known[p.measure] {
			t.Errorf("no measure %q in the table", p.measure)
		}
	}
}

// What is committed says of each row why leat is not ahead there.
func TestTheCommittedReportIsExplained(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "benchmarks", "results.json"))
	if err != nil {
		t.Fatal(err)
	}
	var run result.Run
	if err := json.Unmarshal(text, &run); err != nil {
		t.Fatal(err)
	}
	r := newReport(run, explanations)
	for _, c := range r.behind() {
		if why := r.explain(c); strings.Contains(why, "not explained") {
			t.Errorf("%s, %s: %s: %s", c.measure.name, c.rival, behindBy(c), why)
		}
	}
}
