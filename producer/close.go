package producer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/leat-io/leat/stream"
)

// Close sends what was accepted, waits for running calls of Publish and ends the
// producer's goroutines. From its beginning on, new events end with [ErrClosed],
// Sends that wait for room included.
//
// It waits no longer than ctx. What is left then gets its error: events that wait
// to be sent end with [ErrClosed], those on their way with
// [stream.ErrUnknownOutcome], and a call of Publish that waits for its next try
// ends. A pipeline that is on its way ends by itself, within the connection's
// timeout and [Config.DurabilityTimeout]. With a ctx that does not end, Close takes as long as events are sent
// again: see [Config.RetryFor].
//
// The error says how many of the events that were open when Close began are not
// stored or of unknown outcome, and wraps the first reason. A second Close waits
// for the first and returns nil. The connection stays open.
func (p *Producer) Close(ctx context.Context) error {
	if !p.beginClose() {
		select {
		case <-p.ended:
			return nil
		case <-ctx.Done():
			return fmt.Errorf("close producer, which is being closed already: %w", context.Cause(ctx))
		}
	}
	defer close(p.ended)
	if p.awaitDrained(ctx) {
		p.stop()
		p.flushers.Wait()
		return p.report(nil)
	}
	// Nobody waits for the flushers now: they may wait for a server that hangs.
	p.giveUp()
	p.stop()
	return p.report(context.Cause(ctx))
}

// awaitDrained is true when nothing is open any more, false when ctx has ended
// before.
func (p *Producer) awaitDrained(ctx context.Context) bool {
	select {
	case <-p.drained:
		return true
	default:
	}
	select {
	case <-p.drained:
		return true
	case <-ctx.Done():
		return false
	}
}

// beginClose is false when Close has begun already.
func (p *Producer) beginClose() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closing {
		return false
	}
	p.closing = true
	p.refuseWaiting(noRoom(ErrClosed))
	p.flushAll()
	p.noteDrained()
	return true
}

// noteDrained tells Close that nothing is open any more.
func (p *Producer) noteDrained() {
	if !p.closing || p.open > 0 || p.publishing > 0 || p.stopped || p.aborted.Err() != nil {
		return
	}
	select {
	case <-p.drained:
	default:
		close(p.drained)
	}
}

// giveUp settles everything that is open.
func (p *Producer) giveUp() {
	now := p.clock(time.Now())
	for _, f := range p.takeOpen() {
		p.settle(f, now)
	}
}

// takeOpen ends what runs and returns all that has no fate yet as lost, a flight
// for each stream.
func (p *Producer) takeOpen() []*flight {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.abort()
	open := map[*lane]*flight{}
	take := func(l *lane, b *batch, class stream.Class, err error) {
		if open[l] == nil {
			open[l] = &flight{lane: l}
		}
		lost := make([]outcome, len(b.events))
		for i, e := range b.events {
			lost[i] = outcome{pending: e, class: class, err: err}
		}
		p.forget(lost, len(lost), b.bytes)
		open[l].lost = append(open[l].lost, lost...)
	}
	for f := range p.flights {
		take(f.lane, f.batch, stream.ClassUnknown,
			fmt.Errorf("send to stream %s: %w: producer was closed before", f.lane.stream, stream.ErrUnknownOutcome))
	}
	clear(p.flights)
	for _, l := range p.lanes {
		err := fmt.Errorf("send to stream %s: not sent in time: %w", l.stream, ErrClosed)
		for b := l.pop(); b != nil; b = l.pop() {
			take(l, b, stream.ClassCanceled, err)
		}
	}
	return slices.Collect(maps.Values(open))
}

// stop ends the flushers and timers.
func (p *Producer) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopped = true
	p.abort()
	for _, l := range p.lanes {
		if l.timer != nil {
			l.timer.Stop()
		}
	}
	p.work.Broadcast()
}

func (l *losses) add(err error) {
	if errors.Is(err, stream.ErrUnknownOutcome) {
		l.unknown++
	} else {
		l.notStored++
	}
	if l.first == nil {
		l.first = err
	}
}

// report is what Close returns; cause is why it did not wait any longer.
func (p *Producer) report(cause error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var why []error
	for _, err := range []error{cause, p.lost.first} {
		if err != nil {
			why = append(why, err)
		}
	}
	if len(why) == 0 {
		return nil
	}
	return fmt.Errorf("close producer: %d pending events are not stored, of %d the outcome is unknown, %d calls of Publish still run: %w",
		p.lost.notStored, p.lost.unknown, p.publishing, errors.Join(why...))
}
