package history_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/internal/history"
	"github.com/leat-io/leat/stream"
)

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
