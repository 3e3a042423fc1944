package stream

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAck(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	batch := l.given("me", 3)
	ids := idsOf(batch)
	n, err := l.g.Ack(l.ctx, ids[:2])
	require.NoError(t, err)
	require.Equal(t, 2, n)
	n, err = l.g.Ack(l.ctx, ids)
	require.NoError(t, err)
	require.Equal(t, 1, n, "two were settled before: fewer than were sent")
	require.Empty(t, l.pending())
	require.EqualValues(t, 3, l.state().Length, "an ack deletes nothing")

	n, err = l.group("nobody", DeadLetter{}).Ack(l.ctx, ids)
	require.NoError(t, err)
	require.Zero(t, n, "XACK does not say NOGROUP")
}

func TestAckFencedForgetsFailures(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	batch := l.given("me", 2)
	_, err := l.g.FailKeep(l.ctx, "me", batch[0].Held(), 1, "boom")
	require.NoError(t, err)
	ok, err := l.g.AckFenced(l.ctx, "me", heldOf(batch))
	require.NoError(t, err)
	require.Equal(t, []bool{true, true}, ok)
	s := l.state()
	require.Empty(t, s.Pending)
	require.Empty(t, s.Failures)
	require.Empty(t, s.Retry)
	ok, err = l.g.AckFenced(l.ctx, "me", heldOf(batch))
	require.NoError(t, err)
	require.Equal(t, []bool{false, false}, ok)
	ok, err = l.g.AckFenced(l.ctx, "me", nil)
	require.NoError(t, err)
	require.Empty(t, ok)
}

func TestFencedOperationsGoInChunks(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	const n = 2*chunk + 3
	l.create()
	pipe := l.rdb.Pipeline()
	for range n {
		pipe.Do(l.ctx, "XADD", l.key, "*", "n", "1")
	}
	_, err := pipe.Exec(l.ctx)
	require.NoError(t, err)
	batch := l.read("me", n)
	require.Len(t, batch, n)
	l.steal("thief", batch[chunk].EntryID)
	states, err := l.g.Extend(l.ctx, "me", heldOf(batch))
	require.NoError(t, err)
	require.Len(t, states, n)
	ok, err := l.g.AckFenced(l.ctx, "me", heldOf(batch))
	require.NoError(t, err)
	require.Len(t, ok, n)
	for i := range n {
		require.Equal(t, i != chunk, ok[i], i)
		require.Equal(t, i != chunk, states[i] == LeaseHeld, i)
	}
	require.Equal(t, []row{{batch[chunk].EntryID, "thief", 2}}, l.pending())
}

func TestExtendBeginsTheLeaseAnew(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	batch := l.given("me", 3)
	// As if it had been delivered a minute ago.
	for _, id := range idsOf(batch) {
		require.NoError(t, l.rdb.Do(l.ctx, "XCLAIM", l.key, l.g.Name(), "me", 0, id.String(), "IDLE", 60000, "JUSTID").Err())
	}
	l.steal("thief", batch[1].EntryID)
	l.del(batch[2].EntryID)
	states, err := l.g.Extend(l.ctx, "me", heldOf(batch))
	require.NoError(t, err)
	require.Equal(t, []LeaseState{LeaseHeld, LeaseLost, PayloadLost}, states)
	rows, err := l.g.Pending(l.ctx, PendingQuery{Consumer: "me"})
	require.NoError(t, err)
	require.Len(t, rows, 1)
	require.Less(t, rows[0].Idle, 30*time.Second)
	require.Equal(t, 1, rows[0].Deliveries, "a heartbeat is no delivery")
	letters := l.letters()
	require.Len(t, letters, 1, "a tombstone says what was lost")
	require.Equal(t, ReasonPayloadLost, letters[0].Reason)
	require.Equal(t, batch[2].EntryID, letters[0].EntryID)
	require.Nil(t, letters[0].Fields)
}

