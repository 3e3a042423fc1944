package stream

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }

// testTimeout bounds every test's conversation with its servers.
const testTimeout = 3 * time.Minute

func testContext(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testTimeout)
	t.Cleanup(cancel)
	return ctx
}

// dial connects as a user does, and closes with the test.
func dial(t testing.TB, url string, opts ...Option) *Conn {
	t.Helper()
	c, err := Dial(testContext(t), url, opts...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

// lab is one group of a stream of its own, with a second client to look at it.
type lab struct {
	t    testing.TB
	ctx  context.Context
	conn *Conn
	rdb  redis.UniversalClient
	g    *Group
	key  string
}

func newLab(t testing.TB) *lab {
	t.Helper()
	s := redistest.Shared(t)
	return labOn(t, dial(t, s.URL()), s.Client(t), redistest.Prefix(t)+"orders")
}

func labOn(t testing.TB, conn *Conn, rdb redis.UniversalClient, key string) *lab {
	t.Helper()
	l := &lab{t: t, ctx: testContext(t), conn: conn, rdb: rdb, key: key}
	l.g = l.group("billing", DeadLetter{})
	return l
}

func (l *lab) group(name string, dead DeadLetter) *Group {
	l.t.Helper()
	g, err := l.conn.Group(l.key, name, dead)
	require.NoError(l.t, err)
	return g
}

// create makes the group, from the oldest entry on.
func (l *lab) create() *lab {
	l.t.Helper()
	_, err := l.g.Create(l.ctx, Oldest())
	require.NoError(l.t, err)
	return l
}

// add adds n entries with the field n by another client, and returns their IDs.
func (l *lab) add(n int) []ID {
	l.t.Helper()
	ids := make([]ID, n)
	for i := range ids {
		ids[i] = l.addFields("n", i)
	}
	return ids
}

func (l *lab) addFields(fields ...any) ID {
	l.t.Helper()
	return l.addTo(l.key, fields...)
}

func (l *lab) addTo(key string, fields ...any) ID {
	l.t.Helper()
	text, err := l.rdb.XAdd(l.ctx, &redis.XAddArgs{Stream: key, Values: fields}).Result()
	require.NoError(l.t, err)
	id, err := ParseID(text)
	require.NoError(l.t, err)
	return id
}

// read reads at most count new entries in the name of the consumer.
func (l *lab) read(consumer string, count int) Batch {
	l.t.Helper()
	r := l.g.Reader(consumer, false)
	defer func() { require.NoError(l.t, r.Close()) }()
	batch, err := r.Read(l.ctx, count, 0)
	require.NoError(l.t, err)
	return batch
}

// given makes the group, adds n entries and lets the consumer read them.
func (l *lab) given(consumer string, n int) Batch {
	l.t.Helper()
	l.create().add(n)
	batch := l.read(consumer, n)
	require.Len(l.t, batch, n)
	return batch
}

// steal gives entries to another consumer, as XCLAIM by hand does: one delivery more.
func (l *lab) steal(thief string, ids ...ID) {
	l.t.Helper()
	for _, id := range ids {
		got, err := l.rdb.XClaim(l.ctx, &redis.XClaimArgs{
			Stream: l.key, Group: l.g.Name(), Consumer: thief, Messages: []string{id.String()},
		}).Result()
		require.NoError(l.t, err)
		require.Len(l.t, got, 1)
	}
}

func (l *lab) del(ids ...ID) {
	l.t.Helper()
	for _, id := range ids {
		n, err := l.rdb.XDel(l.ctx, l.key, id.String()).Result()
		require.NoError(l.t, err)
		require.EqualValues(l.t, 1, n)
	}
}

// row is a row of XPENDING without its idle time.
type row struct {
	ID         ID
	Consumer   string
	Deliveries int
}

func (l *lab) pending() []row {
	l.t.Helper()
	ext, err := l.rdb.XPendingExt(l.ctx, &redis.XPendingExtArgs{
		Stream: l.key, Group: l.g.Name(), Start: "-", End: "+", Count: 100000,
	}).Result()
	require.NoError(l.t, err)
	rows := make([]row, len(ext))
	for i, e := range ext {
		id, err := ParseID(e.ID)
		require.NoError(l.t, err)
		rows[i] = row{id, e.Consumer, int(e.RetryCount)}
	}
	return rows
}

// state is everything that settling can change.
type state struct {
	Pending  []row
	Retry    []redis.Z
	Failures map[string]string
	Dead     []redis.XMessage
	Length   int64
}

func (l *lab) state() state {
	l.t.Helper()
	s := state{Pending: l.pending()}
	var err error
	s.Retry, err = l.rdb.ZRangeWithScores(l.ctx, l.g.retryKey, 0, -1).Result()
	require.NoError(l.t, err)
	s.Failures, err = l.rdb.HGetAll(l.ctx, l.g.failuresKey).Result()
	require.NoError(l.t, err)
	if kind := l.rdb.Type(l.ctx, l.g.deadKey).Val(); kind == "stream" {
		s.Dead, err = l.rdb.XRange(l.ctx, l.g.deadKey, "-", "+").Result()
		require.NoError(l.t, err)
	}
	s.Length, err = l.rdb.XLen(l.ctx, l.key).Result()
	require.NoError(l.t, err)
	return s
}

func (l *lab) letters() []Letter {
	l.t.Helper()
	letters, next, err := l.g.Letters(l.ctx, ID{}, 1000)
	require.NoError(l.t, err)
	require.True(l.t, next.IsZero())
	return letters
}

// takeDue takes what is due, and waits for it: release and redrive make entries
// due in the millisecond in which they run.
func (l *lab) takeDue(consumer string, want int) Batch {
	l.t.Helper()
	var got Batch
	eventually(l.t, func() bool {
		t, _, _, err := l.g.TakeDue(l.ctx, consumer, 100)
		require.NoError(l.t, err)
		got = append(got, t.Batch...)
		return len(got) >= want
	})
	require.Len(l.t, got, want)
	return got
}

// eventually waits for a condition, a look every few milliseconds.
func eventually(t testing.TB, ok func() bool) {
	t.Helper()
	deadline := time.NewTimer(20 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatal("what was waited for did not happen in 20 s")
		}
	}
}

func heldOf(batch Batch) []Held {
	held := make([]Held, len(batch))
	for i := range batch {
		held[i] = batch[i].Held()
	}
	return held
}

func idsOf(batch Batch) []ID {
	ids := make([]ID, len(batch))
	for i := range batch {
		ids[i] = batch[i].EntryID
	}
	return ids
}
