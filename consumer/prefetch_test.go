package consumer_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/internal/streamtest"
	"github.com/leat-io/leat/stream"
)

// With handlers that take their time a consumer holds what they work on, as much again,
// and one for each stream, however much there is. Red when the prefetch of a loaded
// consumer is that of one without load.
func TestSlowHandlersHoldLittle(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	var streams []string
	for i := range 3 {
		name := fmt.Sprintf("%s-%d", l.Stream, i)
		streams = append(streams, name)
		_, errs := l.Conn.Add(l.Ctx, name, streamtest.Events(1000))
		require.NoError(t, errs[0])
	}
	const busy = 8
	most := busy + busy + len(streams)
	h := newHeld()
	beats := make(chan struct{}, 100000)
	r := l.Run(h.handle, func(c *consumer.Config) {
		c.Streams, c.Concurrency, c.Lease = streams, busy, 2*time.Second
		c.Hooks.Beat = func(loop, _ string) {
			if loop == "leaser" {
				beats <- struct{}{}
			}
		}
	})
	for range busy {
		receive(t, h.started, "a delivery")
	}
	streamtest.Eventually(t, func() bool { return r.Held() > busy }, "some wait")
	for range 10 { // of three streams, a twelfth of a lease apart each
		require.LessOrEqual(t, r.Held(), most)
		receive(t, beats, "a beat")
	}
	pending := 0
	for _, name := range streams {
		g, err := l.Conn.Group(name, "workers", stream.DeadLetter{})
		require.NoError(t, err)
		info, err := g.Info(l.Ctx)
		require.NoError(t, err)
		pending += info.Pending
	}
	require.LessOrEqual(t, pending, most)
	require.Equal(t, most, r.RoomSize())
	close(h.release)
	require.NoError(t, r.Stop())
}

// The room grows with handlers that are quick, and shrinks when they are no more; with
// Prefetch it stays.
func TestRoomFollowsTheHandlers(t *testing.T) {
	t.Parallel()
	for _, prefetch := range []int{0, 16} {
		t.Run(fmt.Sprint(prefetch), func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			var slow atomic.Bool
			var handled atomic.Int64
			r := l.Run(func(context.Context, *stream.Delivery) error {
				if slow.Load() {
					<-time.After(4 * time.Millisecond)
				}
				handled.Add(1)
				return nil
			}, func(c *consumer.Config) { c.Prefetch, c.Lease, c.Concurrency = prefetch, time.Minute, 16 })
			const least = 16 + 16 + 1
			require.Equal(t, least, r.RoomSize())
			grown := func() bool { return r.RoomSize() > 4*least }
			if prefetch > 0 {
				grown = func() bool { return handled.Load() > 10_000 }
			}
			keepOn(l, grown, func() {})
			slow.Store(true)
			keepOn(l, func() bool { return r.RoomSize() <= 3*least }, func() {
				if prefetch > 0 {
					require.Equal(t, least, r.RoomSize())
				}
			})
			require.NoError(t, r.Stop())
		})
	}
}

// keepOn keeps a backlog in the stream until done.
func keepOn(l *streamtest.Lab, done func() bool, look func()) {
	l.T.Helper()
	streamtest.Eventually(l.T, func() bool {
		look()
		if l.Info().Lag < 2000 {
			l.Publish(2000)
		}
		return done()
	}, "the room's size")
}

// Who waits for a large part of a room gets along with less of a smaller one: with many
// streams, what one of them waits for would never be free again, and nothing behind it
// would be read.
func TestRoomThatShrinksServesWhoWaits(t *testing.T) {
	t.Parallel()
	require.Positive(t, consumer.RoomOfAShrinking(1000, 500, 40))
	require.Positive(t, consumer.RoomOfAShrinking(10, 10, 1))
}

// Once their size is known, entries of 100 KiB are read a megabyte at a time, however
// many there is room for. Red when a read asks for as many as there is room.
func TestLargeEntriesAreReadInSmallNumbers(t *testing.T) {
	t.Parallel()
	const n = 200
	l := newLab(t)
	for range n / 20 {
		events := streamtest.Events(20)
		for i := range events {
			events[i].Data = make([]byte, 100<<10)
		}
		l.Add(events...)
	}
	sizes := make(chan int, n)
	var handled atomic.Int64
	r := l.Run(func(context.Context, *stream.Delivery) error {
		handled.Add(1)
		return nil
	}, func(c *consumer.Config) {
		c.Concurrency, c.Prefetch = 1, 60
		c.Hooks.Taken = func(_ string, _ consumer.Taking, n int, _ time.Duration) { sizes <- n }
	})
	streamtest.Eventually(t, func() bool { return handled.Load() == n }, "all are handled")
	require.NoError(t, r.Stop())
	<-sizes // when this was asked for nothing was known,
	<-sizes // and this was asked for when that began to come
	close(sizes)
	for size := range sizes {
		require.LessOrEqual(t, size, 11)
	}
}
