package stream

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// tombstones are the entries of which the dead letters say that they were lost.
func (l *lab) tombstones() []ID {
	l.t.Helper()
	var ids []ID
	for _, letter := range l.letters() {
		require.Equal(l.t, ReasonPayloadLost, letter.Reason)
		require.Nil(l.t, letter.Fields)
		ids = append(ids, letter.EntryID)
	}
	return ids
}

func (l *lab) clean() {
	l.t.Helper()
	s := l.state()
	require.Empty(l.t, s.Pending)
	require.Empty(l.t, s.Retry)
	require.Empty(l.t, s.Failures)
}

func TestPayloadLostWhileParked(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	batch := l.given("me", 2)
	for i := range batch {
		_, err := l.g.Fail(l.ctx, "me", batch[i].Held(), 0, "boom")
		require.NoError(t, err)
	}
	l.del(batch[0].EntryID)
	var lost []ID
	var got Batch
	eventually(t, func() bool {
		taken, _, _, err := l.g.TakeDue(l.ctx, "other", 10)
		require.NoError(t, err)
		lost, got = append(lost, taken.Lost...), append(got, taken.Batch...)
		return len(lost)+len(got) == 2
	})
	require.Equal(t, []ID{batch[0].EntryID}, lost)
	require.Equal(t, []ID{batch[0].EntryID}, l.tombstones())
	letter := l.letters()[0]
	require.Equal(t, "boom", letter.Error)
	require.Equal(t, 1, letter.Attempts)
	require.NoError(t, l.g.Bury(l.ctx, "other", &got[0], ReasonAttempts, "x", false))
}

func TestPayloadLostWhileHeldAndAbandoned(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	batch := l.given("me", 3)
	l.del(batch[1].EntryID)
	taken, err := l.g.Reclaim(l.ctx, "other", Reclaiming{Lease: 0, Cursor: ID{}, Limit: 100})
	next := taken.Next
	require.NoError(t, err)
	require.True(t, next.IsZero())
	require.Equal(t, []ID{batch[0].EntryID, batch[2].EntryID}, idsOf(taken.Batch))
	require.Equal(t, []ID{batch[1].EntryID}, taken.Lost)
	require.Equal(t, []ID{batch[1].EntryID}, l.tombstones())
}

func TestPayloadLostWhileItsReplyWas(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	batch := l.given("me", 2)
	l.del(batch[0].EntryID)
	taken, err := l.g.Recover(l.ctx, "me", func(Held) bool { return false }, 10)
	require.NoError(t, err)
	require.Equal(t, []ID{batch[1].EntryID}, idsOf(taken.Batch))
	require.Equal(t, []ID{batch[0].EntryID}, taken.Lost)
	require.Equal(t, []ID{batch[0].EntryID}, l.tombstones())
}

func TestPayloadLostWhileItFails(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	batch := l.given("me", 1)
	l.del(batch[0].EntryID)
	before := l.state()
	for range 2 {
		_, err := l.g.Fail(l.ctx, "me", batch[0].Held(), 0, "boom")
		require.ErrorIs(t, err, ErrPayloadLost)
		require.Equal(t, before, l.state(), "only the worker has the fields still: it may bury them")
		_, err = l.g.FailKeep(l.ctx, "me", batch[0].Held(), 1, "boom")
		require.ErrorIs(t, err, ErrPayloadLost)
	}
	require.NoError(t, l.g.Bury(l.ctx, "me", &batch[0], ReasonAttempts, "boom", true))
	l.clean()
	letters := l.letters()
	require.Len(t, letters, 1)
	require.Equal(t, ReasonPayloadLost, letters[0].Reason)
	require.Equal(t, batch[0].Fields(), letters[0].Fields)
}

func TestTakeDueIsBoundedAndInOrderOfTime(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	batch := l.given("me", 10)
	for i := range batch {
		delay := time.Duration(i-10) * time.Second
		require.Equal(t, int64(1), l.rdb.ZAdd(l.ctx, l.g.retryKey, zAt(l.rdb.Time(l.ctx).Val().Add(-delay.Abs()), batch[i].EntryID)).Val())
		require.NoError(t, l.rdb.Do(l.ctx, "XCLAIM", l.key, l.g.Name(), Parked, 0, batch[i].EntryID.String(), "JUSTID").Err())
	}
	for i := 0; i < 10; i += 4 {
		taken, next, waiting, err := l.g.TakeDue(l.ctx, "other", 4)
		require.NoError(t, err)
		require.Equal(t, idsOf(batch[i:min(i+4, 10)]), idsOf(taken.Batch))
		require.Equal(t, max(0, 6-i), waiting)
		if waiting > 0 {
			require.Zero(t, next)
		} else {
			require.Negative(t, next)
		}
	}
}

