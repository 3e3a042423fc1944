package power_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/internal/streamtest"
	"github.com/leat-io/leat/test/faults/power"
)

// on runs a test on every server that this machine has, each with the library in front of it.
func on(t *testing.T, test func(t *testing.T, binary string)) {
	t.Helper()
	for _, program := range redistest.Installed(t) {
		t.Run(program.String(), func(t *testing.T) {
			t.Parallel()
			binary, err := power.Launcher(t.Context(), program.Path)
			require.NoError(t, err)
			test(t, binary)
		})
	}
}

// add adds n entries to a stream, one after the other, and returns the IDs that were acknowledged.
func add(t *testing.T, c *redis.Client, key string, n int) []string {
	t.Helper()
	ids := make([]string, n)
	for i := range ids {
		id, err := c.XAdd(t.Context(), &redis.XAddArgs{Stream: key, Values: []any{"n", i}}).Result()
		require.NoError(t, err)
		ids[i] = id
	}
	return ids
}

// left returns the IDs that are there.
func left(t *testing.T, c *redis.Client, key string) []string {
	t.Helper()
	entries, err := c.XRange(t.Context(), key, "-", "+").Result()
	require.NoError(t, err)
	ids := make([]string, len(entries))
	for i, e := range entries {
		ids[i] = e.ID
	}
	return ids
}

// cut takes the power of a running server and starts it again.
func cut(t *testing.T, s *redistest.Server) power.Loss {
	t.Helper()
	s.Kill()
	loss, err := power.Cut(s.Dir())
	require.NoError(t, err)
	s.Restart()
	return loss
}

func TestAlwaysLosesNothingThatWasAcknowledged(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, binary string) {
		s := redistest.Start(t, redistest.Binary(binary), redistest.AOF("always"))
		c := s.Client(t)
		var acknowledged []string
		for range 3 {
			acknowledged = append(acknowledged, add(t, c, "orders", 200)...)
			cut(t, s)
			require.Equal(t, acknowledged, left(t, c, "orders"))
		}
	})
}

// What is on its way when the power goes has not been acknowledged; all else is there. The writers are killed with the server.
func TestAlwaysLosesNothingUnderLoad(t *testing.T) {
	t.Parallel()
	binary, err := power.Launcher(t.Context(), "redis-server")
	require.NoError(t, err)
	s := redistest.Start(t, redistest.Binary(binary), redistest.AOF("always"))
	const writers = 8
	acknowledged := make(chan []string, writers)
	for range writers {
		go func() {
			c := s.Client(t)
			var ids []string
			for {
				id, err := c.XAdd(t.Context(), &redis.XAddArgs{Stream: "orders", Values: []any{"k", "v"}}).Result()
				if err != nil {
					acknowledged <- ids
					return
				}
				ids = append(ids, id)
			}
		}()
	}
	c := s.Client(t)
	streamtest.Eventually(t, func() bool { return c.XLen(t.Context(), "orders").Val() > 500 }, "entries are added")
	s.Kill()
	var all []string
	for range writers {
		all = append(all, <-acknowledged...)
	}
	loss, err := power.Cut(s.Dir())
	require.NoError(t, err)
	s.Restart()
	require.Subset(t, left(t, c, "orders"), all)
	t.Logf("%d acknowledged, %d there; %+v", len(all), c.XLen(t.Context(), "orders").Val(), loss)
}

// A power loss takes what came after the last fsync, and only the end.
func TestEverysecLosesTheEnd(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, binary string) {
		s := redistest.Start(t, redistest.Binary(binary), redistest.AOF("everysec"))
		c := s.Client(t)
		var all []string
		// Right after an fsync there is most of a second for writing what no fsync covers.
		for round, lost := 0, 0; lost == 0; round++ {
			require.Less(t, round, 20, "a power loss takes something")
			all = append(all, add(t, c, "orders", 100)...)
			streamtest.Eventually(t, func() bool { return synced(t, s, c) }, "an fsync in the background")
			n := len(all)
			all = append(all, add(t, c, "orders", 100)...)
			cut(t, s)
			there := left(t, c, "orders")
			require.Equal(t, all[:len(there)], there, "what is left is the beginning, without a hole")
			require.GreaterOrEqual(t, len(there), n, "what was synced is there")
			lost = len(all) - len(there)
			all = there
		}
	})
}

// While an fsync is under way, everysec keeps what it has acknowledged to itself for up to 2 s: a kill is enough to lose it.
func TestEverysecLosesByAKillAloneWhenTheDiskIsSlow(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, binary string) {
		s := redistest.Start(t, redistest.Binary(binary), redistest.AOF("everysec"))
		c := s.Client(t)
		for round, lost := 0, 0; lost == 0; round++ {
			require.Less(t, round, 20, "a kill takes something")
			require.NoError(t, power.Slow(s.Dir(), time.Hour))
			all := append(left(t, c, "orders"), add(t, c, "orders", 1)...)
			streamtest.Eventually(t, func() bool { return info(t, c, "aof_pending_bio_fsync") == "1" }, "an fsync that takes long")
			all = append(all, add(t, c, "orders", 50)...)
			s.Kill()
			s.Restart()
			there := left(t, c, "orders")
			require.Equal(t, all[:len(there)], there, "what is left is the beginning, without a hole")
			lost = len(all) - len(there)
			t.Logf("lost %d of 50", lost)
		}
	})
}

