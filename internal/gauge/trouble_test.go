package gauge

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/stream"
)

// A server that comes to its limit while events are added: an error that says so, and
// nothing is left.
func TestOutOfMemory(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"publish, leat", "publish, bare", "end to end, leat", "latency, bare"} {
		server := redistest.Start(t, redistest.Config("maxmemory-policy", "noeviction"))
		client := server.Client(t)
		cfg := on(server.URL())
		cfg.stage = func(name string) {
			if strings.HasSuffix(name, at) {
				require.NoError(t, client.ConfigSet(context.WithoutCancel(t.Context()), "maxmemory", "1").Err())
			}
		}
		_, err := measure(t, cfg)
		require.ErrorContains(t, err, "maxmemory", at)
		require.ErrorContains(t, err, "OOM", at)
		require.ErrorContains(t, err, server.Addr(), at)
		require.Empty(t, keys(t, client), at)
	}
}

// The limit can also be reached by others, whose keys must not be evicted for ours.
func TestFullServerIsRefused(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Config("maxmemory-policy", "allkeys-lru"))
	client := server.Client(t)
	require.NoError(t, client.Set(t.Context(), "somebody's", strings.Repeat("x", 2<<20), 0).Err())
	used := int(parseInfo(client.Info(t.Context(), "memory").Val()).or0("used_memory"))
	require.NoError(t, client.ConfigSet(t.Context(), "maxmemory", strconv.Itoa(used+1<<20)).Err())
	cfg := on(server.URL())
	cfg.Payload = 4000
	_, err := measure(t, cfg)
	require.ErrorIs(t, err, ErrMemory)
	require.ErrorContains(t, err, "maxmemory")
	require.Equal(t, []string{"somebody's"}, keys(t, client))
}

func TestSmallServerGetsLess(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Config("maxmemory", "16mb"))
	client := server.Client(t)
	cfg := on(server.URL())
	peak := 0
	cfg.stage = func(string) {
		peak = max(peak, int(parseInfo(client.Info(context.WithoutCancel(t.Context()), "memory").Val()).or0("used_memory_peak")))
	}
	r, err := measure(t, cfg)
	require.NoError(t, err)
	requireFigures(t, r)
	require.Less(t, r.Settings.Memory, r.Settings.MemoryAsked)
	require.Less(t, peak, 16<<20)
	find(t, r, "less-memory")
	require.Empty(t, keys(t, client))
}

// A server that hangs: no key can be deleted, which is said, with their names.
func TestServerThatHangs(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	cfg := on(server.URL(), stream.WithTimeout(time.Second))
	cfg.stage = func(name string) {
		if strings.HasSuffix(name, "end to end, leat") {
			server.Pause()
		}
	}
	_, err := measure(t, cfg)
	server.Resume()
	require.ErrorContains(t, err, "delete the keys of this run")
	require.ErrorContains(t, err, "leat-bench:{")
}

func TestServerThatIsNotThere(t *testing.T) {
	t.Parallel()
	_, err := measure(t, on("redis://user:CANARY@127.0.0.1:1"))
	require.ErrorContains(t, err, "connect to redis://127.0.0.1:1")
	require.NotContains(t, err.Error(), "CANARY")
}

func TestWrongConfig(t *testing.T) {
	t.Parallel()
	for want, cfg := range map[string]Config{
		"duration 1ms":         {Duration: time.Millisecond},
		"payload 7":            {Payload: 7},
		"payload -1":           {Payload: -1},
		"concurrency -1":       {Concurrency: -1},
		"prefetch -1":          {Prefetch: -1},
		"rate -1":              {Rate: -1},
		"memory 5 bytes":       {Memory: 5},
		"two backlogs of 64":   {Payload: 1 << 20},
		"stream prefix":        {Prefix: "{}"},
		"concurrency 99999999": {Concurrency: 99999999},
	} {
		_, err := Run(t.Context(), cfg)
		require.ErrorContains(t, err, want)
		require.Equal(t, err.Error(), cfg.Check().Error())
	}
	require.NoError(t, Config{}.Check())
}

// Both errors are told when the run and the cleaning fail.
func TestErrorsAreExplained(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	d, err := newDoor(t.Context(), on(server.URL()), "x")
	require.NoError(t, err)
	defer d.conn.Close()
	r := &run{door: d}
	require.NoError(t, r.explain(nil))
	require.ErrorContains(t, r.explain(stream.ServerError("READONLY You can't write against a read only replica.")), "it is a replica")
	require.ErrorContains(t, r.explain(errors.New("broken")), server.Addr())
}
