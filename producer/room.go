package producer

import (
	"context"
	"fmt"
	"time"
)

// post hands the parcel over to the lane of its stream, when there is room.
func (p *Producer) post(ctx context.Context, c *parcel, now time.Time) error {
	p.mu.Lock()
	if p.closing {
		p.mu.Unlock()
		return ErrClosed
	}
	l, err := p.laneOf(c.stream)
	if err != nil {
		p.mu.Unlock()
		return err
	}
	if p.waiting.Len() == 0 && p.hasRoom(c.event.size) {
		p.accept(l, c, p.clock(now))
		p.mu.Unlock()
		return nil
	}
	c.place = p.waiting.PushBack(c)
	if p.waiting.Len() == 1 { // while somebody waits, nothing lingers
		p.flushAll()
	}
	p.mu.Unlock()

	err = p.awaitRoom(ctx, c)
	if p.cfg.Hooks.Blocked != nil {
		p.cfg.Hooks.Blocked(c.stream, time.Since(now))
	}
	return err
}

// awaitRoom waits until the event is accepted or refused.
func (p *Producer) awaitRoom(ctx context.Context, c *parcel) error {
	select {
	case err := <-c.decided:
		return err
	case <-ctx.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.place == nil {
		return <-c.decided
	}
	p.unqueue(c)
	p.grant() // there may be room for those behind it
	return noRoom(context.Cause(ctx))
}

func noRoom(why error) error { return fmt.Errorf("%w: %w", errNoRoom, why) }

// hasRoom tells whether an event of that size may be accepted.
func (p *Producer) hasRoom(size int) bool {
	return p.open < p.cfg.MaxPending && p.openBytes <= p.cfg.MaxPendingBytes-size
}

// grant accepts what waits and has room now. It goes by the order of arrival, so
// that a large event is not passed by for ever by small ones.
func (p *Producer) grant() {
	if p.waiting.Len() == 0 {
		return
	}
	at := p.clock(time.Now())
	for c := p.firstWaiting(); c != nil && p.hasRoom(c.event.size); c = p.firstWaiting() {
		p.unqueue(c)
		l, err := p.laneOf(c.stream)
		if err == nil {
			p.accept(l, c, at)
		}
		c.decided <- err
	}
}

// refuseWaiting refuses all that wait.
func (p *Producer) refuseWaiting(err error) {
	for c := p.firstWaiting(); c != nil; c = p.firstWaiting() {
		p.unqueue(c)
		c.decided <- err
	}
}

func (p *Producer) firstWaiting() *parcel {
	first := p.waiting.Front()
	if first == nil {
		return nil
	}
	return first.Value.(*parcel) //nolint:errcheck // nothing else is in the list
}

func (p *Producer) unqueue(c *parcel) {
	p.waiting.Remove(c.place)
	c.place = nil
}
