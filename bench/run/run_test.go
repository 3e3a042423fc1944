package run

import (
	"bytes"
	"context"
	"errors"
	"os"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/bench/growth"
	"github.com/leat-io/leat/bench/measure"
	"github.com/leat-io/leat/bench/result"
)

func newRunner(t *testing.T, opts Options) *runner {
	t.Helper()
	opts.Progress = t.Output()
	return &runner{
		opts: opts, began: time.Now(), window: nominalWindow,
		tuning: map[result.Job]*tuned{}, failed: map[result.Job]int{}, costs: map[result.Job]time.Duration{},
		kept: map[result.Job]*server{},
	}
}

func TestRoundsAreInterleavedAndSamplesAreKept(t *testing.T) {
	t.Parallel()
	var said bytes.Buffer
	run, err := Run(t.Context(), Options{
		Contenders: entries[:2], Rounds: 2, Kinds: []result.Kind{result.Publish, result.Consume}, Budget: 5 * time.Minute, Quick: true, Progress: &said,
	})
	require.NoError(t, err, said.String())
	var got []result.Job
	for i, s := range run.Samples {
		require.Empty(t, s.Error)
		require.Equal(t, quickMessages, s.N)
		require.Equal(t, i/3+1, s.Round)
		got = append(got, result.Job{Kind: s.Kind, Contender: s.Contender})
	}
	for round := range 2 {
		require.Equal(t, result.Job{Kind: result.Publish, Contender: "good"}, got[3*round], "second does not take part")
		require.ElementsMatch(t, []result.Job{{Kind: result.Consume, Contender: "good"}, {Kind: result.Consume, Contender: "second"}}, got[3*round+1:3*round+3])
	}
	require.Equal(t, 2, run.Rounds)
	require.NotEmpty(t, run.Machine.Redis)
	require.NotEmpty(t, run.Machine.CPU)
	require.NotEmpty(t, run.Machine.Kernel)
	require.Positive(t, run.Machine.Cores)
	require.Positive(t, run.Took)
	require.Equal(t, "good", run.Contenders[0].Name)
	require.Equal(t, "github.com/redis/go-redis/v9", run.Contenders[0].Module)
	require.NotEmpty(t, run.Contenders[0].Version)
	require.Contains(t, said.String(), "round 2/2 consume")
}

func TestContendersThatFailAreGivenUp(t *testing.T) {
	t.Parallel()
	run, err := Run(t.Context(), Options{
		Contenders: []Entry{entries[0], entries[2]}, Rounds: 3, Kinds: []result.Kind{result.Consume}, Budget: 5 * time.Minute, Quick: true, Progress: t.Output(),
	})
	require.NoError(t, err)
	var good, failed int
	for _, s := range run.Samples {
		if s.Contender == "good" {
			require.Empty(t, s.Error)
			good++
			continue
		}
		failed++
		require.Contains(t, s.Error, "exit status 3")
		require.Contains(t, s.Error, "the contender dies")
		require.Zero(t, s.PerSecond)
	}
	require.Equal(t, 3, good)
	require.Equal(t, giveUpAfter, failed)
	require.Len(t, run.Notes, 1)
	require.Contains(t, run.Notes[0], "dying")
}

func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("enough")
	_, err := Run(ctx, Options{
		Contenders: entries[3:], Rounds: 1, Kinds: []result.Kind{result.Consume}, Budget: 5 * time.Minute, Quick: true,
		Progress: writer(func(line string) {
			// The server runs; the next thing is a measurement that would hang.
			if strings.Contains(line, "redis-server") {
				cancel(stopped)
			}
		}),
	})
	require.ErrorIs(t, err, stopped)
}

// writer is a function as an io.Writer.
type writer func(line string)

func (w writer) Write(p []byte) (int, error) { w(string(p)); return len(p), nil }

func TestServerIsGoneAfterwards(t *testing.T) {
	t.Parallel()
	s, err := startServer(t.Context())
	require.NoError(t, err)
	version, err := s.version(t.Context())
	require.NoError(t, err)
	require.Regexp(t, `^\d+\.\d+`, version)
	require.NoError(t, s.rdb.Set(t.Context(), "key", "value", 0).Err())
	require.NoError(t, s.empty(t.Context()))
	require.Zero(t, s.rdb.DBSize(t.Context()).Val())
	require.NoError(t, s.stop())
	require.ErrorIs(t, syscall.Kill(s.pid(), 0), syscall.ESRCH)
	require.NoDirExists(t, s.dir)
}

