package stream

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestBury(t *testing.T) {
	t.Parallel()
	l := newLab(t).create()
	id := l.addFields("b", "1", "a", "\xff\x00", "b", "2", "", "")
	d := l.read("me", 1)[0]
	_, err := l.g.FailKeep(l.ctx, "me", d.Held(), 1, "first")
	require.NoError(t, err)
	before := l.rdb.Time(l.ctx).Val()
	require.NoError(t, l.g.Bury(l.ctx, "me", &d, ReasonAttempts, "last\nerror", true))
	l.clean()
	letters := l.letters()
	require.Len(t, letters, 1)
	letter := letters[0]
	require.WithinDuration(t, before, letter.Time, time.Minute)
	want := Letter{
		ID: letter.ID, Stream: l.key, Group: "billing", EntryID: id, Reason: ReasonAttempts, Error: "last\nerror",
		Attempts: 2, Deliveries: 1, Consumer: "me", Time: letter.Time,
		Fields: fieldsOf("b", "1", "a", "\xff\x00", "b", "2", "", ""),
	}
	require.Equal(t, want, letter)
	one, err := l.g.Letter(l.ctx, letter.ID)
	require.NoError(t, err)
	require.Equal(t, letter, one)
	for _, id := range []ID{letter.ID.Next(), letter.ID.Prev(), {}} {
		_, err = l.g.Letter(l.ctx, id)
		require.ErrorIs(t, err, ErrNoLetter)
	}
	require.ErrorIs(t, l.g.Bury(l.ctx, "me", &d, ReasonAttempts, "again", true), ErrLost)
}

func TestBuryWithoutAFailure(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	batch := l.given("me", 1)
	require.NoError(t, l.g.Bury(l.ctx, "me", &batch[0], ReasonDeliveries, "", false))
	letter := l.letters()[0]
	require.Zero(t, letter.Attempts)
	require.Empty(t, letter.Error)
	require.Equal(t, ReasonDeliveries, letter.Reason)
}

func TestDeadLettersAreBounded(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.g = l.group("billing", DeadLetter{MaxLen: 10})
	batch := l.given("me", 500)
	for i := range batch {
		require.NoError(t, l.g.Bury(l.ctx, "me", &batch[i], ReasonPermanent, "no", true))
	}
	n := l.rdb.XLen(l.ctx, l.g.DeadStream()).Val()
	require.GreaterOrEqual(t, n, int64(10))
	require.Less(t, n, int64(300), "about as many as asked for: whole nodes are cut off")
}

func TestAWrongDeadLetterKeyChangesNothing(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	batch := l.given("me", 3)
	_, err := l.g.Fail(l.ctx, "me", batch[0].Held(), 0, "boom")
	require.NoError(t, err)
	require.NoError(t, l.rdb.Set(l.ctx, l.g.DeadStream(), "taken", 0).Err())
	l.del(batch[1].EntryID)
	before := l.state()
	for name, err := range map[string]error{
		"Bury":      l.g.Bury(l.ctx, "me", &batch[2], ReasonPermanent, "x", true),
		"Bury lost": l.g.Bury(l.ctx, "me", &batch[1], ReasonPermanent, "x", true),
		"TakeDue":   func() error { _, _, _, err := l.g.TakeDue(l.ctx, "me", 10); return err }(),
		"Reclaim": func() error {
			_, err := l.g.Reclaim(l.ctx, "me", Reclaiming{Lease: 0, Cursor: ID{}, Limit: 10})
			return err
		}(),
		"Recover": func() error { _, err := l.g.Recover(l.ctx, "me", func(Held) bool { return false }, 10); return err }(),
		"Redrive": func() error {
			_, err := l.g.Redrive(l.ctx, Letter{Group: "billing", Stream: l.key, Fields: fieldsOf("a", "b")})
			return err
		}(),
		"Letters": func() error { _, _, err := l.g.Letters(l.ctx, ID{}, 10); return err }(),
		"Info":    func() error { _, err := l.g.Info(l.ctx); return err }(),
	} {
		require.Equal(t, "WRONGTYPE", Code(err), "%s: %v", name, err)
		require.Equal(t, ClassRejected, Classify(err), name)
	}
	require.Equal(t, before, l.state())
	require.Equal(t, "taken", l.rdb.Get(l.ctx, l.g.DeadStream()).Val())
}

func TestLettersArePaged(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	batch := l.given("me", 7)
	for i := range batch {
		require.NoError(t, l.g.Bury(l.ctx, "me", &batch[i], ReasonPermanent, "no", true))
	}
	var got []ID
	pages := 0
	for from, more := (ID{}), true; more; pages++ {
		letters, next, err := l.g.Letters(l.ctx, from, 3)
		require.NoError(t, err)
		for _, letter := range letters {
			got = append(got, letter.EntryID)
		}
		from, more = next, !next.IsZero()
	}
	require.Equal(t, idsOf(batch), got)
	require.Equal(t, 3, pages)
}

