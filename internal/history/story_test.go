package history_test

import (
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
