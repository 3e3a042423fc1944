package history_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/internal/history"
	"github.com/leat-io/leat/stream"
)

const lease = time.Second

// e1 and e2 are entries, of the events a and b.
var e1, e2 = stream.ID{Ms: 1}, stream.ID{Ms: 2}

// story is a hand-written history. Times are in milliseconds.
type story []history.Record

func ms(n int64) int64 { return n * int64(time.Millisecond) }

func (s story) published(at int64, id string, entry stream.ID) story {
	return append(s, history.Record{At: ms(at), Process: "producer", Op: history.Publish, Outcome: history.OK, ID: id, Entry: entry})
}

func (s story) publish(at int64, id string, outcome history.Outcome) story {
	return append(s, history.Record{At: ms(at), Process: "producer", Op: history.Publish, Outcome: outcome, ID: id})
}

// try is a start by a process and, where end is not Invoke, its end 10 ms later.
func (s story) try(at int64, process string, entry stream.ID, deliveries, attempt int, end history.Outcome) story {
	r := history.Record{At: ms(at), Process: process, Op: history.Start, ID: nameOf(entry), Entry: entry, Deliveries: deliveries, Attempt: attempt}
	s = append(s, r)
	if end != history.Invoke {
		r.Op, r.Outcome, r.At = history.Finish, end, ms(at+10)
		s = append(s, r)
	}
	return s
}

func (s story) settled(at int64, process string, entry stream.ID, deliveries int, how consumer.Outcome) story {
	return append(s, history.Record{
		At: ms(at), Process: process, Op: history.Settle, Outcome: history.OK, Settled: how,
		ID: nameOf(entry), Entry: entry, Deliveries: deliveries, Attempt: 1,
	})
}

func (s story) happens(at int64, process string, op history.Op) story {
	return append(s, history.Record{At: ms(at), Process: process, Op: op, Outcome: history.OK})
}

func (s story) fault(from, to int64, excuse history.Excuse) story {
	return append(s, history.Begin(ms(from), "nemesis", "fault#1", excuse), history.End(ms(to), "nemesis", "fault#1"))
}

func nameOf(entry stream.ID) string { return map[stream.ID]string{e1: "a", e2: "b"}[entry] }

// handled is an event that is published, handled and acknowledged.
func (s story) handled(at int64, process string, entry stream.ID) story {
	return s.published(at, nameOf(entry), entry).try(at+1, process, entry, 1, 1, history.OK).settled(at+12, process, entry, 1, consumer.Acked)
}

var rules = history.Rules{Lease: lease, MaxAttempts: 3, MaxDeliveries: 5, Clean: true}

func verdict(t *testing.T, s story, final history.Final, r history.Rules) history.Verdict {
	t.Helper()
	v, err := history.Check(s, final, r)
	require.NoError(t, err)
	return v
}

// holds is a history without a violation.
func holds(t *testing.T, s story, final history.Final) history.Verdict {
	t.Helper()
	v := verdict(t, s, final, rules)
	require.Empty(t, v.Violations, v.String())
	return v
}

// violates is a history that violates one invariant once, in these words.
func violates(t *testing.T, s story, final history.Final, invariant, words string) history.Violation {
	t.Helper()
	return violatesRules(t, s, final, rules, invariant, words)
}

func violatesRules(t *testing.T, s story, final history.Final, r history.Rules, invariant, words string) history.Violation {
	t.Helper()
	v := verdict(t, s, final, r)
	require.Len(t, v.Violations, 1, v.String())
	require.Equal(t, invariant, v.Violations[0].Invariant, v.String())
	require.Contains(t, v.Violations[0].What, words)
	return v.Violations[0]
}

func pending(entry stream.ID) []stream.PendingEntry { return []stream.PendingEntry{{ID: entry}} }

func letter(entry stream.ID) history.Letter { return history.Letter{Entry: entry, ID: nameOf(entry)} }