func TestAProcessThatHangsIsKilled(t *testing.T) {
	t.Parallel()
	s, err := startServer(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.stop() })
	ctx, cancel := context.WithCancel(t.Context())
	request := measure.Request{
		Job:  result.Job{Contender: "deaf", Kind: result.Consume, N: 10, Payload: 200},
		Step: measure.StepFill, Addr: s.addr, Timeout: time.Minute,
	}
	_, err = child(ctx, request)
	require.NoError(t, err)
	request.Step = measure.StepMeasure
	ended := make(chan error)
	go func() {
		_, err := child(ctx, request)
		ended <- err
	}()
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
}

func TestChildRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	require.ErrorContains(t, Child(t.Context(), entries, strings.NewReader(`{"job":{"contender":"nobody"}}`+"\n"), os.Stdout), "nobody")
	require.ErrorContains(t, Child(t.Context(), entries, strings.NewReader("hello\n"), os.Stdout), "read the request")
	require.ErrorContains(t, Child(t.Context(), entries, strings.NewReader(""), os.Stdout), "read the request")
}

func TestVersions(t *testing.T) {
	t.Parallel()
	info := &debug.BuildInfo{Deps: []*debug.Module{
		{Path: "example.org/peer", Version: "v1.2.3"},
		{Path: "example.org/ours", Version: "v0.0.0", Replace: &debug.Module{Path: "../"}},
	}}
	require.Equal(t, "v1.2.3", version(info, "example.org/peer", "abc"))
	require.Equal(t, "abc", version(info, "example.org/ours", "abc"))
	require.Equal(t, "abc", version(info, "", "abc"))
	require.Equal(t, unknown, version(info, "example.org/other", "abc"))
	require.Equal(t, unknown, version(nil, "example.org/peer", "abc"))
}

func TestTail(t *testing.T) {
	t.Parallel()
	said := &tail{}
	require.Empty(t, said.String())
	for range 100 {
		_, _ = said.Write(bytes.Repeat([]byte("x"), 100))
	}
	_, _ = said.Write([]byte(" and the end\n"))
	require.Len(t, said.end, tailBytes)
	require.True(t, strings.HasSuffix(said.String(), " and the end"))
}

func TestMessagesAreInProportionToSpeed(t *testing.T) {
	t.Parallel()
	r := newRunner(t, Options{Rounds: 5})
	fast, slow := result.Job{Contender: "fast", Kind: result.Consume}, result.Job{Contender: "slow", Kind: result.Consume}
	r.tuning[fast], r.tuning[slow] = &tuned{rate: 400_000}, &tuned{rate: 3_000}
	require.Equal(t, 280_000, r.messages(fast))
	require.Equal(t, fewest, r.messages(slow))
	require.Equal(t, fewest, r.messages(result.Job{Contender: "unknown", Kind: result.Consume}))
	require.Equal(t, 2000, r.messages(result.Job{Kind: result.Latency}))
	require.NotNil(t, bounded(result.Job{Kind: result.Slow, Concurrency: 10}))
	require.Nil(t, bounded(result.Job{Kind: result.Slow, Concurrency: 100}))
	require.Nil(t, bounded(fast))

	r.learn(fast, result.Sample{PerSecond: 390_000, Took: r.window})
	require.Equal(t, 280_000, r.messages(fast), "what is about right is left alone")
	r.learn(fast, result.Sample{PerSecond: 100_000, Took: 4 * r.window})
	require.Equal(t, 70_000, r.messages(fast))
	r.learn(fast, result.Sample{Error: "failed"})
	require.Equal(t, 70_000, r.messages(fast))
}

func TestWindowsBecomeShorterWhenTheTableDoesNotFit(t *testing.T) {
	t.Parallel()
	r := newRunner(t, Options{Contenders: entries[:1], Rounds: 5, Kinds: []result.Kind{result.Publish}})
	place := r.places(result.Publish)[0]
	r.tuning[place] = &tuned{rate: 1e6, overhead: 100 * time.Millisecond}
	require.Equal(t, 4*time.Second, r.tableTime())
	r.fit(5 * time.Second)
	require.Equal(t, nominalWindow, r.window)
	require.Empty(t, r.notes)
	r.fit(3 * time.Second)
	require.Equal(t, 500*time.Millisecond, r.window)
	require.Len(t, r.notes, 1)
	r.fit(time.Second)
	require.Equal(t, shortestWindow, r.window, "shorter ones tell nothing")
}

