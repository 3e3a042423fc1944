package main

import (
	"context"
	"io"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/bench/faults/actor"
	"github.com/leat-io/leat/bench/faults/library"
	"github.com/leat-io/leat/bench/faults/library/leat"
	"github.com/leat-io/leat/bench/faults/library/redisqueue"
	"github.com/leat-io/leat/bench/faults/outcome"
	"github.com/leat-io/leat/bench/faults/round"
	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/test/faults/world"
)

// TestMain is a child's main function, too.
func TestMain(m *testing.M) {
	if code, isChild := actor.Main(libraries()); isChild {
		os.Exit(code)
	}
	world.Quiet()
	redistest.Main(m)
}

// What is settled before it is handled is lost when its worker is killed, and the machine sees it. The same worker at least once
// loses nothing, and neither does a peer.
func TestLossIsSeen(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		library  library.Library
		sabotage string
	}{
		{"at least once", leat.New(), ""},
		{"at most once", leat.New(), actor.SabotageOnce},
		{"a peer", redisqueue.New(), ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			scenarios, err := choose(round.Scenarios(), "kill", func(s round.Scenario) string { return s.Name })
			require.NoError(t, err)
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			r, err := round.Run(ctx, round.Options{
				Library: test.library, Scenario: scenarios[0], Seed: 1, Length: 6 * time.Second, Lease: time.Second, Dir: t.TempDir(), Sabotage: test.sabotage,
				Load: outcome.Load{Workers: 3, Concurrency: 8, Rate: 100, InFlight: 32, Size: 50, Busy: 100 * time.Millisecond, Attempts: 5, Pause: 100 * time.Millisecond},
			})
			require.NoError(t, err)
			tell(t.Output(), 0, r)
			require.Greater(t, r.Counts.Published, 100, "it was under load")
			require.Positive(t, r.Faults["kill"])
			require.NotNil(t, r.Settled)
			require.Zero(t, r.Counts.Open+r.Counts.Buried)
			if test.sabotage != "" {
				require.Positive(t, r.Counts.Gone)
				return
			}
			require.Zero(t, r.Counts.Gone)
			require.Equal(t, r.Counts.Published, r.Counts.Handled)
			require.Positive(t, r.Counts.Takeover.N)
		})
	}
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	o, err := parse([]string{"-only", "asynq,leat", "-scenarios", "term", "-for", "7s"}, io.Discard)
	require.NoError(t, err)
	require.Len(t, o.libraries, 2)
	require.Equal(t, "leat", o.libraries[0].Info().Name, "the order is the table's")
	require.Len(t, o.scenarios, 1)
	require.Equal(t, 7*time.Second, o.length)
	for _, wrong := range [][]string{{"-only", "kafka"}, {"-scenarios", "flood"}, {"-for", "0s"}, {"kill"}} {
		_, err = parse(wrong, io.Discard)
		require.Error(t, err, wrong)
	}
}
