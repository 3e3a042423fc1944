package measure

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/bench/internal/plain"
	"github.com/leat-io/leat/bench/result"
	"github.com/leat-io/leat/internal/redistest"
)

// patience bounds a test that hangs. It decides none that passes.
const patience = time.Minute

// attempt fills and measures, on a server of its own.
func attempt(t *testing.T, c plain.Contender, j result.Job, timeout time.Duration) (result.Sample, error) {
	t.Helper()
	server := redistest.Start(t)
	j.Contender = c.Name
	r := Request{Job: j, Addr: server.Addr(), ServerPID: server.PID()}
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	if err := Fill(ctx, r, c); err != nil {
		return result.Sample{}, err
	}
	return Do(ctx, r, c)
}

func TestEveryRowOfTheTable(t *testing.T) {
	t.Parallel()
	for _, j := range []result.Job{
		{Kind: result.Publish, N: 3000, Payload: 200},
		{Kind: result.Consume, N: 3000, Payload: 200},
		{Kind: result.EndToEnd, N: 3000, Payload: 200},
		{Kind: result.Latency, N: 200, Payload: 200},
		{Kind: result.Slow, N: 1200, Payload: 200, Concurrency: 10},
	} {
		t.Run(string(j.Kind), func(t *testing.T) {
			t.Parallel()
			s, err := attempt(t, plain.Contender{Name: "plain"}, j, patience)
			require.NoError(t, err)
			require.Equal(t, "plain", s.Contender)
			require.Equal(t, j.N, s.N)
			require.Positive(t, s.Took)
			require.Positive(t, s.PerSecond)
			require.Positive(t, s.ClientMicro)
			require.Positive(t, s.ServerMicro)
			require.Greater(t, s.Allocs, 1.0, "go-redis allocates for each message")
			require.Greater(t, s.AllocBytes, s.Allocs)
			require.Positive(t, s.PeakRSS)
			require.Zero(t, s.Duplicates)
			if j.Kind == result.Latency {
				require.Positive(t, s.P50)
				require.LessOrEqual(t, s.P50, s.P99)
				require.LessOrEqual(t, s.P99, s.P999)
			}
			if j.Kind == result.Slow {
				atMost := float64(j.Concurrency) / SlowHandler.Seconds()
				require.Positive(t, s.Ideal)
				require.LessOrEqual(t, s.Ideal, atMost*1.1, "no sleep is shorter than it should be")
				require.LessOrEqual(t, s.PerSecond, atMost*1.1)
			}
		})
	}
}

func TestMistakesAreFound(t *testing.T) {
	t.Parallel()
	consume := result.Job{Kind: result.Consume, N: 1500, Payload: 200}
	for _, tc := range []struct {
		fault   plain.Fault
		job     result.Job
		timeout time.Duration
		says    string
	}{
		{plain.NeverAcks, consume, patience, "1500 entries are pending"},
		{plain.Ends, consume, patience, "out of order"},
		{plain.StopsBadly, consume, patience, "cannot stop"},
		{plain.Stalls, consume, time.Second, "0 messages handled: not all is handled in time"},
		{plain.PublishesLess, result.Job{Kind: result.Publish, N: 1500, Payload: 200}, patience, "Redis holds 755"},
		{plain.PublishesLess, result.Job{Kind: result.EndToEnd, N: 1500, Payload: 200}, time.Second, "not all is handled in time"},
		{plain.NeverAcks, result.Job{Kind: result.Latency, N: 10, Payload: 200}, patience, "entries are pending"},
	} {
		t.Run(string(tc.fault)+" "+string(tc.job.Kind), func(t *testing.T) {
			t.Parallel()
			_, err := attempt(t, plain.Contender{Name: "plain", Fault: tc.fault}, tc.job, tc.timeout)
			require.ErrorContains(t, err, tc.says)
		})
	}
}

func TestDuplicatesAreCounted(t *testing.T) {
	t.Parallel()
	// The first half is handled twice before the second half is read; what is left of
	// that is found.
	_, err := attempt(t, plain.Contender{Name: "plain", Fault: plain.Twice}, result.Job{Kind: result.Consume, N: 4000, Payload: 200}, patience)
	require.ErrorContains(t, err, "not delivered")
	// In a single batch all of it is read at once.
	s, err := attempt(t, plain.Contender{Name: "plain", Fault: plain.Twice}, result.Job{Kind: result.Consume, N: 100, Payload: 200}, patience)
	require.NoError(t, err)
	require.Equal(t, 100, s.Duplicates)
}

func TestUnknownKind(t *testing.T) {
	t.Parallel()
	_, err := Do(t.Context(), Request{Job: result.Job{Kind: "juggle"}}, plain.Contender{})
	require.ErrorContains(t, err, "juggle")
}
