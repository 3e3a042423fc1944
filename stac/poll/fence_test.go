package poll

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/stac"
	"github.com/leat-io/leat/stream"
)

// operation is that of an item, as a worker makes it.
func operation(id, version, mode string) []any {
	m := &mint{maxBytes: DefaultMaxEventBytes, source: func(c string) string { return "https://x/collections/" + c }, now: time.Now}
	e, err := m.bare(m.source("c"), "c", id, version, "https://x/"+id)
	if err != nil {
		panic(err)
	}
	e.ID = EventID(e.Source, id, version)
	arguments := e.AppendArgs(nil)
	return append([]any{"item", fieldOf("c", id), "2024-05-01", version, "", mode, "", len(arguments)}, arguments...)
}

func newTestStore(t *testing.T) (*store, redis.UniversalClient) {
	t.Helper()
	server := redistest.Shared(t)
	conn, err := stream.Dial(t.Context(), server.URL())
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	st, err := newStore(conn, redistest.Prefix(t)+"items", "source", time.Minute)
	require.NoError(t, err)
	return st, server.Client(t)
}

// TestWhoLostTheLeasePublishesNothing is the fence: two replicas that both believe
// to lead. Without the comparison in publish.lua it is red.
func TestWhoLostTheLeasePublishesNothing(t *testing.T) {
	t.Parallel()
	st, rdb := newTestStore(t)
	ctx := t.Context()
	left, err := st.take(ctx, "first")
	require.NoError(t, err)
	require.Zero(t, left)
	left, err = st.take(ctx, "second")
	require.NoError(t, err)
	require.Greater(t, left, 50*time.Second)
	letters, err := st.publish(ctx, "first", 1, []byte(`{"by":"first"}`), operation("a", "1", modeLive))
	require.NoError(t, err)
	require.Equal(t, "c", letters)

	require.NoError(t, rdb.Del(ctx, st.lease).Err()) // it has run out
	for _, who := range []string{"", "second"} {
		if who != "" {
			left, err = st.take(ctx, who)
			require.NoError(t, err)
			require.Zero(t, left)
		}
		mine, err := st.keep(ctx, "first")
		require.NoError(t, err)
		require.False(t, mine)
		_, err = st.publish(ctx, "first", 1, []byte(`{"by":"zombie"}`), operation("b", "1", modeLive))
		require.ErrorIs(t, err, ErrLeaseLost)
		require.NoError(t, st.leave(ctx, "first"))
	}
	require.Equal(t, "second", rdb.Get(ctx, st.lease).Val(), "what is not mine is not given back")
	require.Equal(t, int64(1), rdb.XLen(ctx, st.stream).Val())
	require.Equal(t, `{"by":"first"}`, rdb.HGet(ctx, st.state, "state").Val())
	require.False(t, rdb.HExists(ctx, st.seen, "c/b").Val())
	letters, err = st.publish(ctx, "second", 1, nil, operation("b", "1", modeLive))
	require.NoError(t, err)
	require.Equal(t, "c", letters)
}

func TestWhatTheScriptAnswers(t *testing.T) {
	t.Parallel()
	st, rdb := newTestStore(t)
	ctx := t.Context()
	_, err := st.take(ctx, "me")
	require.NoError(t, err)
	pass := int64(1)
	do := func(want string, operations ...any) {
		t.Helper()
		letters, err := st.publish(ctx, "me", pass, nil, operations)
		require.NoError(t, err)
		require.Equal(t, want, letters)
	}
	do("k", operation("a", "1", modePass)...)
	do("s", operation("a", "1", modeLive)...)
	do("r", operation("a", "2", modePass)...)
	do("s", operation("a", "2", modeAll)...)
	do("r", operation("a", "2", modeAgain)...)
	do("k", operation("b", "1", modePass)...)
	do("c", operation("b", "1", modeAll)...)
	do("c", operation("b", "1", modeAgain)...)
	do("c", operation("d", "1", modeLive)...)
	do("su", append([]any{"touch", "c/d", "1"}, "touch", "c/d", "2")...)
	do("u", "touch", "c/nobody", "1")
	do("", []any{}...)
	do("-", "gone", "c/d", "1", 2, "type", "x") // this pass has seen it
	pass = 2
	do("-", "gone", "c/d", "2", 2, "type", "x")
	do("x", "gone", "c/d", "1", 4, "id", "i", "type", "x")
	do("-", "gone", "c/d", "1", 2, "type", "x")
	do("u", "touch", "c/d", "1")
	do("c", operation("d", "1", modePass)...)
	require.Equal(t, "2 c1 2024-05-01 1", rdb.HGet(ctx, st.seen, "c/d").Val())
	do("f", "drop", "c/b", "1")
	do("-", "drop", "c/b", "1")
	pass = 1 // of a backfill beside the sweep: what has been seen stays seen
	do("r", operation("d", "2", modeAll)...)
	require.Equal(t, "2 r1 2024-05-01 2", rdb.HGet(ctx, st.seen, "c/d").Val())

	require.NoError(t, rdb.Del(ctx, st.stream).Err())
	require.NoError(t, rdb.Set(ctx, st.stream, "text", 0).Err())
	_, err = st.publish(ctx, "me", 1, []byte("new"), operation("e", "1", modeLive))
	require.Equal(t, "WRONGTYPE", stream.Code(err))
	require.False(t, rdb.HExists(ctx, st.seen, "c/e").Val(), "nothing is remembered that was not published")
	require.False(t, rdb.HExists(ctx, st.state, "state").Val())
}