func TestAQuietRunHolds(t *testing.T) {
	t.Parallel()
	v := holds(t, story{}.handled(0, "w1", e1).handled(5, "w2", e2), history.Final{Stored: []history.Stored{{Entry: e1, ID: "a"}, {Entry: e2, ID: "b"}}})
	require.Equal(t, 2, v.Counts.Published)
	require.Equal(t, 2, v.Counts.Handled)
	require.Equal(t, 2, v.Counts.Starts)
}

func TestNothingAcknowledgedIsLost(t *testing.T) {
	t.Parallel()
	published := story{}.published(0, "a", e1)
	violates(t, published, history.Final{}, "I1", "never seen again")
	violates(t, published, history.Final{Pending: pending(e1)}, "I1", "pending still")
	violates(t, published, history.Final{Unread: []history.Stored{{Entry: e1, ID: "a"}}}, "I1", "unread still")
	violates(t, published.try(5, "w1", e1, 1, 1, history.Fail), history.Final{}, "I1", "never done")
	violates(t, published.settled(5, "w1", e1, 1, consumer.Acked), history.Final{}, "I1", "no handler has done it")
	violates(t, published.settled(5, "w1", e1, 1, consumer.DeadLettered), history.Final{}, "I1", "is not there")
	violates(t, published, history.Final{Letters: []history.Letter{{Entry: e1, Tombstone: true}}}, "I1", "payload was lost")
	holds(t, published, history.Final{Letters: []history.Letter{letter(e1)}})
	holds(t, published.try(5, "w1", e1, 1, 1, history.OK), history.Final{}) // its settlement was not noted
}

func TestWhatIsStoredAfterAnUnknownOutcomeIsHandled(t *testing.T) {
	t.Parallel()
	unknown := story{}.publish(0, "a", history.Unknown)
	holds(t, unknown, history.Final{})
	violates(t, unknown, history.Final{Stored: []history.Stored{{Entry: e1, ID: "a"}}}, "I1", "never seen again")
	violates(t, unknown.try(5, "w1", e1, 1, 1, history.Unknown), history.Final{}, "I1", "never done")
	holds(t, unknown.try(5, "w1", e1, 1, 1, history.OK), history.Final{})
}

func TestOnlyADeclaredLossIsExcused(t *testing.T) {
	t.Parallel()
	published := story{}.published(500, "a", e1)
	loses := func(since int64) history.Excuse { return history.Excuse{Loses: true, Since: ms(since)} }
	v := holds(t, published.fault(600, 700, loses(400)), history.Final{})
	require.Equal(t, 1, v.Counts.LostByRedis)
	violates(t, published.fault(600, 700, loses(501)), history.Final{}, "I1", "lost")
	violates(t, published.fault(600, 700, history.Excuse{}), history.Final{}, "I1", "lost")
	violates(t, story{}.published(2000, "a", e1).fault(600, 700, loses(0)), history.Final{}, "I1", "lost")
	held := published.fault(600, 700, history.Excuse{Loses: true, Holder: "w1"})
	violates(t, held, history.Final{}, "I1", "lost")
	require.Equal(t, 1, holds(t, held.happens(650, "w1", history.Crash), history.Final{}).Counts.LostByRedis)
	require.Equal(t, 1, holds(t, held.happens(200, "w1", history.Stop).happens(650, "w1", history.Cont), history.Final{}).Counts.LostByRedis)
	below := history.EndKnowing(ms(700), "nemesis", "fault#1", history.Excuse{Loses: true, Below: e2})
	trimmed := append(story{}.published(500, "a", e1), history.Begin(ms(600), "nemesis", "fault#1", history.Excuse{}), below)
	require.Equal(t, 1, holds(t, trimmed, history.Final{}).Counts.LostByRedis)
	violates(t, trimmed.published(501, "b", e2), history.Final{}, "I1", "lost")
}

