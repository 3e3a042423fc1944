package security

import (
	"context"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/internal/streamtest"
	"github.com/leat-io/leat/stream"
)

// arguments makes what no caller of a group's operations means.
type arguments struct {
	hostile
	ids []stream.ID // those that there are
}

func (a arguments) id() stream.ID {
	numbers := []uint64{0, 1, math.MaxInt64, math.MaxUint64, 1 << 53, a.Uint64()}
	if a.IntN(2) == 0 {
		return a.ids[a.IntN(len(a.ids))]
	}
	return stream.ID{Ms: numbers[a.IntN(len(numbers))], Seq: numbers[a.IntN(len(numbers))]}
}

func (a arguments) number() int {
	numbers := []int{0, 1, 2, -1, 100, math.MaxInt32, math.MaxInt64, math.MinInt64, int(a.Int32())}
	return numbers[a.IntN(len(numbers))]
}

func (a arguments) held() []stream.Held {
	held := make([]stream.Held, a.IntN(4))
	for i := range held {
		held[i] = stream.Held{ID: a.id(), Deliveries: a.number()}
	}
	return held
}

func (a arguments) text() string {
	switch a.IntN(4) {
	case 0:
		return a.bytes(40)
	case 1:
		return strings.Repeat(a.controls(3), a.IntN(10_000))
	case 2:
		return hostileNames[a.IntN(len(hostileNames))]
	}
	return ""
}

func (a arguments) duration() time.Duration { return time.Duration(a.number()) }

// calls are all operations on a group that settle or take something, but for those by which one takes what others have on
// purpose (a lease of nothing).
var calls = map[string]func(ctx context.Context, g *stream.Group, a arguments, name string) error{
	"extend": func(ctx context.Context, g *stream.Group, a arguments, name string) error {
		_, err := g.Extend(ctx, name, a.held())
		return err
	},
	"ack fenced": func(ctx context.Context, g *stream.Group, a arguments, name string) error {
		_, err := g.AckFenced(ctx, name, a.held())
		return err
	},
	"fail": func(ctx context.Context, g *stream.Group, a arguments, name string) error {
		_, err := g.Fail(ctx, name, stream.Held{ID: a.id(), Deliveries: a.number()}, a.duration(), a.text())
		return err
	},
	"fail and keep": func(ctx context.Context, g *stream.Group, a arguments, name string) error {
		_, err := g.FailKeep(ctx, name, stream.Held{ID: a.id(), Deliveries: a.number()}, a.number(), a.text())
		return err
	},
	"release": func(ctx context.Context, g *stream.Group, a arguments, name string) error {
		_, err := g.Release(ctx, name, a.held())
		return err
	},
	"bury": func(ctx context.Context, g *stream.Group, a arguments, name string) error {
		id, deliveries := a.id(), a.number()
		d := stream.NewDelivery(g.Stream(), id, fieldsOf(a.pairs(a.IntN(3), a.bytes)))
		d.Deliveries = deliveries
		return g.Bury(ctx, name, d, a.text(), a.text(), a.IntN(2) == 0)
	},
	"take what is due": func(ctx context.Context, g *stream.Group, a arguments, name string) error {
		_, _, _, err := g.TakeDue(ctx, name, a.number())
		return err
	},
	"reclaim": func(ctx context.Context, g *stream.Group, a arguments, name string) error {
		_, err := g.Reclaim(ctx, name, stream.Reclaiming{Lease: time.Hour, Cursor: a.id(), Limit: a.number(), NotAfter: time.UnixMilli(int64(a.number()))})
		return err
	},
	"recover": func(ctx context.Context, g *stream.Group, a arguments, name string) error {
		_, err := g.Recover(ctx, name, func(stream.Held) bool { return a.IntN(2) == 0 }, a.number())
		return err
	},
	"restore": func(ctx context.Context, g *stream.Group, a arguments, name string) error {
		_, err := g.Restore(ctx, name, a.id(), a.held())
		return err
	},
	"leave": func(ctx context.Context, g *stream.Group, _ arguments, name string) error {
		_, err := g.Leave(ctx, name)
		return err
	},
	"remove idle": func(ctx context.Context, g *stream.Group, a arguments, name string) error {
		_, err := g.RemoveIdle(ctx, name, a.duration())
		return err
	},
	"letter": func(ctx context.Context, g *stream.Group, a arguments, _ string) error {
		_, err := g.Letter(ctx, a.id())
		return err
	},
	"redrive": func(ctx context.Context, g *stream.Group, a arguments, _ string) error {
		_, err := g.Redrive(ctx, stream.Letter{ID: a.id(), EntryID: a.id(), Stream: g.Stream(), Group: g.Name(), Fields: fieldsOf(a.pairs(a.IntN(3), a.bytes))})
		return err
	},
	"pending": func(ctx context.Context, g *stream.Group, a arguments, _ string) error {
		_, err := g.Pending(ctx, stream.PendingQuery{Consumer: a.text(), From: a.id(), Count: a.number()})
		return err
	},
	"due times": func(ctx context.Context, g *stream.Group, a arguments, _ string) error {
		_, err := g.DueTimes(ctx, []stream.ID{a.id(), a.id()})
		return err
	},
	"create": func(ctx context.Context, g *stream.Group, a arguments, _ string) error {
		_, err := g.Create(ctx, stream.At(a.id()))
		return err
	},
}

// TestHostileArguments: whatever the arguments are, an operation in the name of one consumer does nothing to what others hold,
// adds nothing to the stream, and none makes the program panic.
func TestHostileArguments(t *testing.T) {
	t.Parallel()
	f := newField(t, redistest.Shared(t))
	ids := f.Publish(10)
	_, err := f.Group.Create(f.Ctx, stream.Oldest())
	require.NoError(t, err)
	r := f.Group.Reader("owner", false)
	batch, err := r.Read(f.Ctx, 5, 0)
	require.NoError(t, err)
	require.Len(t, batch, 5)
	require.NoError(t, r.Close())
	before := f.ownerHolds()

	keys, err := stream.KeysOf(f.Stream)
	require.NoError(t, err)
	a := arguments{hostile{rand.New(rand.NewPCG(5, 2))}, ids}
	for name, call := range calls {
		for range 150 {
			me := "me" + a.text()
			_ = call(f.Ctx, f.Group, a, me) // refused or not
		}
		require.Equal(t, before, f.ownerHolds(), "after %s", name)
		require.EqualValues(t, 10, f.rdb.XLen(f.Ctx, f.Stream).Val(), "after %s", name)
		require.Zero(t, f.rdb.Exists(f.Ctx, keys.Dead("workers")).Val(), "after %s", name)
	}
	var tally streamtest.Tally
	f.Run(tally.Handler, func(c *consumer.Config) { c.Lease = 200 * time.Millisecond })
	streamtest.Eventually(t, func() bool { return tally.Distinct() == 10 && len(f.Pending()) == 0 }, "the group is none the worse")
}

// ownerHolds are the rows of what the owner holds, without their idle time.
func (f *field) ownerHolds() (rows []stream.PendingEntry) {
	f.T.Helper()
	for _, row := range f.Pending() {
		if row.Idle = 0; row.Consumer == "owner" {
			rows = append(rows, row)
		}
	}
	return rows
}
