package gauge

import (
	"context"
	"fmt"
	"time"
)

// plan is how the time of a run is divided.
type plan struct {
	rounds                      int
	ping, publish, both, latent time.Duration // of one way, in one round
}

// The parts of a round, for one way. Consuming takes about as long as publishing what
// is consumed.
const (
	partPing    = 0.5
	partPublish = 3
	partConsume = 3
	partBoth    = 4
	partLatent  = 5
	parts       = partPing + partPublish + partConsume + partBoth + partLatent
	// used is what of the duration the rounds have; the rest is for what is between
	// the measurements.
	used = 0.85
)

func newPlan(duration time.Duration, ways int) plan {
	p := plan{rounds: 1}
	switch {
	case duration >= 10*time.Second:
		p.rounds = 5
	case duration >= 3*time.Second:
		p.rounds = 3
	}
	part := func(n float64) time.Duration {
		return time.Duration(used * float64(duration) / float64(p.rounds*ways) * n / parts)
	}
	p.ping, p.publish, p.both, p.latent = part(partPing), part(partPublish), part(partBoth), part(partLatent)
	return p
}

// speeds are what is known so far, in events a second: they say how many events fill
// the time of a measurement.
type speeds struct{ publish, both float64 }

// events are how many of that speed fill the time.
func events(perSecond float64, d time.Duration, most int) int {
	return max(leastEntries, min(most, int(perSecond*d.Seconds())))
}

// overtime is how much longer than planned a measurement may take until it is cut
// short.
const overtime = 3

// A run that would take overdue times as long as it was asked to ends after a round,
// if leastRounds are done: a median wants that many.
const (
	leastRounds = 3
	overdue     = 1.2
)

// rounds measures everything, round by round, one way after the other; which one is
// first changes with each round.
func (r *run) rounds(ctx context.Context) error {
	p := newPlan(r.cfg.Duration, len(r.ways))
	r.screen.expect(p.rounds*len(r.ways)*5 + 1) // the last one is to clean up
	if err := r.measureBandwidth(ctx); err != nil {
		return err
	}
	v, err := r.warmUp(ctx, p)
	if err != nil {
		return err
	}
	began := time.Now()
	for round := range p.rounds {
		if each := time.Since(began) / time.Duration(max(round, 1)); round >= leastRounds && time.Since(began)+each > time.Duration(overdue*float64(r.cfg.Duration)) {
			break // slower than it looked like: less rather than late
		}
		r.facts.Settings.Rounds = round + 1
		order := append([]way{}, r.ways...)
		if round%2 == 1 {
			for i, w := range r.ways {
				order[len(order)-1-i] = w
			}
		}
		if err := r.round(ctx, round, order, p, &v); err != nil {
			return err
		}
	}
	return nil
}

// warmUp opens connections, fills caches and finds out how fast things are.
func (r *run) warmUp(ctx context.Context, p plan) (v speeds, err error) {
	most, err := r.most(ctx)
	if err != nil {
		return v, err
	}
	for _, w := range r.ways {
		r.tell("warming up", w)
		key, err := r.create(ctx, w.name())
		if err != nil {
			return v, err
		}
		total := 0
		for n := leastEntries; total+n <= most; n *= 4 {
			s, err := r.publish(ctx, w, key, n)
			if err != nil {
				return v, err
			}
			total += n
			v.publish = max(v.publish, s.PerSecond)
			if s.Seconds > p.publish.Seconds()/4 {
				break
			}
		}
		if err := r.weigh(ctx, key, total); err != nil {
			return v, err
		}
		if total == 0 {
			continue
		}
		if _, err := r.consume(ctx, w, key, total, overtime*p.publish); err != nil {
			return v, err
		}
		if err := r.erase(ctx, key); err != nil {
			return v, err
		}
	}
	v.both = v.publish / 2
	return v, nil
}

// tell shows what begins.
func (r *run) tell(what string, w way) {
	name := what + ", " + w.name()
	r.screen.say(name)
	r.cfg.stage(name)
}

