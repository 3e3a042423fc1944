package measure

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/leat-io/leat/bench/contender"
)

// stopTimeout is how long consumers may take to end once they have been told to.
// Some libraries wait for a blocking read, or their own polls, first.
const stopTimeout = 15 * time.Second

// Consumer consumes until its context ends: a contender's Consume.
type Consumer func(ctx context.Context) error

// ConsumerOf is the Consumer that works the queue of s off.
func ConsumerOf(c contender.Contender, s contender.Setup, w contender.Work) Consumer {
	return func(ctx context.Context) error { return c.Consume(ctx, s, w) }
}

// Workers are consumers that run at once.
type Workers struct {
	cancel  context.CancelFunc
	ended   chan error // of each, when it has ended
	running int
}

// StartWorkers starts consumers. Stop has to be called.
func StartWorkers(ctx context.Context, consumers ...Consumer) *Workers {
	ctx, cancel := context.WithCancel(ctx)
	w := &Workers{cancel: cancel, ended: make(chan error, len(consumers)), running: len(consumers)}
	for _, consume := range consumers {
		go func() { w.ended <- consume(ctx) }()
	}
	return w
}

// Until waits for done. It returns an error when ctx is over first, or a consumer
// has ended, which none should before it is stopped.
func (w *Workers) Until(ctx context.Context, done <-chan struct{}) error {
	select {
	case <-done:
		return nil
	case err := <-w.ended:
		w.running--
		if err == nil {
			err = errors.New("it returned nil")
		}
		// It may have seen sooner that the time is over.
		if ctx.Err() != nil {
			return fmt.Errorf("not all is handled in time: %w", err)
		}
		return fmt.Errorf("a consumer ended before it was told to: %w", err)
	case <-ctx.Done():
		return fmt.Errorf("not all is handled in time: %w", ctx.Err())
	}
}

// Stop ends the consumers and waits for them.
func (w *Workers) Stop() error {
	w.cancel()
	timeout := time.NewTimer(stopTimeout)
	defer timeout.Stop()
	var errs []error
	for ; w.running > 0; w.running-- {
		select {
		case err := <-w.ended:
			// Some libraries return the context's error for having been told to stop.
			if err != nil && !errors.Is(err, context.Canceled) {
				errs = append(errs, fmt.Errorf("stop a consumer: %w", err))
			}
		case <-timeout.C:
			return errors.Join(append(errs, fmt.Errorf("%d consumers have not ended %s after they were told to", w.running, stopTimeout))...)
		}
	}
	return errors.Join(errs...)
}

// Drain runs consumers until the tally is full, stops them, and checks that nothing
// is left.
func Drain(ctx context.Context, addr string, t *Tally, consumers ...Consumer) error {
	workers := StartWorkers(ctx, consumers...)
	err := workers.Until(ctx, t.All)
	if stopErr := workers.Stop(); err == nil {
		err = stopErr
	}
	if err != nil {
		return fmt.Errorf("%d messages handled: %w", t.Count(), err)
	}
	return Settled(ctx, addr)
}