func TestGrowthThatDoesNotFitIsLeftOutAndNoted(t *testing.T) {
	t.Parallel()
	r := newRunner(t, Options{Contenders: entries[:1], Rounds: 5, Kinds: []result.Kind{result.GrowBacklog}, Budget: time.Nanosecond})
	require.Len(t, r.growthJobs(), 3)
	require.NoError(t, r.growth(t.Context()), "nothing is measured: there is no server")
	require.Empty(t, r.samples)
	require.Len(t, r.notes, 1)
	require.Contains(t, r.notes[0], "3 of 3 points")
	require.Contains(t, r.notes[0], "n 1000000 of 200 B: 0 of 1")
	require.Contains(t, r.notes[0], "n 10000 of 200 B: 0 of 1")
}

func TestWhatCostsMostHasFewerRounds(t *testing.T) {
	t.Parallel()
	r := newRunner(t, Options{})
	cheap, dear, failing := result.Job{N: 1}, result.Job{N: 2}, result.Job{N: 3}
	r.costs[cheap], r.costs[dear], r.costs[failing] = 10*time.Second, 20*time.Second, time.Hour // and a tenth more each
	r.failed[failing] = giveUpAfter
	for left, want := range map[time.Duration][2]int{
		66 * time.Second: {3, 3}, 65 * time.Second: {3, 2}, 43 * time.Second: {3, 1}, 21 * time.Second: {2, 1}, 0: {1, 1},
	} {
		rounds := map[result.Job]int{cheap: 3, dear: 3, failing: 3}
		r.grant(rounds, left)
		require.Equal(t, want, [2]int{rounds[cheap], rounds[dear]}, "%s left", left)
	}
}

func TestTheLargestBacklogComesLast(t *testing.T) {
	t.Parallel()
	require.Less(t, rank(result.Job{N: 1_000_000}), rank(result.Job{N: growth.LargestBacklog, Contender: growth.Ours}))
}

// A point that a goal is about has all rounds, on a server of its own whose entries are
// used again; the others have one.
func TestTellingPointsHaveAllRounds(t *testing.T) {
	t.Parallel()
	r := newRunner(t, Options{Rounds: 3, Quick: true, Contenders: entries[:1]})
	ours, other := result.Job{Contender: growth.Ours, Kind: result.GrowPending, N: 1000}, result.Job{Contender: "other", Kind: result.GrowBacklog, N: 1000}
	require.Equal(t, 3, r.growthRounds(ours))
	require.Equal(t, 1, r.growthRounds(other))
	s, err := startServer(t.Context())
	require.NoError(t, err)
	r.server = s
	t.Cleanup(func() { _ = s.stop() })
	first, empty, err := r.serverOf(t.Context(), ours)
	require.NoError(t, err)
	require.True(t, empty)
	require.NotEqual(t, s.addr, first.addr)
	again, empty, err := r.serverOf(t.Context(), ours)
	require.NoError(t, err)
	require.False(t, empty)
	require.Same(t, first, again)
	common, empty, err := r.serverOf(t.Context(), other)
	require.NoError(t, err)
	require.True(t, empty)
	require.Same(t, s, common)
	require.NoError(t, r.dropKept(ours))
	require.NoError(t, r.dropKept(other))
	require.Empty(t, r.kept)
	r.opts.Rounds = 1
	require.False(t, r.keeps(ours), "nothing is used again")
}

func TestMemoryAloneIncludesTheCurvesThatItIsReadOff(t *testing.T) {
	t.Parallel()
	ours := entries[0]
	ours.Contender = renamed{ours.Contender}
	r := newRunner(t, Options{Contenders: []Entry{ours}, Kinds: []result.Kind{result.GrowMemory}})
	kinds := map[result.Kind]bool{}
	for _, j := range r.growthJobs() {
		kinds[j.Kind] = true
	}
	require.Equal(t, map[result.Kind]bool{result.GrowMemory: true, result.GrowBacklog: true, result.GrowPending: true}, kinds)
}
