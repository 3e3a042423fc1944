package consumer

import (
	"context"
	"time"

	"github.com/leat-io/leat/stream"
)

// dueBatch is how many entries one call of the retrier takes at the most.
const dueBatch = 100

// retrier takes what waits in the retry set and is due: tries that are due again,
// and entries handed back by workers that stopped. Every consumer of the group
// does, so a backoff survives the worker that began it.
type retrier struct{ *source }

func (r retrier) run(ctx context.Context) {
	pause := pauses(r.c.cfg.Random)
	for wait := time.Duration(0); sleep(ctx, wait); {
		r.c.cfg.Hooks.Beat("retrier", r.stream)
		next, err := r.round(ctx)
		switch {
		case err == nil:
			pause.Reset()
			wait = next
		case ctx.Err() != nil:
			return
		default:
			r.failed("retrier", err)
			wait = pause.NextBackOff()
		}
	}
}

// round takes what is due and says how long to sleep.
func (r retrier) round(ctx context.Context) (time.Duration, error) {
	poll := r.c.cfg.Poll
	room := r.c.room.take(ctx, 1, r.most(dueBatch))
	if room == 0 {
		return poll, nil
	}
	next := time.Duration(-1)
	n, err := r.take(ctx, Due, func() (t stream.Taken, err error) {
		var waiting int
		t, next, waiting, err = r.group.TakeDue(ctx, r.c.cfg.Name, room)
		if err == nil {
			r.c.cfg.Hooks.Waiting(r.stream, waiting)
		}
		return t, err
	})
	r.c.room.give(room - n)
	r.learn(room, n, err)
	switch {
	case err != nil:
		// The reply may have been lost on its way: what was taken is in our name.
		r.suspect.Store(true)
		return poll, err
	case n == room && next == 0:
		return 0, nil // there is more
	case next < 0 || next > poll:
		next = poll
	}
	// Spread over the consumers of the group, so that not all ask at once.
	return next + time.Duration(r.c.cfg.Random()*float64(poll)/10), nil
}
