package scenario_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/history"
	"github.com/leat-io/leat/test/faults/child"
	"github.com/leat-io/leat/test/faults/needs"
	"github.com/leat-io/leat/test/faults/nemesis"
	"github.com/leat-io/leat/test/faults/result"
	"github.com/leat-io/leat/test/faults/scenario"
)

// short is how long faults go on in a test. The rounds of `make faults` and `make soak` are longer.
const short = 2 * time.Second

// longer is enough for what is done wrong to show.
const longer = 3 * time.Second

// run runs a short round; its folder stays when it fails.
func run(t *testing.T, s scenario.Scenario, length time.Duration) result.Result {
	t.Helper()
	dir, err := os.MkdirTemp("", "leat-round-") //nolint:usetesting // it stays when the test fails
	require.NoError(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("histories: %s", dir)
			return
		}
		_ = os.RemoveAll(dir)
	})
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	r, err := scenario.Run(ctx, s, scenario.Options{Seed: rand.Uint64(), Length: length, Dir: dir})
	if errors.Is(err, needs.ErrUnavailable) {
		t.Skipf("NOT TESTED HERE: %v", err)
	}
	require.NoError(t, err)
	t.Log(r.String())
	return r
}

// Each scenario holds for a short round.
func TestScenarios(t *testing.T) {
	t.Parallel()
	for _, s := range scenario.All() {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			if s.Producer.Most > 100_000 {
				s.Producer.Most = 100_000 // the race detector is on
			}
			s.Leases = s.Leases[:min(1, len(s.Leases))]
			r := run(t, s, short)
			for _, v := range r.Violations {
				t.Error(v)
			}
			require.Empty(t, r.Errors)
			require.Greater(t, r.Counts.Handled, 50, "it was under load") // the slowest has about a hundred
		})
	}
}

// sabotaged is a scenario in which some children do something wrong.
func sabotaged(t *testing.T, name, sabotage string, change func(*scenario.Scenario)) scenario.Scenario {
	t.Helper()
	s, ok := scenario.Find(name)
	require.True(t, ok)
	s.Leases = []time.Duration{time.Second}
	s.Change = func(_ int, t *child.Task) { t.Sabotage = sabotage }
	rules := s.Rules
	s.Rules = func(r *history.Rules) {
		if rules != nil {
			rules(r)
		}
		r.PausedAcks, r.NothingLate = false, true
	}
	if change != nil {
		change(&s)
	}
	return s
}

// What real programs do wrong turns the check red, each invariant by something else: a checker that never fails is worth nothing.
func TestSabotageIsFound(t *testing.T) {
	t.Parallel()
	tests := []struct {
		sabotage, scenario string
		change             func(*scenario.Scenario)
		finds              []string // one of them at the least
	}{
		{sabotage: child.SabotageAckFirst, scenario: "kill", finds: []string{"I1"}},
		{sabotage: child.SabotageForget, scenario: "kill", finds: []string{"I1"}},
		{sabotage: child.SabotageUnfenced, scenario: "stall", finds: []string{"I2", "I3"}, change: func(s *scenario.Scenario) {
			s.Leases = []time.Duration{300 * time.Millisecond}
			s.Worker.Busy = 20 * time.Millisecond
		}},
		{sabotage: child.SabotageImpatient, scenario: "stall", finds: []string{"I4"}, change: func(s *scenario.Scenario) {
			s.Tracks = nil
			s.Worker.Busy = 300 * time.Millisecond
			s.Producer.Rate = 100
			s.Change = func(number int, t *child.Task) {
				if number == 1 && t.Role == child.RoleWorker {
					t.Sabotage = child.SabotageImpatient
				}
			}
		}},
		{sabotage: "too many attempts", scenario: "kill", finds: []string{"I4"}, change: func(s *scenario.Scenario) {
			s.Tracks = nil
			s.Change = func(_ int, t *child.Task) { t.Worker.MaxAttempts = 8 }
		}},
		{sabotage: child.SabotageLie, scenario: "replies", finds: []string{"I5"}},
		{sabotage: child.SabotageResend, scenario: "replies", finds: []string{"I5"}},
		{sabotage: "no order", scenario: "order", finds: []string{"I6"}, change: func(s *scenario.Scenario) {
			s.Tracks = nil
			s.Change = func(_ int, t *child.Task) { t.Worker.Ordered = false }
		}},
		{sabotage: "an undeclared flush", scenario: "kill", finds: []string{"I1"}, change: func(s *scenario.Scenario) {
			s.Tracks = []scenario.Track{{Every: time.Second, Faults: []nemesis.Fault{nemesis.Undeclared(nemesis.FlushAll)}}}
		}},
	}
	for _, test := range tests {
		t.Run(test.sabotage, func(t *testing.T) {
			t.Parallel()
			r := run(t, sabotaged(t, test.scenario, test.sabotage, test.change), longer)
			found := map[string]int{}
			for _, v := range r.Violations {
				found[v.Invariant]++
			}
			t.Logf("found %v; first: %v", found, r.Violations[:min(1, len(r.Violations))])
			sum := 0
			for _, invariant := range test.finds {
				sum += found[invariant]
			}
			require.Positive(t, sum, "violations of %v", test.finds)
		})
	}
}
