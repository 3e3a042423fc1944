package growth

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/bench/contender"
	"github.com/leat-io/leat/bench/contender/leat"
	"github.com/leat-io/leat/bench/internal/plain"
	"github.com/leat-io/leat/bench/measure"
	"github.com/leat-io/leat/bench/result"
	"github.com/leat-io/leat/internal/redistest"
)

// patience bounds a test that hangs. It decides none that passes.
const patience = 2 * time.Minute

var contenders = map[string]contender.Contender{
	Ours:    leat.New(),
	"plain": plain.Contender{Name: "plain"},
	"ends":  plain.Contender{Name: "ends", Fault: plain.Ends},
}

// TestMain is one of the processes of result.GrowProcesses when it is told to be:
// those are started from this program.
func TestMain(m *testing.M) {
	if len(os.Args) != 2 || os.Args[1] != measure.Command {
		redistest.Main(m)
	}
	lines := bufio.NewReader(os.Stdin)
	line, err := lines.ReadBytes('\n')
	var r measure.Request
	if err == nil {
		err = json.Unmarshal(line, &r)
	}
	if err == nil {
		err = Work(context.Background(), r, contenders[r.Job.Contender], lines, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// attempt fills and measures, on a server of its own.
func attempt(t *testing.T, j result.Job) (result.Sample, error) {
	t.Helper()
	server := redistest.Start(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r := measure.Request{Job: j, Addr: server.Addr(), ServerPID: server.PID(), Timeout: patience, Quick: true}
	c := contenders[j.Contender]
	require.NoError(t, Fill(ctx, r, c))
	return Do(ctx, r, c)
}

func TestEveryPointOfTheQuickCurves(t *testing.T) {
	t.Parallel()
	for _, name := range []string{Ours, "plain"} {
		for _, j := range Jobs(name, true) {
			t.Run(fmt.Sprintf("%s %s %d %d", name, j.Kind, j.N, j.Payload), func(t *testing.T) {
				t.Parallel()
				s, err := attempt(t, j)
				require.NoError(t, err)
				require.Equal(t, j, s.Job)
				require.Zero(t, s.Duplicates)
				require.Positive(t, s.PeakRSS)
				require.Positive(t, s.PerSecond)
				require.Positive(t, s.Took)
				require.Positive(t, s.ClientMicro)
				require.Positive(t, s.ServerMicro)
				require.Positive(t, s.AllocBytes)
				if j.Kind == result.GrowPending {
					require.Positive(t, s.P50)
					require.LessOrEqual(t, s.P50, s.P99)
					require.Positive(t, s.IdleP99)
				}
			})
		}
	}
}

// What a measurement has left is made what the next one begins with: all of it is handled
// again, and nothing else.
func TestWhatIsUsedAgain(t *testing.T) {
	t.Parallel()
	for _, j := range []result.Job{
		{Kind: result.GrowBacklog, N: 20_000}, {Kind: result.GrowPending, N: 500}, {Kind: result.GrowMemory, N: 100, What: WhatRetry},
	} {
		t.Run(string(j.Kind), func(t *testing.T) {
			t.Parallel()
			j.Contender, j.Payload = Ours, 200
			server := redistest.Start(t)
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			r := measure.Request{Job: j, Addr: server.Addr(), ServerPID: server.PID(), Timeout: patience, Quick: true}
			require.NoError(t, Fill(ctx, r, contenders[Ours]))
			for again := range 3 {
				if again > 0 {
					require.NoError(t, Refill(ctx, r, contenders[Ours]))
				}
				s, err := Do(ctx, r, contenders[Ours])
				require.NoError(t, err)
				require.Zero(t, s.Duplicates)
				require.Positive(t, s.PerSecond)
			}
		})
	}
}

func TestGoalsAreAboutOurOwnPoints(t *testing.T) {
	t.Parallel()
	require.True(t, Telling(result.Job{Contender: Ours, Kind: result.GrowBacklog, N: 10_000}))
	require.False(t, Telling(result.Job{Contender: "other", Kind: result.GrowBacklog, N: 10_000}))
	require.False(t, Telling(result.Job{Contender: Ours, Kind: result.GrowStreams}))
	require.True(t, Keeps(result.Job{Contender: Ours, Kind: result.GrowBacklog, N: LargestBacklog}))
	require.True(t, Keeps(result.Job{Contender: Ours, Kind: result.GrowPending, N: 10_000}))
	require.False(t, Keeps(result.Job{Contender: Ours, Kind: result.GrowBacklog, N: 10_000}), "it is made in no time")
	for _, j := range Jobs("other", false) {
		require.Less(t, j.N, LargestBacklog)
	}
	require.Len(t, lengthsOf(measure.Request{Job: result.Job{N: 10_000}}), 10)
	require.Len(t, lengthsOf(measure.Request{Job: result.Job{N: LargestBacklog}}), 1)
}

func TestAProcessThatFailsIsReported(t *testing.T) {
	t.Parallel()
	_, err := attempt(t, result.Job{Contender: "ends", Kind: result.GrowProcesses, N: 100, Payload: 200, Processes: 2})
	require.ErrorContains(t, err, "out of order")
}

func TestCurvesHaveTheSizesThatTheReportPromises(t *testing.T) {
	t.Parallel()
	sizes := map[result.Kind][]int{}
	for _, j := range Jobs(Ours, false) {
		grown := map[result.Kind]int{
			result.GrowPayload: j.Payload, result.GrowGroups: j.Groups, result.GrowStreams: j.Streams, result.GrowProcesses: j.Processes,
		}[j.Kind]
		if grown == 0 {
			grown = j.N
		}
		require.LessOrEqual(t, j.Payload*j.N, max(maxBytes, size*LargestBacklog))
		if j.What != WhatPublish {
			sizes[j.Kind] = append(sizes[j.Kind], grown)
		}
	}
	require.Equal(t, map[result.Kind][]int{
		result.GrowBacklog:   {10_000, 100_000, 1_000_000, 5_000_000},
		result.GrowPayload:   {100, 1024, 10_240, 102_400},
		result.GrowPending:   {10_000, 100_000, 1_000_000},
		result.GrowGroups:    {1, 4, 16},
		result.GrowStreams:   {1, 10, 100},
		result.GrowProcesses: {1, 2, 8},
		result.GrowMemory:    {1_000, 100_000},
	}, sizes)
	for _, j := range Jobs("other", false) {
		require.NotContains(t, []result.Kind{result.GrowPending, result.GrowMemory}, j.Kind)
	}
}

func TestMemoryIsReadOffOurWorkers(t *testing.T) {
	t.Parallel()
	s := result.Sample{Job: result.Job{Contender: Ours, Kind: result.GrowBacklog, N: 7}, Round: 2, PeakRSS: 99, PerSecond: 5}
	m, ok := Memory(s)
	require.True(t, ok)
	require.Equal(t, result.Sample{
		Job: result.Job{Contender: Ours, Kind: result.GrowMemory, N: 7, What: WhatBacklog}, Round: 2, PeakRSS: 99,
	}, m)
	for _, none := range []result.Sample{
		{Job: result.Job{Contender: "other", Kind: result.GrowBacklog}},
		{Job: result.Job{Contender: Ours, Kind: result.GrowGroups}},
		{Job: result.Job{Contender: Ours, Kind: result.GrowPending}, Error: "failed"},
	} {
		_, ok := Memory(none)
		require.False(t, ok)
	}
}
