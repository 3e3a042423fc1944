package consumer

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/leat-io/leat/stream"
)

// leaser extends the leases of what is held of one stream, whether it runs,
// waits, or has its acknowledgement on the way. It ends the handlers of what was
// lost.
type leaser struct{ *source }

func (l *leaser) run(ctx context.Context) {
	lease := l.c.cfg.Lease
	l.extendedAt.Store(int64(l.c.now()))
	for wait := lease / 12; sleep(ctx, wait); {
		l.c.cfg.Hooks.Beat("leaser", l.stream)
		wait = lease / 12
		if err := l.extend(ctx); err != nil {
			if ctx.Err() != nil {
				return
			}
			l.failed("leaser", err)
			l.regroup(err)
			wait = min(maxPause, lease/6)
		}
	}
}

// extend begins anew every lease that is older than a third.
func (l *leaser) extend(ctx context.Context) error {
	from := l.c.now()
	defer l.ledger.looked()
	due := l.ledger.look(func(it *item) bool {
		return from-it.leaseFrom() > l.c.cfg.Lease/3 &&
			!it.orphan.Load() && !it.isLost() && !it.abandoned(from)
	})
	for len(due) > 0 {
		// One call at a time, so that the time from which a lease counts is
		// that of its own call.
		n := min(500, len(due))
		if err := l.extendSome(ctx, due[:n]); err != nil {
			return err
		}
		due = due[n:]
	}
	l.extendedAt.Store(int64(from))
	return nil
}

// extendWith extends the lease of an item that is too old to be handled, and with it
// those of all others that are old: after a pause of this process all that waits is.
func (l *leaser) extendWith(ctx context.Context, it *item) error {
	l.extending.Lock()
	defer l.extending.Unlock()
	if it.leaseAge(l.c.now()) < safeAge(l.c.cfg.Lease) {
		return nil // another worker has
	}
	if err := l.extend(ctx); err != nil {
		return err
	}
	if it.isLost() || it.orphan.Load() || it.leaseAge(l.c.now()) < safeAge(l.c.cfg.Lease) {
		return nil
	}
	return l.extendSome(ctx, []*item{it}) // it was abandoned before, or Redis was slow
}

func (l *leaser) extendSome(ctx context.Context, items []*item) error {
	from := l.c.now()
	answered := l.asks(from)
	states, err := l.group.Extend(ctx, l.c.cfg.Name, tokens(items))
	answered()
	// As old as a lease is now, it was not older when Redis looked: only what nobody can
	// have taken over and settled by then may be put back.
	heard := l.c.now()
	var gone []*item
	for i, state := range states {
		if it := items[i]; state == stream.LeaseGone && !it.settling() && !it.done.Load() && it.leaseAge(heard) < safeAge(l.c.cfg.Lease) {
			gone = append(gone, it)
			continue
		}
		l.note(items[i], state, from)
	}
	if len(gone) > 0 && err == nil {
		err = l.reinstate(gone)
	}
	return err
}

func (l *leaser) note(it *item, state stream.LeaseState, from time.Duration) {
	switch {
	case it.done.Load():
		// Settled while the heartbeat was under way; not pending is right.
	case state == stream.LeaseHeld:
		it.extendedFrom.Store(int64(from))
	case state == stream.PayloadLost:
		it.orphan.Store(true)
		l.payloadLost(it.d.EntryID)
	case !it.settling():
		l.c.log.Warn("lease lost", zap.String("stream", l.stream), zap.Stringer("entry", it.d.EntryID))
		it.lose()
	}
}
