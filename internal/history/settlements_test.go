package history_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/internal/history"
	"github.com/leat-io/leat/stream"
)

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