func TestFailParksUntilItsTime(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	batch := l.given("me", 2)
	before := l.rdb.Time(l.ctx).Val()
	n, err := l.g.Fail(l.ctx, "me", batch[0].Held(), time.Hour, "boom\nbecause \x00\xff")
	require.NoError(t, err)
	require.Equal(t, 1, n)
	n, err = l.g.Fail(l.ctx, "me", batch[1].Held(), -time.Hour, "now")
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Equal(t, []row{{batch[0].EntryID, Parked, 1}, {batch[1].EntryID, Parked, 1}}, l.pending())
	require.Equal(t, "1 boom\nbecause \x00\xff", l.state().Failures[batch[0].EntryID.String()])

	due, err := l.g.DueTimes(l.ctx, append(idsOf(batch), ID{1, 1}))
	require.NoError(t, err)
	require.Len(t, due, 2)
	require.WithinDuration(t, before.Add(time.Hour), due[batch[0].EntryID], time.Minute)
	none, err := l.g.DueTimes(l.ctx, nil)
	require.NoError(t, err)
	require.Empty(t, none)

	taken, next, waiting, err := l.g.TakeDue(l.ctx, "other", 10)
	require.NoError(t, err)
	require.Len(t, taken.Batch, 1)
	require.Equal(t, batch[1].EntryID, taken.Batch[0].EntryID)
	require.Equal(t, 2, taken.Batch[0].Attempt)
	require.Equal(t, 2, taken.Batch[0].Deliveries)
	require.Equal(t, batch[1].Fields(), taken.Batch[0].Fields())
	require.Equal(t, 1, waiting)
	require.InDelta(t, time.Hour, next, float64(time.Minute))

	n, err = l.g.Fail(l.ctx, "other", taken.Batch[0].Held(), 0, "again")
	require.NoError(t, err)
	require.Equal(t, 2, n)
	got := l.takeDue("third", 1)
	require.Equal(t, 3, got[0].Attempt)
	require.Equal(t, 3, got[0].Deliveries)
	require.Equal(t, "2 again", l.state().Failures[got[0].EntryID.String()])
}

func TestFailKeepKeepsTheEntry(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	batch := l.given("me", 1)
	for want := 1; want <= 3; want++ {
		n, err := l.g.FailKeep(l.ctx, "me", batch[0].Held(), want, "boom")
		require.NoError(t, err)
		require.Equal(t, want, n)
	}
	require.Equal(t, []row{{batch[0].EntryID, "me", 1}}, l.pending())
	require.Empty(t, l.state().Retry)
}

func TestErrorTextIsCut(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	batch := l.given("me", 1)
	long := make([]byte, 100_000)
	for i := range long {
		long[i] = 'x'
	}
	_, err := l.g.FailKeep(l.ctx, "me", batch[0].Held(), 1, string(long))
	require.NoError(t, err)
	require.Less(t, len(l.state().Failures[batch[0].EntryID.String()]), 2*maxErrorText)
	require.NoError(t, l.g.Bury(l.ctx, "me", &batch[0], ReasonAttempts, string(long), true))
	require.Less(t, len(l.letters()[0].Error), 2*maxErrorText)
}

func TestReleaseCountsNothing(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	batch := l.given("me", 3)
	l.steal("thief", batch[2].EntryID)
	ok, err := l.g.Release(l.ctx, "me", heldOf(batch))
	require.NoError(t, err)
	require.Equal(t, []bool{true, true, false}, ok)
	require.Equal(t, []row{{batch[0].EntryID, Parked, 0}, {batch[1].EntryID, Parked, 0}, {batch[2].EntryID, "thief", 2}}, l.pending())
	got := l.takeDue("other", 2)
	for i := range got {
		require.Equal(t, batch[i].EntryID, got[i].EntryID)
		require.Equal(t, 1, got[i].Deliveries, "a hand-over is no delivery")
		require.Equal(t, 1, got[i].Attempt)
	}
	ok, err = l.g.Release(l.ctx, "me", heldOf(batch))
	require.NoError(t, err)
	require.Equal(t, []bool{false, false, false}, ok)
}

func TestReleaseOfADeletedPayloadIsNotSilent(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	batch := l.given("me", 1)
	l.del(batch[0].EntryID)
	_, err := l.g.Release(l.ctx, "me", heldOf(batch))
	require.NoError(t, err)
	letters := l.letters()
	require.Len(t, letters, 1, "XCLAIM drops it from the pending entries: a tombstone has to say so")
	require.Equal(t, ReasonPayloadLost, letters[0].Reason)
	s := l.state()
	require.Empty(t, s.Pending)
	require.Empty(t, s.Retry)
}

func TestAckOfNothing(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	n, err := l.g.Ack(l.ctx, nil)
	require.NoError(t, err)
	require.Zero(t, n)
}
