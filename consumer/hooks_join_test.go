package consumer_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/internal/streamtest"
	"github.com/leat-io/leat/stream"
)

// TestJoinedHooksAreAllCalled: two hooks, and those that a third binds to its consumer, are told the same.
func TestJoinedHooksAreAllCalled(t *testing.T) {
	t.Parallel()
	l := streamtest.New(t, redistest.Shared(t).URL())
	var settled, taken, acks, groups atomic.Int64
	count := func(*stream.Delivery, consumer.Outcome, time.Duration) { settled.Add(1) }
	bind := func(c *consumer.Consumer) consumer.Hooks {
		if c.Group() == "workers" && c.Streams()[0] == l.Stream {
			groups.Add(1)
		}
		return consumer.Hooks{Settled: count, Bind: func(*consumer.Consumer) consumer.Hooks { return consumer.Hooks{Settled: count} }}
	}
	l.Publish(5)
	r := l.Run(func(context.Context, *stream.Delivery) error { return nil }, func(c *consumer.Config) {
		c.Hooks = consumer.JoinHooks(
			consumer.Hooks{Settled: count, AckSent: func(_ string, n int, _ time.Duration) { acks.Add(int64(n)) }},
			consumer.Hooks{Settled: count, Taken: func(_ string, _ consumer.Taking, n int, _ time.Duration) { taken.Add(int64(n)) }},
			consumer.Hooks{Bind: bind}, consumer.Hooks{Bind: bind},
		)
	})
	streamtest.Eventually(t, func() bool { return settled.Load() == 5*6 }, "each of six is told of each of five")
	require.EqualValues(t, 5, taken.Load())
	require.EqualValues(t, 5, acks.Load())
	require.EqualValues(t, 2, groups.Load())
	load, running := r.Load()
	require.True(t, running)
	require.Equal(t, 16, load.Slots)
	require.NoError(t, r.Stop())
	_, running = r.Load()
	require.False(t, running)
}

// TestAWorkersHooksAreItsOwn: each worker has hooks that are called by it alone, one after the other, beside those of all, and
// is idle at the end; what one call acknowledged is told together.
func TestAWorkersHooksAreItsOwn(t *testing.T) {
	t.Parallel()
	l := streamtest.New(t, redistest.Shared(t).URL())
	type counts struct { // no lock: the race detector looks
		started, handled, failed int
		idle                     bool
	}
	var mu sync.Mutex
	var workers []*counts
	var started, acked, calls atomic.Int64
	worker := func() consumer.WorkerHooks {
		n := &counts{}
		mu.Lock()
		workers = append(workers, n)
		mu.Unlock()
		return consumer.WorkerHooks{
			Started: func(*stream.Delivery) { n.started, n.idle = n.started+1, false },
			Handled: func(_ *stream.Delivery, _ time.Duration, err error) {
				if n.handled++; err != nil {
					n.failed++
				}
			},
			Idle: func() { n.idle = true },
		}
	}
	var sent, seen []stream.ID
	for range 20 {
		sent = append(sent, l.Publish(10)...)
	}
	r := l.Run(func(_ context.Context, d *stream.Delivery) error {
		switch {
		case d.EntryID == sent[50]:
			return consumer.Permanent(errors.New("no good"))
		case d.EntryID == sent[60] && d.Deliveries == 1:
			runtime.Goexit() // another worker takes its place
		}
		return nil
	}, func(c *consumer.Config) {
		c.Concurrency, c.Backoff = 3, consumer.Constant(time.Millisecond)
		c.Hooks = consumer.JoinHooks(consumer.Hooks{Worker: worker, Started: func(*stream.Delivery) { started.Add(1) }}, consumer.Hooks{
			Worker: worker, Acked: func(name string, acks []consumer.Ack) {
				calls.Add(1)
				for _, a := range acks {
					seen = append(seen, a.EntryID)
					if name == l.Stream && a.Since > 0 {
						acked.Add(1)
					}
				}
			},
		})
	})
	streamtest.Eventually(t, func() bool { return acked.Load() == 199 }, "all but one are acknowledged")
	require.NoError(t, r.Stop())
	require.Less(t, calls.Load(), int64(199))
	require.ElementsMatch(t, slices.Delete(slices.Clone(sent), 50, 51), seen)
	var all counts
	require.Len(t, workers, 2*4)
	for _, n := range workers {
		require.True(t, n.idle, "at the end, whatever has ended it")
		all.started, all.handled, all.failed = all.started+n.started, all.handled+n.handled, all.failed+n.failed
	}
	require.Equal(t, counts{2 * 201, 2 * 201, 2 * 2, false}, all)
	require.EqualValues(t, 201, started.Load())
}

// TestEveryLoopBeatsAsItSays: with nothing to do, no loop is silent for longer than Config.Beats says.
func TestEveryLoopBeatsAsItSays(t *testing.T) {
	t.Parallel()
	l := streamtest.New(t, redistest.Shared(t).URL())
	beats := map[string]*atomic.Int64{}
	cfg := l.Config(func(c *consumer.Config) { c.Lease, c.ConsumerIdle = 2*time.Second, time.Minute })
	for loop := range cfg.Beats() {
		beats[loop] = &atomic.Int64{}
	}
	require.Len(t, beats, 6)
	delete(beats, "janitor") // 22 s
	l.Run(func(context.Context, *stream.Delivery) error { return nil }, func(c *consumer.Config) {
		*c = cfg
		c.Hooks.Beat = func(loop, _ string) {
			if n := beats[loop]; n != nil {
				n.Add(1)
			}
		}
	})
	for loop, n := range beats {
		streamtest.Eventually(t, func() bool { return n.Load() > 2 }, "%s beats", loop)
	}
	atMostOnce := consumer.Config{Guarantee: consumer.AtMostOnce}.Beats()
	require.Equal(t, map[string]time.Duration{"fetcher": time.Second}, atMostOnce)
}