func TestAnEntryIsInOneState(t *testing.T) {
	t.Parallel()
	done := story{}.handled(0, "w1", e1)
	violates(t, done, history.Final{Letters: []history.Letter{letter(e1)}}, "I2", "is a dead letter")
	violates(t, story{}.published(0, "a", e1), history.Final{Letters: []history.Letter{letter(e1), letter(e1)}}, "I2", "2 times")
	violates(t, done, history.Final{Waiting: []stream.ID{e1}}, "I2", "waits in the retry set")
	violates(t, done, history.Final{Failed: []stream.ID{e1}}, "I2", "failures are still counted")
	holds(t, done.fault(0, 100, history.Excuse{Rollback: true}), history.Final{Failed: []stream.ID{e1}})
	byHand := story{}.published(0, "a", e1).try(1, "fault#1", e1, 1, 1, history.OK).settled(12, "fault#1", e1, 1, consumer.Acked)
	holds(t, byHand, history.Final{Failed: []stream.ID{e1}})

	v := verdict(t, done, history.Final{Pending: pending(e1)}, rules)
	require.Len(t, v.Violations, 2, v.String())
	require.Equal(t, "I2", v.Violations[1].Invariant)
	v = verdict(t, story{}.published(0, "a", e1), history.Final{Pending: pending(e1), Letters: []history.Letter{letter(e1)}}, rules)
	require.Len(t, v.Violations, 2, v.String())
	require.Contains(t, v.Violations[1].What, "a dead letter and pending")
}

// Two workers have it, one after the other, as a stall explains; both say that they acknowledged it.
func TestNobodySettlesTwice(t *testing.T) {
	t.Parallel()
	s := story{}.published(0, "a", e1).
		try(1, "w1", e1, 1, 1, history.OK).happens(5, "w1", history.Stop).settled(2500, "w1", e1, 1, consumer.Acked).happens(2000, "w1", history.Cont).
		try(1600, "w2", e1, 1, 1, history.OK).settled(1615, "w2", e1, 1, consumer.Acked)
	violates(t, s, history.Final{}, "I2", "settled for good twice")
	again := s.fault(1700, 1800, history.Excuse{Rollback: true, Since: ms(1500)})
	require.Equal(t, 1, holds(t, again, history.Final{}).Counts.Rolled)
}

func TestAStaleOwnerSettlesNothing(t *testing.T) {
	t.Parallel()
	// w1 stalls and loses the entry to w2, whose handler has begun; w1 settles all the same.
	stale := func(how consumer.Outcome) story {
		s := story{}.published(0, "a", e1).
			try(1, "w1", e1, 1, 1, history.Invoke).happens(5, "w1", history.Stop).happens(2000, "w1", history.Cont).
			try(1600, "w2", e1, 2, 1, history.OK)
		return append(s, history.Record{At: ms(2001), Process: "w1", Op: history.Finish, Outcome: history.OK, ID: "a", Entry: e1, Deliveries: 1, Attempt: 1}).
			settled(2002, "w1", e1, 1, how)
	}
	violates(t, stale(consumer.Acked), history.Final{}, "I3", "although w2 had the entry")
	violates(t, stale(consumer.Retried), history.Final{}, "I3", "although w2 had the entry")
	violates(t, stale(consumer.Released), history.Final{}, "I3", "although w2 had the entry")
	violates(t, stale(consumer.DeadLettered), history.Final{Letters: []history.Letter{letter(e1)}}, "I3", "although w2 had the entry")
	require.Equal(t, 1, holds(t, stale(consumer.Lost).settled(1612, "w2", e1, 2, consumer.Acked), history.Final{}).Counts.LeasesLost)
	require.Equal(t, 1, holds(t, stale(consumer.Acked).fault(1500, 1600, history.Excuse{Rollback: true}), history.Final{}).Counts.Rolled)
	settledBefore := story{}.handled(0, "w1", e1).fault(20, 30, history.Excuse{Rollback: true, Since: ms(5)}).try(40, "w2", e1, 2, 1, history.OK)
	require.Equal(t, 1, holds(t, settledBefore, history.Final{}).Counts.Rolled, "it was forgotten that it was settled")
	require.Equal(t, 1, holds(t, stale(consumer.Acked).fault(1500, 1600, history.Excuse{Late: true}), history.Final{}).Counts.LateAcks)
	violates(t, stale(consumer.Retried).fault(1500, 1600, history.Excuse{Late: true}), history.Final{}, "I3", "although w2 had the entry")
}

