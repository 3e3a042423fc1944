package stream_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/deploy/acl"
	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/stream"
)

// observed publishes five entries, of which a group reads three and settles one, and looks.
func observed(t *testing.T, conn *stream.Conn, name string, what stream.Observing) stream.Observation {
	t.Helper()
	ctx := t.Context()
	found, err := conn.Observe(ctx, name, what)
	require.NoError(t, err)
	require.False(t, found.Exists)
	require.Zero(t, found.Memory)
	g, err := conn.Group(name, "g", stream.DeadLetter{})
	require.NoError(t, err)
	_, err = g.Create(ctx, stream.Oldest())
	require.NoError(t, err)
	for range 5 {
		_, errs := conn.Add(ctx, name, []stream.Event{{ID: "1", Source: "s", Type: "t"}})
		require.NoError(t, errs[0])
	}
	reader := g.Reader("a", false)
	defer reader.Close()
	batch, err := reader.Read(ctx, 3, 0)
	require.NoError(t, err)
	require.Len(t, batch, 3)
	_, err = g.Ack(ctx, []stream.ID{batch[0].EntryID})
	require.NoError(t, err)
	found, err = conn.Observe(ctx, name, what)
	require.NoError(t, err)
	require.True(t, found.Exists)
	require.WithinDuration(t, time.Now(), found.At, time.Hour)
	require.EqualValues(t, 5, found.Entries)
	require.EqualValues(t, 5, found.Added)
	require.Len(t, found.Groups, 1)
	got := found.Groups[0]
	require.Equal(t, batch[1].EntryID, got.OldestPending)
	require.Less(t, batch[2].EntryID.Compare(got.OldestUnread), 0)
	got.OldestPending, got.OldestUnread = stream.ID{}, stream.ID{}
	require.Equal(t, stream.ObservedGroup{Name: "g", Read: 3, Unread: 2, Exact: true, Pending: 2, Alive: 1}, got)
	return found
}

// TestObserve: on a cluster, over TLS as a careful operator's user, on every server at hand.
func TestObserve(t *testing.T) {
	t.Parallel()
	for _, program := range redistest.Installed(t) {
		t.Run(program.String(), func(t *testing.T) {
			t.Parallel()
			conn := dialURL(t, redistest.Start(t, redistest.Binary(program.Path)).URL())
			found := observed(t, conn, "orders", stream.Observing{})
			require.Positive(t, found.Memory)
			for protocol := range 2 { // and what it says in the other protocol
				conn := dialURL(t, conn.String()+"?protocol="+[]string{"2", "3"}[protocol])
				again, err := conn.Observe(t.Context(), "orders", stream.Observing{})
				require.NoError(t, err)
				again.At, again.Memory, found.At, found.Memory = time.Time{}, 0, time.Time{}, 0
				require.Equal(t, found, again)
			}
		})
	}
}

// TestObserveAsAConsumer: the rights of a consumer are enough.
func TestObserveAsAConsumer(t *testing.T) {
	t.Parallel()
	rules := ""
	for _, rule := range acl.Consumer.Rules("orders") {
		rules += rule + " "
	}
	server := redistest.Start(t, redistest.ACLUser("worker", "secret", rules+" (%W~orders +xadd)"))
	require.Positive(t, observed(t, dialURL(t, server.URL()), "orders", stream.Observing{}).Memory)
}

func TestObserveAGroupOfItsOwnAndNoOther(t *testing.T) {
	t.Parallel()
	conn, name := dialURL(t, redistest.Shared(t).URL()), redistest.Prefix(t)+"orders"
	for _, group := range []string{"one", "two"} {
		g, err := conn.Group(name, group, stream.DeadLetter{})
		require.NoError(t, err)
		_, err = g.Create(t.Context(), stream.Oldest())
		require.NoError(t, err)
	}
	found, err := conn.Observe(t.Context(), name, stream.Observing{Groups: []string{"two", "three"}, Samples: -1})
	require.NoError(t, err)
	require.Len(t, found.Groups, 1)
	require.Equal(t, "two", found.Groups[0].Name)
	require.EqualValues(t, stream.Unknown, found.Memory, "not asked for")
	_, err = conn.Observe(t.Context(), "a}", stream.Observing{})
	require.ErrorIs(t, err, stream.ErrStreamName)
	require.NoError(t, redistest.Shared(t).Client(t).Set(t.Context(), name+"2", "x", 0).Err())
	_, err = conn.Observe(t.Context(), name+"2", stream.Observing{})
	require.Equal(t, "WRONGTYPE", stream.Code(err))
}

func dialURL(t *testing.T, url string) *stream.Conn {
	t.Helper()
	conn, err := stream.Dial(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}
