package result_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/history"
	"github.com/leat-io/leat/test/faults/crew"
	"github.com/leat-io/leat/test/faults/result"
)

func TestQuantiles(t *testing.T) {
	t.Parallel()
	var times, more result.Times
	require.Zero(t, times.Quantile(0.5))
	for i := range 100 {
		to := &times
		if i%2 == 0 {
			to = &more
		}
		to.Add(time.Duration(i+1) * time.Millisecond)
	}
	times.Merge(more)
	require.Equal(t, 100, times.Samples)
	for q, want := range map[float64]time.Duration{0.01: time.Millisecond, 0.5: 50 * time.Millisecond, 0.99: 99 * time.Millisecond, 1: 100 * time.Millisecond} {
		require.InEpsilon(t, want, times.Quantile(q), 0.02)
	}
}

func round(scenario string, seed uint64) *result.Result {
	r := &result.Result{
		Scenario: scenario, Seed: seed, Began: time.Unix(1700000000, 0), Took: time.Second, Faults: map[string]int{"redis-kill": 2}, ServerFaults: 2,
		Processes: crew.Counts{Kills: 3, Spawned: 5}, Counts: history.Counts{Published: 10, LostByRedis: 1},
	}
	r.AddTime("takeover", time.Second)
	return r
}

func histories(t *testing.T, text string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "round")
	require.NoError(t, os.Mkdir(dir, 0o750))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.history"), []byte(text), 0o600))
	return dir
}

// A run that goes on in a folder adds up; of rounds that held the last histories are kept, of others all.
func TestResultsAddUp(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	folder, err := result.Open(path)
	require.NoError(t, err)
	kept, err := folder.Keep(round("kill", 1), histories(t, "first"))
	require.NoError(t, err)
	require.Equal(t, filepath.Join(path, "last", "kill"), kept)

	folder, err = result.Open(path)
	require.NoError(t, err)
	_, err = folder.Keep(round("kill", 2), histories(t, "second"))
	require.NoError(t, err)
	bad := round("stall", 3)
	bad.Violations = []history.Violation{{Invariant: "I1", What: "lost"}}
	broken, err := folder.Keep(bad, histories(t, "third"))
	require.NoError(t, err)
	require.Contains(t, broken, "broken")

	folder, err = result.Open(path)
	require.NoError(t, err)
	sum := folder.Sum()
	require.Equal(t, 3, sum.All.Rounds)
	require.Equal(t, 9, sum.All.Processes.Kills)
	require.Equal(t, 15, sum.All.Processes.Spawned)
	require.Equal(t, 30, sum.All.Counts.Published)
	require.Equal(t, 3, sum.All.Counts.LostByRedis)
	require.Equal(t, 6, sum.All.ServerFaults)
	require.Equal(t, 6, sum.All.Faults["redis-kill"])
	require.Equal(t, 1, sum.All.Violations)
	require.Equal(t, 3, sum.All.Times["takeover"].Samples)
	require.Equal(t, 2, sum.Scenarios["kill"].Rounds)
	for file, want := range map[string]string{filepath.Join(path, "last", "kill"): "second", broken: "third"} {
		text, err := os.ReadFile(filepath.Join(file, "a.history"))
		require.NoError(t, err)
		require.Equal(t, want, string(text))
	}
	require.FileExists(t, filepath.Join(path, "totals.json"))

	other := filepath.Join(path, "other")
	require.NoError(t, os.WriteFile(other, nil, 0o600))
	require.NoError(t, result.Clear(path))
	folder, err = result.Open(path)
	require.NoError(t, err)
	require.Zero(t, folder.Sum().All.Rounds)
	require.FileExists(t, other)
}
