package simulate

import (
	"slices"
	"testing"

	"github.com/leat-io/leat/internal/embedded"
)

// maxShrinking is how many smaller plans are tried.
const maxShrinking = 400

// Shrink finds a smaller plan that breaks the same rule: fewer faults, events and
// workers. It returns the history of the smallest one.
func Shrink(t *testing.T, broker *embedded.Broker, found *History) *History {
	t.Helper()
	best, tries := found, 0
	for smaller := true; smaller && tries < maxShrinking; {
		smaller = false
		for _, p := range smallerPlans(best.Plan) {
			if tries++; tries > maxShrinking {
				break
			}
			if h := Run(t, broker, p); h.breaks(found.Violations[0].Rule) {
				best, smaller = h, true
				break
			}
		}
	}
	return best
}

// breaks tells whether the history breaks that rule.
func (h *History) breaks(rule string) bool {
	return slices.ContainsFunc(h.Violations, func(v Violation) bool { return v.Rule == rule })
}

// smallerPlans are the plan with one thing less, the greatest steps first.
func smallerPlans(p Plan) (out []Plan) {
	with := func(change func(*Plan)) {
		smaller := p
		smaller.Faults = slices.Clone(p.Faults)
		change(&smaller)
		out = append(out, smaller)
	}
	for n := len(p.Faults) / 2; n > 0; n /= 2 {
		for at := 0; at+n <= len(p.Faults); at += n {
			with(func(s *Plan) { s.Faults = slices.Delete(s.Faults, at, at+n) })
		}
	}
	for _, n := range []int{p.Events / 2, p.Events - 1} {
		if n > 0 && n < p.Events {
			with(func(s *Plan) { s.Events = n })
		}
	}
	last := 0 // the last worker that a fault is about
	for _, f := range p.Faults {
		if f.Who < p.Workers {
			last = max(last, f.Who)
		}
	}
	if n := p.Workers - 1; n > last {
		with(func(s *Plan) {
			s.Workers = n
			for i := range s.Faults {
				if s.Faults[i].Who == p.Workers {
					s.Faults[i].Who = n // the publisher
				}
			}
		})
	}
	for _, simpler := range []func(*Plan){
		func(s *Plan) { s.Ordered = false }, func(s *Plan) { s.Reuse = false },
		func(s *Plan) { s.Concurrency = 1 }, func(s *Plan) { s.Prefetch = -1 },
	} {
		before := len(out)
		with(simpler)
		if s := out[before]; s.Ordered == p.Ordered && s.Reuse == p.Reuse && s.Concurrency == p.Concurrency && s.Prefetch == p.Prefetch {
			out = out[:before]
		}
	}
	return out
}
