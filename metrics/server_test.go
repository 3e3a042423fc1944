package metrics_test

import (
	"fmt"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/internal/streamtest"
	"github.com/leat-io/leat/metrics"
	"github.com/leat-io/leat/stream"
)

// watch is a registry with a server collector for the lab's stream.
func watch(t *testing.T, l *streamtest.Lab, cfg metrics.ServerConfig) *prometheus.Registry {
	t.Helper()
	if cfg.Streams == nil {
		cfg.Streams = []string{l.Stream}
	}
	s, err := metrics.NewServer(l.Conn, cfg)
	require.NoError(t, err)
	t.Cleanup(s.Close)
	reg := prometheus.NewRegistry()
	reg.MustRegister(s)
	return reg
}

// now is a TTL that asks at each scrape.
const now = time.Nanosecond

func TestWhatTheServerSays(t *testing.T) {
	t.Parallel()
	l := streamtest.New(t, redistest.Shared(t).URL())
	reg := watch(t, l, metrics.ServerConfig{Groups: []string{"workers", "missing"}, TTL: now, Lease: time.Hour})
	rdb := redistest.Shared(t).Client(t)

	s := scrape(t, reg)
	require.InDelta(t, 1, s.sum("leat_server_up"), 0, "a stream that is not there is no failure")
	require.InDelta(t, 0, s.sum("leat_stream_entries"), 0)
	require.InDelta(t, 0, s.sum("leat_group_exists"), 0)

	l.Publish(10)
	_, err := l.Group.Create(l.Ctx, stream.Oldest())
	require.NoError(t, err)
	reader := l.Group.Reader("a", false)
	defer reader.Close()
	batch, err := reader.Read(l.Ctx, 6, 0)
	require.NoError(t, err)
	require.Len(t, batch, 6)
	// One fails and waits, one is a dead letter, one is settled; the first is two hours idle.
	_, err = l.Group.Fail(l.Ctx, "a", batch[1].Held(), time.Hour, "no")
	require.NoError(t, err)
	_, err = l.Group.Fail(l.Ctx, "a", batch[2].Held(), 0, "no")
	require.NoError(t, err)
	require.NoError(t, l.Group.Bury(l.Ctx, "a", &batch[3], stream.ReasonPermanent, "no", true))
	_, err = l.Group.Ack(l.Ctx, []stream.ID{batch[4].EntryID})
	require.NoError(t, err)
	require.NoError(t, rdb.Do(l.Ctx, "XCLAIM", l.Stream, "workers", "a", 0, batch[0].EntryID.String(), "IDLE", 7_200_000, "JUSTID").Err())

	s = scrape(t, reg)
	here := fmt.Sprintf(`stream=%q`, l.Stream)
	for name, want := range map[string]float64{
		"leat_stream_entries": 10, "leat_stream_added_total": 10, "leat_group_read_total": 6,
		"leat_group_unread_entries": 4, "leat_group_unread_exact": 1,
		"leat_group_pending_entries": 4, "leat_group_claimable_entries": 1, "leat_group_dead_letters": 1,
		"leat_group_retries_waiting": 2, "leat_group_retries_due": 1,
	} {
		require.InDelta(t, want, s.sum(name, here), 0, name)
	}
	require.Greater(t, s.sum("leat_stream_memory_bytes", here), 100.0)
	require.InDelta(t, 1, s.sum("leat_group_exists", `group="workers"`), 0)
	require.True(t, s.has("leat_group_exists", `group="missing"`))
	require.InDelta(t, 1, s.sum("leat_group_consumers", `state="alive"`), 0, "the name under which entries are parked is no consumer")
	require.Positive(t, s.sum("leat_group_oldest_pending_age_seconds"))
	require.Positive(t, s.sum("leat_group_oldest_unread_age_seconds"))
}

// TestSilentConsumersEntriesAreClaimable: what a consumer holds that has been silent for a lease is counted at once.
func TestSilentConsumersEntriesAreClaimable(t *testing.T) {
	t.Parallel()
	l := streamtest.New(t, redistest.Shared(t).URL())
	reg := watch(t, l, metrics.ServerConfig{TTL: now, Lease: 200 * time.Millisecond})
	l.Publish(5)
	_, err := l.Group.Create(l.Ctx, stream.Oldest())
	require.NoError(t, err)
	reader := l.Group.Reader("dead", false)
	defer reader.Close()
	_, err = reader.Read(l.Ctx, 5, 0)
	require.NoError(t, err)
	streamtest.Eventually(t, func() bool {
		s := scrape(t, reg)
		return s.sum("leat_group_claimable_entries") == 5 && s.sum("leat_group_consumers", `state="idle"`) == 1 &&
			s.sum("leat_group_consumers", `state="alive"`) == 0
	}, "the worker is dead")
}

