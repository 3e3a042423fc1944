package faults

import (
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/internal/streamtest"
	"github.com/leat-io/leat/producer"
	"github.com/leat-io/leat/stream"
)

// survivesFailover runs a worker and a producer over the death of the master that
// has their stream. What the replica had got is handled; what was published after
// that, too; and nobody had to be told.
func survivesFailover(t *testing.T, l *streamtest.Lab, synced, kill func()) {
	t.Helper()
	var tally streamtest.Tally
	// 400 events, and the foreign entry of replicated, whose event ID is empty.
	l.Run(tally.Handler, func(c *consumer.Config) { c.Lease = 2 * time.Second })
	prod, err := producer.New(l.Conn, producer.Config{Source: "test", RetryFor: streamtest.Patience})
	require.NoError(t, err)
	publish := func(from, to int) {
		for i := from; i < to; i++ {
			_, err := prod.Publish(l.Ctx, l.Stream, stream.Event{ID: fmt.Sprint(i), Type: "test.event"})
			if stream.Classify(err) == stream.ClassUnknown {
				i-- // it may be there: publish it again, handlers count what is distinct
				continue
			}
			require.NoError(t, err)
		}
	}
	publish(0, 200)
	synced()
	killed := time.Now()
	kill()
	publish(200, 400)
	streamtest.Eventually(t, func() bool { return tally.Distinct() == 401 }, "all are handled")
	t.Logf("%d handled %s after the kill, %d of them more than once", tally.Distinct(), time.Since(killed).Round(time.Millisecond), tally.Total()-tally.Distinct())
	streamtest.Eventually(t, func() bool { return l.Info().Pending == 0 }, "settled")
	require.NoError(t, prod.Close(l.Ctx))
}

// replicated waits until the replicas have everything that was added to the stream.
// WAIT is about the writes of its own connection: one has to be made on it, which
// comes after those of others.
func replicated(t *testing.T, l *streamtest.Lab, master *redistest.Server, stream string, replicas int) {
	t.Helper()
	conn := master.Client(t).Conn()
	defer func() { _ = conn.Close() }()
	require.NoError(t, conn.XAdd(l.Ctx, &redis.XAddArgs{Stream: stream, Values: []string{"specversion", "none"}}).Err())
	require.EqualValues(t, replicas, conn.Wait(l.Ctx, replicas, streamtest.Patience).Val())
}

func TestClusterFailover(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t)
	l := streamtest.New(t, cluster.URL())
	survivesFailover(t, l, func() {
		replicated(t, l, cluster.MasterFor(l.Stream), l.Stream, 1)
	}, func() { cluster.KillMaster(l.Stream) })
}

func TestSentinelFailover(t *testing.T) {
	t.Parallel()
	sentinel := redistest.StartSentinel(t)
	l := streamtest.New(t, sentinel.URL())
	survivesFailover(t, l, func() {
		replicated(t, l, sentinel.Master(), l.Stream, 2)
	}, func() { sentinel.KillMaster() })
}
