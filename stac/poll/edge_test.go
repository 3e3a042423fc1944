package poll_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/stac/internal/stactest"
	"github.com/leat-io/leat/stac/poll"
)

// A server that has a search and no list of its collections can be swept all the same: how long ago its first item was is not known then.
func TestASweepNeedsNoListOfCollections(t *testing.T) {
	t.Parallel()
	l := newLab(t, stactest.PgSTAC(), stactest.Items("c", 30, day, time.Hour)...)
	l.server.Change(func(_ *stactest.Shape, f *stactest.Faults) {
		f.Intercept = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != "/" {
				return false
			}
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"type": "Catalog", "id": "bare", "stac_version": "1.0.0", "description": "", "conformsTo": ["https://api.stacspec.org/v1.0.0/core",
				"https://api.stacspec.org/v1.0.0/item-search"], "links": [{"rel": "search", "href": "` + l.server.URL + `/search", "method": "POST"}]}`))
			return true
		}
	})
	l.once(func(s *poll.Source) { s.Reconcile = time.Millisecond })
	require.Len(t, l.events(), 30)
}

// Who may not ask for the lease is told so at once where it does not wait for others either.
func TestARefusedLeaseIsNotAskedForAgain(t *testing.T) {
	t.Parallel()
	l := newLab(t, stactest.PgSTAC())
	user := strings.ReplaceAll(l.stream, ":", "-") // it is part of a URL
	require.NoError(t, l.rdb.Do(l.ctx, "ACL", "SETUSER", user, "on", ">pw", "~*", "+@connection", "+info", "+command").Err())
	t.Cleanup(func() { _ = l.rdb.Do(t.Context(), "ACL", "DELUSER", user).Err() })
	opts, err := redis.ParseURL(l.redis)
	require.NoError(t, err)
	l.redis = "redis://" + user + ":pw@" + opts.Addr
	l.conn = l.dial()
	var asked atomic.Int32
	p := l.poller(poll.Config{
		Sources: []poll.Source{l.source(nil)}, Hooks: poll.Hooks{Leased: func(string, error) { asked.Add(1) }},
	})
	require.ErrorContains(t, p.Once(l.ctx), "NOPERM")
	require.EqualValues(t, 1, asked.Load())
}