// TestLagThatRedisDoesNotKnow: after an entry was deleted that the group had not read, Redis has lost count. That is not 0.
func TestLagThatRedisDoesNotKnow(t *testing.T) {
	t.Parallel()
	l := streamtest.New(t, redistest.Shared(t).URL())
	reg := watch(t, l, metrics.ServerConfig{TTL: now, CountTo: 20})
	ids := l.Publish(12)
	_, err := l.Group.Create(l.Ctx, stream.Oldest())
	require.NoError(t, err)
	reader := l.Group.Reader("a", false)
	defer reader.Close()
	_, err = reader.Read(l.Ctx, 2, 0)
	require.NoError(t, err)
	rdb := redistest.Shared(t).Client(t)
	require.NoError(t, rdb.XDel(l.Ctx, l.Stream, ids[7].String()).Err())
	groups, err := l.Conn.Groups(l.Ctx, l.Stream)
	require.NoError(t, err)
	require.Equal(t, -1, groups[0].Lag, "Redis does not know")

	s := scrape(t, reg)
	require.InDelta(t, 9, s.sum("leat_group_unread_entries"), 0)
	require.InDelta(t, 1, s.sum("leat_group_unread_exact"), 0, "they were counted")
	l.Publish(50)
	s = scrape(t, reg)
	require.InDelta(t, 20, s.sum("leat_group_unread_entries"), 0)
	require.InDelta(t, 0, s.sum("leat_group_unread_exact"), 0, "that many or more")
}

// TestRedisAwayServesWhatWasKnown: with its age, and without holding the scrape up.
func TestRedisAwayServesWhatWasKnown(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	l := streamtest.New(t, server.URL())
	l.Publish(10)
	reg := watch(t, l, metrics.ServerConfig{TTL: now, Timeout: 300 * time.Millisecond})
	streamtest.Eventually(t, func() bool { return scrape(t, reg).sum("leat_server_up") == 1 }, "up")
	failed := scrape(t, reg).sum("leat_server_collection_failures_total")
	server.Pause()
	s := scrape(t, reg)
	require.InDelta(t, 0, s.sum("leat_server_up"), 0)
	require.InDelta(t, 10, s.sum("leat_stream_entries"), 0)
	require.Positive(t, s.sum("leat_server_collection_age_seconds"))
	server.Resume()
	streamtest.Eventually(t, func() bool { return scrape(t, reg).sum("leat_server_up") == 1 }, "up again")
	require.Greater(t, scrape(t, reg).sum("leat_server_collection_failures_total"), failed)
	server.Stop()
	streamtest.Eventually(t, func() bool { return scrape(t, reg).sum("leat_server_up") == 0 }, "down")
	require.InDelta(t, 10, scrape(t, reg).sum("leat_stream_entries"), 0)
}

func TestServerWithoutAConnectionYet(t *testing.T) {
	t.Parallel()
	l := streamtest.New(t, redistest.Shared(t).URL())
	s, err := metrics.NewServer(nil, metrics.ServerConfig{Streams: []string{l.Stream}})
	require.NoError(t, err)
	defer s.Close()
	reg := prometheus.NewRegistry()
	reg.MustRegister(s)
	require.InDelta(t, 0, scrape(t, reg).sum("leat_server_up"), 0)
	s.Use(l.Conn)
	require.InDelta(t, 1, scrape(t, reg).sum("leat_server_up"), 0)
}

func TestServerConfigIsChecked(t *testing.T) {
	t.Parallel()
	_, err := metrics.NewServer(nil, metrics.ServerConfig{TTL: -1})
	require.ErrorContains(t, err, "streams: want one")
	require.ErrorContains(t, err, "ttl")
	_, err = metrics.NewServer(nil, metrics.ServerConfig{Streams: []string{"a}"}})
	require.ErrorIs(t, err, stream.ErrStreamName)
}

// TestManyScrapesCostOneCollection: two hundred scrapes by twenty at a time are one collection while its TTL lasts, counted by
// Redis itself.
func TestManyScrapesCostOneCollection(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	l := streamtest.New(t, server.URL())
	l.Publish(10)
	_, err := l.Group.Create(l.Ctx, stream.Oldest())
	require.NoError(t, err)
	reg := watch(t, l, metrics.ServerConfig{TTL: time.Hour})
	before := commands(t, server)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			for range 10 {
				_, err := reg.Gather()
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	n := commands(t, server) - before
	t.Logf("200 scrapes: %d commands", n)
	require.LessOrEqual(t, n, 10, "one collection: three about the stream, one for its memory, six for the group")
	require.InDelta(t, 1, scrape(t, reg).sum("leat_server_collections_total"), 0)
}

// commands is how many commands a server has executed that are about streams and what is beside them.
func commands(t *testing.T, server *redistest.Server) (sum int) {
	t.Helper()
	stats, err := server.Client(t).Info(t.Context(), "commandstats").Result()
	require.NoError(t, err)
	for _, m := range regexp.MustCompile(`cmdstat_([a-z|]+):calls=(\d+)`).FindAllStringSubmatch(stats, -1) {
		switch m[1] {
		case "info", "hello", "ping", "auth", "select", "client|setinfo", "client|setname":
			continue
		}
		n, err := strconv.Atoi(m[2])
		require.NoError(t, err)
		sum += n
	}
	return sum
}
