package consumer_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/internal/streamtest"
	"github.com/leat-io/leat/stream"
)

// The names of dead consumers go, but not one under which something is pending:
// XGROUP DELCONSUMER would lose it. Red when leave.lua does not look at what is
// pending.
func TestDeadNamesGoOnlyWhenNothingIsPending(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	_, err := l.Group.Create(l.Ctx, stream.Oldest())
	require.NoError(t, err)
	l.Publish(5)
	batch, err := l.Group.Reader("dead-with-entries", false).Read(l.Ctx, 5, 0)
	require.NoError(t, err)
	require.Len(t, batch, 5)
	admin := redisClient(t, l)
	require.NoError(t, admin.XGroupCreateConsumer(l.Ctx, l.Stream, "workers", "dead-and-empty").Err())

	names := func() []string {
		infos, err := admin.XInfoConsumers(l.Ctx, l.Stream, "workers").Result()
		require.NoError(t, err)
		out := make([]string, 0, len(infos))
		for _, info := range infos {
			out = append(out, info.Name)
		}
		return out
	}
	var tally streamtest.Tally
	// Nothing is reclaimed for an hour: what is pending stays where it is.
	a := l.Run(tally.Handler, func(c *consumer.Config) { c.Lease, c.ConsumerIdle = time.Hour, time.Millisecond })
	streamtest.Eventually(t, func() bool {
		for _, name := range names() {
			if name == "dead-and-empty" {
				return false
			}
		}
		return true
	}, "the empty name goes")
	require.Contains(t, names(), "dead-with-entries")
	require.Len(t, l.Pending(), 5)

	removed, err := l.Group.Leave(l.Ctx, "dead-with-entries")
	require.NoError(t, err)
	require.False(t, removed)
	require.Len(t, l.Pending(), 5)
	require.NoError(t, a.Stop())

	l.Run(tally.Handler, func(c *consumer.Config) { c.Lease, c.ConsumerIdle = 100*time.Millisecond, 100*time.Millisecond })
	l.Settled()
	require.Equal(t, 5, tally.Distinct())
	streamtest.Eventually(t, func() bool { return len(names()) == 2 }, "only the living one is left, and where entries are parked")
	require.Contains(t, names(), stream.Parked)
}
