package consumer

import (
	"context"
	"runtime"
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

	// Of the read that is under way: the room that it has, and when it was sent.
	asked int
	from  time.Duration
	// memory is what the next batch is made of, with Config.Reuse.
	memory *stream.Memory
}

// maxRead is how many entries one read asks for at the most. The server does nothing else
// while it answers, 2 us an entry; with half as many each costs the client a tenth more.
const maxRead = 1000

// few is how many entries are handled sooner than the next request is sent.
const few = 4

func (f *fetcher) run(ctx context.Context) {
	defer f.reader.Close() //nolint:errcheck // giving a connection up cannot fail
	f.want = f.idle()
	f.look = f.c.now() + f.c.cfg.Lease
	pause := pauses(f.c.cfg.Random)
	for ctx.Err() == nil || f.reader.Ahead() > 0 {
		f.c.cfg.Hooks.Beat("fetcher", f.stream)
		err := f.next(ctx)
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

// next reads once. Between reads of which none has been sent ahead, it looks for
// what was lost.
func (f *fetcher) next(ctx context.Context) error {
	if f.reader.Ahead() == 0 {
		if err := f.recover(ctx); err != nil {
			return err
		}
		if f.overdue() { // there was room for a part of it: what is newer comes behind
			return nil
		}
		if !f.enter(ctx) {
			return nil
		}
	}
	err := f.fetch(ctx)
	if f.reader.Ahead() == 0 {
		f.c.gate.leave()
		f.c.room.give(f.asked)
		f.asked = 0
	}
	return err
}

// idle is what a read that may wait long reserves: a part of the room, so that
// other streams, and the retries of this one, have some left.
func (f *fetcher) idle() int { return min(maxRead, max(1, f.c.budget()/(2*len(f.c.sources)))) }

// block is how long a read waits for the first entry: less than a lease by far, since
// what comes at its end has the lease's age from its begin. One that has more than its
// part of the room does not wait: nobody else could use it meanwhile.
func (f *fetcher) block(asked int) time.Duration {
	if asked > f.idle() {
		return 0
	}
	return min(f.c.cfg.Block, f.c.cfg.Lease/4)
}

// enter gets room for a read, which bounds what can come, and goes through the gate.
func (f *fetcher) enter(ctx context.Context) bool {
	// Not for every single place that gets free: small reads are dear. Half of
	// the prefetch is still waiting when this much is free.
	least := min(f.want, max(1, f.c.pace.waiting()/2))
	most := f.reader.Fitting(f.most(f.want))
	f.asked = f.c.room.take(ctx, min(least, most), most)
	if f.asked == 0 {
		return false
	}
	if !f.c.gate.enter(ctx) {
		f.c.room.give(f.asked)
		f.asked = 0
		return false
	}
	f.from = f.c.now()
	return true
}

// fetch reads, and sends the next request as soon as this one's entries begin to
// come: the server works on it while they are decoded and handled.
func (f *fetcher) fetch(ctx context.Context) error {
	// Without the lock on taking: a read that blocks would keep it from others.
	// The one that needs it, recover, is called when no read is under way.
	asked, from := f.asked, f.from
	f.asked = 0
	if f.c.cfg.Reuse {
		if f.memory == nil {
			f.memory = f.ledger.memory()
		}
		f.reader.Reuse(f.memory)
	}
	batch, err := f.reader.ReadAhead(ctx, asked, f.block(asked), func(came int) int { return f.ahead(ctx, asked, came) })
	n := f.accept(Read, stream.Taken{Batch: batch}, f.memory, from)
	if n > 0 {
		f.memory = nil // it goes with the batch
	}
	f.c.room.give(asked - n)
	f.learn(asked, n, err)
	switch {
	case n == 0:
		f.want = f.idle()
	case n <= few:
		// The worker that was woken runs now, on this processor, and not when the
		// next request is out, or when another processor has been woken for it.
		runtime.Gosched()
	}
	f.c.adapt()
	return err
}

// ahead says how many entries the next read asks for, while this one's are still
// coming: none unless all came that were asked for, and there is room for more.
func (f *fetcher) ahead(ctx context.Context, asked, came int) int {
	if came < asked {
		return 0
	}
	f.want = min(2*f.want, f.c.budget(), maxRead)
	if ctx.Err() != nil || f.overdue() || f.c.gate.closing() {
		return 0
	}
	f.c.adapt()
	most := f.reader.Fitting(f.most(f.want))
	f.asked = f.c.room.tryTake(min(most, max(1, f.c.pace.waiting()/4)), most)
	f.from = f.c.now()
	return f.asked
}

// overdue tells whether it is time to look for what was lost. What is read at most
// once is not pending, and cannot be found.
func (f *fetcher) overdue() bool {
	return f.c.cfg.Guarantee == AtLeastOnce && (f.suspect.Load() || f.c.now() >= f.look)
}

// recover takes again what is pending in our name and not known to us: after an
// error at once and, since a server may find out late that a blocked reader has
// gone, once a lease in any case.
func (f *fetcher) recover(ctx context.Context) error {
	if !f.overdue() {
		return nil
	}
	f.suspect.Store(false) // before looking: an error meanwhile counts again
	room := f.c.room.take(ctx, 1, f.most(f.c.budget()))
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
	for _, held := range f.ledger.tokens(func(it *item) bool { return !it.orphan.Load() }) {
		known[held] = true
	}
	from := f.c.now()
	taken, err := f.group.Recover(ctx, f.c.cfg.Name, func(h stream.Held) bool { return known[h] }, room)
	f.took(from)
	n := f.accept(Recovered, taken, nil, from)
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
