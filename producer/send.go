package producer

import (
	"context"
	"fmt"
	"time"

	"github.com/leat-io/leat/stream"
)

// Send accepts an event for a stream and returns at once; batches of what was
// accepted are added in the background (see Config.BatchEvents, BatchBytes and
// Linger). What becomes of the event is told by the receipt, which is never nil:
// an event that cannot be accepted (it is not valid, too large, or the producer
// is closed) has a receipt that says so.
//
// When MaxPending events or MaxPendingBytes are pending, Send blocks until there
// is room; if ctx ends before, the event is not accepted. Once it is, ctx does
// not matter.
//
// An event that lacks an ID, Source or Time gets one. Its Data and Extensions
// are not copied: they must not be changed any more.
func (p *Producer) Send(ctx context.Context, name string, e stream.Event) *Receipt {
	now := time.Now()
	if err := p.complete(&e, now); err != nil {
		return refused(name, e.ID, err)
	}
	size := e.Size()
	if !p.tryReserve(size) {
		if err := p.reserve(ctx, name, size); err != nil {
			return refused(name, e.ID, err)
		}
		now = time.Now()
	}
	r := &Receipt{eventID: e.ID, event: e, size: size, accepted: now}
	if err := p.enqueue(name, r); err != nil {
		p.release(1, size)
		return refused(name, e.ID, err)
	}
	if p.cfg.Hooks.Pending != nil {
		p.cfg.Hooks.Pending(1, size)
	}
	return r
}

// tryReserve takes room for an event if there is some and nobody waits for it.
func (p *Producer) tryReserve(size int) bool {
	if !p.events.TryAcquire(1) {
		return false
	}
	if p.bytes.TryAcquire(int64(size)) {
		return true
	}
	p.events.Release(1)
	return false
}

// reserve waits for room. While somebody waits, nothing lingers.
func (p *Producer) reserve(ctx context.Context, name string, size int) error {
	began := time.Now()
	p.hurry()
	defer p.unhurry()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(p.closing, func() { cancel(ErrClosed) })()

	err := p.events.Acquire(ctx, 1)
	if err == nil {
		if err = p.bytes.Acquire(ctx, int64(size)); err != nil {
			p.events.Release(1)
		}
	}
	if p.cfg.Hooks.Blocked != nil {
		p.cfg.Hooks.Blocked(name, time.Since(began))
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errNoRoom, context.Cause(ctx))
	}
	return nil
}

func (p *Producer) release(events, bytes int) {
	p.bytes.Release(int64(bytes))
	p.events.Release(int64(events))
}

// hurry makes every lane due, now and until unhurry.
func (p *Producer) hurry() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.blocked++
	p.flushAll()
}

func (p *Producer) unhurry() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.blocked--
}

// enqueue puts an accepted event into its stream's lane.
func (p *Producer) enqueue(name string, r *Receipt) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closing.Err() != nil {
		return ErrClosed
	}
	l, err := p.laneOf(name)
	if err != nil {
		return err
	}
	l.push(r)
	p.open++
	p.openBytes += r.size
	if l.state == idle || l.state == lingering {
		p.schedule(l, r.accepted)
	}
	return nil
}
