package consumer

import (
	"context"
	"time"

	"github.com/leat-io/leat/stream"
)

// reclaimBatch is how many entries one call takes over at the most. Redis looks
// at ten times as many; a thousand would block it for milliseconds.
const reclaimBatch = 100

// reclaimer takes over what workers left that do not extend their leases any
// more. Each call goes on at the cursor of the one before.
type reclaimer struct {
	*source
	cursor stream.ID
}

func (r *reclaimer) run(ctx context.Context) {
	every := min(max(r.c.cfg.Lease/8, 10*time.Millisecond), 5*time.Second)
	pause := pauses(r.c.cfg.Random)
	wait := time.Duration(r.c.cfg.Random() * float64(every))
	for sleep(ctx, wait) {
		r.c.cfg.Hooks.Beat("reclaimer", r.stream)
		more, err := r.round(ctx)
		switch {
		case err == nil && more:
			wait = 0
		case err == nil:
			pause.Reset()
			wait = every
		case ctx.Err() != nil:
			return
		default:
			r.failed("reclaimer", err)
			wait = pause.NextBackOff()
		}
	}
}

// round makes one call; more says that the scan has not come to its end.
func (r *reclaimer) round(ctx context.Context) (more bool, err error) {
	if !r.fair() {
		return false, nil
	}
	room := r.c.room.take(ctx, 1, reclaimBatch)
	if room == 0 {
		return false, nil
	}
	n, err := r.take(ctx, Reclaimed, func() (t stream.Taken, err error) {
		t, r.cursor, err = r.group.Reclaim(ctx, r.c.cfg.Name, r.c.cfg.Lease, r.cursor, room)
		return t, err
	})
	r.c.room.give(room - n)
	if err != nil {
		r.suspect.Store(true)
		return false, err
	}
	return !r.cursor.IsZero(), nil
}

// fair tells whether those who live have had time to extend their leases. While
// Redis was away nobody could, so after that most of a lease has to pass first; and
// our own leases come before, lest we take them from ourselves after a pause of
// this process.
func (r *reclaimer) fair() bool {
	now := r.c.now()
	since := time.Duration(r.soundSince.Load())
	if since < 0 || (since > 0 && now-since < r.c.cfg.Lease*2/3) {
		return false
	}
	return now-time.Duration(r.extendedAt.Load()) < r.c.cfg.Lease/2
}
