package report

import (
	"fmt"
	"slices"

	"github.com/leat-io/leat/bench/result"
)

// Sizes that the goals name.
const (
	smallBacklog = 10_000
	largeBacklog = 5_000_000
	manyPending  = 1_000_000
)

// growthGoals are about the rate at a large backlog and about a takeover.
func (r *report) growthGoals() []goal {
	f := r.figures
	backlog := func(n int) result.Job { return series{contender: ours}.job(result.GrowBacklog, n) }
	pending := series{contender: ours}.job(result.GrowPending, manyPending)
	return []goal{
		check(5, "a backlog of 5M: at least 0.9 of the rate at 10k",
			f.ratio(backlog(largeBacklog), backlog(smallBacklog), perSecond), atLeast(0.9), share),
		check(5, "1M pending entries of a dead consumer: taken over at 100k a second or more",
			f.spread(pending, perSecond), atLeast(100_000), rate),
		check(5, "meanwhile new entries: p99 below 5x its idle value",
			f.quotient(pending, pending, p99, idleP99), below(5), multiple),
	}
}

// grownBy is how much the peak memory may differ before it counts as growth. A
// worker that had little to do has not filled its buffers yet, and the garbage
// collector runs when it runs; what grows with the work grows by the ratio of the
// sizes, which is a hundred and more.
const grownBy = 1.5

// memoryGoals: one line for each thing that could fill a worker's memory.
func (r *report) memoryGoals() []goal {
	sizes := r.sizesOf(result.GrowMemory)
	return []goal{
		r.memoryGoal("backlog", series{ours, "backlog"}, sizes),
		r.memoryGoal("pending entries", series{ours, "pending"}, sizes),
		r.memoryGoal("retry set", series{ours, "retry"}, sizes),
	}
}

// memoryGoal compares the smallest size with the one that took the most.
func (r *report) memoryGoal(name string, s series, sizes []int) goal {
	text := fmt.Sprintf("memory of a worker does not grow with the %s: at most %gx of what it takes with the fewest", name, grownBy)
	sizes = slices.DeleteFunc(slices.Clone(sizes), func(n int) bool {
		return r.figures.spread(s.job(result.GrowMemory, n), memory).N == 0
	})
	if len(sizes) < 2 {
		return goal{number: 6, text: text, measured: "-"}
	}
	worst, small, large := spread{}, sizes[0], sizes[0]
	for _, n := range sizes[1:] {
		growth := r.figures.ratio(s.job(result.GrowMemory, n), s.job(result.GrowMemory, small), memory)
		if growth.Median > worst.Median {
			worst, large = growth, n
		}
	}
	g := check(6, text, worst, atMost(grownBy), multiple)
	if worst.N > 0 {
		from, to := s.job(result.GrowMemory, small), s.job(result.GrowMemory, large)
		g.measured += fmt.Sprintf("; %s at %s, %s at %s", r.figures.cell(from, memory, bytes), size(small),
			r.figures.cell(to, memory, bytes), size(large))
	}
	return g
}
