package history_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/internal/history"
)

// failsAndIsDone is an event that fails at 10 ms, and is tried again at a time.
func failsAndIsDone(again int64) story {
	return story{}.published(0, "a", e1).try(0, "w1", e1, 1, 1, history.Fail).settled(11, "w1", e1, 1, consumer.Retried).
		try(again, "w2", e1, 2, 2, history.OK).settled(again+12, "w2", e1, 2, consumer.Acked)
}

func TestNothingIsTriedAgainBeforeItsTime(t *testing.T) {
	t.Parallel()
	r := rules
	r.Backoff = time.Second
	require.Empty(t, verdict(t, failsAndIsDone(1010), history.Final{}, r).Violations)
	violatesRules(t, failsAndIsDone(900), history.Final{}, r, "I4", "105ms before its time")
	// That it was to wait did not hold: the worker was not told so.
	lost := story{}.published(0, "a", e1).try(0, "w1", e1, 1, 1, history.Fail).try(900, "w2", e1, 2, 2, history.OK).settled(912, "w2", e1, 2, consumer.Acked)
	require.Empty(t, verdict(t, lost, history.Final{}, r).Violations)
}

func TestNothingWaitsForLong(t *testing.T) {
	t.Parallel()
	r := rules
	r.Backoff, r.Prompt = time.Second, 2*time.Second
	require.Empty(t, verdict(t, failsAndIsDone(3000), history.Final{}, r).Violations)
	violatesRules(t, failsAndIsDone(3011), history.Final{}, r, "I1", "2.001s after that could have been done")
	late := story{}.published(0, "a", e1).try(2001, "w1", e1, 1, 1, history.OK).settled(2012, "w1", e1, 1, consumer.Acked)
	violatesRules(t, late, history.Final{}, r, "I1", "2.001s after")
	died := story{}.published(0, "a", e1).try(1, "w1", e1, 1, 1, history.Invoke).happens(5000, "w1", history.Crash).
		try(7001, "w2", e1, 2, 1, history.OK).settled(7012, "w2", e1, 2, consumer.Acked)
	violatesRules(t, died, history.Final{}, r, "I1", "2.001s after")
}