// w1 stops between its last look at the clock and calling its handler, and calls it when w2
// has the entry. That explains one start, and none that comes later.
func TestAPausedStartIsCounted(t *testing.T) {
	t.Parallel()
	stopped := func(late int64, entries ...stream.ID) story {
		s := story{}.happens(3, "w1", history.Stop).happens(2000, "w1", history.Cont)
		for _, e := range entries {
			s = s.published(0, nameOf(e), e).try(1600, "w2", e, 2, 1, history.OK).settled(1612, "w2", e, 2, consumer.Acked).
				try(2000+late, "w1", e, 1, 1, history.Unknown).settled(2015+late, "w1", e, 1, consumer.Lost)
		}
		return s
	}
	require.Equal(t, 1, holds(t, stopped(4, e1), history.Final{}).Counts.PausedStarts)
	violates(t, stopped(4, e1, e2), history.Final{}, "I4", "nothing explains why")
	violates(t, stopped(100, e1), history.Final{}, "I4", "nothing explains why")
}

// The group is made anew while w1 has the entry for the second time. Long after that w1 is
// given it for the first time: nobody else has it.
func TestACountThatWentDownIsNobodyElses(t *testing.T) {
	t.Parallel()
	s := story{}.published(0, "a", e1).
		try(58, "w2", e1, 1, 1, history.Fail).settled(320, "w2", e1, 1, consumer.Retried).
		try(448, "w1", e1, 2, 2, history.OK).settled(5166, "w1", e1, 2, consumer.Lost).
		try(6793, "w1", e1, 1, 1, history.Fail).settled(6850, "w1", e1, 1, consumer.Retried).
		try(7000, "w1", e1, 2, 2, history.OK).settled(7012, "w1", e1, 2, consumer.Acked)
	require.Equal(t, 1, holds(t, s.fault(300, 2300, history.Excuse{Rollback: true}), history.Final{}).Counts.Rolled)
}

// w1 stops between the end of its handler and sending its XACK, and sends it when w2 has the entry.
func TestAPausedAckIsCounted(t *testing.T) {
	t.Parallel()
	s := story{}.published(0, "a", e1).try(1, "w1", e1, 1, 1, history.OK).
		happens(12, "w1", history.Stop).happens(2000, "w1", history.Cont).
		try(1600, "w2", e1, 2, 1, history.OK).settled(1612, "w2", e1, 2, consumer.Acked).
		settled(2001, "w1", e1, 1, consumer.Acked)
	v := verdict(t, s, history.Final{}, rules)
	require.Len(t, v.Violations, 2, v.String())
	tolerant := rules
	tolerant.PausedAcks = true
	v = verdict(t, s, history.Final{}, tolerant)
	require.Empty(t, v.Violations, v.String())
	require.Equal(t, 1, v.Counts.PausedAcks)
}

// What is given on by a settlement itself is not stale, however late its own note of that comes.
func TestARetryThatIsNotedLateIsNoStaleOne(t *testing.T) {
	t.Parallel()
	holds(t, story{}.published(0, "a", e1).
		try(1, "w1", e1, 1, 1, history.Fail).
		try(40, "w2", e1, 2, 2, history.OK).settled(60, "w2", e1, 2, consumer.Acked).
		settled(70, "w1", e1, 1, consumer.Retried), history.Final{})
}

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

