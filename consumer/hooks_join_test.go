package consumer_test

import (
	"context"
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
