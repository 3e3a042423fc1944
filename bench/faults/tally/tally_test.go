package tally_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/bench/faults/library"
	"github.com/leat-io/leat/bench/faults/tally"
	"github.com/leat-io/leat/internal/history"
)

func TestWhereMessagesEnd(t *testing.T) {
	t.Parallel()
	at := int64(0)
	var records []history.Record
	note := func(process string, op history.Op, outcome history.Outcome, id string) {
		at += int64(time.Second)
		records = append(records, history.Record{At: at, Process: process, Op: op, Outcome: outcome, ID: id})
	}
	publish := func(id string) { note("p", history.Publish, history.OK, id) }
	handle := func(worker, id string, outcome history.Outcome) {
		note(worker, history.Start, history.Invoke, id)
		note(worker, history.Finish, outcome, id)
	}
	for _, id := range []string{"p.0", "p.1", "p.2", "p.3", "p.4", "p.5-h", "p.6-h", "p.8"} {
		publish(id)
	}
	note("p", history.Publish, history.Unknown, "p.7")
	handle("a", "p.0", history.OK)      // once
	handle("a", "p.1", history.OK)      // three times
	handle("b", "p.1", history.OK)      //
	handle("b", "p.1", history.OK)      //
	handle("b", "p.2", history.Unknown) // interrupted, and pending
	handle("b", "p.3", history.Fail)    // given up
	handle("b", "p.5-h", history.Fail)  // fails, and is kept
	handle("b", "p.5-h", history.Fail)  //
	handle("b", "p.6-h", history.Fail)  // fails, and is gone
	handle("b", "p.7", history.OK)      // not acknowledged, handled twice
	handle("b", "p.7", history.OK)      //
	note("a", history.Start, history.Invoke, "p.8")
	note("a", history.Crash, history.OK, "")
	handle("b", "p.8", history.OK) // taken over

	stored := map[string]int{"p.0": 1, "p.1": 2, "p.7": 2}
	got := tally.Count(records, library.Left{
		Stored: stored, Open: map[string]string{"p.2": "pending"}, Buried: map[string]bool{"p.3": true, "p.5-h": true}, Strange: 4,
	})
	require.Equal(t, 6, got.Published)
	require.Equal(t, 1, got.Unknown)
	require.Equal(t, 1, got.Appeared)
	require.Equal(t, 3, got.Handled)
	require.Equal(t, 1, got.Gone, "p.4")
	require.Equal(t, 1, got.Buried, "p.3")
	require.Equal(t, 1, got.Open, "p.2")
	require.Equal(t, map[string]int{"pending": 1}, got.OpenAs)
	require.Equal(t, 2, got.Twice, "p.1 and p.7")
	require.Equal(t, 3, got.More)
	require.Equal(t, 2, *got.StoredTwice)
	require.Equal(t, 4, got.Strange)
	require.Equal(t, tally.Failing{Published: 2, Tries: 3, Buried: 1, Gone: 1}, got.Failing)
	require.Equal(t, tally.Times{N: 1, P50: time.Second, P99: time.Second, Max: time.Second}, got.Takeover)
	require.Equal(t, 3, got.Delay.N)
}

// What a worker had done before it died is not taken over, and what it left is, from its death on.
func TestTakeoverIsOfWhatWasNotDone(t *testing.T) {
	t.Parallel()
	second := int64(time.Second)
	records := []history.Record{
		{At: 1 * second, Process: "a", Op: history.Start, ID: "p.0"},
		{At: 2 * second, Process: "a", Op: history.Finish, Outcome: history.OK, ID: "p.0"},
		{At: 3 * second, Process: "a", Op: history.Crash, Outcome: history.OK},
		{At: 9 * second, Process: "b", Op: history.Start, ID: "p.0"}, // its acknowledgement was lost
		{At: 9 * second, Process: "b", Op: history.Finish, Outcome: history.OK, ID: "p.0"},
	}
	got := tally.Count(records, library.Left{})
	require.Zero(t, got.Takeover)
	require.Equal(t, 1, got.Twice)
	require.Nil(t, got.StoredTwice)
}
