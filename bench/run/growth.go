package run

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/leat-io/leat/bench/growth"
	"github.com/leat-io/leat/bench/result"
)

// growthJobs are the points of all curves.
func (r *runner) growthJobs() []result.Job {
	var all []result.Job
	for _, e := range r.opts.Contenders {
		jobs := growth.Jobs(e.name(), r.opts.Quick)
		all = append(all, slices.DeleteFunc(jobs, func(j result.Job) bool { return !e.does(j.Kind) })...)
	}
	return slices.DeleteFunc(all, func(j result.Job) bool {
		// Memory by backlog and by pending comes with the samples of those.
		_, telling := growth.Memory(result.Sample{Job: j})
		return !r.wanted(j.Kind) && !(telling && r.wanted(result.GrowMemory))
	})
}

func (r *runner) hasGrowth() bool { return len(r.growthJobs()) > 0 }

// growthRounds is how often a point of the curves is measured.
func (r *runner) growthRounds(j result.Job) int {
	if growth.Telling(j) {
		return r.opts.Rounds
	}
	return 1
}

// growth measures the curves, as many rounds as there is time for. What there is
// no time for is left out, and said to be.
func (r *runner) growth(ctx context.Context) error {
	jobs, wanted, done := r.growthJobs(), map[result.Job]int{}, map[result.Job]int{}
	for _, j := range jobs {
		wanted[j] = r.growthRounds(j)
	}
	granted := maps.Clone(wanted)
	for n := 1; n <= r.opts.Rounds; n++ {
		// The largest backlog comes last: what it costs is not taken from the others.
		rand.Shuffle(len(jobs), func(i, j int) { jobs[i], jobs[j] = jobs[j], jobs[i] })
		slices.SortStableFunc(jobs, func(a, b result.Job) int { return rank(a) - rank(b) })
		for _, j := range jobs {
			if n > granted[j] || r.givenUp(j) || r.growthTime(j) > r.left() {
				continue
			}
			s, err := r.do(ctx, j, j, "growth "+round(n, wanted[j])+name(j))
			if err != nil {
				return err
			}
			done[j]++
			r.keep(s, n)
			if m, ok := growth.Memory(s); ok {
				r.keep(m, n)
			}
		}
		if n == 1 {
			r.grant(granted, r.left())
		}
	}
	r.noteFewer(done, wanted)
	return nil
}

// grant takes rounds behind the first one from what costs most, one by one, until
// the rest fits into the time that is left: so most of the points have all rounds.
func (r *runner) grant(rounds map[result.Job]int, left time.Duration) {
	var need time.Duration
	for j, n := range rounds {
		if !r.givenUp(j) {
			need += time.Duration(n-1) * r.growthTime(j)
		}
	}
	for need > left {
		var most result.Job
		var cost time.Duration
		for j, n := range rounds {
			if c := r.growthTime(j); n > 1 && !r.givenUp(j) && c > cost {
				most, cost = j, c
			}
		}
		if cost == 0 {
			return
		}
		rounds[most]--
		need -= cost
	}
}

// named is how many points a note names at the most.
const named = 8

// noteFewer notes which points have fewer rounds than they should, those with the
// fewest first.
func (r *runner) noteFewer(done, wanted map[result.Job]int) {
	var fewer []result.Job
	for j, n := range wanted {
		if done[j] < n && !r.givenUp(j) {
			fewer = append(fewer, j)
		}
	}
	if len(fewer) == 0 {
		return
	}
	slices.SortFunc(fewer, func(a, b result.Job) int {
		return cmp.Or(done[a]-done[b], strings.Compare(name(a), name(b)))
	})
	var texts []string
	for _, j := range fewer[:min(named, len(fewer))] {
		texts = append(texts, fmt.Sprintf("%s: %d of %d", strings.Join(strings.Fields(name(j)), " "), done[j], wanted[j]))
	}
	more := ""
	if len(fewer) > named {
		more = fmt.Sprintf("; and so have %d others", len(fewer)-named)
	}
	r.note("%d of %d points of the growth curves have fewer rounds than planned, since the time did not suffice: %s%s",
		len(fewer), len(wanted), strings.Join(texts, "; "), more)
}

// rank is more than 0 for what is measured at the end of a round.
func rank(j result.Job) int {
	if j.N < growth.LargestBacklog {
		return 0
	}
	return 1
}

// growthTime is how long a point is expected to take: as long as it took before,
// or what the rates of the table make likely.
func (r *runner) growthTime(j result.Job) time.Duration {
	if cost, ok := r.costs[j]; ok {
		return cost + cost/10
	}
	rate := func(kind result.Kind) float64 {
		if t := r.tuning[result.Job{Contender: j.Contender, Kind: kind, Payload: payload}]; t != nil {
			return t.rate
		}
		return 100_000
	}
	const start, flow = time.Second, 5 * time.Second
	filled, handled := float64(j.N), float64(j.N*max(j.Groups, 1))
	took := start + seconds(filled/rate(result.Publish)) + seconds(handled/rate(result.Consume))
	switch j.Kind {
	case result.GrowPending:
		const read, takenOver = 200_000, 80_000 // a second
		took += flow + seconds(filled/read) + seconds(filled/takenOver)
	case result.GrowMemory:
		const parked = 20_000 // a second
		took += flow + seconds(filled/parked)
	}
	return took
}
