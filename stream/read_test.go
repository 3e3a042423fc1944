package stream

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
)

// blockedClient is the ID of a client that waits in XREADGROUP on a server of
// the test's own, 0 when none does.
func blockedClient(l *lab) int64 {
	l.t.Helper()
	list, err := l.rdb.ClientList(l.ctx).Result()
	require.NoError(l.t, err)
	for line := range strings.SplitSeq(list, "\n") {
		id, rest, _ := strings.Cut(strings.TrimPrefix(line, "id="), " ")
		if strings.Contains(rest, "flags=b") {
			n, _ := strconv.ParseInt(id, 10, 64)
			return n
		}
	}
	return 0
}

type readResult struct {
	batch Batch
	err   error
}

// readInBackground begins a blocking read, and returns when the server has it.
func readInBackground(l *lab, r *Reader, block time.Duration) <-chan readResult {
	l.t.Helper()
	done := make(chan readResult, 1)
	go func() {
		batch, err := r.Read(l.ctx, 10, block)
		done <- readResult{batch, err}
	}()
	eventually(l.t, func() bool { return blockedClient(l) != 0 })
	require.True(l.t, r.Blocked())
	return done
}

func ownLab(t *testing.T) *lab {
	t.Helper()
	s := redistest.Start(t)
	return labOn(t, dial(t, s.URL()), s.Client(t), "orders").create()
}

func reader(l *lab, noAck bool) *Reader {
	l.t.Helper()
	r := l.g.Reader("me", noAck)
	l.t.Cleanup(func() { require.NoError(l.t, r.Close()) })
	return r
}

func TestReadBounds(t *testing.T) {
	t.Parallel()
	l := newLab(t).create()
	r := reader(l, false)
	for _, c := range []struct {
		count int
		block time.Duration
	}{{0, 0}, {-1, 0}, {1, -1}, {1, 1}, {1, time.Millisecond - 1}} {
		_, err := r.Read(l.ctx, c.count, c.block)
		require.Error(t, err, "BLOCK 0 would be for ever")
	}
	l.add(3)
	batch, err := r.Read(l.ctx, 2, time.Minute)
	require.NoError(t, err)
	require.Len(t, batch, 2)
	batch, err = r.Read(l.ctx, 2, 0)
	require.NoError(t, err)
	require.Len(t, batch, 1)
	batch, err = r.Read(l.ctx, 2, time.Millisecond)
	require.NoError(t, err)
	require.Empty(t, batch)
	require.False(t, r.Blocked())
}

func TestReadWaitsForAnEntry(t *testing.T) {
	t.Parallel()
	l := ownLab(t)
	done := readInBackground(l, reader(l, false), time.Minute)
	ids := l.add(1)
	got := <-done
	require.NoError(t, got.err)
	require.Equal(t, ids, idsOf(got.batch))
}

func TestUnblock(t *testing.T) {
	t.Parallel()
	l := ownLab(t)
	r := reader(l, false)
	require.NoError(t, r.Unblock(l.ctx), "nothing waits: nothing happens")
	done := readInBackground(l, r, time.Minute)
	client := blockedClient(l)
	require.NoError(t, r.Unblock(l.ctx))
	got := <-done
	require.NoError(t, got.err)
	require.Empty(t, got.batch)
	done = readInBackground(l, r, time.Minute)
	require.Equal(t, client, blockedClient(l), "the connection is good still")
	l.add(1)
	got = <-done
	require.NoError(t, got.err)
	require.Len(t, got.batch, 1)
}

func TestUnblockOnACluster(t *testing.T) {
	t.Parallel()
	cluster := redistest.SharedCluster(t)
	key := redistest.Prefix(t) + "orders"
	l := labOn(t, dial(t, cluster.URL()), cluster.MasterFor(key).Client(t), key).create()
	r := reader(l, false)
	done := readInBackground(l, r, time.Minute)
	require.NoError(t, r.Unblock(l.ctx))
	require.NoError(t, (<-done).err)
}

func TestASilentServerEndsARead(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	l := labOn(t, dial(t, s.URL()), s.Client(t), "orders").create()
	r := reader(l, false)
	_, err := r.Read(l.ctx, 1, 0)
	require.NoError(t, err)
	s.Pause()
	began := time.Now()
	_, err = r.Read(l.ctx, 1, 100*time.Millisecond)
	s.Resume()
	is(t, err, ClassUnknown, "", "timeout")
	require.GreaterOrEqual(t, time.Since(began), slack)
	require.Less(t, time.Since(began), 10*slack)
	l.add(1)
	// What was read into the void is pending, unknown to us.
	got, err := r.Read(l.ctx, 1, time.Second)
	require.NoError(t, err)
	taken, err := l.g.Recover(l.ctx, "me", func(h Held) bool { return len(got) > 0 && got[0].Held() == h }, 10)
	require.NoError(t, err)
	require.Len(t, append(got, taken.Batch...), 1)
}

// TestReadDoesNotEndWithItsContext: Redis would go on, and give entries to nobody.
func TestReadDoesNotEndWithItsContext(t *testing.T) {
	t.Parallel()
	l := ownLab(t)
	ctx, cancel := context.WithTimeout(l.ctx, time.Second)
	defer cancel()
	r := reader(l, false)
	done := make(chan readResult, 1)
	go func() {
		batch, err := r.Read(ctx, 10, time.Minute)
		done <- readResult{batch, err}
	}()
	eventually(t, func() bool { return blockedClient(l) != 0 })
	<-ctx.Done()
	ids := l.add(1)
	got := <-done
	require.NoError(t, got.err)
	require.Equal(t, ids, idsOf(got.batch))
	_, err := r.Read(ctx, 10, time.Minute)
	// A read that has not begun does not begin.
	require.Equal(t, ClassCanceled, Classify(err), "%v", err)
}

func TestTheGroupGoesWhileARead(t *testing.T) {
	t.Parallel()
	for name, destroy := range map[string]func(l *lab) error{
		"DEL":            func(l *lab) error { return l.rdb.Del(l.ctx, l.key).Err() },
		"XGROUP DESTROY": func(l *lab) error { return l.rdb.XGroupDestroy(l.ctx, l.key, l.g.Name()).Err() },
		"FLUSHALL":       func(l *lab) error { return l.rdb.Do(l.ctx, "FLUSHALL").Err() },
		"SET":            func(l *lab) error { return l.rdb.Set(l.ctx, l.key, "x", 0).Err() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := ownLab(t)
			done := readInBackground(l, reader(l, false), time.Minute)
			require.NoError(t, destroy(l))
			got := <-done
			require.Error(t, got.err)
			if name == "SET" {
				require.Contains(t, []Class{ClassNoGroup, ClassRejected}, Classify(got.err), "%v", got.err)
			} else {
				require.Equal(t, ClassNoGroup, Classify(got.err), "%v", got.err)
			}
		})
	}
}

func TestNoAck(t *testing.T) {
	t.Parallel()
	l := newLab(t).create()
	l.add(2)
	batch, err := reader(l, true).Read(l.ctx, 10, 0)
	require.NoError(t, err)
	require.Len(t, batch, 2)
	require.Empty(t, l.pending())
	require.Empty(t, l.read("me", 10))
}
