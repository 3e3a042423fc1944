package faults

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/internal/history"
	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/internal/streamtest"
	"github.com/leat-io/leat/stream"
	"github.com/leat-io/leat/test/faults/child"
	"github.com/leat-io/leat/test/faults/crew"
)

// A worker is told to stop under load. It exits 0, what it had finished is not delivered again, and what it held and had not
// started is taken by another worker at once, uncounted. The lease is an hour: nothing but the hand-over can do that.
func TestSIGTERMUnderLoad(t *testing.T) {
	t.Parallel()
	l := streamtest.New(t, redistest.Shared(t).URL())
	dir := t.TempDir()
	record, err := history.Create(filepath.Join(dir, "test"+history.Extension))
	require.NoError(t, err)
	defer record.Close()
	workers, err := crew.New(crew.Plan{
		Dir: dir, Record: record,
		Worker: child.Task{URL: l.URL, Stream: l.Stream, Group: "workers", Worker: child.Worker{
			Lease: time.Hour, Busy: 50 * time.Millisecond, Shutdown: 10 * time.Second, Prefetch: 60, Poll: 100 * time.Millisecond,
		}},
		Change: func(number int, t *child.Task) { t.Worker.Concurrency = []int{4, 40}[number-1] },
	})
	require.NoError(t, err)
	defer workers.Discard()
	var events []stream.Event
	for i := range 400 {
		events = append(events, stream.Event{ID: fmt.Sprint(i), Source: "test", Type: "test.event"})
	}
	start := func(events []stream.Event) *crew.Process {
		p, err := workers.AddWorker()
		require.NoError(t, err)
		l.Add(events...)
		streamtest.Eventually(t, func() bool { return len(recordsOf(t, p)) > 20 }, "%s works", p.Name())
		return p
	}
	a := start(events[:200])
	b := start(events[200:])

	held, err := l.Group.Pending(l.Ctx, stream.PendingQuery{Consumer: a.Name(), Count: 1000})
	require.NoError(t, err)
	told := history.Now()
	require.NoError(t, workers.Term(a, streamtest.Patience), "exit 0")
	took := time.Duration(history.Now() - told)
	l.Settled()
	require.NoError(t, workers.Term(b, streamtest.Patience))

	starts, done, byB := map[stream.ID]int{}, map[stream.ID]int{}, map[stream.ID]history.Record{}
	for _, r := range append(recordsOf(t, a), recordsOf(t, b)...) {
		switch {
		case r.Op == history.Start:
			starts[r.Entry]++
			if r.Process == b.Name() {
				byB[r.Entry] = r
				require.Equal(t, 1, r.Deliveries, "entry %s: a hand-over does not count", r.Entry)
			}
		case r.Op == history.Finish && r.Outcome == history.OK:
			done[r.Entry]++
		case r.Op == history.Settle:
			require.Contains(t, []consumer.Outcome{consumer.Acked, consumer.Released}, r.Settled)
		}
	}
	require.Len(t, starts, 400)
	for id, n := range starts {
		require.Equal(t, 1, n, "entry %s", id)
		require.Equal(t, 1, done[id], "entry %s", id)
	}
	handedOver, slowest := 0, time.Duration(0)
	for _, row := range held {
		if r, ok := byB[row.ID]; ok {
			handedOver++
			slowest = max(slowest, time.Duration(r.At-told))
		}
	}
	require.Positive(t, handedOver, "a held entries that it had not started")
	t.Logf("a was gone after %s; %d entries were handed over, the last was started by b %s after the signal", took, handedOver, slowest)
}

// recordsOf is what a process has written down so far.
func recordsOf(t *testing.T, p *crew.Process) []history.Record {
	t.Helper()
	records, err := history.Read(p.Task.History)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	require.NoError(t, err)
	return records
}
