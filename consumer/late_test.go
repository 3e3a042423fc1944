package consumer_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/internal/embedded"
	"github.com/leat-io/leat/internal/streamtest"
	"github.com/leat-io/leat/stream"
)

// A heartbeat is on its way for longer than the lease. Meanwhile another consumer takes
// the entry over, and settles it: that it is not pending any more must not be taken for
// a group that was deleted, and the entry put back. Red when the age of the lease is
// that of the moment at which the heartbeat was sent.
func TestSettledEntryIsNotPutBackByALateHeartbeat(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	ids := l.Publish(1)
	var hold atomic.Bool
	settled := make(chan struct{})
	keeper := newKeeper(t, func(args []any) <-chan struct{} {
		if hold.Load() && slices.Contains(args, any(ids[0].String())) {
			return settled
		}
		return nil
	})
	h := newHeld()
	var starts streamtest.Tally
	outcomes := make(chan consumer.Outcome, 10)
	l.RunOn(l.Dial(stream.WithHook(keeper), stream.WithTimeout(streamtest.Patience)), func(ctx context.Context, d *stream.Delivery) error {
		starts.Hit(d.ID)
		hold.Store(true)
		return h.handle(ctx, d)
	}, func(c *consumer.Config) {
		c.Lease = 400 * time.Millisecond
		c.Hooks.Settled = func(_ *stream.Delivery, o consumer.Outcome, _ time.Duration) { outcomes <- o }
	})
	receive(t, h.started, "the entry")
	receive(t, keeper.holding, "the heartbeat on its way")
	var others streamtest.Tally
	l.Run(others.Handler, lease(400*time.Millisecond))
	streamtest.Eventually(t, func() bool { return others.Total() == 1 && len(l.Pending()) == 0 }, "another one has settled it")
	hold.Store(false)
	close(settled)
	require.ErrorIs(t, receive(t, h.cause, "the end of the handler's context"), consumer.ErrLeaseLost)
	h.release <- nil
	require.Equal(t, consumer.Lost, receive(t, outcomes, "what became of it"))
	require.Empty(t, l.Pending())
	require.Equal(t, 1, others.Total())
	require.Equal(t, 1, starts.Total())
}

// The server's clock goes back by an hour. What a dead worker left is taken over all
// the same, and what a living one has stays with it. Red when nobody lets the idle
// times count anew.
func TestReclaimAfterTheClockWentBack(t *testing.T) {
	t.Parallel()
	broker, err := embedded.Start(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { _ = broker.Close() })
	l := streamtest.New(t, broker.URL())
	_, err = l.Group.Create(l.Ctx, stream.Oldest())
	require.NoError(t, err)
	l.Publish(2)
	batch, err := l.Group.Reader("dead", false).Read(l.Ctx, 1, 0)
	require.NoError(t, err)
	require.Len(t, batch, 1)
	h := newHeld()
	var tally streamtest.Tally
	l.Run(func(ctx context.Context, d *stream.Delivery) error {
		if tally.Hit(d.ID); d.ID == "1" {
			return h.handle(ctx, d)
		}
		return nil
	}, func(c *consumer.Config) {
		c.Lease = 2 * time.Second
		c.Hooks.Taken = func(_ string, how consumer.Taking, _ int, _ time.Duration) {
			if how == consumer.Read { // the worker has seen the clock as it was
				broker.SetClockOffset(-time.Hour)
			}
		}
	})
	receive(t, h.started, "the second entry")
	streamtest.Eventually(t, func() bool { return tally.Of("0") == 1 }, "what the dead one had")
	require.Empty(t, h.cause, "the second entry is still its worker's")
	h.release <- nil
	l.Settled()
	require.Equal(t, 1, tally.Of("1"))
}

// The server's clock jumps by an hour just before a consumer begins, which knows nothing of that: everybody looks idle to it, and
// keeps what he has all the same. Red when the first look at the server's time is followed by a reclaim.
func TestNothingIsReclaimedWhenTheClockJumpedBefore(t *testing.T) {
	t.Parallel()
	broker, err := embedded.Start(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { _ = broker.Close() })
	l := streamtest.New(t, broker.URL())
	l.Publish(1)
	h := newHeld()
	l.Run(h.handle, lease(2*time.Second))
	receive(t, h.started, "the entry")
	broker.SetClockOffset(time.Hour)
	var others streamtest.Tally
	var rounds atomic.Int32
	l.Run(others.Handler, func(c *consumer.Config) {
		c.Lease = 2 * time.Second
		c.Hooks.Beat = func(loop, _ string) {
			if loop == "reclaimer" {
				rounds.Add(1)
			}
		}
	})
	streamtest.Eventually(t, func() bool { return rounds.Load() > 10 }, "it has had time to reclaim")
	require.Zero(t, others.Total())
	require.Empty(t, h.cause, "the entry is still its worker's")
	h.release <- nil
	l.Settled()
}

// The server's clock goes back, and forward again before a consumer that has noticed has
// let idle times count anew: what was extended meanwhile looks idle for an hour. It
// stays with its worker. Red when the time that comes with the new begin is believed.
func TestNothingIsReclaimedAfterTheClockWentBackAndForth(t *testing.T) {
	t.Parallel()
	broker, err := embedded.Start(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { _ = broker.Close() })
	l := streamtest.New(t, broker.URL())
	ids := l.Publish(1)
	var hold, silent atomic.Bool
	release, looked := make(chan struct{}), make(chan struct{})
	h := newHeld()
	heart := newKeeper(t, func(args []any) <-chan struct{} {
		if silent.Load() && slices.Contains(args, any(ids[0].String())) {
			return looked
		}
		return nil
	})
	l.RunOn(l.Dial(stream.WithHook(heart), stream.WithTimeout(streamtest.Patience)), h.handle, lease(2*time.Second))
	receive(t, h.started, "the entry")

	keeper := newKeeper(t, func(args []any) <-chan struct{} {
		if hold.Load() && slices.Contains(args, any("-")) { // the begin of all IDs
			return release
		}
		return nil
	})
	var others streamtest.Tally
	var rounds atomic.Int32
	l.RunOn(l.Dial(stream.WithHook(keeper), stream.WithTimeout(streamtest.Patience)), others.Handler, func(c *consumer.Config) {
		c.Lease = 2 * time.Second
		c.Hooks.Beat = func(loop, _ string) {
			if loop == "reclaimer" {
				rounds.Add(1)
			}
		}
	})
	streamtest.Eventually(t, func() bool { return rounds.Load() > 2 }, "it knows the time")
	hold.Store(true)
	broker.SetClockOffset(-time.Hour)
	receive(t, keeper.holding, "it lets idle times count anew")
	streamtest.Eventually(t, func() bool { return l.Pending()[0].Idle > 0 }, "the lease is extended, by the clock as it is now")
	silent.Store(true)
	broker.SetClockOffset(0)
	close(release)
	before := rounds.Load()
	streamtest.Eventually(t, func() bool { return rounds.Load() > before+2 }, "it has looked")
	close(looked)
	require.Zero(t, others.Total())
	require.Empty(t, h.cause, "the entry is still its worker's")
	h.release <- nil
	l.Settled()
}