func TestASharedDeadLetterStream(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	dead := DeadLetter{Stream: l.key + ":graveyard"}
	l.g = l.group("billing", dead)
	batch := l.given("me", 1)
	other := labOn(t, l.conn, l.rdb, l.key)
	other.g = other.group("audit", dead)
	otherBatch := other.given("me", 1)
	require.NoError(t, l.g.Bury(l.ctx, "me", &batch[0], ReasonPermanent, "one", true))
	require.NoError(t, other.g.Bury(l.ctx, "me", &otherBatch[0], ReasonPermanent, "two", true))
	mine, theirs := l.letters(), other.letters()
	require.Len(t, mine, 1)
	require.Len(t, theirs, 1)
	require.Equal(t, []string{"one", "two"}, []string{mine[0].Error, theirs[0].Error})
	_, err := l.g.Letter(l.ctx, theirs[0].ID)
	require.ErrorIs(t, err, ErrNoLetter)
	_, err = l.g.Redrive(l.ctx, theirs[0])
	require.ErrorIs(t, err, ErrNoLetter, "another group's letter is not ours to give back")
	require.EqualValues(t, 2, l.rdb.XLen(l.ctx, dead.Stream).Val())
	_, err = l.g.Redrive(l.ctx, mine[0])
	require.NoError(t, err)
	require.Empty(t, l.letters())
	require.Len(t, other.letters(), 1)
	require.Empty(t, other.pending())
}

func TestStrangeDeadLetters(t *testing.T) {
	t.Parallel()
	l := newLab(t).create()
	// An entry that looks like what bury makes of very many fields.
	l.addFields("leat-packed", "no such thing")
	d := l.read("me", 1)[0]
	require.NoError(t, l.g.Bury(l.ctx, "me", &d, ReasonPermanent, "x", true))
	require.Equal(t, fieldsOf("leat-packed", "no such thing"), l.letters()[0].Fields)
	_, err := l.g.Redrive(l.ctx, Letter{ID: ID{1, 1}, Group: "billing", Stream: l.key, Fields: Fields{}})
	require.ErrorIs(t, err, ErrTombstone)

	l.addTo(l.g.DeadStream(), "not", "ours")
	require.Len(t, l.letters(), 1, "what is no letter is passed over")
}

func TestRedriveOfAnOriginalThatIsThere(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	batch := l.given("me", 1)
	_, err := l.g.FailKeep(l.ctx, "me", batch[0].Held(), 1, "x")
	require.NoError(t, err)
	require.NoError(t, l.g.Bury(l.ctx, "me", &batch[0], ReasonAttempts, "x", true))
	letter := l.letters()[0]
	id, err := l.g.Redrive(l.ctx, letter)
	require.NoError(t, err)
	require.Equal(t, batch[0].EntryID, id)
	require.Equal(t, []row{{id, Parked, 0}}, l.pending())
	require.Empty(t, l.letters())
	got := l.takeDue("me", 1)
	require.Equal(t, []int{1, 1}, []int{got[0].Attempt, got[0].Deliveries}, "nothing counted")
	require.Equal(t, batch[0].Fields(), got[0].Fields())
	require.Empty(t, got[0].AddressedTo())

	before := l.state()
	_, err = l.g.Redrive(l.ctx, letter)
	require.ErrorIs(t, err, ErrNoLetter)
	require.Equal(t, before, l.state(), "a second time changes nothing")
}

func TestRedriveOfWhatIsPendingAlready(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	batch := l.given("me", 1)
	require.NoError(t, l.g.Bury(l.ctx, "me", &batch[0], ReasonAttempts, "x", true))
	require.NoError(t, l.rdb.Do(l.ctx, "XCLAIM", l.key, "billing", "byhand", 0, batch[0].EntryID.String(), "FORCE", "JUSTID").Err())
	before := l.pending()
	id, err := l.g.Redrive(l.ctx, l.letters()[0])
	require.NoError(t, err)
	require.Equal(t, batch[0].EntryID, id)
	require.Equal(t, before, l.pending())
	require.Empty(t, l.letters())
}

