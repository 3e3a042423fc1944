package consumer

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// call is the context of one call of a handler. Most handlers only pass it on, or do
// not look at it at all, so it is no more than a part of the delivery's item until
// somebody asks when it ends: then it becomes one of the context package's.
type call struct {
	of       *calls
	deadline time.Duration // by the consumer's clock; 0 for none

	// Who ends the call marks it and looks for the real context then; who makes
	// that one shows it and looks for the mark then: one of both sees the other.
	ended atomic.Bool
	cause atomic.Pointer[error] // why it ended; nil when the handler returned
	real  atomic.Pointer[realContext]
	mu    sync.Mutex // while real is made
}

// calls is what all calls of a consumer have in common.
type calls struct {
	work  context.Context // ends when handlers have to; has the values of Run's
	epoch time.Time       // of the consumer's clock
}

// realContext is what becomes of a call that somebody waits for.
type realContext struct {
	context.Context //nolint:containedctx // it is one
	cancel          context.CancelCauseFunc
	stop            context.CancelFunc // of the deadline
}

func (r *realContext) end(cause error) {
	r.cancel(cause)
	r.stop()
}

// context is the one of the context package, made now unless it is there.
func (c *call) context() context.Context {
	if r := c.real.Load(); r != nil {
		return r
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.real.Load(); r != nil {
		return r
	}
	parent := c.of.work
	if c.ended.Load() { // whatever has ended that one since is not the cause
		parent = context.WithoutCancel(parent)
	}
	r := &realContext{stop: func() {}}
	r.Context, r.cancel = context.WithCancelCause(parent)
	if c.deadline > 0 {
		r.Context, r.stop = context.WithDeadlineCause(r.Context, c.of.epoch.Add(c.deadline), ErrTimeout)
	}
	c.real.Store(r)
	if c.ended.Load() {
		r.end(c.endedBy())
	}
	return r
}

// end ends the context: with nil when the handler has returned.
func (c *call) end(cause error) {
	if cause != nil && !c.ended.Load() { // what becomes of the entry later did not end it
		why := cause // a variable of its own, so that the usual call costs no memory
		c.cause.CompareAndSwap(nil, &why)
	}
	c.ended.Store(true)
	if r := c.real.Load(); r != nil {
		r.end(c.endedBy())
	}
}

func (c *call) endedBy() error {
	if cause := c.cause.Load(); cause != nil {
		return *cause
	}
	return nil
}

// why is what ended the context, nil as long as nothing has.
func (c *call) why() error {
	if cause := c.endedBy(); cause != nil {
		return cause
	}
	return context.Cause(c)
}

// Deadline is HandlerTimeout's.
func (c *call) Deadline() (time.Time, bool) {
	if c.deadline > 0 {
		return c.of.epoch.Add(c.deadline), true
	}
	return c.of.work.Deadline()
}

// Done is closed when the entry has to be given up.
func (c *call) Done() <-chan struct{} { return c.context().Done() }

// plain tells whether the call is so far no other than the context of all: whatever
// is asked, that one has the answer.
func (c *call) plain() bool { return c.real.Load() == nil && c.deadline == 0 && !c.ended.Load() }

// Err is nil until then.
func (c *call) Err() error {
	if c.plain() {
		return c.of.work.Err()
	}
	return c.context().Err()
}

// Value is that of Run's context.
func (c *call) Value(key any) any {
	if c.plain() {
		return c.of.work.Value(key)
	}
	return c.context().Value(key)
}
