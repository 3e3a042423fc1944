package faults

import (
	"fmt"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/internal/streamtest"
	"github.com/leat-io/leat/stream"
)

const endSignal = syscall.SIGTERM

// A worker is told to stop under load. It exits 0, what it had finished is not
// delivered again, and what it held and had not started is taken by another worker
// at once, uncounted. The lease is an hour: nothing but the hand-over can do that.
func TestSIGTERMUnderLoad(t *testing.T) {
	t.Parallel()
	l := streamtest.New(t, redistest.Shared(t).URL())
	worker := func(name string, concurrency int) *process {
		return spawn(t, task{
			URL: l.URL, Stream: l.Stream, Name: name, Record: filepath.Join(t.TempDir(), name), Lease: time.Hour,
			Busy: 50 * time.Millisecond, Shutdown: 10 * time.Second, Concurrency: concurrency, Prefetch: 60,
		})
	}
	var events []stream.Event
	for i := range 400 { // none that fails: an ID with a 1 at its end
		events = append(events, stream.Event{ID: fmt.Sprintf("%d1", i), Source: "test", Type: "test.event"})
	}
	a := worker("a", 4)
	l.Add(events[:200]...)
	streamtest.Eventually(t, func() bool { return len(a.lines(t)) > 20 }, "a works")
	b := worker("b", 40)
	l.Add(events[200:]...)
	streamtest.Eventually(t, func() bool { return len(b.lines(t)) > 20 }, "b works")

	held, err := l.Group.Pending(l.Ctx, stream.PendingQuery{Consumer: "a", Count: 1000})
	require.NoError(t, err)
	told := time.Now()
	require.NoError(t, a.cmd.Process.Signal(endSignal))
	require.NoError(t, <-a.exited, "exit 0")
	took := time.Since(told)
	l.Settled()
	require.NoError(t, b.cmd.Process.Signal(endSignal))
	require.NoError(t, <-b.exited)

	entries := histories(t, []*process{a, b})
	require.Len(t, entries, 400)
	for id, h := range entries {
		require.Equal(t, 1, h.starts, "entry %s", id)
		require.Equal(t, 1, h.done, "entry %s", id)
	}
	byB := map[stream.ID]line{}
	for _, s := range b.lines(t) {
		byB[s.entry] = s
		require.Equal(t, 1, s.deliveries, "entry %s: a hand-over does not count", s.entry)
	}
	handedOver, slowest := 0, time.Duration(0)
	for _, row := range held {
		if s, ok := byB[row.ID]; ok {
			handedOver++
			slowest = max(slowest, s.at.Sub(told))
		}
	}
	require.Positive(t, handedOver, "a held entries that it had not started")
	t.Logf("a was gone after %s; %d entries were handed over, the last was done by b %s after the signal", took, handedOver, slowest)
}
