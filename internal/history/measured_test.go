package history_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/history"
	"github.com/leat-io/leat/stream"
)

func TestTakeoversAreMeasured(t *testing.T) {
	t.Parallel()
	s := story{}.published(0, "a", e1).try(100, "w1", e1, 1, 1, history.Invoke).happens(200, "w1", history.Crash).try(1300, "w2", e1, 2, 1, history.OK)
	require.Equal(t, []time.Duration{1100 * time.Millisecond}, holds(t, s, history.Final{}).Takeovers)
}

func TestOutagesAreMeasured(t *testing.T) {
	t.Parallel()
	s := story{}.handled(0, "w1", e1).fault(100, 600, history.Excuse{}).handled(900, "w1", e2)
	require.Equal(t, []history.Outage{{Kind: "fault", Lasted: 900 * time.Millisecond, After: 312 * time.Millisecond}}, holds(t, s, history.Final{}).Outages)
}

// A violation can be read: who did what and when, and what was done to them.
func TestAViolationTellsItsStory(t *testing.T) {
	t.Parallel()
	s := story{}.published(0, "a", e1).try(1, "w1", e1, 1, 1, history.Invoke).happens(7, "w1", history.Crash).fault(8, 9, history.Excuse{Late: true})
	v := violates(t, s, history.Final{}, "I1", "never done")
	require.Equal(t, []string{
		"          0s  producer       publish ok a as 1-0",
		"         1ms  w1             start a (delivery 1, attempt 1)",
		"         7ms  w1             crash",
		"         8ms  nemesis        fault begins fault#1: late",
		"         9ms  nemesis        fault over fault#1",
	}, v.Lines)
}

// BenchmarkCheck is a round of a soak.
func BenchmarkCheck(b *testing.B) {
	var s story
	for i := range 200_000 {
		s = s.handled(int64(i), "w1", stream.ID{Ms: uint64(i + 1)})
		for j := range 4 {
			s[len(s)-1-j].ID = fmt.Sprint(i)
		}
	}
	for b.Loop() {
		if v, err := history.Check(s, history.Final{}, rules); err != nil || len(v.Violations) > 0 {
			b.Fatal(err, v.String())
		}
	}
}