func TestKeysAreInTheSlotOfTheStream(t *testing.T) {
	t.Parallel()
	st, err := newStore(nil, "eu:{7}:items", "a source", time.Minute)
	require.NoError(t, err)
	for _, key := range []string{st.lease, st.state, st.seen, st.lags, st.nodes, st.backfill().lease, st.backfill().state} {
		require.True(t, stream.SameSlot(st.stream, key), key)
	}
}

func TestOverlapFollowsTheLag(t *testing.T) {
	t.Parallel()
	require.Equal(t, time.Hour, overlap(Updated, time.Minute, 0), "nothing is known yet")
	require.Equal(t, 72*time.Hour, overlap(Rescan, time.Minute, 0))
	require.Equal(t, 2*time.Minute, overlap(Updated, time.Second, time.Second))
	require.Equal(t, 17*time.Minute, overlap(Updated, time.Minute, 8*time.Minute))
	require.Equal(t, 7*24*time.Hour, overlap(Updated, time.Minute, 1000*time.Hour))
	require.Equal(t, 30*24*time.Hour, overlap(Rescan, time.Minute, 1000*time.Hour))
	for lag, bucket := range map[time.Duration]int{
		0: 0, time.Second: 0, time.Second + 1: 1, 2 * time.Second: 1, 3 * time.Second: 2, 4 * time.Second: 2, 5 * time.Second: 3,
		time.Hour: 12, 1e6 * time.Hour: lagBuckets - 1,
	} {
		require.Equal(t, bucket, lagBucket(lag), "%s", lag)
		require.True(t, bucket == lagBuckets-1 || time.Second<<bucket >= lag)
	}
	st, rdb := newTestStore(t)
	ctx := t.Context()
	count := func(lag time.Duration, n int64, collection string) {
		require.NoError(t, rdb.HIncrBy(ctx, st.lags, lagField(lagUpdated, lag, collection), n).Err())
	}
	most := func() time.Duration {
		known, err := st.loadLags(ctx, lagUpdated)
		require.NoError(t, err)
		return known.most()
	}
	require.Zero(t, most())
	count(time.Hour, 19, "few: of them")
	require.Zero(t, most(), "too few")
	count(time.Minute, 1000, "c")
	count(2*time.Hour, 5, "c")
	require.Equal(t, 64*time.Second, most(), "one in a hundred may be later")
	count(time.Hour, 1, "few: of them")
	require.Equal(t, 4096*time.Second, most(), "the slowest collection")
}

func TestALeaseThatIsLostEndsThePass(t *testing.T) {
	t.Parallel()
	st, rdb := newTestStore(t)
	st.ttl = 150 * time.Millisecond
	cfg, err := Config{Stream: st.stream, Sources: []Source{{Client: stac.ClientConfig{URL: "http://127.0.0.1:1"}}}}.complete()
	require.NoError(t, err)
	s, err := newSource(st.conn, &cfg, cfg.Sources[0])
	require.NoError(t, err)
	held, tenure, err := s.seize(t.Context(), st, 0)
	require.NoError(t, err)
	defer tenure.close(t.Context())
	require.NoError(t, rdb.Set(t.Context(), st.lease, "another", 0).Err())
	select {
	case <-held.Done():
		require.ErrorIs(t, context.Cause(held), ErrLeaseLost)
	case <-time.After(time.Minute):
		require.Fail(t, "the lease is kept though it is lost")
	}
	_, _, err = s.seize(t.Context(), st, time.Millisecond)
	require.ErrorIs(t, err, ErrHeld)
}