// round measures each piece of work once, each way.
func (r *run) round(ctx context.Context, number int, order []way, p plan, v *speeds) error {
	prefix := fmt.Sprintf("round %d of %d: ", number+1, p.rounds)
	for _, part := range []func(context.Context, string, []way, plan, *speeds) error{
		r.roundOfBacklogs, r.roundOfBoth, r.roundOfLatencies,
	} {
		if err := part(ctx, prefix, order, p, v); err != nil {
			return err
		}
	}
	return nil
}

// roundOfBacklogs publishes a backlog each way, then consumes both.
func (r *run) roundOfBacklogs(ctx context.Context, prefix string, order []way, p plan, v *speeds) error {
	most, err := r.most(ctx)
	if err != nil {
		return err
	}
	n := events(v.publish, p.publish, most)
	keys := map[way]string{}
	v.publish = 0
	for _, w := range order {
		r.tell(prefix+string(Publish), w)
		if keys[w], err = r.create(ctx, w.name()); err != nil {
			return err
		}
		s, err := r.publish(ctx, w, keys[w], n)
		if err != nil {
			return err
		}
		r.marks.rate(Publish, w, s)
		v.publish += s.PerSecond / float64(len(order))
		if err := r.weigh(ctx, keys[w], n); err != nil {
			return err
		}
		r.screen.step()
	}
	for _, w := range order {
		r.tell(prefix+string(Consume), w)
		s, err := r.consume(ctx, w, keys[w], n, overtime*p.publish)
		if err != nil {
			return err
		}
		r.marks.rate(Consume, w, s)
		if err := r.erase(ctx, keys[w]); err != nil {
			return err
		}
		r.screen.step()
	}
	return nil
}

// roundOfBoth publishes and consumes at the same time.
func (r *run) roundOfBoth(ctx context.Context, prefix string, order []way, p plan, v *speeds) error {
	most, err := r.most(ctx)
	if err != nil {
		return err
	}
	n := events(v.both, p.both, most)
	v.both = 0
	for _, w := range order {
		r.tell(prefix+string(EndToEnd), w)
		key, err := r.create(ctx, w.name())
		if err != nil {
			return err
		}
		s, err := r.both(ctx, w, key, n, overtime*p.both)
		if err != nil {
			return err
		}
		r.marks.rate(EndToEnd, w, s)
		v.both += s.PerSecond / float64(len(order))
		if err := r.erase(ctx, key); err != nil {
			return err
		}
		r.screen.step()
	}
	return nil
}

// roundOfLatencies measures round trips, then latencies at a modest rate.
func (r *run) roundOfLatencies(ctx context.Context, prefix string, order []way, p plan, v *speeds) error {
	for _, w := range order {
		r.tell(prefix+string(RoundTrip), w)
		took, err := pings(ctx, w, p.ping)
		if err != nil {
			return err
		}
		r.marks.latency(RoundTrip, w, took)
		r.screen.step()
	}
	every := r.modest(v)
	most, err := r.most(ctx)
	if err != nil {
		return err
	}
	n := max(1, min(most, int(p.latent/every)))
	for _, w := range order {
		r.tell(prefix+"latency", w)
		key, err := r.create(ctx, w.name())
		if err != nil {
			return err
		}
		stored, handled, err := r.paced(ctx, w, key, n, every)
		if err != nil {
			return err
		}
		r.marks.latency(Stored, w, stored)
		r.marks.latency(Handled, w, handled)
		if err := r.erase(ctx, key); err != nil {
			return err
		}
		r.screen.step()
	}
	return nil
}

// modest is the pause between events where latency is measured: what was asked for,
// or a rate at which neither the way there (events are published one by one) nor the
// server is busy.
func (r *run) modest(v *speeds) time.Duration {
	rate := min(float64(r.cfg.Rate), v.both/4)
	if rtt := r.marks.median(RoundTrip); rtt > 0 {
		rate = min(rate, 0.5/rtt.Seconds())
	}
	rate = max(rate, 1)
	if r.facts.Settings.Rate == 0 || rate < r.facts.Settings.Rate {
		r.facts.Settings.Rate = rate
	}
	return time.Duration(float64(time.Second) / rate)
}
