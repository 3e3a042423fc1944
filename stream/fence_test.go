package stream

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// settlement is a fenced operation; held says whether it found the entry to be
// the caller's.
type settlement struct {
	name string
	do   func(l *lab, consumer string, d *Delivery) (held bool, err error)
}

var settlements = []settlement{
	{"AckFenced", func(l *lab, c string, d *Delivery) (bool, error) {
		ok, err := l.g.AckFenced(l.ctx, c, []Held{d.Held()})
		return len(ok) == 1 && ok[0], err
	}},
	{"Extend", func(l *lab, c string, d *Delivery) (bool, error) {
		s, err := l.g.Extend(l.ctx, c, []Held{d.Held()})
		return len(s) == 1 && s[0] != LeaseLost && s[0] != LeaseGone, err
	}},
	{"Fail", func(l *lab, c string, d *Delivery) (bool, error) {
		n, err := l.g.Fail(l.ctx, c, d.Held(), 0, "boom")
		return n != 0, err
	}},
	{"FailKeep", func(l *lab, c string, d *Delivery) (bool, error) {
		n, err := l.g.FailKeep(l.ctx, c, d.Held(), 1, "boom")
		return n != 0, err
	}},
	{"Bury", func(l *lab, c string, d *Delivery) (bool, error) {
		err := l.g.Bury(l.ctx, c, d, ReasonPermanent, "boom", true)
		return err == nil, err
	}},
	{"Release", func(l *lab, c string, d *Delivery) (bool, error) {
		ok, err := l.g.Release(l.ctx, c, []Held{d.Held()})
		return len(ok) == 1 && ok[0], err
	}},
	{"recover", func(l *lab, c string, d *Delivery) (bool, error) {
		got, err := l.g.recoverThese(l.ctx, c, []Held{d.Held()})
		return len(got.Batch)+len(got.Lost) > 0, err
	}},
}

// stolen are the ways in which an entry stops to be the caller's.
var stolen = map[string]func(l *lab, d *Delivery) (consumer string, token Delivery){
	"another consumer has it": func(l *lab, d *Delivery) (string, Delivery) {
		l.steal("thief", d.EntryID)
		return "me", *d
	},
	"another consumer has it with the same count": func(l *lab, d *Delivery) (string, Delivery) {
		require.NoError(l.t, l.rdb.Do(l.ctx, "XCLAIM", l.key, l.g.Name(), "thief", 0, d.EntryID.String(), "JUSTID").Err())
		return "me", *d
	},
	"I have it again, with another count": func(l *lab, d *Delivery) (string, Delivery) {
		l.steal("thief", d.EntryID)
		l.steal("me", d.EntryID)
		return "me", *d
	},
	"it is parked": func(l *lab, d *Delivery) (string, Delivery) {
		_, err := l.g.Fail(l.ctx, "me", d.Held(), 0, "first")
		require.NoError(l.t, err)
		return "me", *d
	},
	"it is settled": func(l *lab, d *Delivery) (string, Delivery) {
		_, err := l.g.Ack(l.ctx, []ID{d.EntryID})
		require.NoError(l.t, err)
		return "me", *d
	},
	"it never was mine": func(_ *lab, d *Delivery) (string, Delivery) { return "stranger", *d },
	"a count from the future": func(_ *lab, d *Delivery) (string, Delivery) {
		token := *d
		token.Deliveries++
		return "me", token
	},
	"an entry that is not there": func(_ *lab, d *Delivery) (string, Delivery) {
		token := *d
		token.EntryID = d.EntryID.Prev()
		return "me", token
	},
	"stolen, and its payload deleted": func(l *lab, d *Delivery) (string, Delivery) {
		l.steal("thief", d.EntryID)
		l.del(d.EntryID)
		return "me", *d
	},
}

func TestWhoLostAnEntryChangesNothing(t *testing.T) {
	t.Parallel()
	for _, op := range settlements {
		for how, lose := range stolen {
			t.Run(op.name+"/"+how, func(t *testing.T) {
				t.Parallel()
				l := newLab(t)
				batch := l.given("me", 1)
				consumer, token := lose(l, &batch[0])
				before := l.state()
				held, err := op.do(l, consumer, &token)
				if err != nil {
					require.ErrorIs(t, err, ErrLost)
				}
				require.False(t, held)
				require.Equal(t, before, l.state())
			})
		}
	}
}

func TestWhoHoldsAnEntryMaySettleIt(t *testing.T) {
	t.Parallel()
	for _, op := range settlements {
		t.Run(op.name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			batch := l.given("me", 1)
			held, err := op.do(l, "me", &batch[0])
			require.NoError(t, err)
			require.True(t, held)
		})
	}
}

func TestFencedOperationsSayNoGroup(t *testing.T) {
	t.Parallel()
	for _, gone := range []string{"group", "stream"} {
		for _, op := range append(settlements, others...) {
			t.Run(gone+"/"+op.name, func(t *testing.T) {
				t.Parallel()
				l := newLab(t)
				batch := l.given("me", 1)
				if gone == "stream" {
					require.NoError(t, l.rdb.Del(l.ctx, l.key).Err())
				} else {
					require.NoError(t, l.rdb.XGroupDestroy(l.ctx, l.key, l.g.Name()).Err())
				}
				_, err := op.do(l, "me", &batch[0])
				require.Equal(t, ClassNoGroup, Classify(err), "%v", err)
				require.ErrorContains(t, err, l.g.String())
			})
		}
	}
}

// others need a group, and have no fence of one entry.
var others = []settlement{
	{"Read", func(l *lab, c string, _ *Delivery) (bool, error) {
		r := l.g.Reader(c, false)
		defer func() { _ = r.Close() }()
		_, err := r.Read(l.ctx, 1, 0)
		return false, err
	}},
	{"Reclaim", func(l *lab, c string, _ *Delivery) (bool, error) {
		_, err := l.g.Reclaim(l.ctx, c, Reclaiming{Lease: 0, Cursor: ID{}, Limit: 10})
		return false, err
	}},
	{"Recover", func(l *lab, c string, _ *Delivery) (bool, error) {
		_, err := l.g.Recover(l.ctx, c, func(Held) bool { return false }, 10)
		return false, err
	}},
	{"Leave", func(l *lab, c string, _ *Delivery) (bool, error) {
		_, err := l.g.Leave(l.ctx, c)
		return false, err
	}},
	{"RemoveIdle", func(l *lab, c string, _ *Delivery) (bool, error) {
		_, err := l.g.RemoveIdle(l.ctx, c, 0)
		return false, err
	}},
	{"Pending", func(l *lab, _ string, _ *Delivery) (bool, error) {
		_, err := l.g.Pending(l.ctx, PendingQuery{})
		return false, err
	}},
	{"Info", func(l *lab, _ string, _ *Delivery) (bool, error) {
		_, err := l.g.Info(l.ctx)
		return false, err
	}},
	{"Position", func(l *lab, _ string, _ *Delivery) (bool, error) {
		_, err := l.g.Position(l.ctx)
		return false, err
	}},
	{"Redrive", func(l *lab, _ string, d *Delivery) (bool, error) {
		// A letter is there; the group is not.
		id := l.addTo(l.g.DeadStream(), "leat-stream", l.key)
		_, err := l.g.Redrive(l.ctx, Letter{ID: id, EntryID: d.EntryID, Stream: l.key, Group: l.g.Name(), Fields: fieldsOf("a", "b")})
		return false, err
	}},
}
