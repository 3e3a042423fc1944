package report

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/leat-io/leat/bench/result"
)

// failure is an error of one piece of work, and how many rounds it met.
type failure struct {
	job   result.Job
	error string
}

// writeFailures lists each error once for the work where it happened.
func (r *report) writeFailures(p *page) {
	var order []failure
	times := map[failure]int{}
	for _, s := range r.run.Samples {
		if s.Error == "" {
			continue
		}
		f := failure{place(s.Job), s.Error}
		if times[f] == 0 {
			order = append(order, f)
		}
		times[f]++
	}
	if len(order) == 0 {
		return
	}
	var rows [][]string
	for _, f := range order {
		rows = append(rows, []string{strong(f.job.Contender), describe(f.job), strconv.Itoa(times[f]), plain(f.error)})
	}
	p.heading("What failed")
	p.table([]string{"contender", "work", "times", "error"}, rows)
}

// writeDuplicates lists what was handled more than once, which at least once
// allows, but which costs.
func (r *report) writeDuplicates(p *page) {
	var rows [][]string
	for _, j := range r.figures.jobs {
		twice, of := 0, 0
		for _, s := range r.figures.samples[j] {
			twice += s.Duplicates
			of += s.N
		}
		if twice > 0 {
			rows = append(rows, []string{strong(j.Contender), describe(j), count(twice), count(of)})
		}
	}
	if len(rows) == 0 {
		return
	}
	slices.SortStableFunc(rows, func(a, b []string) int { return cmp.Compare(a[0], b[0]) })
	p.heading("Handled more than once")
	p.table([]string{"contender", "work", "messages", "of"}, rows)
}

// describe a job for people: "slow handlers, 100 at once".
func describe(j result.Job) string {
	text := kindName(j.Kind)
	if j.What != "" {
		text += ", " + plain(j.What)
	}
	for _, c := range curves() {
		if c.kind == j.Kind {
			return text + ", " + c.sizeText(grown(j)) + " " + c.axis
		}
	}
	if j.Kind == result.Slow {
		text += ", " + count(j.Concurrency) + " at once"
	}
	return text
}
