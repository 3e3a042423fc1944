package consumer_test

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/internal/streamtest"
	"github.com/leat-io/leat/stream"
)

func redisClient(t *testing.T, _ *streamtest.Lab) *redis.Client {
	t.Helper()
	return redistest.Shared(t).Client(t)
}

// A handler that runs for many leases keeps its entry, and so do entries that
// wait behind it. Red when the leaser does nothing, and when it leaves out what
// waits.
func TestHeartbeatKeepsWhatRunsAndWhatWaits(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	var tally streamtest.Tally
	const entries, lease = 4, 400 * time.Millisecond
	slow := func(ctx context.Context, d *stream.Delivery) error {
		tally.Hit(d.ID)
		if d.Deliveries != 1 {
			t.Errorf("entry %s was taken over, its worker lives", d.ID)
		}
		// Longer than a lease each: the last one waits for three of them.
		select {
		case <-time.After(3 * lease / 2):
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	one := func(c *consumer.Config) { c.Lease, c.Concurrency, c.Prefetch = lease, 1, entries }
	l.Publish(entries)
	first := l.Run(slow, one)
	streamtest.Eventually(t, func() bool { return first.Held() == entries }, "all are held")
	for _, row := range l.Pending() {
		require.Equal(t, first.Name(), row.Consumer)
	}
	l.Run(slow, one) // lies in wait
	l.Settled()
	require.Equal(t, entries, tally.Total(), "each was started once")
}

// Reclaiming takes over what a dead worker left, counts a delivery, and needs no
// configuration.
func TestReclaimFromTheDead(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.Publish(250)
	_, err := l.Group.Create(l.Ctx, stream.Oldest())
	require.NoError(t, err)
	batch, err := l.Group.Reader("dead", false).Read(l.Ctx, 250, 0)
	require.NoError(t, err)
	require.Len(t, batch, 250)
	var tally streamtest.Tally
	deliveries := make(chan int, 250)
	taken := make(chan consumer.Taking, 250)
	l.Run(func(ctx context.Context, d *stream.Delivery) error {
		deliveries <- d.Deliveries
		return tally.Handler(ctx, d)
	}, func(c *consumer.Config) {
		c.Lease = 300 * time.Millisecond
		c.Hooks.Taken = func(_ string, how consumer.Taking, n int, _ time.Duration) {
			for range n {
				taken <- how
			}
		}
	})
	l.Settled()
	require.Equal(t, 250, tally.Distinct())
	require.Equal(t, 250, tally.Total())
	for range 250 {
		require.Equal(t, 2, <-deliveries)
		require.Equal(t, consumer.Reclaimed, <-taken)
	}
}

// What waits for a later try is idle for longer than any lease, and is nobody's
// to reclaim. Red when the reclaimer does not look into the retry set.
func TestReclaimLeavesRetriesAlone(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	var tally streamtest.Tally
	rounds := make(chan struct{}, 1000)
	cfg := func(c *consumer.Config) {
		c.Lease = 100 * time.Millisecond
		c.Backoff = consumer.Constant(time.Hour)
		c.Hooks.Beat = func(loop, _ string) {
			if loop == "reclaimer" {
				select {
				case rounds <- struct{}{}:
				default:
				}
			}
		}
	}
	l.Publish(1)
	l.Run(func(_ context.Context, d *stream.Delivery) error {
		tally.Hit(d.ID)
		return context.DeadlineExceeded
	}, cfg)
	streamtest.Eventually(t, func() bool { return l.Info().Waiting == 1 }, "the entry is parked")
	for range 20 { // each is at least an eighth of a lease
		receive(t, rounds, "a round of the reclaimer")
	}
	require.Equal(t, 1, tally.Total())
	rows := l.Pending()
	require.Equal(t, stream.Parked, rows[0].Consumer)
	require.Equal(t, 1, rows[0].Deliveries)
}

// An entry that kills its workers becomes a dead letter after MaxDeliveries.
func TestMaxDeliveriesBoundsCrashes(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.Publish(1)
	_, err := l.Group.Create(l.Ctx, stream.Oldest())
	require.NoError(t, err)
	batch, err := l.Group.Reader("crash-0", false).Read(l.Ctx, 1, 0)
	require.NoError(t, err)
	require.Len(t, batch, 1)
	admin := redisClient(t, l)
	for i := range 2 { // two more workers die with it
		_, err := admin.XClaim(l.Ctx, &redis.XClaimArgs{Stream: l.Stream, Group: "workers", Consumer: "crash-" + string(rune('1'+i)), Messages: []string{batch[0].EntryID.String()}}).Result()
		require.NoError(t, err)
	}
	var tally streamtest.Tally
	l.Run(tally.Handler, func(c *consumer.Config) { c.Lease, c.MaxDeliveries = 100*time.Millisecond, 3 })
	streamtest.Eventually(t, func() bool { return len(l.Letters()) == 1 }, "a dead letter")
	letter := l.Letters()[0]
	require.Equal(t, stream.ReasonDeliveries, letter.Reason)
	require.Equal(t, 4, letter.Deliveries)
	require.Zero(t, letter.Attempts)
	require.Zero(t, tally.Total(), "it must not get at a fourth worker")
	l.Settled()
}

// A handler that ignores its timeout keeps its entry for one lease more, and no
// longer.
func TestHandlerThatIgnoresItsTimeoutLosesTheEntry(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	stuck, other := newHeld(), newHeld()
	cfg := func(c *consumer.Config) { c.Lease, c.HandlerTimeout = 200*time.Millisecond, 50*time.Millisecond }
	l.Run(stuck.handle, cfg)
	l.Publish(1)
	receive(t, stuck.started, "the delivery")
	require.ErrorIs(t, receive(t, stuck.cause, "the timeout"), consumer.ErrTimeout)
	l.Run(other.handle, cfg)
	d := receive(t, other.started, "the other worker's delivery")
	require.Greater(t, d.Deliveries, 1)
	other.release <- nil
	l.Settled()
	for range 20 { // the stuck worker may have taken it again before the other one did
		stuck.release <- nil
	}
}
