package library_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/bench/faults/library/asynq"
	"github.com/leat-io/leat/bench/faults/library/redisqueue"
	"github.com/leat-io/leat/bench/faults/library/watermill"
)

// The tests of this file pin what makes the peers' rows what they are. When a new version of a peer fails one, the sentences about
// it have to be looked at again.

// One entry that cannot be unmarshalled ends a subscription of watermill-redisstream; the entry stays pending.
func TestWatermillSubscriptionEndsOnAMalformedEntry(t *testing.T) {
	t.Parallel()
	for n := range 2 {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			b := newLab(t, watermill.New())
			b.job.Concurrency = 1
			require.NoError(b, b.library.Malform(b.ctx, b.rdb, b.job, n))
			ended, stop := b.work()
			defer stop()
			require.ErrorContains(b, <-ended, "ended by itself")
			require.Equal(b, 1, b.look().Strange)
		})
	}
}

// A redisqueue consumer whose buffer is full takes all that is left of the stream, not nothing.
func TestRedisqueueTakesMoreThanItsBuffer(t *testing.T) {
	t.Parallel()
	const many = 1000
	b := newLab(t, redisqueue.New())
	b.job.Concurrency = 1
	release := make(chan struct{})
	b.job.Handle = func(context.Context, []byte) error {
		<-release
		return nil
	}
	ids := make([]string, many)
	for i := range ids {
		ids[i] = fmt.Sprint(i)
	}
	b.publish(ids...)
	ended, stop := b.work()
	b.await("all to be pending, though nothing is handled", func() bool {
		pending, err := b.rdb.XPending(b.ctx, b.job.Queue, b.job.Group).Result()
		return err == nil && pending.Count == many
	})
	close(release)
	b.await("all to be handled", func() bool { return b.unsettled() == 0 })
	stop()
	require.NoError(b, <-ended)
}

// The recoverer of asynq gives back what a dead worker had, unless there is a task among that which it cannot decode: then nothing.
func TestAsynqRecovererStopsAtAnUndecodableTask(t *testing.T) {
	t.Parallel()
	for _, undecodable := range []bool{false, true} {
		t.Run(fmt.Sprint(undecodable), func(t *testing.T) {
			t.Parallel()
			b := newLab(t, asynq.New())
			b.publish("left")
			if undecodable {
				require.NoError(b, b.library.Malform(b.ctx, b.rdb, b.job, 1))
			}
			abandon(b)
			var looked atomic.Bool
			b.job.Report = func(err error) {
				if strings.Contains(err.Error(), "recoverer: could not list lease expired tasks") {
					looked.Store(true)
				}
			}
			ended, stop := b.work() // whose recoverer looks when it starts, and a minute later
			if undecodable {
				b.await("the recoverer to give up", looked.Load)
				require.Equal(b, "active", b.look().Open["left"])
			} else {
				b.await("what was left", func() bool { return b.times("left") > 0 })
			}
			stop()
			require.NoError(b, <-ended)
		})
	}
}

// abandon makes of all pending tasks such as a worker had that died two minutes ago.
func abandon(b *lab) {
	b.Helper()
	prefix := "asynq:{" + b.job.Queue + "}:"
	for {
		task, err := b.rdb.LMove(b.ctx, prefix+"pending", prefix+"active", "RIGHT", "LEFT").Result()
		if err == redis.Nil { //nolint:errorlint // go-redis returns it as it is
			return
		}
		require.NoError(b, err)
		require.NoError(b, b.rdb.HSet(b.ctx, prefix+"t:"+task, "state", "active").Err())
		ago := float64(time.Now().Add(-2 * time.Minute).Unix())
		require.NoError(b, b.rdb.ZAdd(b.ctx, prefix+"lease", redis.Z{Score: ago, Member: task}).Err())
	}
}
