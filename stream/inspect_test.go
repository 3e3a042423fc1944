package stream

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
)

func TestInfoAndGroups(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	batch := l.given("me", 4)
	l.add(3)
	_, err := l.g.Fail(l.ctx, "me", batch[0].Held(), time.Hour, "boom")
	require.NoError(t, err)
	require.NoError(t, l.g.Bury(l.ctx, "me", &batch[1], ReasonPermanent, "no", true))
	want := GroupInfo{Name: "billing", Consumers: 2, Pending: 3, LastDelivered: batch[3].EntryID, Lag: 3, Waiting: 1, Dead: 1}
	info, err := l.g.Info(l.ctx)
	require.NoError(t, err)
	require.Equal(t, want, info)
	other := l.group("audit", DeadLetter{})
	_, err = other.Create(l.ctx, Newest())
	require.NoError(t, err)
	infos, err := l.conn.Groups(l.ctx, l.key)
	require.NoError(t, err)
	require.Len(t, infos, 2)
	require.Equal(t, want, infos[1])
	require.Equal(t, "audit", infos[0].Name)

	ids := l.add(2)
	l.del(ids[0]) // not delivered yet: Redis does not know the lag any more
	info, err = l.g.Info(l.ctx)
	require.NoError(t, err)
	require.Equal(t, -1, info.Lag)
}

func TestGroupsOfNothing(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	_, err := l.conn.Groups(l.ctx, "")
	require.ErrorIs(t, err, ErrStreamName)
	_, err = l.conn.Groups(l.ctx, l.key)
	require.Equal(t, "ERR", Code(err), "no such key")
	l.add(1)
	infos, err := l.conn.Groups(l.ctx, l.key)
	require.NoError(t, err)
	require.Empty(t, infos)
}

func TestPending(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	batch := l.given("me", 5)
	l.steal("other", batch[1].EntryID, batch[3].EntryID)
	rows, err := l.g.Pending(l.ctx, PendingQuery{})
	require.NoError(t, err)
	require.Len(t, rows, 5)
	rows, err = l.g.Pending(l.ctx, PendingQuery{Consumer: "other"})
	require.NoError(t, err)
	require.Len(t, rows, 2)
	require.Equal(t, []any{batch[1].EntryID, "other", 2}, []any{rows[0].ID, rows[0].Consumer, rows[0].Deliveries})
	require.Less(t, rows[0].Idle, time.Minute)
	rows, err = l.g.Pending(l.ctx, PendingQuery{From: batch[2].EntryID, Count: 2})
	require.NoError(t, err)
	require.Equal(t, batch[2].EntryID, rows[0].ID)
	require.Len(t, rows, 2)
	rows, err = l.g.Pending(l.ctx, PendingQuery{Consumer: "nobody"})
	require.NoError(t, err)
	require.Empty(t, rows)
}

func TestSupports(t *testing.T) {
	t.Parallel()
	l, url := newLab(t), redistest.Shared(t).URL()
	for range 2 { // the second answer is remembered
		for command, want := range map[string]bool{"XAUTOCLAIM": true, "XNOSUCH": false, "ping": true} {
			has, err := l.conn.Supports(l.ctx, command)
			require.NoError(t, err)
			require.Equal(t, want, has, command)
		}
	}
	resp2 := dial(t, url+"?protocol=2")
	for command, want := range map[string]bool{"XAUTOCLAIM": true, "XNOSUCH": false} {
		has, err := resp2.Supports(l.ctx, command)
		require.NoError(t, err)
		require.Equal(t, want, has, command)
	}
	closed := dial(t, url)
	require.NoError(t, closed.Close())
	_, err := closed.Supports(l.ctx, "PING")
	require.Error(t, err, "that nobody answers does not mean that the server lacks it")
}
