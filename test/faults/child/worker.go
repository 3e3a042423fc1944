package child

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/internal/history"
	"github.com/leat-io/leat/stream"
)

// work runs a consumer. Each thing that happens is on file before the next one can happen, but for settlements.
func (c *child) work(ctx context.Context, conn *stream.Conn) error {
	cfg := consumer.Config{
		Group: c.Group, Streams: []string{c.Stream}, Name: c.Name, Lease: c.Worker.Lease, ShutdownTimeout: c.Worker.Shutdown,
		Concurrency: c.Worker.Concurrency, Prefetch: c.Worker.Prefetch, Backoff: consumer.Constant(c.Worker.Backoff),
		MaxAttempts: c.Worker.MaxAttempts, MaxDeliveries: c.Worker.MaxDeliveries, Poll: c.Worker.Poll, ConsumerIdle: c.Worker.ConsumerIdle,
		Hooks: consumer.Hooks{Settled: c.settled},
	}
	if c.Worker.Ordered {
		cfg.OrderBy = func(d *stream.Delivery) string {
			key, _ := Key(d.ID)
			return key
		}
	}
	handler := c.sabotage(&cfg, c.handle)
	worker, err := consumer.New(conn, handler, cfg)
	if err != nil {
		return err
	}
	return worker.Run(ctx)
}

// handle is the handler: it does to an event what its ID says.
func (c *child) handle(ctx context.Context, d *stream.Delivery) error {
	began := history.Event(c.Name, history.Start, history.Invoke, d)
	traits := TraitsOf(d.ID)
	if c.Worker.Busy == 0 && traits == (Traits{Key: traits.Key}) {
		return c.record.Write(began, history.Event(c.Name, history.Finish, history.OK, d))
	}
	if err := c.record.Write(began); err != nil {
		return err
	}
	if traits.Kills {
		c.die()
	}
	if c.Worker.Busy > 0 {
		wait := time.NewTimer(c.Worker.Busy)
		defer wait.Stop()
		select {
		case <-wait.C:
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), c.record.Write(history.Event(c.Name, history.Finish, history.Unknown, d)))
		}
	}
	switch {
	case traits.Permanent:
		return errors.Join(consumer.Permanent(fmt.Errorf("%s is never done", d.ID)), c.record.Write(history.Event(c.Name, history.Finish, history.Fail, d)))
	case traits.Hopeless, traits.FailsOnce && d.Attempt == 1:
		return errors.Join(fmt.Errorf("%s fails", d.ID), c.record.Write(history.Event(c.Name, history.Finish, history.Fail, d)))
	}
	return c.record.Write(history.Event(c.Name, history.Finish, history.OK, d))
}

// die ends this process as a crash does.
func (c *child) die() {
	_ = c.note(history.Crash, history.OK, "by its handler")
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

// settled notes what became of a delivery. That may be lost with the process: the check is weaker then, not wrong.
func (c *child) settled(d *stream.Delivery, outcome consumer.Outcome, _ time.Duration) {
	r := history.Event(c.Name, history.Settle, history.OK, d)
	r.Settled = outcome
	_ = c.record.Later(r)
}
