package consumer_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/internal/streamtest"
	"github.com/leat-io/leat/stream"
)

// The group is destroyed while an entry is being handled and others wait: it is
// made again where nothing is passed over, and what is held is not given twice.
func TestGroupDestroyedUnderWay(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	h := newHeld()
	var restored atomic.Int64
	l.Publish(3)
	l.Run(h.handle, func(c *consumer.Config) {
		c.Hooks.GroupRestored = func(string) { restored.Add(1) }
	})
	for range 3 {
		receive(t, h.started, "a delivery")
	}
	require.NoError(t, redisClient(t, l).XGroupDestroy(l.Ctx, l.Stream, "workers").Err())
	streamtest.Eventually(t, func() bool { return restored.Load() == 1 }, "the group is made again")
	l.Add(stream.Event{ID: "late", Source: "test", Type: "test.event"})
	for d := (*stream.Delivery)(nil); d == nil || d.ID != "late"; {
		d = receive(t, h.started, "the entry that came later")
	}
	for range 10 {
		h.release <- nil
	}
	l.Settled()
}

// After FLUSHALL the worker goes on with what is added from then on, wherever it
// began, and does not spin.
func TestFlushAll(t *testing.T) {
	t.Parallel()
	for _, start := range []stream.Start{stream.Oldest(), stream.Newest()} {
		t.Run(start.String(), func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			l := streamtest.New(t, server.URL())
			var tally streamtest.Tally
			var errs atomic.Int64
			a := l.Run(tally.Handler, func(c *consumer.Config) {
				c.Start = start
				c.Hooks.Error = func(string, string, error) { errs.Add(1) }
			})
			streamtest.Eventually(t, func() bool { return a.Ready() == nil }, "it runs")
			l.Publish(5)
			l.Settled()
			require.NoError(t, server.Client(t).FlushAll(l.Ctx).Err()) //nolint:forbidigo // a server of the test's own
			l.Add(stream.Event{ID: "after", Source: "test", Type: "test.event"})
			streamtest.Eventually(t, func() bool { return tally.Of("after") == 1 }, "the entry after FLUSHALL")
			require.Less(t, errs.Load(), int64(20))
			streamtest.Eventually(t, func() bool { return a.Ready() == nil }, "it is ready again")
		})
	}
}

func TestStarts(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	ids := l.Publish(10)
	for name, tc := range map[string]struct {
		start stream.Start
		want  int
	}{
		"oldest": {stream.Oldest(), 10}, "newest": {stream.Newest(), 0}, "at": {stream.At(ids[7]), 3},
		"since": {stream.Since(ids[0].Time()), 10}, "since the future": {stream.Since(time.Now().Add(time.Hour)), 0},
	} {
		t.Run(name, func(t *testing.T) {
			var tally streamtest.Tally
			c, err := consumer.New(l.Conn, tally.Handler, l.Config(func(c *consumer.Config) {
				c.Group, c.Start = "start "+name, tc.start
			}))
			require.NoError(t, err)
			r := l.Start(c)
			streamtest.Eventually(t, func() bool { return r.Ready() == nil }, "it runs")
			streamtest.Eventually(t, func() bool { return tally.Total() >= tc.want }, "all are handled")
			require.NoError(t, r.Stop())
			require.Equal(t, tc.want, tally.Total())
		})
	}
}

// Errors that will not pass end Run; those that may are waited out.
func TestRunWithoutAUsableStream(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	require.NoError(t, redisClient(t, l).Set(l.Ctx, l.Stream, "a string", 0).Err())
	c, err := consumer.New(l.Conn, (&streamtest.Tally{}).Handler, l.Config(nil))
	require.NoError(t, err)
	err = c.Run(l.Ctx)
	require.ErrorContains(t, err, "WRONGTYPE")
	require.ErrorContains(t, err, l.Stream)
}

// Redis is killed and comes back with what AOF kept: nothing is lost, and the
// worker goes on by itself.
func TestRedisRestart(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.AOF("always"))
	l := streamtest.New(t, server.URL())
	var tally streamtest.Tally
	l.Publish(200)
	l.Run(func(ctx context.Context, d *stream.Delivery) error {
		if tally.Hit(d.ID) == 1 && len(d.ID) == 1 {
			return errors.New("first try")
		}
		return nil
	}, nil)
	streamtest.Eventually(t, func() bool { return tally.Distinct() > 20 }, "it is under way")
	server.Kill()
	server.Restart()
	streamtest.Eventually(t, func() bool { return l.Conn.Ping(l.Ctx) == nil }, "Redis is back")
	l.Add(stream.Event{ID: "after", Source: "test", Type: "test.event"})
	l.Settled()
	require.Equal(t, 201, tally.Distinct())
}

// Out of memory: what is being handled is acknowledged, a failure waits until it
// can be written down, nothing is lost.
func TestOutOfMemory(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	l := streamtest.New(t, server.URL())
	admin := server.Client(t)
	var tally streamtest.Tally
	oom := make(chan error, 1000)
	l.Publish(20)
	require.NoError(t, admin.ConfigSet(l.Ctx, "maxmemory", "1").Err())
	_, err := l.Group.Create(l.Ctx, stream.Oldest())
	require.Equal(t, stream.ClassNotExecuted, stream.Classify(err), "%v", err)
	l.Run(func(_ context.Context, d *stream.Delivery) error {
		if tally.Hit(d.ID) == 1 && d.ID == "3" {
			return errors.New("first try")
		}
		return nil
	}, func(c *consumer.Config) {
		c.Hooks.Error = func(_, _ string, err error) {
			if stream.Code(err) == "OOM" {
				select {
				case oom <- err:
				default:
				}
			}
		}
	})
	_ = receive(t, oom, "OOM while the group is made")
	require.NoError(t, admin.ConfigSet(l.Ctx, "maxmemory", "0").Err())
	l.Settled()
	require.Equal(t, 21, tally.Total())
}

// A user's script that was flushed, and a read-only replica that is promoted.
func TestScriptFlushAndReadOnly(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	l := streamtest.New(t, server.URL())
	admin := server.Client(t)
	var tally streamtest.Tally
	readonly := make(chan error, 1000)
	l.Run(func(_ context.Context, d *stream.Delivery) error {
		if tally.Hit(d.ID) == 1 {
			return errors.New("first try")
		}
		return nil
	}, func(c *consumer.Config) {
		c.Hooks.Error = func(_, _ string, err error) {
			if stream.Code(err) == "READONLY" {
				select {
				case readonly <- err:
				default:
				}
			}
		}
	})
	l.Publish(5)
	l.Settled()
	require.NoError(t, admin.ScriptFlush(l.Ctx).Err())
	l.Add(stream.Event{ID: "flushed", Source: "test", Type: "test.event"})
	l.Settled()
	require.Equal(t, 2, tally.Of("flushed"))

	// A replica of a server that cannot be reached keeps its data and refuses writes.
	require.NoError(t, admin.Do(l.Ctx, "REPLICAOF", "127.0.0.1", "1").Err())
	_ = receive(t, readonly, "READONLY")
	require.NoError(t, admin.Do(l.Ctx, "REPLICAOF", "NO", "ONE").Err())
	l.Add(stream.Event{ID: "promoted", Source: "test", Type: "test.event"})
	l.Settled()
	require.Equal(t, 2, tally.Of("promoted"))
}