// A slow disk makes always slow, and nothing else.
func TestAlwaysWaitsForASlowDisk(t *testing.T) {
	t.Parallel()
	binary, err := power.Launcher(t.Context(), "redis-server")
	require.NoError(t, err)
	s := redistest.Start(t, redistest.Binary(binary), redistest.AOF("always"))
	c := s.Client(t)
	require.NoError(t, power.Slow(s.Dir(), 100*time.Millisecond))
	start := time.Now()
	add(t, c, "orders", 1)
	require.GreaterOrEqual(t, time.Since(start), 100*time.Millisecond)
	require.NoError(t, power.Slow(s.Dir(), time.Hour))
	added := make(chan error, 1)
	go func() { added <- c.XAdd(t.Context(), &redis.XAddArgs{Stream: "orders", Values: []any{"k", "v"}}).Err() }()
	select {
	case err := <-added:
		require.FailNow(t, "it was answered before the fsync", "%v", err)
	case <-time.After(300 * time.Millisecond):
	}
	require.NoError(t, power.Slow(s.Dir(), 0))
	require.NoError(t, <-added)
}

// Without fsyncs nothing survives but what the last start found.
func TestNoLosesEverythingSinceTheStart(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, binary string) {
		s := redistest.Start(t, redistest.Binary(binary), redistest.AOF("no"))
		c := s.Client(t)
		add(t, c, "orders", 100)
		loss := cut(t, s)
		require.Empty(t, left(t, c, "orders"))
		require.Positive(t, loss.Bytes)
	})
}

// synced says whether all that was acknowledged is durable.
func synced(t *testing.T, s *redistest.Server, c *redis.Client) bool {
	t.Helper()
	if info(t, c, "aof_buffer_length") != "0" {
		return false // it was not even written
	}
	path, err := power.IncrementalAOF(s.Dir())
	require.NoError(t, err)
	file, err := os.Stat(path)
	require.NoError(t, err)
	name, err := filepath.Rel(s.Dir(), path)
	require.NoError(t, err)
	files, err := power.Durable(s.Dir())
	require.NoError(t, err)
	return files[name] == file.Size()
}

// info is a line of INFO persistence.
func info(t *testing.T, c *redis.Client, field string) string {
	t.Helper()
	sections, err := c.InfoMap(t.Context(), "persistence").Result()
	require.NoError(t, err)
	return sections["Persistence"][field]
}

// A rewrite makes new files, renames them and removes the old ones: at every moment of it the power may go.
func TestRewritesSurvive(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, binary string) {
		s := redistest.Start(t, redistest.Binary(binary), redistest.AOF("always"))
		c := s.Client(t)
		var all []string
		for round := range 6 {
			all = append(all, add(t, c, "orders", 50)...)
			// Redis answers an error when one is going on after a restart, which is as good.
			_ = c.BgRewriteAOF(t.Context()).Err()
			if round%2 == 0 {
				streamtest.Eventually(t, func() bool {
					return info(t, c, "aof_rewrite_in_progress") == "0" && info(t, c, "aof_rewrite_scheduled") == "0"
				}, "the rewrite ends")
			}
			all = append(all, add(t, c, "orders", round*7)...)
			cut(t, s)
			require.Equal(t, all, left(t, c, "orders"))
		}
	})
}

// A snapshot is durable when it is there: it is synced before it gets its name.
func TestSnapshotsSurvive(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, binary string) {
		s := redistest.Start(t, redistest.Binary(binary))
		c := s.Client(t)
		first := add(t, c, "orders", 20)
		require.NoError(t, c.Save(t.Context()).Err())
		add(t, c, "orders", 20)
		cut(t, s)
		require.Equal(t, first, left(t, c, "orders"))

		second := add(t, c, "orders", 20)
		require.NoError(t, c.Save(t.Context()).Err())
		cut(t, s)
		require.Equal(t, append(first, second...), left(t, c, "orders"))
	})
}

func TestATornTail(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, binary string) {
		s := redistest.Start(t, redistest.Binary(binary), redistest.AOF("always"))
		c := s.Client(t)
		all := add(t, c, "orders", 10)
		s.Kill()
		_, err := power.Tear(s.Dir(), 7)
		require.NoError(t, err)

		require.Contains(t, refuses(t, binary, s.Dir(), "--aof-load-truncated", "no"), "Unexpected end of file")
		s.Restart()
		require.Equal(t, all[:9], left(t, c, "orders"), "with the default, yes, the command that is not whole is dropped")

		s.Kill()
		require.NoError(t, power.Smear(s.Dir(), []byte("garbage")))
		require.Contains(t, refuses(t, binary, s.Dir(), "--aof-load-truncated", "yes"), "Bad file format")
	})
}

// refuses starts the server by hand, which has to end by itself, and returns what it logged.
func refuses(t *testing.T, binary, dir string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, binary, append([]string{filepath.Join(dir, "redis.conf")}, args...)...).CombinedOutput()
	require.Error(t, err)
	require.NoError(t, ctx.Err(), "it runs")
	return string(out)
}

func TestCutWantsADeadServer(t *testing.T) {
	t.Parallel()
	binary, err := power.Launcher(t.Context(), "redis-server")
	require.NoError(t, err)
	s := redistest.Start(t, redistest.Binary(binary), redistest.AOF("always"))
	_, err = power.CutWithin(s.Dir(), 50*time.Millisecond)
	require.ErrorIs(t, err, power.ErrRunning)
	_, err = power.Cut(t.TempDir())
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, "no server")
	s.Kill()
	require.NoError(t, func() error { _, err := power.Cut(s.Dir()); return err }())
	_, err = os.Stat(filepath.Join(s.Dir(), "redis.conf"))
	require.NoError(t, err, "what was there before the server survives")
}
