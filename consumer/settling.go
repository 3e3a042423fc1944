package consumer

import (
	"context"
	"sync/atomic"
	"time"
)

// settling is the context of all settlements. It outlives Run's own, since what was
// handled is settled; while the consumer drains it has a deadline, so that a Redis
// that hangs does not hold a call, and the end of the process, for longer.
type settling struct {
	context.Context //nolint:containedctx // it is one
	end             atomic.Pointer[time.Time]
}

func newSettling() (*settling, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	return &settling{Context: ctx}, cancel
}

// until sets the deadline.
func (s *settling) until(end time.Time) { s.end.Store(&end) }

// Deadline is the end of the drain, once it has begun.
func (s *settling) Deadline() (time.Time, bool) {
	if end := s.end.Load(); end != nil {
		return *end, true
	}
	return s.Context.Deadline()
}
