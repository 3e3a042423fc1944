package poll_test

import (
	"context"
	"maps"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/internal/streamtest"
	"github.com/leat-io/leat/stac"
	"github.com/leat-io/leat/stac/internal/stactest"
	"github.com/leat-io/leat/stac/poll"
	"github.com/leat-io/leat/stream"
)

func TestMain(m *testing.M) {
	if job := os.Getenv(childJob); job != "" {
		os.Exit(child(job))
	}
	redistest.Main(m)
}

// lab is a server, and a stream that only one test uses.
type lab struct {
	t      testing.TB
	ctx    context.Context
	server *stactest.Server
	conn   *stream.Conn
	rdb    redis.UniversalClient
	redis  string
	stream string
}

func newLab(t testing.TB, shape stactest.Shape, items ...stactest.Item) *lab {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*streamtest.Patience)
	t.Cleanup(cancel)
	l := &lab{t: t, ctx: ctx, server: stactest.New(t, shape, items...), redis: redistest.Shared(t).URL(), stream: redistest.Prefix(t) + "items"}
	l.rdb = redistest.Shared(t).Client(t)
	l.conn = l.dial()
	return l
}

func (l *lab) dial(opts ...stream.Option) *stream.Conn {
	l.t.Helper()
	conn, err := stream.Dial(l.ctx, l.redis, opts...)
	require.NoError(l.t, err)
	l.t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// local is a client configuration for a server of this machine.
func local(url string) stac.ClientConfig {
	return stac.ClientConfig{
		URL: url, AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Limiter: stac.NewLimiter(0, 1), RetryFor: stac.NoRetry,
	}
}

// source is all of the lab's server.
func (l *lab) source(change func(*poll.Source)) poll.Source {
	src := poll.Source{
		Client: local(l.server.URL), Query: stac.Query{Limit: 20}, Start: poll.Since(time.Time{}), Interval: 50 * time.Millisecond, Overlap: time.Hour,
	}
	if change != nil {
		change(&src)
	}
	return src
}

func (l *lab) poller(cfg poll.Config) *poll.Poller {
	l.t.Helper()
	return l.pollerOn(l.conn, cfg)
}

func (l *lab) pollerOn(conn *stream.Conn, cfg poll.Config) *poll.Poller {
	l.t.Helper()
	cfg.Stream, cfg.Producer = l.stream, "tester"
	if cfg.Lease == 0 {
		cfg.Lease = 2 * time.Second
	}
	if cfg.Logger == nil {
		cfg.Logger = zaptest.NewLogger(quiet{l.t}, zaptest.Level(zap.WarnLevel))
	}
	p, err := poll.New(conn, cfg)
	require.NoError(l.t, err)
	l.t.Cleanup(p.Close)
	return p
}

// quiet keeps the log of a loop that outlives its test from failing the run.
type quiet struct{ testing.TB }

func (q quiet) Logf(format string, args ...any) {
	defer func() { _ = recover() }()
	q.TB.Logf(format, args...)
}

// one is a poller of one source.
func (l *lab) one(change func(*poll.Source)) *poll.Poller {
	l.t.Helper()
	return l.poller(poll.Config{Sources: []poll.Source{l.source(change)}})
}

// once makes one pass, and a sweep where it is due.
func (l *lab) once(change func(*poll.Source)) {
	l.t.Helper()
	require.NoError(l.t, l.one(change).Once(l.ctx))
}

// run polls until the test ends.
func (l *lab) run(p *poll.Poller) (stop func()) {
	l.t.Helper()
	ctx, cancel := context.WithCancel(l.ctx)
	var done sync.WaitGroup
	done.Go(func() {
		if err := p.Run(ctx); err != nil {
			l.t.Errorf("run: %v", err)
		}
	})
	stop = sync.OnceFunc(func() { cancel(); done.Wait() })
	l.t.Cleanup(stop)
	return stop
}

// entry is one event in the stream.
type entry map[string]string

func (e entry) what() string { return strings.TrimPrefix(e["type"], "org.ogc.api.collection.item.") }
func (e entry) name() string { return e["staccollection"] + "/" + e["stacitem"] }

func (l *lab) entries() []entry {
	l.t.Helper()
	messages, err := l.rdb.XRange(l.ctx, l.stream, "-", "+").Result()
	require.NoError(l.t, err)
	var all []entry
	for _, m := range messages {
		e := entry{}
		for name, value := range m.Values {
			e[name], _ = value.(string)
		}
		all = append(all, e)
	}
	return all
}

// told are the changes in the stream, in their order: "create c/id".
func (l *lab) told() []string {
	l.t.Helper()
	var all []string
	for _, e := range l.entries() {
		all = append(all, e.what()+" "+e.name())
	}
	return all
}

// published are the items and versions that whoever reads the stream knows of.
func (l *lab) published() map[string]string {
	l.t.Helper()
	all := map[string]string{}
	for _, e := range l.entries() {
		if all[e.name()] = e["stacitemversion"]; e["type"] == poll.Deleted {
			delete(all, e.name())
		}
	}
	return all
}

// served are the items and versions that the server has.
func (l *lab) served() map[string]string {
	l.t.Helper()
	c, err := stac.NewClient(local(l.server.URL))
	require.NoError(l.t, err)
	defer c.Close()
	all := map[string]string{}
	for item, err := range c.Items(l.ctx, stac.Query{Limit: 1000}) {
		require.NoError(l.t, err)
		all[item.Collection+"/"+item.ID] = item.Version()
	}
	return all
}

// complete waits until everything that the server has is published.
func (l *lab) complete() {
	l.t.Helper()
	streamtest.Eventually(l.t, func() bool { return maps.Equal(l.served(), l.published()) }, "the stream has what the server has")
}

// events are the IDs in the stream with how often they are there.
func (l *lab) events() map[string]int {
	l.t.Helper()
	all := map[string]int{}
	for _, e := range l.entries() {
		all[e["source"]+" "+e["id"]]++
	}
	return all
}

// unique fails when an event is there twice.
func (l *lab) unique() {
	l.t.Helper()
	for id, n := range l.events() {
		require.Equal(l.t, 1, n, "event %s", id)
	}
}

// day is when the items of most tests begin.
var day = time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)

// plain are items without updated: only their content tells versions apart.
func plain(items []stactest.Item) []stactest.Item {
	items = slices.Clone(items)
	for i := range items {
		items[i].Created, items[i].Updated = time.Time{}, time.Time{}
	}
	return items
}

func withHook(h redis.Hook) stream.Option { return stream.WithHook(h) }

func contextWithCancel(l *lab) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(l.ctx)
	l.t.Cleanup(cancel)
	return ctx, cancel
}
