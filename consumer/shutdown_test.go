package consumer_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/internal/streamtest"
	"github.com/leat-io/leat/stream"
)

// A worker that is told to stop hands back at once what has not started, lets the
// running handler finish, and goes; the entries it handed back have not been
// counted. Red when release.lua leaves the count as it is, and when the hand-over
// is left out (the lease is an hour).
func TestHandOverWithoutCounting(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	h := newHeld()
	a := l.Run(h.handle, func(c *consumer.Config) { c.Lease, c.Concurrency, c.Prefetch = time.Hour, 1, 19 })
	l.Publish(20)
	running := receive(t, h.started, "the first delivery")
	streamtest.Eventually(t, func() bool { return a.Held() == 20 }, "all are taken")
	a.Tell()

	var tally streamtest.Tally
	l.Run(func(_ context.Context, d *stream.Delivery) error {
		if d.Deliveries != 1 || d.Attempt != 1 {
			t.Errorf("entry %s: delivery %d, attempt %d: a hand-over must not count", d.ID, d.Deliveries, d.Attempt)
		}
		tally.Hit(d.ID)
		return nil
	}, func(c *consumer.Config) { c.Lease = time.Hour })
	streamtest.Eventually(t, func() bool { return tally.Distinct() == 19 }, "another worker has what was handed back")
	require.Zero(t, tally.Of(running.ID), "what runs stays with its worker")
	select {
	case <-a.Ended():
		t.Fatal("the worker must wait for its handler")
	default:
	}
	h.release <- nil
	receive(t, a.Ended(), "the end of the worker")
	require.NoError(t, a.Stop())
	l.Settled()
	require.Equal(t, 19, tally.Total())
}

// Handlers that do not finish within ShutdownTimeout are cancelled with
// ErrShutdown; that is no failure, and the entry goes to another worker.
func TestShutdownCancelsWithACause(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	causes := make(chan error, 1)
	started := make(chan struct{}, 1)
	a := l.Run(func(ctx context.Context, _ *stream.Delivery) error {
		started <- struct{}{}
		<-ctx.Done()
		causes <- context.Cause(ctx)
		return ctx.Err()
	}, func(c *consumer.Config) { c.ShutdownTimeout, c.Lease = 50*time.Millisecond, time.Hour })
	l.Publish(1)
	receive(t, started, "the delivery")
	require.NoError(t, a.Stop())
	require.ErrorIs(t, <-causes, consumer.ErrShutdown)
	attempts := make(chan [2]int, 1)
	l.Run(func(_ context.Context, d *stream.Delivery) error {
		attempts <- [2]int{d.Attempt, d.Deliveries}
		return nil
	}, nil)
	require.Equal(t, [2]int{1, 1}, receive(t, attempts, "the other worker's delivery"))
}

// A handler that ignores the end of its context does not hold up Run for ever; its
// entry stays pending under the name, and so the name stays.
func TestHandlerThatIgnoresShutdown(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	h := newHeld()
	a := l.Run(h.handle, func(c *consumer.Config) { c.ShutdownTimeout = 50 * time.Millisecond })
	l.Publish(1)
	receive(t, h.started, "the delivery")
	err := a.Stop()
	require.ErrorContains(t, err, "1 deliveries are still in handlers")
	rows := l.Pending()
	require.Len(t, rows, 1)
	require.Equal(t, a.Name(), rows[0].Consumer)
	h.release <- nil
}

// What was handled just before the end is acknowledged, not handled again.
func TestShutdownFlushesAcknowledgements(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	var tally streamtest.Tally
	l.Publish(300)
	a := l.Run(tally.Handler, func(c *consumer.Config) { c.AckBatch, c.AckDelay = 100000, time.Hour })
	streamtest.Eventually(t, func() bool { return tally.Distinct() == 300 }, "all are handled")
	require.NoError(t, a.Stop())
	require.Empty(t, l.Pending())
	require.Zero(t, l.Info().Consumers, "the name is gone")
}

// A Redis that is away does not keep a worker from ending.
func TestShutdownWithoutRedis(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	var fault streamtest.Fault
	h := newHeld()
	a := l.RunOn(l.Dial(stream.WithHook(&fault)), h.handle, func(c *consumer.Config) { c.ShutdownTimeout = 200 * time.Millisecond })
	l.Publish(2)
	receive(t, h.started, "a delivery")
	receive(t, h.started, "a delivery")
	fault.Cut()
	h.release <- nil
	h.release <- errors.New("failed")
	require.ErrorContains(t, a.Stop(), "2 deliveries could not be settled")
	require.Len(t, l.Pending(), 2, "nothing could be settled, nothing is lost")
}

// A Redis that hangs holds the end up for no longer than ShutdownTimeout and a
// little, although each call would wait for it longer.
func TestShutdownWithARedisThatHangs(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	l := streamtest.New(t, server.URL())
	h := newHeld()
	conn := l.Dial(stream.WithTimeout(streamtest.Patience / 2)) // no call ends by itself
	a := l.RunOn(conn, h.handle, func(c *consumer.Config) { c.ShutdownTimeout = 200 * time.Millisecond })
	l.Publish(2)
	receive(t, h.started, "a delivery")
	receive(t, h.started, "a delivery")
	server.Pause()
	a.Tell()
	h.release <- nil
	h.release <- errors.New("failed")
	select {
	case <-a.Ended():
		require.ErrorContains(t, a.Stop(), "2 deliveries could not be settled")
	case <-time.After(streamtest.Patience / 3):
		t.Error("it waits for Redis")
	}
	server.Resume()
}

// A user who may read, but not run scripts, could never retry or keep a lease: it is
// found out at the start.
func TestRunWithoutTheRightToRunScripts(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Password("admin"), redistest.ACLUser("few", "secret", "~* +@stream +@connection +command"))
	conn, err := stream.Dial(t.Context(), "redis://few:secret@"+server.Addr())
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	c, err := consumer.New(conn, nothing, consumer.Config{Group: "g", Streams: []string{"s"}})
	require.NoError(t, err)
	require.ErrorContains(t, c.Run(t.Context()), "NOPERM")
}

func TestRunTwice(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	a := l.Run((&streamtest.Tally{}).Handler, nil)
	require.NoError(t, a.Stop())
	require.ErrorIs(t, a.Run(l.Ctx), consumer.ErrRunOnce)
	require.Error(t, a.Ready())
}
