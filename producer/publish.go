package producer

import (
	"context"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/leat-io/leat/stream"
)

const (
	// A pipeline has to be through within the connection's timeout: one of any
	// size would end in unknown outcomes on a slow line.
	pipelineEvents = 5_000
	pipelineBytes  = 8 << 20
)

// Publish adds events to a stream, one XADD each, in one pipeline (several, one
// after the other, past 5,000 events or 8 MiB), and returns when all of them are
// stored. IDs are in the order of the events.
//
// Events that lack an ID, Source or Time get one; the caller's slice stays as it
// is. All are checked before any is sent: an [EventError] means that nothing was.
// Where some events are stored and some are not, the IDs of the others come with
// a [PublishError]; an event without an ID has the zero ID. Of several pipelines,
// those behind one that was not stored in full are not sent.
//
// What Redis did not execute is sent again until [Config.RetryFor] or ctx is
// over. A pipeline that is on its way ends early only by a deadline of ctx, which
// makes the outcome unknown; the connection's timeout bounds it in any case.
func (p *Producer) Publish(ctx context.Context, name string, events ...stream.Event) ([]stream.ID, error) {
	if len(events) == 0 {
		return nil, nil
	}
	c := call{p: p, stream: name, begun: time.Now(), ids: make([]stream.ID, len(events)), errs: map[int]error{}}
	if err := c.complete(events); err != nil {
		return nil, fmt.Errorf("publish to stream %s, nothing was sent: %w", name, err)
	}
	if !p.enter() {
		return nil, fmt.Errorf("publish to stream %s, nothing was sent: %w", name, ErrClosed)
	}
	defer p.leave()

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(p.aborted, func() { cancel(ErrClosed) })()

	for from := 0; from < len(c.events); {
		to := c.pipelineFrom(from)
		c.publish(ctx, from, to)
		from = to
		if len(c.errs) > 0 {
			c.skip(from)
			break
		}
	}
	c.told.tell(&p.cfg.Hooks)
	if len(c.errs) > 0 {
		return c.ids, &PublishError{Stream: name, Events: len(events), Errs: c.errs}
	}
	return c.ids, nil
}

// call is one Publish.
type call struct {
	p      *Producer
	stream string
	begun  time.Time
	events []stream.Event // complete copies
	ids    []stream.ID
	errs   map[int]error
	told   outcomes
}

func (c *call) complete(events []stream.Event) error {
	if _, err := stream.KeysOf(c.stream); err != nil {
		return err
	}
	c.events = append(make([]stream.Event, 0, len(events)), events...)
	c.told.stream = c.stream
	for i := range c.events {
		if err := c.p.complete(&c.events[i], c.begun); err != nil {
			return &EventError{Index: i, Err: err}
		}
	}
	return nil
}

// pipelineFrom is the end of the pipeline that begins with that event.
func (c *call) pipelineFrom(from int) (to int) {
	bytes := 0
	for to = from; to < len(c.events) && to-from < pipelineEvents; to++ {
		bytes += c.events[to].Size()
		if bytes > pipelineBytes && to > from {
			break
		}
	}
	return to
}

// publish adds the events from..to, and those that were not executed again, and
// again.
func (c *call) publish(ctx context.Context, from, to int) {
	events := c.events[from:to]
	var index []int // of each event in the call; nil as long as all are tried
	at := func(i int) int {
		if index == nil {
			return from + i
		}
		return index[i]
	}
	var pauses *backoff.ExponentialBackOff
	for {
		ids, errs := c.p.conn.Add(ctx, c.stream, events)
		now := time.Now()
		var left []int
		var last error
		for i, err := range errs {
			switch {
			case err == nil:
				c.ids[at(i)] = ids[i]
				c.told.add(stream.ClassNone, events[i].Size(), now.Sub(c.begun), nil)
			case c.p.again(err, c.begun, now):
				left = append(left, at(i))
				if last == nil {
					last = err
				}
			default:
				c.end(at(i), err, final(err), now)
			}
		}
		if len(left) == 0 {
			return
		}
		if pauses == nil {
			pauses = schedule()
		}
		if !c.pause(ctx, pauses, left, last) {
			return
		}
		index = left
		events = make([]stream.Event, len(left))
		for i, j := range left {
			events[i] = c.events[j]
		}
	}
}

// pause waits for the next try of the events left; when ctx ends before, that is
// their error.
func (c *call) pause(ctx context.Context, pauses *backoff.ExponentialBackOff, left []int, last error) bool {
	d := c.p.pause(pauses, c.begun, time.Now())
	if ctx.Err() == nil {
		c.p.tellRetried(c.stream, len(left), d, last)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		if ctx.Err() == nil {
			return true
		}
	case <-ctx.Done():
	}
	for _, i := range left {
		c.end(i, last, waitError(ctx, last), time.Now())
	}
	return false
}

// end is the fate of an event that is not stored, or may be.
func (c *call) end(i int, cause, err error, now time.Time) {
	c.errs[i] = err
	c.told.add(stream.Classify(cause), c.events[i].Size(), now.Sub(c.begun), err)
}

// skip ends the events that were never sent.
func (c *call) skip(from int) {
	for i := from; i < len(c.events); i++ {
		c.errs[i] = errEarlier
		c.told.add(stream.ClassCanceled, c.events[i].Size(), time.Since(c.begun), errEarlier)
	}
}

func (p *Producer) tellRetried(name string, events int, wait time.Duration, err error) {
	if p.cfg.Hooks.Retried != nil {
		p.cfg.Hooks.Retried(Retried{Stream: name, Events: events, Wait: wait, Err: err})
	}
}

// enter begins a call of Publish, unless Close has begun.
func (p *Producer) enter() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closing.Err() != nil {
		return false
	}
	p.publishing++
	return true
}

func (p *Producer) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.publishing--
	p.noteDrained()
}
