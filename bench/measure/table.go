package measure

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/bench/contender"
	"github.com/leat-io/leat/bench/result"
)

// warmUp is how many events are published before a window opens: connections are
// made, and the library has met the stream.
const warmUp = 10

// SlowHandler is what a handler of result.Slow takes.
const SlowHandler = time.Millisecond

// Do makes the measurement of a row of the table.
func Do(ctx context.Context, r Request, c contender.Contender) (result.Sample, error) {
	switch r.Job.Kind {
	case result.Publish:
		return Publish(ctx, r, c)
	case result.Consume:
		return consume(ctx, r, c, 0)
	case result.Slow:
		s, err := consume(ctx, r, c, SlowHandler)
		if err == nil {
			s.Ideal = sleepers(r.Job.Concurrency)
		}
		return s, err
	case result.EndToEnd:
		return endToEnd(ctx, r, c)
	case result.Latency:
		return latency(ctx, r, c)
	default:
		return result.Sample{Job: r.Job}, fmt.Errorf("no row of the table: %s", r.Job.Kind)
	}
}

// Fill makes the backlog that a row of the table begins with, if it does.
func Fill(ctx context.Context, r Request, c contender.Contender) error {
	switch r.Job.Kind {
	case result.Consume, result.Slow:
		return Backlog(ctx, c, r.Setup(), r.Job.N, r.Job.Payload)
	default:
		return nil
	}
}

// Backlog makes the group and publishes n events.
func Backlog(ctx context.Context, c contender.Contender, s contender.Setup, n, size int) error {
	if err := c.Prepare(ctx, s); err != nil {
		return fmt.Errorf("prepare %s: %w", s.Queue, err)
	}
	return publishing(ctx, c, s, func(p contender.Publisher) error { return p.Many(ctx, n, Payload(size)) })
}

// publishing opens a publisher for what do does with it.
func publishing(ctx context.Context, c contender.Contender, s contender.Setup, do func(contender.Publisher) error) error {
	p, err := c.Publisher(ctx, s)
	if err != nil {
		return fmt.Errorf("open a publisher of %s: %w", s.Queue, err)
	}
	if err := do(p); err != nil {
		return errors.Join(fmt.Errorf("publish to %s: %w", s.Queue, err), p.Close())
	}
	if err := p.Close(); err != nil {
		return fmt.Errorf("close the publisher of %s: %w", s.Queue, err)
	}
	return nil
}

// Publish measures Publisher.Many.
func Publish(ctx context.Context, r Request, c contender.Contender) (result.Sample, error) {
	s := result.Sample{Job: r.Job}
	n, data, window := r.Job.N, Payload(r.Job.Payload), Window{ServerPID: r.ServerPID}
	err := publishing(ctx, c, r.Setup(), func(p contender.Publisher) error {
		if err := p.Many(ctx, warmUp, data); err != nil {
			return err
		}
		window.Open()
		err := p.Many(ctx, n, data)
		window.Close()
		return err
	})
	if err != nil {
		return s, err
	}
	window.Cost(&s, n)
	return s, Stored(ctx, r.Addr, warmUp+n)
}

// consume measures how a backlog of r.Job.N, which is there, is worked off by
// handlers that take sleep each, from the first of them on: how long a library
// takes to start is another matter.
func consume(ctx context.Context, r Request, c contender.Contender, sleep time.Duration) (result.Sample, error) {
	t := NewTally(r.ServerPID, r.Job.N, sleep)
	work := contender.Work{Concurrency: r.Job.Concurrency, Handle: t.Handle}
	if err := Drain(ctx, r.Addr, t, ConsumerOf(c, r.Setup(), work)); err != nil {
		return result.Sample{Job: r.Job}, err
	}
	return t.Sample(r.Job)
}

// endToEnd measures publishing and consuming at once, from the first call of the
// publisher to the end of the last handler.
func endToEnd(ctx context.Context, r Request, c contender.Contender) (result.Sample, error) {
	s := result.Sample{Job: r.Job}
	if err := c.Prepare(ctx, r.Setup()); err != nil {
		return s, fmt.Errorf("prepare: %w", err)
	}
	warm, all := NewTally(r.ServerPID, warmUp, 0), NewTally(r.ServerPID, r.Job.N, 0)
	var counts atomic.Pointer[Tally]
	counts.Store(warm)
	work := contender.Work{Concurrency: r.Job.Concurrency, Handle: func(data []byte) { counts.Load().Handle(data) }}
	workers := StartWorkers(ctx, ConsumerOf(c, r.Setup(), work))
	err := publishing(ctx, c, r.Setup(), func(p contender.Publisher) error {
		if err := p.Many(ctx, warmUp, Payload(r.Job.Payload)); err != nil {
			return err
		}
		if err := workers.Until(ctx, warm.All); err != nil {
			return err
		}
		counts.Store(all)
		all.Open()
		if err := p.Many(ctx, r.Job.N, Payload(r.Job.Payload)); err != nil {
			return err
		}
		return workers.Until(ctx, all.All)
	})
	if stopErr := workers.Stop(); err == nil {
		err = stopErr
	}
	if err != nil {
		return s, fmt.Errorf("%d messages handled: %w", all.Count(), err)
	}
	if err := Settled(ctx, r.Addr); err != nil {
		return s, err
	}
	return all.Sample(r.Job)
}

// sleepersTime is for how long the ideal of slow handlers is measured.
const sleepersTime = 100 * time.Millisecond

// sleepers is how many calls a second as many goroutines make that only do what
// the slow handler does. It is less than one by arithmetic: a sleep of a
// millisecond takes longer than that.
func sleepers(concurrency int) float64 {
	var calls atomic.Int64
	var stop atomic.Bool
	ended := make(chan struct{})
	for range concurrency {
		go func() {
			for !stop.Load() {
				time.Sleep(SlowHandler) //nolint:forbidigo // this is the work
				calls.Add(1)
			}
			ended <- struct{}{}
		}()
	}
	time.Sleep(10 * SlowHandler) //nolint:forbidigo // for as long it goes on before it counts
	from, before := time.Now(), calls.Load()
	time.Sleep(sleepersTime) //nolint:forbidigo // for as long it counts
	rate := float64(calls.Load()-before) / time.Since(from).Seconds()
	stop.Store(true)
	for range concurrency {
		<-ended
	}
	return rate
}
