package faults

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/test/faults/child"
	"github.com/leat-io/leat/test/faults/nemesis"
	"github.com/leat-io/leat/test/faults/scenario"
	"github.com/leat-io/leat/test/faults/world"
)

const (
	workerKills = 20
	redisKills  = 3
)

// Workers are killed 20 times under load, and Redis, whose AOF is written always, three times. Every publish that was acknowledged
// is handled or a dead letter, and no entry is started more often than failures, kills of workers that had started it, and restarts
// of Redis in between explain.
func TestNothingIsLostWhenWorkersAndRedisAreKilled(t *testing.T) {
	t.Parallel()
	r, err := scenario.Run(t.Context(), scenario.Scenario{
		Name: "kills", Servers: world.Plan{Kind: world.Always}, Workers: 4, Leases: []time.Duration{time.Second}, Length: 2 * time.Minute,
		Worker:   child.Worker{Busy: 5 * time.Millisecond, Concurrency: 4, Prefetch: 16, Shutdown: 10 * time.Second},
		Producer: child.Producer{Rate: 1000, Fails: 10, Permanent: 100},
		Tracks: []scenario.Track{
			{Every: 250 * time.Millisecond, Most: workerKills, Faults: []nemesis.Fault{nemesis.KillWorker}},
			{Every: 1500 * time.Millisecond, Most: redisKills, Faults: []nemesis.Fault{nemesis.KillRedis}},
		},
	}, scenario.Options{Seed: rand.Uint64(), Dir: t.TempDir()})
	require.NoError(t, err)
	t.Log(r.String())
	for _, v := range r.Violations {
		t.Error(v)
	}
	require.Empty(t, r.Errors)
	require.Equal(t, workerKills, r.Processes.Kills)
	require.Equal(t, redisKills, r.ServerFaults)
	require.Zero(t, r.Counts.LostByRedis, "its file is synced before each reply")
	require.Greater(t, r.Counts.Published, 1000, "it was under load")
	require.Positive(t, r.Counts.Dead)
	require.Positive(t, r.Counts.Again)
}
