package outcome_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/bench/faults/outcome"
	"github.com/leat-io/leat/bench/faults/tally"
)

func example() *outcome.Run {
	settled, none, two := 5*time.Second, 0, 2
	return &outcome.Run{
		Redis: "7.0.15", Cores: 2, Length: time.Minute, Load: outcome.Load{Workers: 4, Concurrency: 8, Rate: 400, Busy: 30 * time.Millisecond},
		Libraries: []outcome.Library{
			{Name: "leat", Version: "abc", Settings: "defaults", Promise: "at least once", Lease: 5 * time.Second, Deadline: time.Minute},
			{Name: "other", Version: "v1.2.3", Settings: "its own", Promise: "all", Lease: 5 * time.Second, Deadline: time.Minute},
		},
		Scenarios: []outcome.Scenario{{Name: "kill", Title: "SIGKILL"}, {Name: "malformed", Title: "no messages"}},
		Rounds: []outcome.Round{
			{Scenario: "kill", Library: "leat", Settled: &settled, Faults: map[string]int{"kill": 60}, Counts: tally.Counts{
				Published: 100, Handled: 100, StoredTwice: &none, Takeover: tally.Times{N: 3, P50: 5 * time.Second, Max: 6 * time.Second},
			}},
			{Scenario: "kill", Library: "other", Faults: map[string]int{"kill": 60}, Died: 3, EndedBadly: 1, Counts: tally.Counts{
				Published: 100, Handled: 93, Gone: 4, Open: 2, OpenAs: map[string]int{"active": 2}, Buried: 1, Unknown: 9, Appeared: 7, Twice: 5, More: 6,
				StoredTwice: &two,
			}},
			{Scenario: "malformed", Library: "leat", Faults: map[string]int{outcome.Malformed: 12}, Counts: tally.Counts{Strange: 4}},
			{Scenario: "malformed", Library: "other", Error: "no port was free"},
		},
	}
}

func TestMarkdown(t *testing.T) {
	t.Parallel()
	text := example().Markdown()
	var rows []string
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "|") {
			rows = append(rows, line)
		}
	}
	require.Len(t, rows, 2+4)
	for _, row := range rows {
		require.Equal(t, strings.Count(rows[0], "|"), strings.Count(row, "|"), row)
	}
	require.Equal(t, "| SIGKILL | leat | 60 kill | 100 | 0 | 0 | 0 | 0 | 0 |  | 5.0 s, 6.0 s |  | 0 |\n", rows[2])
	require.Equal(t, "|  | other | 60 kill | 100 | 9 (7) | **4** | **3**: 2 active, 1 given up | 5 (6) | 2 |  |  |  | 3 (1) |\n", rows[3])
	require.Contains(t, rows[4], "4 of 12 malformed open")
	require.Contains(t, rows[5], "no port was free")
	require.Contains(t, text, "- **other** v1.2.3.")
}

func TestARunIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "peers.json")
	require.NoError(t, example().Write(path))
	got, err := outcome.Read(path)
	require.NoError(t, err)
	require.Equal(t, example(), got)
}
