package demo

import (
	"context"
	"time"

	"github.com/leat-io/leat/stream"
)

// kill is what came of the kill.
type kill struct {
	killed int
	held   int           // entries pending under its name when it had gone
	took   time.Duration // until none of them was any more
}

// closely is how often Redis is asked while somebody is waited for.
const closely = 10 * time.Millisecond

// killOne kills the worker that holds most, as soon as one holds anything after
// the time is up, and sees its entries be taken over. It ends early with killing,
// which is when nothing is left to do.
func (r *run) killOne(ctx, killing context.Context, fail context.CancelCauseFunc) error {
	victim := r.victim(killing)
	if victim == nil {
		return nil
	}
	at := time.Now()
	victim.kill()
	held, ok := r.holds(ctx, victim)
	if !ok {
		return context.Cause(ctx)
	}
	r.kill.killed, r.kill.held = 1, held
	r.screen.say(yellow, "%s killed while holding %s", victim, count(held, "entry"))
	if len(r.alive()) == 0 {
		r.replace(fail)
	}
	left := held
	for over := false; left > 0 && !over; {
		over = wait(killing, closely) != nil
		if left, ok = r.holds(ctx, victim); !ok {
			return context.Cause(ctx)
		}
	}
	r.kill.took = time.Since(at)
	if held > left {
		r.screen.say(green, "reclaimed %d of them after %.1fs (the lease is %s)", held-left, r.kill.took.Seconds(), lease)
	}
	return nil
}

// victim waits until it is time, and for a worker that holds something then: the
// one that holds most. Nil when ctx ends before.
func (r *run) victim(ctx context.Context) *process {
	pause := time.Until(r.began.Add(r.pace.killAfter))
	for wait(ctx, pause) == nil {
		pause = closely
		rows, ok := r.askPending(ctx, "")
		if !ok {
			return nil
		}
		holds := map[string]int{}
		for _, row := range rows {
			holds[row.Consumer]++
		}
		var most *process
		for _, p := range r.alive() {
			if n := holds[p.name]; n > 0 && (most == nil || n > holds[most.name]) {
				most = p
			}
		}
		if most != nil {
			return most
		}
	}
	return nil
}

// holds is how many entries are pending under the worker's name.
func (r *run) holds(ctx context.Context, p *process) (n int, ok bool) {
	rows, ok := r.askPending(ctx, p.name)
	return len(rows), ok
}

// askPending is pending, asked again as long as there is no answer: those who
// publish and who wait for the end know when a Redis that is away is given up. It
// is not ok when ctx ends before.
func (r *run) askPending(ctx context.Context, consumer string) (rows []stream.PendingEntry, ok bool) {
	for {
		rows, err := r.pending(ctx, consumer)
		if err == nil {
			return rows, true
		}
		if wait(ctx, look) != nil {
			return nil, false
		}
	}
}

// pending are all pending entries of a consumer, or of all.
func (r *run) pending(ctx context.Context, consumer string) (all []stream.PendingEntry, err error) {
	const page = 1000
	q := stream.PendingQuery{Consumer: consumer, Count: page}
	for {
		rows, err := r.group.Pending(ctx, q)
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
		if len(rows) < page {
			return all, nil
		}
		q.From = rows[len(rows)-1].ID.Next()
	}
}
