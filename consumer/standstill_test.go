package consumer_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/internal/streamtest"
	"github.com/leat-io/leat/stream"
)

// The server stands still for longer than a lease while the reclaimer waits for room, so
// that no call of its own is carried out late. It asks the other loops, and takes nothing
// from a worker that lives and has not extended its lease again yet. Red when it does not:
// when current answers yes at once.
func TestNothingIsReclaimedByOneWhoWaitedWhileTheServerStoodStill(t *testing.T) {
	t.Parallel()
	const lease = 3 * time.Second
	server := redistest.Start(t)
	l := streamtest.New(t, server.URL(), stream.WithTimeout(streamtest.Patience)) // no call fails
	ids, rdb := l.Publish(1), server.Client(t)
	_, err := l.Group.Create(l.Ctx, stream.Oldest())
	require.NoError(t, err)
	require.NoError(t, rdb.XReadGroup(l.Ctx, &redis.XReadGroupArgs{
		Group: "workers", Consumer: "living", Streams: []string{l.Stream, ">"}, Count: 1,
	}).Err())
	extend := func() {
		require.NoError(t, rdb.XClaimJustID(l.Ctx, &redis.XClaimArgs{
			Stream: l.Stream, Group: "workers", Consumer: "living", Messages: []string{ids[0].String()},
		}).Err())
	}

	l.Publish(2)
	var rounds, hearts atomic.Int32
	var last atomic.Int64
	h := newHeld()
	began := time.Now()
	l.Run(h.handle, func(c *consumer.Config) {
		c.Lease, c.Block, c.Concurrency, c.Prefetch = lease, lease/4, 1, -1 // there is room for these two
		c.Hooks.Beat = func(loop, _ string) {
			switch loop {
			case "reclaimer":
				rounds.Add(1)
				last.Store(int64(time.Since(began)))
			case "leaser":
				hearts.Add(1)
			}
		}
	})
	receive(t, h.started, "the second entry")
	streamtest.Eventually(t, func() bool {
		extend()
		return rounds.Load() > 4 && time.Since(began)-time.Duration(last.Load()) > lease/2
	}, "the reclaimer waits for room")
	server.Pause()
	<-time.After(lease + lease/5)
	server.Resume()
	before := hearts.Load()
	streamtest.Eventually(t, func() bool { return hearts.Load() > before+1 }, "the leaser has extended")
	before = rounds.Load()
	h.release <- nil
	receive(t, h.started, "the third entry")
	streamtest.Eventually(t, func() bool { return rounds.Load() > before+1 }, "the reclaimer has gone round")
	pending := l.Pending()
	require.Equal(t, ids[0], pending[0].ID)
	require.Equal(t, "living", pending[0].Consumer)
	require.Empty(t, h.started)
	require.NoError(t, rdb.XAck(l.Ctx, l.Stream, "workers", ids[0].String()).Err())
	h.release <- nil
	l.Settled()
}
