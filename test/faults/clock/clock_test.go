package clock_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/internal/streamtest"
	"github.com/leat-io/leat/test/faults/clock"
	"github.com/leat-io/leat/test/faults/power"
	"github.com/leat-io/leat/test/faults/preload"
)

// near is how far two looks at a clock may be apart: far more than a machine stalls, far less than the clock is shifted.
const near = 10 * time.Minute

// on runs a test on every server that this machine has.
func on(t *testing.T, test func(t *testing.T, s *redistest.Server, c *redis.Client)) {
	t.Helper()
	for _, program := range redistest.Installed(t) {
		t.Run(program.String(), func(t *testing.T) {
			t.Parallel()
			binary, err := clock.Launcher(t.Context(), program.Path)
			require.NoError(t, err)
			s := redistest.Start(t, redistest.Binary(binary))
			test(t, s, s.Client(t))
		})
	}
}

// set shifts the server's clock and waits until the server has looked at it: Valkey answers from its last look.
func set(t *testing.T, s *redistest.Server, c *redis.Client, d time.Duration) {
	t.Helper()
	require.NoError(t, clock.SetOffset(s.Dir(), d))
	streamtest.Eventually(t, func() bool { return (ahead(t, c) - d).Abs() < near }, "the server's clock is %v ahead", d)
}

// ahead is how far the server's clock is ahead of ours.
func ahead(t *testing.T, c *redis.Client) time.Duration {
	t.Helper()
	now, err := c.Time(t.Context()).Result()
	require.NoError(t, err)
	return time.Until(now)
}

// idAhead is how far the ID that an entry gets now is ahead of our clock.
func idAhead(t *testing.T, c *redis.Client, key string) time.Duration {
	t.Helper()
	id, err := c.XAdd(t.Context(), &redis.XAddArgs{Stream: key, Values: []any{"k", "v"}}).Result()
	require.NoError(t, err)
	ms, _, _ := strings.Cut(id, "-")
	n, err := strconv.ParseInt(ms, 10, 64)
	require.NoError(t, err)
	return time.Until(time.UnixMilli(n))
}

// idle is for how long the one pending entry of a group has been idle, as the server sees it.
func idle(t *testing.T, c *redis.Client) time.Duration {
	t.Helper()
	pending, err := c.XPendingExt(t.Context(), &redis.XPendingExtArgs{Stream: "orders", Group: "g", Start: "-", End: "+", Count: 2}).Result()
	require.NoError(t, err)
	require.Len(t, pending, 1)
	return pending[0].Idle
}

func TestTheClockJumps(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, s *redistest.Server, c *redis.Client) {
		require.InDelta(t, 0, ahead(t, c), float64(near))
		require.InDelta(t, 0, idAhead(t, c, "before"), float64(near))
		for _, d := range []time.Duration{3 * time.Hour, 0, -3 * time.Hour, 90 * time.Minute, 0} {
			set(t, s, c, d)
			require.InDelta(t, d, idAhead(t, c, "stream of "+d.String()), float64(near))
			got, err := clock.Offset(s.Dir())
			require.NoError(t, err)
			require.Equal(t, d, got)
		}
	})
}

// An entry that was just delivered has been idle for hours, so anybody may claim it; and behind the time of its delivery, nobody.
func TestIdleTimesJump(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, s *redistest.Server, c *redis.Client) {
		ctx := t.Context()
		require.NoError(t, c.XGroupCreateMkStream(ctx, "orders", "g", "0").Err())
		require.NoError(t, c.XAdd(ctx, &redis.XAddArgs{Stream: "orders", Values: []any{"k", "v"}}).Err())
		require.NoError(t, c.XReadGroup(ctx, &redis.XReadGroupArgs{Group: "g", Consumer: "a", Streams: []string{"orders", ">"}}).Err())
		claim := &redis.XAutoClaimArgs{Stream: "orders", Group: "g", Consumer: "b", MinIdle: 2 * time.Hour, Start: "0"}
		require.Less(t, idle(t, c), near)
		claimed, _, err := c.XAutoClaimJustID(ctx, claim).Result()
		require.NoError(t, err)
		require.Empty(t, claimed)

		set(t, s, c, -3*time.Hour)
		require.Zero(t, idle(t, c), "it was delivered in the future")
		set(t, s, c, 3*time.Hour)
		require.InDelta(t, 3*time.Hour, idle(t, c), float64(near))
		claimed, _, err = c.XAutoClaimJustID(ctx, claim).Result()
		require.NoError(t, err)
		require.Len(t, claimed, 1)
	})
}

