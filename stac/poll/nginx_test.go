package poll_test

import (
	"flag"
	"maps"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/streamtest"
	"github.com/leat-io/leat/stac"
	"github.com/leat-io/leat/stac/internal/stactest"
	"github.com/leat-io/leat/stac/poll"
)

var staticItems = flag.Int("stac.items", 1000, "items of the static catalog that nginx serves")

// traffic is what nginx has answered since the last time: statuses, and bytes of bodies.
type traffic struct {
	t        *testing.T
	nginx    *stactest.Nginx
	asked    atomic.Int64
	statuses map[string]int
	bytes    int
}

func (s *traffic) since() (statuses map[string]int, bytes int) {
	s.t.Helper()
	all, size := s.nginx.Served(s.t, int(s.asked.Load()))
	statuses, bytes = map[string]int{}, size-s.bytes
	for status, n := range all {
		if n -= s.statuses[status]; n > 0 {
			statuses[status] = n
		}
	}
	s.statuses, s.bytes = maps.Clone(all), size
	return statuses, bytes
}

// TestPoint28_AStaticCatalogByNginx kills a poller in the middle of a catalog, lets another one go on, and looks at what nginx sent:
// what was dealt with before the kill, and what has not changed, is not sent again.
func TestPoint28_AStaticCatalogByNginx(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	want := stactest.Catalog(t, dir, 2, *staticItems/2)
	s := &traffic{t: t, nginx: stactest.StartNginx(t, dir, stactest.NginxOptions{})}
	l := newLab(t, stactest.PgSTAC())
	url := s.nginx.URL + "/catalog.json"

	kill := l.spawnAt(url, poll.Reconcile)
	streamtest.Eventually(t, func() bool { return l.rdb.XLen(l.ctx, l.stream).Val() > int64(len(want)/4) }, "a quarter is published")
	kill()
	before := int(l.rdb.XLen(l.ctx, l.stream).Val())
	require.Less(t, before, len(want), "killed in the middle")
	killed, killedBytes := s.since()

	p := l.poller(poll.Config{
		Sources: []poll.Source{l.source(func(src *poll.Source) { src.Client = local(url) })},
		Hooks: poll.Hooks{Requested: func(_ string, r stac.RequestInfo) {
			if r.Status != 0 { // what got no answer may not have reached nginx
				s.asked.Add(1)
			}
		}},
	})
	pass := func() (statuses map[string]int, bytes int, took time.Duration) {
		t.Helper()
		s.asked.Store(int64(sum(s.statuses)))
		began := time.Now()
		require.NoError(t, p.Once(l.ctx))
		took = time.Since(began)
		statuses, bytes = s.since()
		return statuses, bytes, took
	}
	rest, restBytes, took := pass()
	t.Logf("killed behind %d of %d items: %v, %d bytes; the rest: %v, %d bytes, %s", before, len(want), killed, killedBytes, rest, restBytes, took)
	require.Len(t, l.published(), len(want))
	l.unique()
	require.Greater(t, rest["304"], before/2, "what was dealt with is not sent again")

	none, noneBytes, took := pass()
	t.Logf("nothing has changed: %v, %d bytes, %s", none, noneBytes, took)
	require.LessOrEqual(t, none["200"], 1, "the root, which each client reads")
	require.Greater(t, none["304"], len(want))
	require.Len(t, l.told(), len(want))

	want[7].Updated = want[7].Updated.Add(time.Hour)
	stactest.WriteItem(t, filepath.Join(dir, want[7].Collection), &want[7])
	one, oneBytes, took := pass()
	t.Logf("one item has changed: %v, %d bytes, %s", one, oneBytes, took)
	require.LessOrEqual(t, one["200"], 2)
	require.Less(t, oneBytes, 10_000)
	require.Equal(t, []string{"replace " + want[7].Collection + "/" + want[7].ID}, l.told()[len(want):])
	l.unique()
}

func sum(statuses map[string]int) int {
	all := 0
	for _, n := range slices.Collect(maps.Values(statuses)) {
		all += n
	}
	return all
}
