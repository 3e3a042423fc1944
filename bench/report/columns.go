package report

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/leat-io/leat/bench/result"
)

// measure is one thing that contenders are compared by.
type measure struct {
	name        string
	kind        result.Kind
	concurrency int // of result.Slow
	of          figure
	format      func(float64) string
	lower       bool // less is better: times and costs
	noRatio     bool // the limit has next to none of it, so that a ratio says nothing
}

// job is the place of a contender's samples for the measure.
func (m measure) job(contender string) result.Job {
	return result.Job{Contender: contender, Kind: m.kind, Concurrency: m.concurrency}
}

// column of the big table: one measure, or the same one of consuming and of publishing.
type column struct {
	title    string
	measures []measure
	span     bool // with minimum and maximum
	share    bool // with the share of the ideal
	terse    bool // another column of the same work says why there is no figure
}

// columnsOf a run: those for which anything was tried.
func (r *report) columnsOf(run result.Run) []column {
	rates := func(name string, kind result.Kind) column {
		return column{
			title: name, span: true,
			measures: []measure{{name: name, kind: kind, of: perSecond, format: rate}},
		}
	}
	latency := func(name string, of figure) column {
		m := measure{name: "latency " + name, kind: result.Latency, of: of, format: micros, lower: true}
		return column{title: m.name, terse: name != "p50", measures: []measure{m}}
	}
	all := []column{
		rates("publish", result.Publish), rates("consume", result.Consume), rates("end to end", result.EndToEnd),
		latency("p50", p50), latency("p99", p99), latency("p99.9", p999),
	}
	for _, n := range concurrencies(run.Samples) {
		name := count(n) + " slow"
		all = append(all, column{title: name + " handlers", span: true, share: true, measures: []measure{
			{name: name + " handlers", kind: result.Slow, concurrency: n, of: perSecond, format: rate},
		}})
	}
	all = append(all,
		cost("client CPU", clientCPU, micros), cost("server CPU", serverCPU, micros),
		cost("allocations", allocs, perMessage).withoutRatio(), cost("bytes allocated", allocated, bytes).withoutRatio(),
		column{title: "peak memory", terse: true, measures: []measure{
			{name: "peak memory", kind: result.Consume, of: memory, format: bytes, lower: true},
		}})
	return r.tried(all)
}

// cost is what a message costs when it is consumed and when it is published.
func cost(name string, of figure, format func(float64) string) column {
	return column{title: name, terse: true, measures: []measure{
		{name: name + ", consume", kind: result.Consume, of: of, format: format, lower: true},
		{name: name + ", publish", kind: result.Publish, of: of, format: format, lower: true},
	}}
}

func (c column) withoutRatio() column {
	for i := range c.measures {
		c.measures[i].noRatio = true
	}
	return c
}

// tried leaves out measures of kinds that are not in the run, and columns that
// are empty then.
func (r *report) tried(columns []column) []column {
	var kept []column
	for _, c := range columns {
		c.measures = slices.DeleteFunc(c.measures, func(m measure) bool { return !r.figures.has(m.kind) })
		if len(c.measures) == 0 {
			continue
		}
		if len(c.measures) == 2 {
			c.title += ", consume / publish"
		} else if c.measures[0].lower && c.measures[0].kind != result.Latency {
			c.title += ", " + string(c.measures[0].kind)
		}
		kept = append(kept, c)
	}
	return kept
}

// measures of all columns, in their order.
func (r *report) measures() []measure {
	var all []measure
	for _, c := range r.columns {
		all = append(all, c.measures...)
	}
	return all
}

func concurrencies(samples []result.Sample) []int {
	var all []int
	for _, s := range samples {
		if s.Kind == result.Slow && !slices.Contains(all, s.Concurrency) {
			all = append(all, s.Concurrency)
		}
	}
	slices.SortFunc(all, cmp.Compare[int])
	return all
}

// idealShare is how much a measurement with slow handlers reached of the rate that
// as many goroutines have which do nothing but sleep.
func idealShare(s result.Sample) float64 {
	if s.Ideal <= 0 {
		return 0
	}
	return s.PerSecond / s.Ideal
}

// cell of a table for one measure of one contender.
func (r *report) cell(contender string, m measure) string {
	return r.figures.cell(m.job(contender), m.of, m.format)
}

// terse is a cell without what the rate of the same work says already: how often
// it failed, and why.
func (f *figures) terse(j result.Job, of figure, format func(float64) string) string {
	s := f.spread(j, of)
	switch {
	case s.N > 0:
		return format(s.Median)
	case len(f.failed(j)) > 0:
		return "failed"
	}
	return "-"
}

// cell is the median of a figure; "-" where nothing was measured, and the reason
// where all of it failed.
func (f *figures) cell(j result.Job, of figure, format func(float64) string) string {
	s := f.spread(j, of)
	failed := f.failed(j)
	switch {
	case s.N > 0 && len(failed) > 0:
		return format(s.Median) + "<br>failed: " + strconv.Itoa(len(failed)) + " of " + strconv.Itoa(len(f.samples[j]))
	case s.N > 0:
		return format(s.Median)
	case len(failed) > 0:
		return "failed: " + brief(failed[0].Error)
	}
	return "-"
}
