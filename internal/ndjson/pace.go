package ndjson

import (
	"context"
	"time"
)

const (
	// slack is how far ahead of its time an event may be: shorter sleeps are not
	// exact anyway.
	slack = time.Millisecond
	// behind is how much delay is made up for by a burst; more is forgotten.
	behind = 100 * time.Millisecond
)

// pace spreads events over time.
type pace struct {
	rate float64 // a second; 0 for no limit
	from time.Time
	n    float64
}

// wait blocks until the next event is due; false when ctx ended before.
func (p *pace) wait(ctx context.Context) bool {
	if p.rate <= 0 {
		return ctx.Err() == nil
	}
	now := time.Now()
	if p.from.IsZero() {
		p.from = now
	}
	due := p.from.Add(time.Duration(p.n / p.rate * float64(time.Second)))
	if now.Sub(due) > behind {
		p.from, p.n, due = now, 0, now
	}
	p.n++
	if due.Sub(now) < slack {
		return ctx.Err() == nil
	}
	t := time.NewTimer(due.Sub(now))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
