package stac_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/stac"
	"github.com/leat-io/leat/stac/internal/stactest"
)

const (
	benchItems = 10_000
	benchPage  = 250
	benchBands = 17 // as Sentinel-2 has
)

// canned serves the pages of a search from memory: items as large as those of Sentinel-2, 250 a page.
type canned struct {
	*httptest.Server
	landing []byte
	pages   [][]byte
	rounds  int // how often all of them come, with other IDs each time; 0: once
}

func newCanned(tb testing.TB, items, bands int, updated bool) *canned {
	tb.Helper()
	s := &canned{}
	s.Server = httptest.NewServer(s)
	tb.Cleanup(s.Close)
	s.landing = fmt.Appendf(nil, `{"type":"Catalog","id":"x","conformsTo":[],"links":[{"rel":"search","method":"POST","href":"%s/search"}]}`, s.URL)
	all := stactest.Items("sentinel-2-l2a", items, day, time.Minute)
	for n := range (items + benchPage - 1) / benchPage {
		var features []any
		for _, item := range all[n*benchPage : min((n+1)*benchPage, items)] {
			features = append(features, large(&item, s.URL, bands, updated))
		}
		page := map[string]any{"type": "FeatureCollection", "features": features, "numberMatched": items, "links": []any{}}
		if (n+1)*benchPage < items {
			page["links"] = []any{map[string]any{"rel": "next", "method": "POST", "href": s.URL + "/search", "body": map[string]any{"limit": benchPage, "page": n + 1}}}
		}
		raw, err := json.Marshal(page)
		require.NoError(tb, err)
		s.pages = append(s.pages, raw)
	}
	return s
}

// large is an item with that many assets.
func large(i *stactest.Item, url string, bands int, updated bool) map[string]any {
	item := i.JSON([]map[string]any{
		{"rel": "collection", "href": url + "/collections/" + i.Collection}, {"rel": "self", "href": url + "/collections/" + i.Collection + "/items/" + i.ID},
	})
	assets := map[string]any{}
	for band := range bands {
		assets[fmt.Sprintf("B%02d", band)] = map[string]any{
			"href": fmt.Sprintf("https://sentinel-cogs.example/sentinel-s2-l2a-cogs/31/U/FT/2024/5/%s/B%02d.tif", i.ID, band), "type": "image/tiff; application=geotiff; profile=cloud-optimized",
			"title": fmt.Sprintf("Band %d", band), "proj:shape": []int{10980, 10980}, "proj:transform": []float64{10, 0, 600000, 0, -10, 5900040}, "roles": []string{"data", "reflectance"},
			"raster:bands": []any{map[string]any{"nodata": 0, "data_type": "uint16", "spatial_resolution": 10, "scale": 0.0001, "offset": -0.1}},
		}
	}
	item["assets"] = assets
	if !updated {
		if properties, ok := item["properties"].(map[string]any); ok {
			delete(properties, "updated")
		}
	}
	return item
}

func (s *canned) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/search" {
		_, _ = w.Write(s.landing)
		return
	}
	var q struct{ Page int }
	body, _ := io.ReadAll(r.Body)
	_ = json.Unmarshal(body, &q)
	page := s.pages[q.Page%len(s.pages)]
	if s.rounds > 0 {
		page = s.again(page, q.Page)
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(page)))
	_, _ = w.Write(page)
}

// again makes other items of a page, and leads on to the one behind it.
func (s *canned) again(page []byte, n int) []byte {
	page = bytes.ReplaceAll(page, []byte("sentinel-2-l2a-0"), fmt.Appendf(nil, "sentinel-2-l2a-%d-0", n/len(s.pages)))
	next := fmt.Appendf(nil, `"links":[{"rel":"next","method":"POST","href":"%s/search","body":{"page":%d}}],"numberMatched"`, s.URL, n+1)
	if n+1 == s.rounds*len(s.pages) {
		next = []byte(`"links":[],"numberMatched"`)
	}
	end := bytes.LastIndex(page, []byte(`,"links":[`))
	count := bytes.LastIndex(page, []byte(`"numberMatched"`))
	return fmt.Appendf(nil, `%s,%s:%d,"type":"FeatureCollection"}`, page[:min(end, count)], next, s.rounds*len(s.pages)*benchPage)
}

// BenchmarkPages is a pass over 10,000 items: what an event takes of each, its version included.
func BenchmarkPages(b *testing.B) {
	for _, updated := range []bool{true, false} {
		b.Run(map[bool]string{true: "updated", false: "hashed"}[updated], func(b *testing.B) {
			s := newCanned(b, benchItems, benchBands, updated)
			c := client(b, stac.ClientConfig{URL: s.URL})
			b.ReportAllocs()
			for b.Loop() {
				n := 0
				for item, err := range c.Items(b.Context(), stac.Query{Limit: benchPage}) {
					if err != nil || item.Href == "" || item.Version() == "" {
						b.Fatal(err)
					}
					n++
				}
				require.Equal(b, benchItems, n)
			}
			b.ReportMetric(float64(benchItems)*float64(b.N)/b.Elapsed().Seconds(), "items/s")
		})
	}
}

// handItem is what a loop written by hand takes of an item.
type handItem struct {
	ID         string `json:"id"`
	Collection string `json:"collection"`
	Links      []struct {
		Rel  string `json:"rel"`
		Href string `json:"href"`
	} `json:"links"`
	Properties struct {
		Datetime *time.Time `json:"datetime"`
		Updated  *time.Time `json:"updated"`
	} `json:"properties"`
}

// BenchmarkHandWritten is the best loop over pages that net/http and encoding/json allow for: no bytes are kept, and nothing is
// checked.
func BenchmarkHandWritten(b *testing.B) {
	s := newCanned(b, benchItems, benchBands, true)
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		body := []byte(`{"limit":250}`)
		for body != nil {
			var page struct {
				Features []handItem `json:"features"`
				Links    []struct {
					Rel  string          `json:"rel"`
					Body json.RawMessage `json:"body"`
				} `json:"links"`
			}
			handPage(b, s.URL+"/search", body, &page)
			for i := range page.Features {
				for _, l := range page.Features[i].Links {
					if l.Rel == "self" && l.Href != "" {
						n++
					}
				}
			}
			body = nil
			for _, l := range page.Links {
				if l.Rel == "next" {
					body = l.Body
				}
			}
		}
		require.Equal(b, benchItems, n)
	}
	b.ReportMetric(float64(benchItems)*float64(b.N)/b.Elapsed().Seconds(), "items/s")
}

func handPage(b *testing.B, url string, body []byte, page any) {
	b.Helper()
	req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, url, bytes.NewReader(body))
	require.NoError(b, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(b, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(b, err)
	require.NoError(b, json.Unmarshal(raw, page))
}

// A pass over many items holds a page of them, not all.
func TestMemoryStaysFlat(t *testing.T) { //nolint:paralleltest // it measures the heap of the process
	s := newCanned(t, 2500, 1, true)
	s.rounds = 40
	c := client(t, stac.ClientConfig{URL: s.URL})
	var early, late uint64
	items := 0
	for page, err := range c.Search(t.Context(), stac.Query{Limit: benchPage}) {
		require.NoError(t, err)
		items += len(page.Items)
		if page.Number%20 != 0 {
			continue
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		if items <= 10_000 {
			early = max(early, m.HeapAlloc)
		} else {
			late = max(late, m.HeapAlloc)
		}
	}
	require.Equal(t, 100_000, items)
	t.Logf("bytes in the heap, the server's included: %d in the first 10,000 items, %d in the others", early, late)
	require.Less(t, late, early+8<<20)
}