func TestRedriveOfADeletedOriginal(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	batch := l.given("me", 1)
	require.NoError(t, l.g.Bury(l.ctx, "me", &batch[0], ReasonAttempts, "x", true))
	l.del(batch[0].EntryID)
	for range 2 { // a copy that is redriven again has the address once
		id, err := l.g.Redrive(l.ctx, l.letters()[0])
		require.NoError(t, err)
		require.Equal(t, 1, id.Compare(batch[0].EntryID))
		require.Empty(t, l.pending())
		got := l.read("me", 10)
		require.Len(t, got, 1)
		require.Equal(t, id, got[0].EntryID)
		require.Equal(t, "billing", got[0].AddressedTo())
		require.Equal(t, append(fieldsOf("leat-redrive-group", "billing"), batch[0].Fields()...), got[0].Fields())
		require.Equal(t, []int{1, 1}, []int{got[0].Attempt, got[0].Deliveries})
		require.NoError(t, l.g.Bury(l.ctx, "me", &got[0], ReasonAttempts, "x", true))
		l.del(id)
	}
	require.Len(t, l.letters(), 1)
}

// TestRedriveBehindTheGroup: an original that the group has yet to be given must
// not become pending, or it would be delivered twice.
func TestRedriveBehindTheGroup(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	batch := l.given("me", 2)
	require.NoError(t, l.g.Bury(l.ctx, "me", &batch[1], ReasonAttempts, "x", true))
	require.NoError(t, l.rdb.XGroupSetID(l.ctx, l.key, "billing", batch[0].EntryID.String()).Err())
	id, err := l.g.Redrive(l.ctx, l.letters()[0])
	require.NoError(t, err)
	require.Equal(t, 1, id.Compare(batch[1].EntryID), "a new entry")
	require.Equal(t, []row{{batch[0].EntryID, "me", 1}}, l.pending())
}

func TestATombstoneCannotBeRedriven(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	batch := l.given("me", 1)
	l.del(idsOf(batch)...)
	_, err := l.g.Reclaim(l.ctx, "me", Reclaiming{Lease: 0, Cursor: ID{}, Limit: 10})
	require.NoError(t, err)
	letters := l.letters()
	require.Len(t, letters, 1)
	_, err = l.g.Redrive(l.ctx, letters[0])
	require.ErrorIs(t, err, ErrTombstone)
	require.Len(t, l.letters(), 1)
}

// TestEntriesWithVeryManyFields: what does not fit on Lua's stack in one call.
func TestEntriesWithVeryManyFields(t *testing.T) {
	t.Parallel()
	for _, n := range []int{3500, 3501, 5000, 20_000} {
		for _, how := range []string{"there", "deleted", "lost"} {
			t.Run(fmt.Sprintf("%d/%s", n, how), func(t *testing.T) {
				t.Parallel()
				l := newLab(t).create()
				var args []any
				for i := range n {
					args = append(args, fmt.Sprintf("n%d", i%97), fmt.Sprintf("%d:\xff\x00%d", i, i))
				}
				want := fieldsOf(args...)
				id := l.addFields(args...)
				d := l.read("me", 1)[0]
				if how == "lost" {
					l.del(id)
				}
				require.NoError(t, l.g.Bury(l.ctx, "me", &d, ReasonPermanent, "x", true))
				if how == "deleted" {
					l.del(id)
				}
				letters := l.letters()
				require.Len(t, letters, 1)
				require.Equal(t, want, letters[0].Fields)
				_, err := l.g.Redrive(l.ctx, letters[0])
				require.NoError(t, err)
				if how == "there" {
					require.Equal(t, want, l.takeDue("me", 1)[0].Fields())
					return
				}
				got := l.read("me", 1)
				require.Len(t, got, 1)
				require.Equal(t, "billing", got[0].AddressedTo())
				require.Equal(t, want, got[0].Fields()[1:])
			})
		}
	}
}

func TestDeadLetterUnderOOMChangesNothing(t *testing.T) {
	t.Parallel()
	l := outOfMemory(t)
	batch := l.read("me", 10)
	require.Len(t, batch, 3, "reading goes on")
	before := l.state()
	err := l.g.Bury(l.ctx, "me", &batch[0], ReasonPermanent, "x", true)
	require.Equal(t, []any{"OOM", ClassNotExecuted}, []any{Code(err), Classify(err)}, "%v", err)
	_, err = l.g.Fail(l.ctx, "me", batch[0].Held(), 0, "x")
	require.Equal(t, []any{"OOM", ClassNotExecuted}, []any{Code(err), Classify(err)}, "%v", err)
	_, err = l.g.Release(l.ctx, "me", heldOf(batch))
	require.Equal(t, []any{"OOM", ClassNotExecuted}, []any{Code(err), Classify(err)}, "%v", err)
	require.Equal(t, before, l.state())
	ok, err := l.g.AckFenced(l.ctx, "me", heldOf(batch[:1]))
	require.NoError(t, err)
	require.Equal(t, []bool{true}, ok)
	taken, err := l.g.Reclaim(l.ctx, "other", Reclaiming{Lease: 0, Cursor: ID{}, Limit: 10})
	require.NoError(t, err)
	require.Len(t, taken.Batch, 2)
}
