package stream

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/embedded"
	"github.com/leat-io/leat/internal/redistest"
)

// The server's clock goes back by an hour. What is pending stays whose it is, with its
// count, and its idle time runs again; what was deleted leaves a tombstone.
func TestRebase(t *testing.T) {
	t.Parallel()
	broker, err := embedded.Start(testContext(t))
	require.NoError(t, err)
	t.Cleanup(func() { _ = broker.Close() })
	client := redis.NewClient(&redis.Options{Addr: broker.Addr()})
	t.Cleanup(func() { _ = client.Close() })
	l := labOn(t, dial(t, broker.URL()), client, redistest.Prefix(t)+"orders").create()
	l.add(rebasePage + 5)
	batch := l.read("one", rebasePage+5)
	gone := batch[rebasePage+2].EntryID // on the second page
	l.del(gone)
	before := l.pending()
	broker.SetClockOffset(-time.Hour)
	lost, at, err := l.g.Rebase(l.ctx, "two")
	require.NoError(t, err)
	require.WithinDuration(t, time.Now().Add(-time.Hour), at, 10*time.Minute, "the server's time")
	require.Equal(t, []ID{gone}, lost)
	require.Equal(t, []ID{gone}, l.tombstones())
	after := l.pending()
	require.Equal(t, append(before[:rebasePage+2:rebasePage+2], before[rebasePage+3:]...), after, "nothing changed hands")
	// The idle times run: what was idle for ever is found by a reclaim.
	for taken := 0; taken < len(after); {
		got, err := l.g.Reclaim(l.ctx, "two", Reclaiming{Lease: time.Millisecond, Limit: 1000})
		require.NoError(t, err)
		taken += len(got.Batch)
	}
}