// IDs never go back: behind the last one only the number after the dash grows.
func TestIDsDoNotGoBack(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, s *redistest.Server, c *redis.Client) {
		set(t, s, c, 3*time.Hour)
		first, err := c.XAdd(t.Context(), &redis.XAddArgs{Stream: "orders", Values: []any{"k", "v"}}).Result()
		require.NoError(t, err)
		set(t, s, c, 0)
		second, err := c.XAdd(t.Context(), &redis.XAddArgs{Stream: "orders", Values: []any{"k", "v"}}).Result()
		require.NoError(t, err)
		require.Equal(t, strings.TrimSuffix(first, "-0")+"-1", second)
	})
}

// A server keeps its offset when it is started again, and may get one before.
func TestTheOffsetOutlivesTheServer(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, s *redistest.Server, c *redis.Client) {
		s.Kill()
		require.NoError(t, clock.SetOffset(s.Dir(), 3*time.Hour))
		s.Restart()
		require.InDelta(t, 3*time.Hour, ahead(t, c), float64(near))
		require.NoError(t, os.Remove(clock.File(s.Dir())))
		s.Restart()
		require.InDelta(t, 0, ahead(t, c), float64(near))
	})
}

// A BLOCK ends at a time of day: behind it the reader waits until the clock is there again, ahead of it the reader comes back early.
func TestBlockingReadsFollowTheClock(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, s *redistest.Server, c *redis.Client) {
		blocked := make(chan error, 1)
		read := func(block time.Duration) {
			err := c.XRead(t.Context(), &redis.XReadArgs{Streams: []string{"orders", "$"}, Block: block}).Err()
			blocked <- err
		}
		other := s.Client(t)
		go read(time.Hour)
		streamtest.Eventually(t, func() bool { return readers(t, other) == 1 }, "a reader that is blocked")
		require.NoError(t, clock.SetOffset(s.Dir(), 3*time.Hour))
		require.ErrorIs(t, <-blocked, redis.Nil)

		const block = 200 * time.Millisecond
		go read(block)
		streamtest.Eventually(t, func() bool { return readers(t, other) == 1 }, "a reader that is blocked")
		require.NoError(t, clock.SetOffset(s.Dir(), 0))
		select {
		case err := <-blocked:
			require.FailNow(t, "the reader came back", "%v", err)
		case <-time.After(5 * block):
		}
		require.NoError(t, clock.SetOffset(s.Dir(), 4*time.Hour))
		require.ErrorIs(t, <-blocked, redis.Nil)
	})
}

func readers(t *testing.T, c *redis.Client) int {
	t.Helper()
	info, err := c.InfoMap(t.Context(), "clients").Result()
	require.NoError(t, err)
	n, err := strconv.Atoi(info["Clients"]["blocked_clients"])
	require.NoError(t, err)
	return n
}

// With appendfsync everysec a second is one of the wall clock: a server whose clock was set back does not fsync until it has
// caught up, so a power loss takes all of that, not a second.
func TestEverysecStopsWhileTheClockIsBehind(t *testing.T) {
	t.Parallel()
	for _, program := range redistest.Installed(t) {
		t.Run(program.String(), func(t *testing.T) {
			t.Parallel()
			binary, err := preload.Launcher(t.Context(), program.Path, power.Library, clock.Library)
			require.NoError(t, err)
			s := redistest.Start(t, redistest.Binary(binary), redistest.AOF("everysec"))
			c := s.Client(t)
			add := func() {
				require.NoError(t, c.XAdd(t.Context(), &redis.XAddArgs{Stream: "orders", Values: []any{"k", "v"}}).Err())
			}

			add()
			start := synced(t, s)
			streamtest.Eventually(t, func() bool { return synced(t, s) > start }, "an fsync in the background")
			set(t, s, c, -3*time.Hour)
			before := c.XLen(t.Context(), "orders").Val()
			for end := time.After(1600 * time.Millisecond); ; {
				add()
				select {
				case <-end:
				case <-time.After(10 * time.Millisecond):
					continue
				}
				break
			}
			s.Kill()
			loss, err := power.Cut(s.Dir())
			require.NoError(t, err)
			s.Restart()
			require.Equal(t, before, c.XLen(t.Context(), "orders").Val(), "not one of the entries of these seconds is there")
			t.Logf("lost: %+v", loss)
		})
	}
}

// synced is how many bytes of the incremental AOF are durable.
func synced(t *testing.T, s *redistest.Server) int64 {
	t.Helper()
	files, err := power.Durable(s.Dir())
	require.NoError(t, err)
	path, err := power.IncrementalAOF(s.Dir())
	require.NoError(t, err)
	name, err := filepath.Rel(s.Dir(), path)
	require.NoError(t, err)
	return files[name]
}