func TestARefusedPublishIsNotStored(t *testing.T) {
	t.Parallel()
	s := story{}.publish(0, "a", history.Fail).handled(5, "w1", e2)
	holds(t, s, history.Final{})
	violates(t, s.try(9, "w1", e1, 1, 1, history.OK), history.Final{}, "I5", "told that it is not stored")
	all := rules
	all.AllSent = true
	unsent := story{}.handled(5, "w1", e2).try(9, "w1", e1, 1, 1, history.OK)
	violatesRules(t, unsent, history.Final{}, all, "I5", "nobody has sent it")
	holds(t, unsent, history.Final{}) // its producer may have been killed before it could write that down
}

func TestAnEventIsStoredAsOftenAsItWasSent(t *testing.T) {
	t.Parallel()
	e3 := stream.ID{Ms: 3}
	stored := history.Final{Stored: []history.Stored{{Entry: e1, ID: "a"}, {Entry: e3, ID: "a"}}}
	done := story{}.handled(0, "w1", e1).try(30, "w1", e3, 1, 1, history.OK)
	done[len(done)-1].ID, done[len(done)-2].ID = "a", "a"
	v := violates(t, done, stored, "I5", "sent 1 times, and is stored in 2 entries")
	require.Contains(t, strings.Join(v.Lines, "\n"), "publish ok a as 1-0")
	unknown := done.publish(1, "a", history.Unknown)
	holds(t, unknown, stored)
	once := rules
	once.Idempotent = true
	violatesRules(t, unknown, stored, once, "I5", "in spite of its key")
}

func TestEffectsHappenOnce(t *testing.T) {
	t.Parallel()
	once := rules
	once.ExactlyOnce = true
	s := story{}.handled(0, "w1", e1)
	require.Empty(t, verdict(t, s, history.Final{Effects: map[string]int{"a": 1}}, once).Violations)
	violatesRules(t, s, history.Final{Effects: map[string]int{"a": 2}}, once, "I2", "2 committed effects")
	effect := history.Record{Process: "w1", Op: history.Effect, Outcome: history.OK, ID: "a"}
	violatesRules(t, append(s, effect, effect), history.Final{}, once, "I2", "2 of its effects")
}

func TestOrderOfAKey(t *testing.T) {
	t.Parallel()
	ordered := rules
	ordered.Key = func(string) (string, bool) { return "k", true }
	both := story{}.published(0, "a", e1).published(0, "b", e2)
	require.Empty(t, verdict(t, both.try(10, "w1", e1, 1, 1, history.OK).try(20, "w1", e2, 1, 1, history.OK), history.Final{}, ordered).Violations)
	require.Empty(t, verdict(t, both.try(10, "w1", e2, 1, 1, history.OK).try(12, "w2", e1, 1, 1, history.OK), history.Final{}, ordered).Violations)
	violatesRules(t, both.try(10, "w1", e1, 1, 1, history.OK).try(15, "w1", e2, 1, 1, history.OK), history.Final{}, ordered, "I6", "is under way")
	violatesRules(t, both.try(10, "w1", e2, 1, 1, history.OK).try(30, "w1", e1, 1, 1, history.OK), history.Final{}, ordered, "I6", "is behind it")
	handedBack := both.settled(1, "w2", e1, 1, consumer.Released).try(10, "w1", e2, 1, 1, history.OK).try(30, "w1", e1, 1, 1, history.OK)
	require.Empty(t, verdict(t, handedBack, history.Final{}, ordered).Violations)
	// One that was taken over comes when it comes.
	taken := both.try(10, "w1", e2, 1, 1, history.OK).try(5, "w2", e1, 1, 1, history.Invoke).happens(6, "w2", history.Crash).try(1500, "w1", e1, 2, 1, history.OK)
	require.Empty(t, verdict(t, taken, history.Final{}, ordered).Violations)
}

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
