package stream

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
)

func zAt(at time.Time, id ID) redis.Z {
	return redis.Z{Score: float64(at.UnixMilli()), Member: id.String()}
}

func TestGroupNames(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	_, err := l.conn.Group(l.key, "", DeadLetter{})
	require.ErrorIs(t, err, ErrGroupName)
	_, err = l.conn.Group("", "g", DeadLetter{})
	require.ErrorIs(t, err, ErrStreamName)
	_, err = l.conn.Group(l.key, "g", DeadLetter{Stream: l.key})
	require.ErrorContains(t, err, "the stream itself")
	g := l.group("g", DeadLetter{Stream: "other"})
	require.Equal(t, []string{l.key, "g", "other", l.key + "/g"}, []string{g.Stream(), g.Name(), g.DeadStream(), g.String()})
}

func TestStart(t *testing.T) {
	t.Parallel()
	at := time.UnixMilli(1700000000123)
	for _, c := range []struct {
		start          Start
		text, position string
		behind         ID
	}{
		{Start{}, "oldest", "0-0", ID{}},
		{Oldest(), "oldest", "0-0", ID{}},
		{Newest(), "newest", "$", ID{9, 9}},
		{At(ID{5, 0}), "5-0", "4-18446744073709551615", ID{4, 1<<64 - 1}},
		{At(ID{}), "0-0", "0-0", ID{}},
		{Since(at), "1700000000123-0", "1700000000122-18446744073709551615", ID{1700000000122, 1<<64 - 1}},
		{Since(time.Unix(-5, 0)), "0-0", "0-0", ID{}},
		{Since(time.Time{}), "0-0", "0-0", ID{}},
	} {
		require.Equal(t, c.text, c.start.String())
		require.Equal(t, c.position, c.start.position())
		require.Equal(t, c.behind, c.start.Behind(ID{9, 9}), c.text)
	}
}

func TestCreate(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		start func(ids []ID) Start
		want  int // of the three entries that were there
	}{
		"oldest": {func([]ID) Start { return Oldest() }, 3},
		"newest": {func([]ID) Start { return Newest() }, 0},
		"at":     {func(ids []ID) Start { return At(ids[1]) }, 2},
		"since":  {func(ids []ID) Start { return Since(ids[0].Time()) }, 3},
		"future": {func([]ID) Start { return Since(time.Now().Add(time.Hour)) }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			ids := l.add(3)
			created, err := l.g.Create(l.ctx, c.start(ids))
			require.NoError(t, err)
			require.True(t, created)
			created, err = l.g.Create(l.ctx, Oldest())
			require.NoError(t, err)
			require.False(t, created, "one that exists is left as it is")
			require.Len(t, l.read("me", 10), c.want)
		})
	}
}

func TestCreateMakesTheStream(t *testing.T) {
	t.Parallel()
	l := newLab(t).create()
	require.Equal(t, "stream", l.rdb.Type(l.ctx, l.key).Val())
	require.NoError(t, l.rdb.Set(l.ctx, l.key+"x", "1", 0).Err())
	g, err := l.conn.Group(l.key+"x", "g", DeadLetter{})
	require.NoError(t, err)
	_, err = g.Create(l.ctx, Oldest())
	require.Equal(t, "WRONGTYPE", Code(err))
}

func TestRestore(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	batch := l.given("me", 4)
	position, err := l.g.Position(l.ctx)
	require.NoError(t, err)
	require.Equal(t, batch[3].EntryID, position)
	created, err := l.g.Restore(l.ctx, "me", ID{}, heldOf(batch))
	require.NoError(t, err)
	require.False(t, created)
	require.Len(t, l.pending(), 4)

	_, err = l.g.Fail(l.ctx, "me", batch[0].Held(), time.Hour, "boom")
	require.NoError(t, err)
	require.NoError(t, l.rdb.XGroupDestroy(l.ctx, l.key, l.g.Name()).Err())
	l.del(batch[1].EntryID)
	held := heldOf(batch)
	held[2].Deliveries = 7
	created, err = l.g.Restore(l.ctx, "me", batch[2].EntryID, held)
	require.NoError(t, err)
	require.True(t, created)
	// The deleted one is not there; the one behind the position comes by itself.
	require.Equal(t, []row{{batch[0].EntryID, "me", 1}, {batch[2].EntryID, "me", 7}}, l.pending())
	again := l.read("me", 10)
	require.Equal(t, []ID{batch[3].EntryID}, idsOf(again))
	ok, err := l.g.AckFenced(l.ctx, "me", []Held{held[2]})
	require.NoError(t, err)
	require.Equal(t, []bool{true}, ok, "the token holds")
}

func TestRestoreOfAStreamThatIsGone(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	batch := l.given("me", 2)
	require.NoError(t, l.rdb.Del(l.ctx, l.key).Err())
	created, err := l.g.Restore(l.ctx, "me", ID{}, heldOf(batch))
	require.NoError(t, err)
	require.True(t, created)
	require.Empty(t, l.pending())
	l.add(1)
	require.Len(t, l.read("me", 10), 1)
}

func (l *lab) names() []string {
	l.t.Helper()
	infos, err := l.rdb.XInfoConsumers(l.ctx, l.key, l.g.Name()).Result()
	require.NoError(l.t, err)
	names := make([]string, len(infos))
	for i, info := range infos {
		names[i] = info.Name
	}
	return names
}

func TestLeave(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	batch := l.given("me", 1)
	removed, err := l.g.Leave(l.ctx, "me")
	require.NoError(t, err)
	require.False(t, removed, "what is pending keeps the name")
	require.Len(t, l.pending(), 1)
	_, err = l.g.Ack(l.ctx, idsOf(batch))
	require.NoError(t, err)
	l.steal0("other")
	removed, err = l.g.Leave(l.ctx, "me")
	require.NoError(t, err)
	require.True(t, removed)
	require.Equal(t, []string{"other"}, l.names(), "only my own")
	removed, err = l.g.Leave(l.ctx, "me")
	require.NoError(t, err)
	require.False(t, removed)
}

// steal0 makes a consumer that has nothing.
func (l *lab) steal0(name string) {
	l.t.Helper()
	require.NoError(l.t, l.rdb.XGroupCreateConsumer(l.ctx, l.key, l.g.Name(), name).Err())
}

func TestRemoveIdle(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	batch := l.given("busy", 2)
	for _, name := range []string{"me", "gone", Parked} {
		l.steal0(name)
	}
	removed, err := l.g.RemoveIdle(l.ctx, "me", time.Hour)
	require.NoError(t, err)
	require.Empty(t, removed)
	removed, err = l.g.RemoveIdle(l.ctx, "me", 0)
	require.NoError(t, err)
	require.Equal(t, []string{"gone"}, removed, "not me, not the parked, not who has something")
	require.ElementsMatch(t, []string{"busy", "me", Parked}, l.names())
	require.Len(t, l.pending(), 2)
	_, err = l.g.Ack(l.ctx, idsOf(batch))
	require.NoError(t, err)
	removed, err = l.g.RemoveIdle(l.ctx, "me", 0)
	require.NoError(t, err)
	require.Equal(t, []string{"busy"}, removed)
}

func TestScriptsSurviveAScriptFlush(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	l := labOn(t, dial(t, s.URL()), s.Client(t), "orders")
	batch := l.given("me", 2)
	for i := range batch {
		require.NoError(t, l.rdb.ScriptFlush(l.ctx).Err())
		ok, err := l.g.AckFenced(l.ctx, "me", heldOf(batch[i:i+1]))
		require.NoError(t, err)
		require.Equal(t, []bool{true}, ok)
	}
}
