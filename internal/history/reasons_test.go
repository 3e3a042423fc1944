package history_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/internal/history"
	"github.com/leat-io/leat/stream"
)

func TestStartsHaveAReason(t *testing.T) {
	t.Parallel()
	twice := func(first history.Outcome, attempt int) story {
		return story{}.published(0, "a", e1).try(100, "w1", e1, 1, 1, first).try(1500, "w2", e1, 2, attempt, history.OK)
	}
	violates(t, twice(history.OK, 1), history.Final{}, "I4", "nothing explains why")
	violates(t, twice(history.Invoke, 1), history.Final{}, "I4", "nothing explains why")
	holds(t, twice(history.Fail, 2), history.Final{})
	holds(t, twice(history.OK, 1).happens(120, "w1", history.Crash), history.Final{})
	holds(t, twice(history.OK, 1).happens(120, "w1", history.Term), history.Final{})
	holds(t, twice(history.OK, 1).happens(90, "w1", history.Stop).happens(1400, "w1", history.Cont), history.Final{})
	holds(t, twice(history.OK, 1).fault(1000, 1100, history.Excuse{}), history.Final{})
	holds(t, twice(history.Unknown, 1).settled(130, "w1", e1, 1, consumer.Released), history.Final{})
	// Of somebody else, at another time, or for too short a time: no reason.
	violates(t, twice(history.OK, 1).happens(120, "w2", history.Crash), history.Final{}, "I4", "nothing explains why")
	violates(t, twice(history.OK, 1).happens(1600, "w1", history.Crash), history.Final{}, "I4", "nothing explains why")
	violates(t, twice(history.OK, 1).happens(120, "w1", history.Stop).happens(320, "w1", history.Cont), history.Final{}, "I4", "nothing explains why")
	violates(t, twice(history.OK, 1).fault(1600, 1700, history.Excuse{}), history.Final{}, "I4", "nothing explains why")
}

// Where workers keep what they work on, a fault explains nothing that happens before the handler returns; that the machine stood
// still does.
func TestWhatSomebodyWorksOnIsKept(t *testing.T) {
	t.Parallel()
	keeps := rules
	keeps.Keeps = true
	begun := func(first history.Outcome) story {
		return story{}.published(0, "a", e1).try(100, "w1", e1, 1, 1, first).try(1500, "w2", e1, 2, 1, history.OK)
	}
	fault := history.Excuse{}
	holds(t, begun(history.Invoke).fault(1000, 1100, fault), history.Final{})
	violatesRules(t, begun(history.Invoke).fault(1000, 1100, fault), history.Final{}, keeps, "I4", "nothing explains why")
	require.Empty(t, verdict(t, begun(history.OK).fault(1000, 1100, fault), history.Final{}, keeps).Violations, "its reply may be lost")
	slow := append(begun(history.Invoke), history.Begin(ms(1000), "nemesis", history.Slow+"#1", fault), history.End(ms(1100), "nemesis", history.Slow+"#1"))
	require.Empty(t, verdict(t, slow, history.Final{}, keeps).Violations)
	violatesRules(t, slow.fault(1050, 1060, fault), history.Final{}, keeps, "I4", "nothing explains why") // it was slow for that reason
	require.Empty(t, verdict(t, begun(history.Invoke).happens(120, "w1", history.Crash), history.Final{}, keeps).Violations)
}

// A fault explains a start for each lease that it lasts and one more, not any number.
func TestAFaultExplainsSoMuch(t *testing.T) {
	t.Parallel()
	s := story{}.published(0, "a", e1)
	for i := range 4 {
		s = s.try(int64(1000+10*i), "w"+string(rune('1'+i)), e1, i+1, 1, history.OK)
	}
	violates(t, s.fault(990, 1100, history.Excuse{}), history.Final{}, "I4", "w4 starts it again")
	holds(t, s.fault(990, 2100, history.Excuse{}), history.Final{})
}

func TestLimits(t *testing.T) {
	t.Parallel()
	s := story{}.published(0, "a", e1)
	for n := range 4 {
		s = s.try(int64(100*n), "w1", e1, n+1, n+1, history.Fail)
	}
	violates(t, s, history.Final{Letters: []history.Letter{letter(e1)}}, "I4", "attempt 4, the limit is 3")
	many := story{}.published(0, "a", e1).try(1, "w1", e1, 6, 1, history.OK)
	violates(t, many, history.Final{}, "I4", "deliveries without an outcome 6, the limit is 5")
	crash := story{}.published(0, "a", e1).try(1, "w1", e1, 1, 1, history.Invoke).happens(2, "w1", history.Crash).try(1500, "w2", e1, 2, 2, history.OK)
	violates(t, crash, history.Final{}, "I4", "counted as a failure")
}

func TestNothingIsGivenUpBeforeItsTime(t *testing.T) {
	t.Parallel()
	s := story{}.published(0, "a", e1).try(1, "w1", e1, 1, 1, history.Fail).try(101, "w1", e1, 2, 2, history.Fail)
	dead := func(reason string, deliveries int) history.Final {
		return history.Final{Letters: []history.Letter{{Entry: e1, ID: "a", Reason: reason, Deliveries: deliveries}}}
	}
	violates(t, s, dead(stream.ReasonAttempts, 2), "I4", "failed 2 times")
	holds(t, s.try(201, "w1", e1, 3, 3, history.Fail), dead(stream.ReasonAttempts, 3))
	violates(t, s, dead(stream.ReasonDeliveries, 5), "I4", "delivered 5 times")
	holds(t, s, dead(stream.ReasonDeliveries, 6))
	never := rules
	never.NoneTooOften = true
	violatesRules(t, s, dead(stream.ReasonDeliveries, 6), never, "I4", "delivered 6 times")
	holds(t, s, dead(stream.ReasonPermanent, 2))
	violates(t, story{}.published(0, "a", e1), dead(stream.ReasonPermanent, 1), "I4", "never failed")
	violates(t, s, dead(stream.ReasonPayloadLost, 1), "I4", "nobody has deleted it")
	holds(t, s.fault(10, 20, history.Excuse{Loses: true}), dead(stream.ReasonPayloadLost, 1))
}
