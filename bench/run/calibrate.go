package run

import (
	"context"
	"fmt"
	"time"

	"github.com/leat-io/leat/bench/measure"
	"github.com/leat-io/leat/bench/result"
)

const (
	// nominalWindow is how long a measurement of the table should last, and
	// shortestWindow how long when there is no time for that.
	nominalWindow, shortestWindow = 700 * time.Millisecond, 250 * time.Millisecond
	// fewest messages tell something, even from the slowest.
	fewest = 5_000
	// tellingTry is how long a try must have taken to be believed; a shorter one is
	// followed by a longer one.
	tellingTry = 100 * time.Millisecond
	longestTry = 50_000 // messages
	// latencyTime is for how long the flow of a measurement goes on.
	latencyTime, shortestLatency = 2 * time.Second, time.Second
	payload                      = 200 // bytes of data of an event

	quickMessages, quickLatency = 2_000, 200
)

// concurrencies of the slow handlers.
var concurrencies = []int{10, 100, 1000}

// tuned is what is known of one contender's speed at one piece of work.
type tuned struct {
	rate     float64       // messages a second
	overhead time.Duration // of a measurement, beside its window
}

// places are what there is to measure of the table, in its order: jobs without N.
func (r *runner) places(kind result.Kind) []result.Job {
	if !r.wanted(kind) {
		return nil
	}
	at := []int{0}
	if kind == result.Slow {
		at = concurrencies
	}
	var all []result.Job
	for _, n := range at {
		for _, e := range r.opts.Contenders {
			if e.does(kind) {
				all = append(all, result.Job{Contender: e.name(), Kind: kind, Payload: payload, Concurrency: n})
			}
		}
	}
	return all
}

// calibrate tries everything in short, so that each contender gets as many
// messages as it can handle in the same time.
func (r *runner) calibrate(ctx context.Context) error {
	if r.opts.Quick {
		return nil
	}
	for _, kind := range TableKinds {
		if kind == result.Latency {
			continue
		}
		for _, place := range r.places(kind) {
			if t := bounded(place); t != nil {
				r.tuning[place] = t
				continue
			}
			if err := r.try(ctx, place); err != nil {
				return err
			}
		}
	}
	return nil
}

// bounded is what is known of a place without a try: so few handlers that sleep
// cannot do many more messages than the fewest.
func bounded(place result.Job) *tuned {
	if place.Kind != result.Slow {
		return nil
	}
	atMost := float64(place.Concurrency) / measure.SlowHandler.Seconds()
	if atMost*nominalWindow.Seconds() > 2*fewest {
		return nil
	}
	return &tuned{rate: atMost, overhead: 300 * time.Millisecond}
}

// try measures a place with few messages, and once more with enough of them where
// these took no time.
func (r *runner) try(ctx context.Context, place result.Job) error {
	j := place
	for j.N = firstTry(place); ; {
		from := time.Now()
		s, err := r.do(ctx, j, place, "try        "+name(place))
		if err != nil || s.Error != "" {
			return err
		}
		r.tuning[place] = &tuned{rate: s.PerSecond, overhead: time.Since(from) - s.Took}
		// What was read ahead of the first message makes a short try look too fast.
		more := min(int(s.PerSecond*tellingTry.Seconds()*2), longestTry)
		if s.Took >= tellingTry || more <= j.N || j.N > firstTry(place) {
			return nil
		}
		j.N = more
	}
}

// firstTry is few messages, but some for each handler.
func firstTry(place result.Job) int { return max(fewest, 5*place.Concurrency) }

// messages is how many messages a place is measured with next.
func (r *runner) messages(place result.Job) int {
	t := r.tuning[place]
	switch {
	case place.Kind == result.Latency && r.opts.Quick:
		return quickLatency
	case place.Kind == result.Latency:
		scaled := time.Duration(float64(latencyTime) * float64(r.window) / float64(nominalWindow))
		return int(max(scaled, shortestLatency) / measure.FlowInterval)
	case r.opts.Quick:
		return quickMessages
	case t == nil:
		return fewest
	default:
		return max(fewest, int(t.rate*r.window.Seconds()))
	}
}

// learn corrects what was taken for a place's speed where that was far off.
func (r *runner) learn(place result.Job, s result.Sample) {
	t := r.tuning[place]
	if t == nil || s.Error != "" {
		return
	}
	if s.Took > 2*r.window || s.Took < r.window/2 {
		t.rate = s.PerSecond
	}
}

// fit makes the windows as short as it takes for the table to get by with its
// share of the budget.
func (r *runner) fit(share time.Duration) {
	need := r.tableTime()
	for need > share && r.window > shortestWindow {
		r.window -= 25 * time.Millisecond
		need = r.tableTime()
	}
	if r.window < nominalWindow {
		r.note("measurements of the table last about %s, not %s: with those, %d rounds would not fit into %s",
			r.window, nominalWindow, r.opts.Rounds, r.opts.Budget)
	}
	r.say("%d rounds of the table should take %s, the windows are %s", r.opts.Rounds, need.Round(time.Second), r.window)
}

// tableTime is how long all rounds of the table are expected to take.
func (r *runner) tableTime() (all time.Duration) {
	for _, kind := range TableKinds {
		for _, place := range r.places(kind) {
			all += r.placeTime(place)
		}
	}
	return all * time.Duration(r.opts.Rounds)
}

// placeTime is how long one measurement of a place is expected to take.
func (r *runner) placeTime(place result.Job) time.Duration {
	n := float64(r.messages(place))
	if place.Kind == result.Latency {
		return time.Duration(n)*measure.FlowInterval + 300*time.Millisecond
	}
	t := r.tuning[place]
	if t == nil {
		return r.window
	}
	took := t.overhead + seconds(n/t.rate)
	published := place
	published.Kind, published.Concurrency = result.Publish, 0
	if p := r.tuning[published]; begins(place) && p != nil {
		took += seconds(n / p.rate)
	}
	return took
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// round is one round, as the lines of progress begin.
func round(n, of int) string { return fmt.Sprintf("round %d/%d ", n, of) }
