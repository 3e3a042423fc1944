package durability_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/test/faults/durability"
)

// size is of events that are large enough for a lagging replica to lack much soon, on a slow machine as well.
const size = 32 << 10

// measured is one round of each of these levels under a fault.
func measured(t *testing.T, fault string, levels ...string) *durability.Table {
	t.Helper()
	table, err := durability.Measure(t.Context(), durability.Options{
		Repetitions: 1, Load: time.Second, Lag: time.Second, Payloads: []int{size}, Faults: []string{fault}, Levels: levels,
		Log: func(line string) { t.Log(line) },
	})
	require.NoError(t, err)
	for _, level := range levels {
		cell := table.Cell(fault, level, size)
		require.NotNil(t, cell)
		require.Empty(t, cell.Unavailable)
		require.Len(t, cell.Rounds, 1, "%v", cell.Failed)
		assert.Positive(t, cell.Acknowledged.Median, "%s was under load", level)
		assert.Positive(t, cell.Throughput.Median)
	}
	assert.Empty(t, table.Broken())
	return &table
}

func lost(t *testing.T, table *durability.Table, fault, level string) float64 {
	t.Helper()
	return table.Cell(fault, level, size).Lost.Median
}

func TestKill(t *testing.T) {
	t.Parallel()
	table := measured(t, "kill", "D0", "D2")
	all := table.Cell("kill", "D0", size)
	assert.Equal(t, all.Acknowledged, all.Lost, "what is in memory alone is gone")
	assert.Zero(t, lost(t, table, "kill", "D2"))
}

func TestPower(t *testing.T) {
	t.Parallel()
	table := measured(t, "power", "D0", "D1", "D2")
	all := table.Cell("power", "D0", size)
	assert.Equal(t, all.Acknowledged, all.Lost)
	assert.Positive(t, lost(t, table, "power", "D1"), "what came after the last fsync")
	assert.Less(t, lost(t, table, "power", "D1"), table.Cell("power", "D1", size).Acknowledged.Median, "and nothing else")
	assert.Zero(t, lost(t, table, "power", "D2"))
}

func TestSentinelsPromoteAReplicaThatLags(t *testing.T) {
	t.Parallel()
	table := measured(t, "sentinel-lag", "D1", "D3x2")
	assert.Positive(t, lost(t, table, "sentinel-lag", "D1"), "the AOF of the old master is no help")
	assert.Positive(t, table.Cell("sentinel-lag", "D1", size).Window.Median)
	assert.Zero(t, lost(t, table, "sentinel-lag", "D3x2"))
}

func TestAClusterPromotesAReplicaThatLags(t *testing.T) {
	t.Parallel()
	table := measured(t, "cluster-lag", "D1", "D3")
	assert.Positive(t, lost(t, table, "cluster-lag", "D1"))
	assert.Zero(t, lost(t, table, "cluster-lag", "D3"))
	assert.Positive(t, table.Cell("cluster-lag", "D3", size).Weak.Median, "what the replica did not get was reported")
}

func TestOptionsThatNobodyKnows(t *testing.T) {
	t.Parallel()
	_, err := durability.Measure(t.Context(), durability.Options{Faults: []string{"flood"}, Levels: []string{"D9"}, Repetitions: -1})
	require.ErrorContains(t, err, `fault "flood"`)
	require.ErrorContains(t, err, `level "D9"`)
	require.ErrorContains(t, err, "none below 0")
}

func TestWhatIsWrittenCanBeRead(t *testing.T) {
	t.Parallel()
	table := durability.Table{
		Server: "redis 7.0.15", Repetitions: 2, Faults: durability.Faults(), Levels: durability.Levels(),
		Cells: []durability.Cell{
			{Fault: "kill", Level: "D2", Payload: 200, LosesNothing: true, Lost: durability.Spread{Median: 1, Max: 2}, Rounds: []durability.Round{{Lost: 2}, {}}},
			{Fault: "power", Level: "D2", Payload: 200, LosesNothing: true, Unavailable: "no\ncompiler", Rounds: []durability.Round{}},
		},
	}
	var text bytes.Buffer
	require.NoError(t, table.WriteJSON(&text))
	again, err := durability.ReadJSON(&text)
	require.NoError(t, err)
	require.Equal(t, table.Cells, again.Cells)
	require.Len(t, again.Broken(), 1)

	again.WriteMarkdown(&text)
	require.Contains(t, text.String(), "| D2: AOF always | 200 B | 0 | 1 (0 to 2) |")
	require.Contains(t, text.String(), "not measured: no compiler")
}
