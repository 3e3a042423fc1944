package poll_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/stac"
	"github.com/leat-io/leat/stac/internal/stactest"
	"github.com/leat-io/leat/stac/poll"
)

// files is a static catalog, and the number of answers that had a body.
func files(t *testing.T) (dir, url string, sent *atomic.Int64) {
	t.Helper()
	dir, sent = t.TempDir(), &atomic.Int64{}
	handler := http.FileServer(http.Dir(dir))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := &counting{ResponseWriter: w}
		handler.ServeHTTP(answer, r)
		if answer.status == http.StatusOK {
			sent.Add(1)
		}
	}))
	t.Cleanup(server.Close)
	return dir, server.URL + "/catalog.json", sent
}

type counting struct {
	http.ResponseWriter
	status int
}

func (c *counting) WriteHeader(status int) {
	c.status = status
	c.ResponseWriter.WriteHeader(status)
}

func TestPoint28_AStaticCatalogIsASourceLikeAnyOther(t *testing.T) {
	t.Parallel()
	dir, url, sent := files(t)
	items := stactest.Catalog(t, dir, 2, 100)
	l := newLab(t, stactest.PgSTAC())
	change := func(s *poll.Source) { s.Client = local(url) }
	l.once(change)
	require.Len(t, l.published(), 200)
	nodes := sent.Load()
	require.Greater(t, nodes, int64(200))
	folder := filepath.Join(dir, "collection-0")
	item := func(i *stactest.Item) string {
		return filepath.Join(folder, i.Datetime.Format("2006-01"), i.ID+".json")
	}

	l.once(change)
	require.Equal(t, nodes+1, sent.Load(), "what has not changed is not sent again, but for the root, which each client reads")
	require.Len(t, l.told(), 200)

	items[5].Updated = items[5].Updated.Add(time.Hour)
	stactest.WriteItem(t, folder, &items[5])
	require.NoError(t, os.Chtimes(item(&items[5]), time.Now(), time.Now().Add(time.Minute)))
	l.once(change)
	require.Equal(t, nodes+3, sent.Load())
	require.Equal(t, []string{"replace collection-0/" + items[5].ID}, l.told()[200:])
	require.Equal(t, items[5].ID+".json", filepath.Base(l.entries()[200]["href"]))

	// A file that is gone while its catalog still links to it is a fault, and no
	// deletion.
	require.NoError(t, os.Rename(item(&items[6]), item(&items[6])+".away"))
	require.ErrorIs(t, l.one(change).Once(l.ctx), stac.ErrIncomplete)
	require.Len(t, l.told(), 201)
	require.NoError(t, os.Rename(item(&items[6])+".away", item(&items[6])))

	// One that nothing links to is deleted, whether its file is there or not.
	month := filepath.Join(folder, "2024-01")
	var links []map[string]any
	for i := range items[:100] {
		if items[i].Datetime.Month() == time.January && i != 7 && i != 8 {
			links = append(links, map[string]any{"rel": "item", "href": "./" + items[i].ID + ".json", "type": "application/geo+json"})
		}
	}
	stactest.WriteJSON(t, filepath.Join(month, "catalog.json"), map[string]any{
		"type": "Catalog", "id": "collection-0-2024-01", "stac_version": "1.0.0", "description": "less", "links": links,
	})
	require.NoError(t, os.Chtimes(filepath.Join(month, "catalog.json"), time.Now(), time.Now().Add(time.Minute)))
	require.NoError(t, os.Remove(item(&items[7])))
	l.once(change)
	require.ElementsMatch(t, []string{"delete collection-0/" + items[7].ID, "delete collection-0/" + items[8].ID}, l.told()[201:])
	l.unique()

	r, err := l.one(change).Check(l.ctx, "", poll.Check{Since: items[0].Datetime, Until: items[99].Datetime})
	require.NoError(t, err)
	require.True(t, r.Complete)
	require.Len(t, r.Days, 50)

	// What is remembered of items is lost, and the cache is not.
	require.NoError(t, l.rdb.Del(l.ctx, l.stream, "leat:{"+l.stream+"}:stac:seen:"+l.one(change).Names()[0]).Err())
	l.once(change)
	require.Len(t, l.told(), 198)
}