func TestTakeDueLeavesWhatIsNotParked(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	batch := l.given("me", 3)
	for i := range batch {
		_, err := l.g.Fail(l.ctx, "me", batch[i].Held(), 0, "boom")
		require.NoError(t, err)
	}
	l.steal("byhand", batch[0].EntryID)
	require.EqualValues(t, 1, l.rdb.XAck(l.ctx, l.key, l.g.Name(), batch[1].EntryID.String()).Val())
	got := l.takeDue("other", 1)
	require.Equal(t, batch[2].EntryID, got[0].EntryID)
	s := l.state()
	require.Empty(t, s.Retry)
	require.Equal(t, []row{{batch[0].EntryID, "byhand", 2}, {batch[2].EntryID, "other", 2}}, s.Pending)
	require.NotContains(t, s.Failures, batch[1].EntryID.String(), "settled by hand: forgotten")
}

func TestReclaimTakesOnlyWhatIsIdle(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	batch := l.given("dead", 3)
	idle := func(id ID) {
		require.NoError(t, l.rdb.Do(l.ctx, "XCLAIM", l.key, l.g.Name(), "dead", 0, id.String(), "IDLE", 3600_000, "JUSTID").Err())
	}
	idle(batch[1].EntryID)
	taken, err := l.g.Reclaim(l.ctx, "me", Reclaiming{Lease: time.Minute, Cursor: ID{}, Limit: 100})
	next := taken.Next
	require.NoError(t, err)
	require.True(t, next.IsZero())
	require.Equal(t, []ID{batch[1].EntryID}, idsOf(taken.Batch))
	require.Equal(t, 2, taken.Batch[0].Deliveries)
	require.Equal(t, 1, taken.Batch[0].Attempt, "a worker's death is no failure of the entry")
	require.Equal(t, []row{{batch[0].EntryID, "dead", 1}, {batch[1].EntryID, "me", 2}, {batch[2].EntryID, "dead", 1}}, l.pending())
}

func TestReclaimLeavesTheRetrySetAlone(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	batch := l.given("dead", 2)
	_, err := l.g.Fail(l.ctx, "dead", batch[0].Held(), time.Hour, "boom")
	require.NoError(t, err)
	taken, err := l.g.Reclaim(l.ctx, "me", Reclaiming{Lease: 0, Cursor: ID{}, Limit: 100})
	require.NoError(t, err)
	require.Equal(t, []ID{batch[1].EntryID}, idsOf(taken.Batch))
	require.Equal(t, []row{{batch[0].EntryID, Parked, 1}, {batch[1].EntryID, "me", 2}}, l.pending())
	require.Len(t, l.state().Retry, 1)
}

// TestReclaimCarriesItsCursor walks over pending entries of which only the last
// ones are idle: a scan that began at 0 each time would never see them.
func TestReclaimCarriesItsCursor(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	const n, limit = 95, 2
	batch := l.given("alive", n)
	for i := n - 5; i < n; i++ {
		require.NoError(t, l.rdb.Do(l.ctx, "XCLAIM", l.key, l.g.Name(), "dead", 0, batch[i].EntryID.String(), "IDLE", 3600_000, "JUSTID").Err())
	}
	var got []ID
	var cursor ID
	calls, empty := 0, 0
	for {
		taken, err := l.g.Reclaim(l.ctx, "me", Reclaiming{Lease: time.Minute, Cursor: cursor, Limit: limit})
		next := taken.Next
		require.NoError(t, err)
		require.LessOrEqual(t, len(taken.Batch), limit)
		got = append(got, idsOf(taken.Batch)...)
		if calls++; len(taken.Batch) == 0 {
			empty++
		}
		if next.IsZero() {
			break
		}
		require.Equal(t, 1, next.Compare(cursor), "the cursor goes on")
		cursor = next
	}
	require.Equal(t, idsOf(batch[n-5:]), got)
	require.Greater(t, empty, 1, "a call may take nothing and yet not be the last")
}

