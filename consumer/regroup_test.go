package consumer_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/internal/streamtest"
	"github.com/leat-io/leat/stream"
)

// destroy deletes the lab's group.
func destroy(t *testing.T, l *streamtest.Lab) {
	t.Helper()
	require.NoError(t, redisClient(t, l).XGroupDestroy(l.Ctx, l.Stream, "workers").Err())
}

// The group goes while every place is held: the fetcher waits for room, so whoever
// settles has to make the group again. Red when only the fetcher does.
func TestGroupDestroyedWhileAllPlacesAreHeld(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	h := newHeld()
	var restored atomic.Int64
	l.Publish(2) // the second one waits in the place that each stream has
	r := l.Run(h.handle, func(c *consumer.Config) {
		c.Concurrency, c.Prefetch = 1, -1
		c.Hooks.GroupRestored = func(string) { restored.Add(1) }
	})
	receive(t, h.started, "the first delivery")
	streamtest.Eventually(t, func() bool { return r.Held() == 2 }, "both are held")
	destroy(t, l)
	h.release <- errors.New("failed")
	streamtest.Eventually(t, func() bool { return restored.Load() > 0 }, "the group is made again")
	for range 10 {
		h.release <- nil
	}
	l.Settled()
}

// What waits for its next try went with the group; it is put back. Red when
// restore.lua leaves the retry set's members out.
func TestGroupDestroyedWithParkedEntries(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	h := newHeld()
	var tally streamtest.Tally
	var restored atomic.Int64
	l.Publish(2)
	l.Run(func(ctx context.Context, d *stream.Delivery) error {
		switch n := tally.Hit(d.ID); {
		case d.ID == "0" && n == 1:
			return consumer.RetryAfter(errors.New("later"), 2*time.Second)
		case d.ID == "1" && n == 1:
			return h.handle(ctx, d)
		}
		return nil
	}, func(c *consumer.Config) { c.Hooks.GroupRestored = func(string) { restored.Add(1) } })
	receive(t, h.started, "the entry that is held")
	streamtest.Eventually(t, func() bool { return l.Info().Waiting == 1 }, "the other one is parked")
	destroy(t, l)
	streamtest.Eventually(t, func() bool { return restored.Load() == 1 }, "the group is made again, above what is parked")
	h.release <- nil
	streamtest.Eventually(t, func() bool { return tally.Of("0") == 2 }, "the parked entry is tried again")
	l.Settled()
}

// Somebody makes the group again above entries that a worker holds. That one puts them
// back, and goes on. Red when a heartbeat takes 'not pending' for 'another's'.
func TestGroupMadeAgainAboveWhatIsHeld(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	h := newHeld()
	ids := l.Publish(2)
	r := l.Run(h.handle, func(c *consumer.Config) {
		c.Lease = time.Second
		c.Concurrency, c.Prefetch = 1, -1
	})
	receive(t, h.started, "the first entry")
	streamtest.Eventually(t, func() bool { return r.Held() == 2 }, "the next one waits")
	client := redisClient(t, l)
	_, err := client.TxPipelined(l.Ctx, func(tx redis.Pipeliner) error {
		tx.XGroupDestroy(l.Ctx, l.Stream, "workers")
		tx.XGroupCreate(l.Ctx, l.Stream, "workers", ids[1].String())
		return nil
	})
	require.NoError(t, err)
	streamtest.Eventually(t, func() bool { return len(l.Pending()) == 2 }, "they are back")
	require.Empty(t, h.cause, "nobody has what the handler works on")
	for range 2 {
		h.release <- nil
	}
	l.Settled()
}

// The group goes with entries of a worker that is dead, which nobody has taken over:
// whoever makes the group again has seen that they were pending, and holds later ones
// itself. Red when the group is made again below what its maker holds.
func TestGroupDestroyedWithEntriesOfTheDead(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.Publish(3)
	// It reads two, and is never heard of again.
	_, err := l.Group.Create(l.Ctx, stream.Oldest())
	require.NoError(t, err)
	dead, err := l.Group.Reader("dead", false).Read(l.Ctx, 2, 0)
	require.NoError(t, err)
	require.Len(t, dead, 2)
	h := newHeld()
	var tally streamtest.Tally
	var restored atomic.Int64
	l.Run(func(ctx context.Context, d *stream.Delivery) error {
		if d.ID == "2" && tally.Hit(d.ID) == 1 {
			return h.handle(ctx, d)
		}
		tally.Hit(d.ID)
		return nil
	}, func(c *consumer.Config) {
		c.Lease = time.Hour // nothing is taken over before the group goes
		c.Hooks.GroupRestored = func(string) { restored.Add(1) }
	})
	receive(t, h.started, "the third entry")
	destroy(t, l)
	streamtest.Eventually(t, func() bool { return tally.Of("0") > 0 && tally.Of("1") > 0 }, "what the dead one had is handled")
	h.release <- nil
	l.Settled()
	require.EqualValues(t, 1, restored.Load())
}

// What is read at most once does not come again with a group that is made again.
func TestGroupDestroyedAtMostOnce(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	var tally streamtest.Tally
	l.Run(tally.Handler, func(c *consumer.Config) { c.Guarantee = consumer.AtMostOnce })
	l.Publish(5)
	streamtest.Eventually(t, func() bool { return tally.Total() == 5 }, "all are handled")
	destroy(t, l)
	l.Add(stream.Event{ID: "late", Source: "test", Type: "test.event"})
	streamtest.Eventually(t, func() bool { return tally.Of("late") == 1 }, "what came later")
	require.Equal(t, 6, tally.Total())
}

// The group goes just before the end: the drain does not wait for one that nobody
// makes.
func TestGroupDestroyedBeforeTheEnd(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	h := newHeld()
	r := l.Run(h.handle, func(c *consumer.Config) {
		c.Concurrency, c.Prefetch, c.ShutdownTimeout = 1, 5, streamtest.Patience
	})
	l.Publish(6)
	receive(t, h.started, "a delivery")
	streamtest.Eventually(t, func() bool { return r.Held() == 6 }, "all are held")
	destroy(t, l)
	r.Tell()
	for range 20 { // the group may be made again, and its entries read, before that
		h.release <- nil
	}
	receive(t, r.Ended(), "the end")
	require.NoError(t, r.Stop())
}

// A stream that cannot be read any more is not ready.
func TestReadyOfAStreamThatIsReplaced(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	r := l.Run((&streamtest.Tally{}).Handler, nil)
	streamtest.Eventually(t, func() bool { return r.Ready() == nil }, "it runs")
	admin := redisClient(t, l)
	require.NoError(t, admin.Del(l.Ctx, l.Stream).Err())
	require.NoError(t, admin.Set(l.Ctx, l.Stream, "a string", 0).Err())
	streamtest.Eventually(t, func() bool { return r.Ready() != nil }, "it is not ready")
}
