package consumer

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/leat-io/leat/stream"
)

const (
	// reclaimBatch is how many entries one call takes over at the most. Redis looks
	// at ten times as many; a thousand would block it for milliseconds.
	reclaimBatch = 200
	// reclaimBeside is how many while new entries come: these wait behind each call,
	// when they are added and when they are read, and one of so many takes the server
	// half a millisecond. Still smaller ones cost it more by the entry.
	reclaimBeside = 128
	// freshFor is for how long after the last new entry others are expected.
	freshFor = time.Second
)

// reclaimer takes over what workers left that do not extend their leases any
// more. Each call goes on at the cursor of the one before.
type reclaimer struct {
	*source
	cursor stream.ID
	// The server's time at the last call, and ours when it answered: known before the
	// first call that takes anything, lest that one is carried out too late unnoticed.
	served time.Time
	heard  time.Duration
	back   bool // its clock went back meanwhile
}

// leastWait is between two calls of a scan.
const leastWait = time.Millisecond

func (r *reclaimer) run(ctx context.Context) {
	every := min(max(r.c.cfg.Lease/8, 10*time.Millisecond), 5*time.Second)
	pause := pauses(r.c.cfg.Random)
	wait := time.Duration(r.c.cfg.Random() * float64(every))
	for sleep(ctx, wait) {
		r.c.cfg.Hooks.Beat("reclaimer", r.stream)
		if !r.fair() { // in the middle of a scan, too: it would be asked again at once
			wait = every
			continue
		}
		from := r.c.now()
		taken, err := r.rebaseAndRound(ctx)
		switch {
		case err == nil && taken > 0:
			wait = 0
		case err == nil && !r.cursor.IsZero():
			// The scan of many parked entries must not keep the server busy.
			wait = min(max(4*(r.c.now()-from), leastWait), every)
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

// beside tells whether new entries come while others are taken over.
func (r *reclaimer) beside() bool {
	at := time.Duration(r.freshAt.Load())
	return at > 0 && r.c.now()-at < freshFor
}

// limit is how many entries the next call may ask for.
func (r *reclaimer) limit() int {
	if r.beside() {
		return r.most(reclaimBeside)
	}
	return r.most(reclaimBatch)
}

// rebaseAndRound is round; before that it lets idle times count that a clock which went
// back has stopped.
func (r *reclaimer) rebaseAndRound(ctx context.Context) (taken int, err error) {
	if first := r.served.IsZero(); first || r.back {
		latest := r.notAfter()
		lost, at, err := r.group.Rebase(ctx, r.c.cfg.Name)
		for _, id := range lost {
			r.payloadLost(id)
		}
		if err != nil {
			return 0, err
		}
		r.back, r.served, r.heard = false, at, r.c.now()
		if first {
			r.begin()
			return 0, nil
		}
		if !latest.IsZero() && at.After(latest) { // forward again, before anything was reclaimed
			r.late()
			return 0, nil
		}
	}
	return r.round(ctx)
}

// round makes one call and says how many entries it took.
func (r *reclaimer) round(ctx context.Context) (taken int, err error) {
	room := r.c.room.take(ctx, 1, r.limit())
	if room == 0 {
		return 0, nil
	}
	if !r.fair() { // it may have taken long to get room
		r.c.room.give(room)
		return 0, nil
	}
	var late bool
	n, err := r.take(ctx, Reclaimed, func() (stream.Taken, error) {
		if ok, err := r.current(ctx); !ok { // here: nothing is waited for between this and the call
			return stream.Taken{}, err
		}
		got, err := r.group.Reclaim(ctx, r.c.cfg.Name, stream.Reclaiming{
			Lease: r.c.cfg.Lease, Cursor: r.cursor, Limit: room, NotAfter: r.notAfter(),
		})
		if err == nil {
			r.looked(got.At)
			r.cursor, late = got.Next, got.Late
			r.foundFloor(got.Floor)
		}
		return got.Taken, err
	})
	r.c.room.give(room - n)
	r.learn(room, n, err)
	if err != nil {
		r.suspect.Store(true)
		return n, err
	}
	if late {
		r.late()
		return 0, nil
	}
	return n, nil
}

// late gives those who live the time to extend: to them it was an outage.
func (r *reclaimer) late() {
	r.soundSince.Store(int64(r.c.now()))
	r.c.log.Warn("the server stood still, or its clock jumped: nothing is reclaimed for most of a lease", zap.String("stream", r.stream))
}

// begin gives those who live the time to extend when this consumer has looked at the
// server's time for the first time: of a clock that jumped just before it knows nothing.
func (r *reclaimer) begin() {
	if since := r.soundSince.Load(); since >= 0 { // below, Redis is away again, and the same comes behind that
		r.soundSince.CompareAndSwap(since, int64(r.c.now()))
	}
}

// notAfter is the server's time until which a call that is sent now may take
// anything: when it is carried out much later, those who live look idle.
func (r *reclaimer) notAfter() time.Time {
	if r.served.IsZero() {
		return time.Time{}
	}
	return r.served.Add(r.c.now() - r.heard + r.c.cfg.Lease/4)
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