func TestRecover(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	batch := l.given("me", 6)
	l.steal("thief", batch[0].EntryID)
	_, err := l.g.Fail(l.ctx, "me", batch[1].Held(), time.Hour, "boom")
	require.NoError(t, err)
	_, err = l.g.FailKeep(l.ctx, "me", batch[2].Held(), 1, "boom")
	require.NoError(t, err)
	known := map[ID]bool{batch[3].EntryID: true}
	taken, err := l.g.Recover(l.ctx, "me", func(h Held) bool { return known[h.ID] }, 100)
	require.NoError(t, err)
	require.Equal(t, []ID{batch[2].EntryID, batch[4].EntryID, batch[5].EntryID}, idsOf(taken.Batch))
	for i := range taken.Batch {
		require.Equal(t, 1, taken.Batch[i].Deliveries, "the count stays: it was never started")
	}
	require.Equal(t, 2, taken.Batch[0].Attempt)
	taken, err = l.g.Recover(l.ctx, "me", func(Held) bool { return false }, 2)
	require.NoError(t, err)
	require.Equal(t, idsOf(batch[2:4]), idsOf(taken.Batch), "bounded by the limit")
	taken, err = l.g.Recover(l.ctx, "me", func(Held) bool { return false }, 0)
	require.NoError(t, err)
	require.Empty(t, taken.Batch)
}

// TestRecoverGoesOnBehindLostPayloads: entries that turn out to be lost must not
// hide those behind them.
func TestRecoverGoesOnBehindLostPayloads(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	batch := l.given("me", 20)
	l.del(idsOf(batch[:9])...)
	taken, err := l.g.Recover(l.ctx, "me", func(Held) bool { return false }, 10)
	require.NoError(t, err)
	require.Len(t, taken.Lost, 9)
	require.Equal(t, idsOf(batch[9:19]), idsOf(taken.Batch))
}

func TestRecoverGoesThroughPages(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	const n = 2*ownPage + 5
	l.create()
	pipe := l.rdb.Pipeline()
	for i := range n {
		pipe.Do(l.ctx, "XADD", l.key, fmt.Sprintf("%d-1", i+1), "n", i)
	}
	_, err := pipe.Exec(l.ctx)
	require.NoError(t, err)
	require.Len(t, l.read("me", n), n)
	taken, err := l.g.Recover(l.ctx, "me", func(h Held) bool { return h.ID.Ms <= ownPage+500 }, n)
	require.NoError(t, err)
	require.Len(t, taken.Batch, ownPage-495)
}

func TestAHugeDeliveryCountIsCapped(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	batch := l.given("dead", 1)
	require.NoError(t, l.rdb.Do(l.ctx, "XCLAIM", l.key, l.g.Name(), "dead", 0, batch[0].EntryID.String(),
		"RETRYCOUNT", "9223372036854775807", "JUSTID").Err())
	rows, err := l.g.Pending(l.ctx, PendingQuery{})
	require.NoError(t, err)
	require.Len(t, rows, 1)
	taken, err := l.g.Reclaim(l.ctx, "me", Reclaiming{Lease: 0, Cursor: ID{}, Limit: 1})
	require.NoError(t, err)
	require.Equal(t, 1_000_000_000, taken.Batch[0].Deliveries)
	ok, err := l.g.AckFenced(l.ctx, "me", heldOf(taken.Batch))
	require.NoError(t, err)
	require.Equal(t, []bool{true}, ok)
}

// A call that is carried out later than it was meant to be takes nothing: all look
// idle to a server that stood still, or whose clock has jumped.
func TestReclaimThatComesTooLateTakesNothing(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.given("dead", 3)
	before := l.state()
	now := l.rdb.Time(l.ctx).Val()
	got, err := l.g.Reclaim(l.ctx, "me", Reclaiming{Limit: 10, NotAfter: now.Add(-time.Second)})
	require.NoError(t, err)
	require.True(t, got.Late)
	require.Empty(t, got.Batch)
	require.WithinDuration(t, now, got.At, 10*time.Second)
	require.Equal(t, before, l.state())
	got, err = l.g.Reclaim(l.ctx, "me", Reclaiming{Limit: 10, NotAfter: now.Add(time.Hour)})
	require.NoError(t, err)
	require.False(t, got.Late)
	require.Len(t, got.Batch, 3)
}
