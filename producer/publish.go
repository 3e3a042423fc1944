package producer

import (
	"context"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/leat-io/leat/stream"
)

// Publish adds events to a stream, one XADD each, in one pipeline (several, one
// after the other, past 5,000 events or 8 MiB), and returns when all of them are
// stored. IDs are in the order of the events.
//
// Events that lack an ID, Source or Time get one; the caller's slice stays as it
// is. All are checked before any is sent: an [EventError] means that nothing was.
// Where some events are stored and some are not, the IDs of the others come with
// a [PublishError]; an event without an ID has the zero ID. One that is stored less
// durably than Config asks for has both, an ID and an error. Of several pipelines,
// those behind one with an error are not sent.
//
// What Redis did not execute is sent again until [Config.RetryFor] or ctx is
// over. A pipeline that is on its way ends early only by a deadline of ctx, which
// makes the outcome unknown; the connection's timeout, and Config.DurabilityTimeout
// behind it, bound it in any case.
func (p *Producer) Publish(ctx context.Context, name string, events ...stream.Event) ([]stream.ID, error) {
	if len(events) == 0 {
		return nil, nil
	}
	c := call{p: p, stream: name, begun: time.Now(), events: events, ids: make([]stream.ID, len(events))}
	c.told.stream = name
	c.pipeline = p.pipelines.Get().(*pipeline) //nolint:errcheck // nothing else is in the pool
	defer c.pipeline.release(p)
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("publish to stream %s, nothing was sent: %w", name, err)
	}
	if !p.enter() {
		return nil, fmt.Errorf("publish to stream %s, nothing was sent: %w", name, ErrClosed)
	}
	defer p.leave()

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(p.aborted, func() { cancel(ErrClosed) })()

	for from := 0; from < len(events); {
		from = c.publish(ctx, from)
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
	p          *Producer
	stream     string
	begun      time.Time
	events     []stream.Event // the caller's, which stay as they are
	identities []identity     // of the events; nil when all of them have IDs
	ids        []stream.ID
	errs       map[int]error
	told       outcomes
	pipeline   *pipeline // the one that is on its way
}

// check tells whether all events can be sent.
func (c *call) check() error {
	if _, err := stream.KeysOf(c.stream); err != nil {
		return err
	}
	for i := range c.events {
		if c.events[i].ID == "" {
			if c.identities == nil {
				c.identities = make([]identity, len(c.events))
			}
			c.identities[i] = c.p.identify("", c.begun)
		}
		e := c.event(i)
		if _, err := c.p.check(&e); err != nil {
			return &EventError{Index: i, Err: err}
		}
	}
	return nil
}

// event is an event of the call with all that it lacks, good until the next one.
func (c *call) event(i int) stream.Event {
	e := c.events[i]
	id := identity{text: e.ID}
	if e.ID == "" {
		id = c.identities[i]
	}
	c.p.complete(&e, &id, &c.pipeline.text, c.begun)
	return e
}

// publish adds the pipeline of events that begins with that one: all of it, and
// then what was not executed again, and again. It returns where the next begins.
func (c *call) publish(ctx context.Context, from int) (to int) {
	l := c.pipeline
	to = l.load(c, from)
	var pauses *backoff.ExponentialBackOff
	for {
		l.send(ctx, c.p.conn, c.p.cfg.durability())
		now := time.Now()
		refusal := c.judge(l, now)
		if len(l.again) == 0 {
			return to
		}
		l.reload()
		if pauses == nil {
			pauses = schedule()
		}
		if !c.pause(ctx, pauses, l.events, refusal) {
			return to
		}
	}
}

// judge tells what became of the events of a pipeline. It returns the first
// refusal of those that are to be sent again.
func (c *call) judge(l *pipeline, now time.Time) (refusal error) {
	took := now.Sub(c.begun)
	for i, err := range l.errs {
		switch {
		case err == nil:
			c.ids[l.events[i]] = l.ids[i]
			c.told.add(stream.ClassNone, l.sizes[i], took, nil)
		case c.p.again(err, took):
			l.again = append(l.again, i)
			if refusal == nil {
				refusal = err
			}
		default:
			c.ids[l.events[i]] = l.ids[i] // of one that is stored, but not as durably as asked for
			c.end(l.events[i], stream.Classify(err), final(err), now)
		}
	}
	return refusal
}

// pause waits for the next try of the events left; when ctx ends before, that is
// their error.
func (c *call) pause(ctx context.Context, pauses *backoff.ExponentialBackOff, left []int, last error) bool {
	d := c.p.pause(pauses, time.Since(c.begun))
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
		c.end(i, stream.Classify(last), waitError(ctx, last), time.Now())
	}
	return false
}

// end is the fate of an event that is not stored, or may be.
func (c *call) end(i int, class stream.Class, err error, now time.Time) {
	if c.errs == nil {
		c.errs = map[int]error{}
	}
	c.errs[i] = err
	e := c.event(i)
	c.told.add(class, e.Size(), now.Sub(c.begun), err)
}

// skip ends the events that were never sent.
func (c *call) skip(from int) {
	now := time.Now()
	for i := from; i < len(c.events); i++ {
		c.end(i, stream.ClassCanceled, errEarlier, now)
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
	if p.closing {
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
