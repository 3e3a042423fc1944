package consumer_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/internal/streamtest"
	"github.com/leat-io/leat/stream"
)

// held is a handler that says which delivery it has, and holds it until released.
type held struct {
	started chan *stream.Delivery
	release chan error
	cause   chan error // why the context ended
}

func newHeld() *held {
	return &held{make(chan *stream.Delivery, 100), make(chan error, 100), make(chan error, 100)}
}

// handle waits for the release whatever becomes of the context.
func (h *held) handle(ctx context.Context, d *stream.Delivery) error {
	stop := context.AfterFunc(ctx, func() { h.cause <- context.Cause(ctx) })
	defer stop()
	h.started <- d
	return <-h.release
}

func receive[T any](t *testing.T, ch <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(streamtest.Patience):
		require.FailNow(t, "waited in vain for "+what)
		panic("unreachable")
	}
}

func lease(d time.Duration) func(*consumer.Config) {
	return func(c *consumer.Config) { c.Lease = d }
}

// A worker that was cut off loses its entry to another one. When it comes back
// and its handler succeeds, its acknowledgement must not settle what the other one
// works on. Red when the fence in lib.lua (mine) lets everybody through, and when
// plain XACK is used past the safe age of a lease.
func TestFenceKeepsALostEntryFromBeingSettled(t *testing.T) {
	t.Parallel()
	for name, verdict := range map[string]error{
		"ack":         nil,
		"retry":       errors.New("failed"),
		"dead letter": consumer.Permanent(errors.New("hopeless")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			var fault streamtest.Fault
			slow, second := newHeld(), newHeld()
			outcome := make(chan consumer.Outcome, 10)
			l.RunOn(l.Dial(stream.WithHook(&fault)), slow.handle, func(c *consumer.Config) {
				c.Lease = 300 * time.Millisecond
				c.Hooks.Settled = func(_ *stream.Delivery, o consumer.Outcome, _ time.Duration) { outcome <- o }
			})
			l.Publish(1)
			receive(t, slow.started, "the first delivery")
			fault.Cut()
			b := l.Run(second.handle, lease(300*time.Millisecond))
			d := receive(t, second.started, "the second delivery")
			require.Equal(t, 2, d.Deliveries)

			slow.release <- verdict // the first one settles without having heard of its loss
			fault.Mend()
			require.Equal(t, consumer.Lost, receive(t, outcome, "the first worker's settlement"))
			rows := l.Pending()
			require.Len(t, rows, 1, "the entry must stay with the second worker")
			require.Equal(t, b.Name(), rows[0].Consumer)
			require.Empty(t, l.Letters())
			second.release <- nil
			l.Settled()
			require.Zero(t, l.Info().Waiting)
		})
	}
}

// A handler whose lease is lost while it runs is told so. Red when the heartbeat
// does not look at the owner.
func TestLeaseLostEndsTheHandler(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	h := newHeld()
	l.Run(h.handle, lease(300*time.Millisecond))
	l.Publish(1)
	d := receive(t, h.started, "the delivery")
	// Somebody takes the entry by hand, as an operator might.
	admin := redisClient(t, l)
	require.NoError(t, admin.Do(l.Ctx, "XCLAIM", l.Stream, "workers", "by-hand", 0, d.EntryID.String()).Err())
	require.ErrorIs(t, receive(t, h.cause, "the end of the context"), consumer.ErrLeaseLost)
	h.release <- nil
	// The heartbeat did not take it back.
	rows := l.Pending()
	require.Len(t, rows, 1)
	require.Equal(t, "by-hand", rows[0].Consumer)
}
