package demo

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/leat-io/leat/stream"
)

// What of six events is handled, dead and lost follows from both sides together.
func TestJudge(t *testing.T) {
	t.Parallel()
	id := func(n uint64) stream.ID { return stream.ID{Ms: n} }
	at := time.Unix(1000, 0)
	var published []publication
	for n := range uint64(8) {
		published = append(published, publication{id(n + 1), string(rune('a' + n)), at})
	}
	told := newTally()
	tell := func(kind string, n uint64, outcome string, after time.Duration) {
		told.add(record{kind: kind, id: id(n), outcome: outcome, at: at.Add(after)})
	}
	// 1 handled; 2 handled by two workers; 3 dead; 4 completed, and still pending;
	// 5 never delivered; 6 acknowledged by nobody knows whom; 7 deleted while it was
	// pending; 8 began, and its worker died.
	tell(recordStarted, 1, "", 0)
	tell(recordDone, 1, "", 0)
	tell(recordSettled, 1, "acked", 30*time.Millisecond)
	for range 2 {
		tell(recordStarted, 2, "", 0)
		tell(recordDone, 2, "", 0)
	}
	tell(recordSettled, 2, "lost", time.Millisecond)
	tell(recordSettled, 2, "acked", 2*time.Second)
	tell(recordStarted, 3, "", 0)
	tell(recordSettled, 3, "dead_lettered", 0)
	tell(recordStarted, 4, "", 0)
	tell(recordDone, 4, "", 0)
	tell(recordStarted, 8, "", 0)
	told.add(record{kind: recordTaken, how: "reclaimed", n: 3})
	told.add(record{kind: recordTaken, how: "read", n: 5})
	redis := truth{
		delivered: id(8),
		pending:   map[stream.ID]bool{id(4): true, id(5): true},
		letters: []stream.Letter{
			{EntryID: id(3), Reason: stream.ReasonPermanent, Error: "broken", Attempts: 1},
			{EntryID: id(7), Reason: stream.ReasonPayloadLost},
		},
	}
	s := redis.judge(published, told)
	assert.Equal(t, []string{"d", "e", "f", "g", "h"}, s.LostEvents)
	s.LostEvents = nil
	assert.Equal(t, Summary{
		Published: 8, Handled: 2, Duplicates: 1, Reclaimed: 3, Dead: 2, Lost: 5, Redelivered: 1, P50: 30, P99: 2000, Slowest: 2000,
		DeadLetters: []DeadLetter{{"c", "permanent", "broken", 1}, {"g", "payload-lost", "", 0}},
	}, s)
	settled, _ := told.now()
	assert.Equal(t, 3, settled)
	assert.ErrorIs(t, s.Err(), ErrLost)
}

// What was not delivered is not settled, whatever workers say.
func TestJudgeBelievesRedis(t *testing.T) {
	t.Parallel()
	told := newTally()
	told.add(record{kind: recordDone, id: stream.ID{Ms: 5}})
	published := []publication{{entry: stream.ID{Ms: 5}, event: "x"}}
	redis := truth{delivered: stream.ID{Ms: 4}}
	s := redis.judge(published, told)
	assert.Equal(t, 1, s.Lost)
	redis.delivered = stream.ID{Ms: 5}
	s = redis.judge(published, told)
	assert.Zero(t, s.Lost)
	assert.NoError(t, s.Err())
}

func TestQuantile(t *testing.T) {
	t.Parallel()
	assert.Zero(t, quantile(nil, 0.5))
	var all []time.Duration
	for i := range 200 {
		all = append(all, time.Duration(i+1))
	}
	assert.EqualValues(t, 100, quantile(all, 0.5))
	assert.EqualValues(t, 198, quantile(all, 0.99))
	assert.EqualValues(t, 200, quantile(all, 1))
	assert.EqualValues(t, 1, quantile(all[:1], 0.99))
}
