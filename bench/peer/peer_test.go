// Package peer_test holds all peers to the contract of package contender.
package peer_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/bench/contender"
	"github.com/leat-io/leat/bench/peer/asynq"
	"github.com/leat-io/leat/bench/peer/redisqueue"
	"github.com/leat-io/leat/bench/peer/taskq"
	"github.com/leat-io/leat/bench/peer/watermill"
	"github.com/leat-io/leat/internal/redistest"
)

const (
	// patience bounds a test that hangs. It decides none that passes.
	patience = 2 * time.Minute
	poll     = 5 * time.Millisecond
)

// peers are all peers, and how many events of a queue are not settled: published and not handled, or handled and not
// acknowledged.
var peers = []struct {
	contender.Contender
	unsettled func(context.Context, *redis.Client, contender.Setup) (int64, error)
}{
	{watermill.New(), ofGroup},
	{asynq.New(), ofTasks},
	{redisqueue.New(), ofGroup},
	{taskq.New(), ofStream},
}

// ofGroup counts what a group has not been given, and what it has not acknowledged.
func ofGroup(ctx context.Context, rdb *redis.Client, s contender.Setup) (int64, error) {
	groups, err := rdb.XInfoGroups(ctx, s.Queue).Result()
	if err != nil || len(groups) != 1 || groups[0].Name != s.Group {
		return 0, fmt.Errorf("want one group %s of %s, have %v: %w", s.Group, s.Queue, groups, err)
	}
	return groups[0].Lag + groups[0].Pending, nil
}

// ofTasks counts asynq's tasks, each of which is a hash until it is done.
func ofTasks(ctx context.Context, rdb *redis.Client, s contender.Setup) (int64, error) {
	tasks, err := rdb.Keys(ctx, "asynq:{"+s.Queue+"}:t:*").Result()
	return int64(len(tasks)), err
}

// ofStream counts taskq's entries, which are deleted when they are done, and the delayed ones.
func ofStream(ctx context.Context, rdb *redis.Client, s contender.Setup) (int64, error) {
	n, err := rdb.XLen(ctx, "taskq:{"+s.Queue+"}:stream").Result()
	if err != nil {
		return 0, err
	}
	delayed, err := rdb.ZCard(ctx, "taskq:{"+s.Queue+"}:zset").Result()
	return n + delayed, err
}

// lab is a server that is a test's own, since peers choose their keys themselves.
type lab struct {
	*testing.T
	ctx   context.Context //nolint:containedctx // the test's
	setup contender.Setup
	look  *redis.Client
}

func newLab(t *testing.T) *lab {
	t.Helper()
	t.Parallel()
	server := redistest.Start(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return &lab{t, ctx, contender.Setup{Addr: server.Addr(), Queue: "events", Group: "workers"}, server.Client(t)}
}

// publish publishes n different events one by one, and as many that are alike at once.
func (l *lab) publish(c contender.Contender, n int) {
	l.Helper()
	require.NoError(l, c.Prepare(l.ctx, l.setup))
	p, err := c.Publisher(l.ctx, l.setup)
	require.NoError(l, err)
	for i := range n {
		require.NoError(l, p.One(l.ctx, fmt.Appendf(nil, "event %d", i)))
	}
	require.NoError(l, p.Many(l.ctx, n, []byte(alike)))
	require.NoError(l, p.Close())
}

const alike = "one of many"

// consume starts c. What it returns stops it, and wants it to end well.
func (l *lab) consume(c contender.Contender, w contender.Work) (stop func()) {
	ctx, cancel := context.WithCancel(l.ctx)
	ended := make(chan error, 1)
	go func() { ended <- c.Consume(ctx, l.setup, w) }()
	return func() {
		l.Helper()
		cancel()
		select {
		case err := <-ended:
			require.NoError(l, err)
		case <-l.ctx.Done():
			l.Fatal("Consume does not end")
		}
	}
}

// await waits until is, which is what the test calls it.
func (l *lab) await(what string, is func() bool) {
	l.Helper()
	for !is() {
		require.NoErrorf(l, l.ctx.Err(), "wait for %s", what)
		time.Sleep(poll) //nolint:forbidigo // between two looks at a condition, up to a deadline
	}
}

// awaitAlone waits until no connection is left but the one that looks.
func (l *lab) awaitAlone() {
	l.Helper()
	l.await("the peer's connections to end", func() bool {
		stats := l.look.Info(l.ctx, "clients").Val()
		var n int
		_, err := fmt.Sscanf(stats, "# Clients\r\nconnected_clients:%d", &n)
		require.NoError(l, err, stats)
		return n == 1
	})
}

func TestAllEventsAreHandledAndNothingIsLeft(t *testing.T) {
	t.Parallel()
	const half = 250
	for _, p := range peers {
		t.Run(p.Info().Name, func(t *testing.T) {
			l := newLab(t)
			l.publish(p, half)
			var mu sync.Mutex
			handled := map[string]int{}
			stop := l.consume(p, contender.Work{Handle: func(data []byte) {
				mu.Lock()
				defer mu.Unlock()
				handled[string(data)]++
			}})
			l.await("all events", func() bool {
				mu.Lock()
				defer mu.Unlock()
				return len(handled) >= half+1 && handled[alike] >= half
			})
			stop()
			require.Len(l, handled, half+1)
			for i := range half {
				require.NotZero(l, handled[fmt.Sprintf("event %d", i)], "event %d", i)
			}
			left, err := p.unsettled(l.ctx, l.look, l.setup)
			require.NoError(l, err)
			require.Zero(l, left)
			l.awaitAlone()
		})
	}
}

// A consumer that is stopped amid a backlog has acknowledged what was handled, and nothing else.
func TestWhatWasHandledIsAcknowledged(t *testing.T) {
	t.Parallel()
	const half = 2000
	for _, p := range peers {
		t.Run(p.Info().Name, func(t *testing.T) {
			l := newLab(t)
			l.publish(p, half)
			var handled atomic.Int64
			stop := l.consume(p, contender.Work{Handle: func([]byte) {
				handled.Add(1)
				time.Sleep(time.Millisecond) //nolint:forbidigo // so that it is stopped before it is done
			}})
			l.await("some events", func() bool { return handled.Load() > 100 })
			stop()
			left, err := p.unsettled(l.ctx, l.look, l.setup)
			require.NoError(l, err)
			require.EqualValues(l, 2*half-handled.Load(), left)
			l.awaitAlone()
		})
	}
}

// Work.Concurrency handlers run at once: as many, and no more.
func TestConcurrencyIsTheNumberOfHandlers(t *testing.T) {
	t.Parallel()
	const concurrency, half = 13, 100
	for _, p := range peers {
		t.Run(p.Info().Name, func(t *testing.T) {
			l := newLab(t)
			l.publish(p, half)
			var mu sync.Mutex
			var running, most, handled int
			full := make(chan struct{})
			stop := l.consume(p, contender.Work{Concurrency: concurrency, Handle: func([]byte) {
				mu.Lock()
				running++
				if running == concurrency && most < concurrency {
					close(full)
				}
				most = max(most, running)
				mu.Unlock()
				select {
				case <-full:
					time.Sleep(time.Millisecond) //nolint:forbidigo // so that one too many would meet the others
				case <-l.ctx.Done():
				}
				mu.Lock()
				running--
				handled++
				mu.Unlock()
			}})
			l.await("all events", func() bool {
				mu.Lock()
				defer mu.Unlock()
				return handled >= 2*half
			})
			stop()
			require.Equal(l, concurrency, most)
		})
	}
}
