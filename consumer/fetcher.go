package consumer

import (
	"context"
	"time"

	"github.com/leat-io/leat/stream"
)

// fetcher reads new entries of one stream, for as many as there is room. It is
// also the one who finds again what a lost reply has left in our name, since only
// it knows that no read is under way.
type fetcher struct {
	*source
	reader *stream.Reader
	want   int // how many to ask for: much under load, little when idle
	look   time.Duration
}

func (f *fetcher) run(ctx context.Context) {
	defer f.reader.Close() //nolint:errcheck // giving a connection up cannot fail
	f.want = f.idle()
	f.look = f.c.now() + f.c.cfg.Lease
	pause := pauses(f.c.cfg.Random)
	for ctx.Err() == nil {
		f.c.cfg.Hooks.Beat("fetcher", f.stream)
		err := f.recover(ctx)
		if err == nil {
			err = f.fetch(ctx)
		}
		if err == nil {
			f.okAt.Store(int64(f.c.now()))
			f.answered()
			pause.Reset()
			continue
		}
		if ctx.Err() != nil {
			return
		}
		f.failed("fetcher", err)
		f.regroup(err)
		if !sleep(ctx, pause.NextBackOff()) {
			return
		}
	}
}

// idle is what a read that may wait long reserves: a part of the room, so that
// other streams, and the retries of this one, have some left.
func (f *fetcher) idle() int { return max(1, f.c.cfg.budget()/(2*len(f.c.sources))) }

// block is how long a read waits: less than a lease by far, since what comes at its
// end has the lease's age from its begin.
func (f *fetcher) block() time.Duration { return min(f.c.cfg.Block, f.c.cfg.Lease/4) }

// fetch reads once. The room it takes bounds what can come.
func (f *fetcher) fetch(ctx context.Context) error {
	// Not for every single place that gets free: small reads are dear. Half of
	// the prefetch is still waiting when this much is free.
	least := min(f.want, max(1, f.c.cfg.Prefetch/2))
	most := f.most(f.want)
	room := f.c.room.take(ctx, min(least, most), most)
	if room == 0 {
		return nil
	}
	if !f.c.gate.enter(ctx) {
		f.c.room.give(room)
		return nil
	}
	defer f.c.gate.leave()
	// Without the lock on taking: a read that blocks would keep it from others.
	// The one that needs it, recover, is called between reads.
	n, err := f.accept(Read, func() (stream.Taken, error) {
		batch, err := f.reader.Read(ctx, room, f.block())
		return stream.Taken{Batch: batch}, err
	})
	f.c.room.give(room - n)
	f.learn(room, n, err)
	switch n {
	case room:
		f.want = min(2*f.want, f.c.cfg.budget())
	case 0:
		f.want = f.idle()
	}
	return err
}

// recover takes again what is pending in our name and not known to us: after an
// error at once and, since a server may find out late that a blocked reader has
// gone, once a lease in any case.
func (f *fetcher) recover(ctx context.Context) error {
	now := f.c.now()
	if f.c.cfg.Guarantee == AtMostOnce || (!f.suspect.Load() && now < f.look) {
		return nil
	}
	f.suspect.Store(false) // before looking: an error meanwhile counts again
	room := f.c.room.take(ctx, 1, f.most(f.c.cfg.budget()))
	if room == 0 {
		f.suspect.Store(true)
		return nil
	}
	if !f.c.gate.enter(ctx) {
		f.c.room.give(room)
		f.suspect.Store(true)
		return nil
	}
	defer f.c.gate.leave()
	f.taking.Lock()
	known := map[stream.Held]bool{}
	for _, held := range tokens(f.ledger.held(func(it *item) bool { return !it.orphan.Load() })) {
		known[held] = true
	}
	n, err := f.accept(Recovered, func() (stream.Taken, error) {
		return f.group.Recover(ctx, f.c.cfg.Name, func(h stream.Held) bool { return known[h] }, room)
	})
	f.taking.Unlock()
	f.c.room.give(room - n)
	f.learn(room, n, err)
	if err != nil || n == room {
		f.suspect.Store(true)
		return err
	}
	f.look = f.c.now() + f.c.cfg.Lease
	return nil
}
