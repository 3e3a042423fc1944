package poll_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/embedded"
	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/internal/streamtest"
	"github.com/leat-io/leat/stac"
	"github.com/leat-io/leat/stac/internal/stactest"
	"github.com/leat-io/leat/stac/poll"
)

// newLabOn is a lab whose stream is on another kind of server than the shared one.
func newLabOn(t *testing.T, url string, rdb redis.UniversalClient, shape stactest.Shape, items ...stactest.Item) *lab {
	t.Helper()
	l := &lab{t: t, ctx: t.Context(), server: stactest.New(t, shape, items...), redis: url, stream: redistest.Prefix(t) + "items", rdb: rdb}
	t.Cleanup(func() { _ = rdb.Close() })
	l.conn = l.dial()
	return l
}

// All that a source keeps is in the slot of its stream, and the broker of `leat demo` has every command that is used.
func TestOnAClusterAndOnTheEmbeddedBroker(t *testing.T) {
	t.Parallel()
	for name, lab := range map[string]func(*testing.T, ...stactest.Item) *lab{
		"cluster": func(t *testing.T, items ...stactest.Item) *lab {
			c := redistest.SharedCluster(t)
			nodes := strings.Split(strings.TrimPrefix(c.URL(), "redis+cluster://"), ",")
			return newLabOn(t, c.URL(), redis.NewClusterClient(&redis.ClusterOptions{Addrs: nodes}), stactest.PgSTAC(), items...)
		},
		"embedded": func(t *testing.T, items ...stactest.Item) *lab {
			broker, err := embedded.Start(t.Context())
			require.NoError(t, err)
			t.Cleanup(func() { _ = broker.Close() })
			return newLabOn(t, broker.URL(), redis.NewClient(&redis.Options{Addr: broker.Addr()}), stactest.PgSTAC(), items...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			items := stactest.Items("c", 60, day, 12*time.Hour)
			l := lab(t, items...)
			stop := l.run(l.one(func(s *poll.Source) { s.Reconcile = 50 * time.Millisecond }))
			l.complete()
			items[3].Updated = time.Now()
			l.server.Put(items[3])
			l.server.Put(stactest.Items("d", 3, day.AddDate(-2, 0, 0), time.Hour)...)
			l.server.Delete("c", items[4].ID)
			l.complete()
			l.unique()
			stop()
			require.Contains(t, l.told(), "delete c/"+items[4].ID)

			p := l.one(nil)
			done, err := p.Backfill(l.ctx, "", poll.Backfill{Interval: stac.Interval{Start: day, End: day.AddDate(0, 1, 0)}, Again: true})
			require.NoError(t, err)
			require.Equal(t, 59, done.Published)
			for _, stream := range []bool{false, true} {
				r, err := p.Check(l.ctx, "", poll.Check{Since: day, Until: day.AddDate(0, 1, 0), Stream: stream})
				require.NoError(t, err)
				require.True(t, r.Complete, "%+v", r)
			}

			// A static catalog keeps its nodes there, too.
			dir, url, _ := files(t)
			stactest.Catalog(t, dir, 1, 20)
			l.once(func(s *poll.Source) { s.Client = local(url) })
			l.once(func(s *poll.Source) { s.Client = local(url) })
			require.Len(t, l.published(), 62+20)
		})
	}
}

// A failover to a replica that is behind loses events and what is remembered of them together: one script wrote both, and a replica
// has a beginning of what its master did. So the next pass publishes them again, with the IDs that they had; there is nothing that
// WAIT would have to keep.
func TestAFailoverLosesNothingForGood(t *testing.T) {
	t.Parallel()
	master := redistest.Start(t)
	host, port, err := net.SplitHostPort(master.Addr())
	require.NoError(t, err)
	replica := redistest.Start(t, redistest.Config("replicaof", host+" "+port))
	follower := replica.Client(t)
	streamtest.Eventually(t, func() bool {
		return strings.Contains(follower.Info(t.Context(), "replication").Val(), "master_link_status:up")
	}, "the replica follows")

	l := newLabOn(t, master.URL(), master.Client(t), stactest.PgSTAC(), stactest.Items("c", 30, day, time.Hour)...)
	all := func(s *poll.Source) { s.Reconcile = time.Millisecond }
	l.once(all)
	require.NoError(t, master.Client(t).Wait(l.ctx, 1, time.Minute).Err())
	require.NoError(t, follower.Do(t.Context(), "REPLICAOF", "NO", "ONE").Err(), "what it has now is all that it will ever have")
	items := stactest.Items("c", 60, day, time.Hour)
	for i := range items[20:] {
		items[20+i].Updated = time.Now()
	}
	l.server.Put(items[20:]...)
	l.server.Delete("c", items[2].ID)
	l.once(all)
	before := l.events()
	require.Equal(t, l.served(), l.published())
	master.Kill()

	l.redis, l.rdb = replica.URL(), follower
	l.conn = l.dial()
	require.Len(t, l.told(), 30, "the rest is lost")
	l.once(all)
	require.Equal(t, l.served(), l.published())
	l.unique()
	for id := range l.events() {
		require.Contains(t, before, id, "an event that comes again has the ID that it had")
	}
	require.Len(t, l.events(), len(before))
}
