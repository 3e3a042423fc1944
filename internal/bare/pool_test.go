package bare_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/bare"
)

func TestConsumeConcurrentlyHandlesEveryEntryOnce(t *testing.T) {
	t.Parallel()
	const n = 2_345
	for _, handlers := range []int{1, 3, 100} {
		for _, slow := range []bool{false, true} {
			l := newLab(t)
			l.slow = slow
			l.add(n)
			ctx, cancel := context.WithCancel(l.ctx)
			var seen sync.Map
			var count atomic.Int64
			handled, acked, err := bare.ConsumeConcurrently(ctx, l.dial(), l.dial(), l.consuming(40, func(e *bare.Entry) {
				if _, twice := seen.LoadOrStore(string(e.Value("n")), true); twice {
					t.Errorf("entry %s came twice", e.Value("n"))
				}
				if count.Add(1) == n {
					cancel()
				}
			}), handlers)
			cancel()
			require.NoError(t, err)
			require.Equal(t, n, handled)
			require.Equal(t, n, acked)
			require.EqualValues(t, n, count.Load())
			require.Zero(t, l.pending())
		}
	}
}

// Handlers meet: each waits until as many as may run at once are there. While they
// do, none of their entries is acknowledged.
func TestConsumeConcurrentlyRunsThatManyHandlers(t *testing.T) {
	t.Parallel()
	const n, handlers = 300, 30
	l := newLab(t)
	l.add(n)
	ctx, cancel := context.WithCancel(l.ctx)
	defer cancel()
	var mu sync.Mutex
	running, most, left := 0, 0, n
	all := sync.NewCond(&mu)
	_, acked, err := bare.ConsumeConcurrently(ctx, l.dial(), l.dial(), l.consuming(50, func(*bare.Entry) {
		mu.Lock()
		defer mu.Unlock()
		running++
		most = max(most, running)
		if running%handlers == 0 {
			pending, err := l.look.XPending(l.ctx, l.key, l.group).Result()
			if err != nil || pending.Count < handlers {
				t.Errorf("%d handlers run, %v are pending (%v)", handlers, pending, err)
			}
			running = 0
			all.Broadcast()
		} else {
			all.Wait()
		}
		if left--; left == 0 {
			cancel()
		}
	}), handlers)
	require.NoError(t, err)
	require.Equal(t, handlers, most)
	require.Equal(t, n, acked)
}

func TestConsumeConcurrentlyWithoutAGroup(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.group = "nobody"
	_, _, err := bare.ConsumeConcurrently(l.ctx, l.dial(), l.dial(), l.consuming(10, nil), 5)
	require.ErrorContains(t, err, "consume "+l.key+" as c of group nobody: NOGROUP")
}

// When nothing can be acknowledged any more, nothing more is read.
func TestConsumeConcurrentlyEndsWhenAcknowledgingFails(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.add(10_000)
	acks := l.dial()
	var count atomic.Int64
	handled, acked, err := bare.ConsumeConcurrently(l.ctx, l.dial(), acks, l.consuming(10, func(*bare.Entry) {
		if count.Add(1) == 100 {
			if err := acks.Close(); err != nil {
				t.Error(err)
			}
		}
	}), 5)
	require.ErrorContains(t, err, "use of closed network connection")
	require.Less(t, handled, 10_000)
	require.LessOrEqual(t, acked, 100)
	require.EqualValues(t, handled, count.Load())
}
