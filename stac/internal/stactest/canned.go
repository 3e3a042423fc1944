package stactest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"
)

const (
	// CannedPage is how many items a page of a Canned server has.
	CannedPage = 250
	// Bands is how many assets an item of Sentinel-2 has.
	Bands = 17
)

// Canned serves the pages of a search from memory, made beforehand: items as large as those of Sentinel-2, whatever is asked for.
type Canned struct {
	*httptest.Server
	// Rounds is how often all of the pages come, with other IDs each time; 0: once. To be set before the first request.
	Rounds int

	landing []byte
	pages   [][]byte
}

// NewCanned starts a server with so many items of so many assets; it ends with the test.
func NewCanned(tb testing.TB, items, bands int, updated bool) *Canned {
	tb.Helper()
	s := &Canned{}
	s.Server = httptest.NewServer(s)
	tb.Cleanup(s.Close)
	s.landing = fmt.Appendf(nil, `{"type":"Catalog","id":"x","conformsTo":[],"links":[{"rel":"search","method":"POST","href":"%s/search"}]}`, s.URL)
	all := Items("sentinel-2-l2a", items, time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC), time.Minute)
	for n := range (items + CannedPage - 1) / CannedPage {
		var features []any
		for _, item := range all[n*CannedPage : min((n+1)*CannedPage, items)] {
			features = append(features, large(&item, s.URL, bands, updated))
		}
		page := map[string]any{"type": "FeatureCollection", "features": features, "numberMatched": items, "links": []any{}}
		if (n+1)*CannedPage < items {
			page["links"] = []any{map[string]any{"rel": "next", "method": "POST", "href": s.URL + "/search", "body": map[string]any{"limit": CannedPage, "page": n + 1}}}
		}
		s.pages = append(s.pages, encode(page))
	}
	return s
}

// large is an item with that many assets.
func large(i *Item, url string, bands int, updated bool) map[string]any {
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

func (s *Canned) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/search" {
		_, _ = w.Write(s.landing)
		return
	}
	var q struct{ Page int }
	body, _ := io.ReadAll(r.Body)
	_ = json.Unmarshal(body, &q)
	page := s.pages[q.Page%len(s.pages)]
	if s.Rounds > 0 {
		page = s.again(page, q.Page)
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(page)))
	_, _ = w.Write(page)
}

// again makes other items of a page, and leads on to the one behind it.
func (s *Canned) again(page []byte, n int) []byte {
	page = bytes.ReplaceAll(page, []byte("sentinel-2-l2a-0"), fmt.Appendf(nil, "sentinel-2-l2a-%d-0", n/len(s.pages)))
	next := fmt.Appendf(nil, `"links":[{"rel":"next","method":"POST","href":"%s/search","body":{"page":%d}}],"numberMatched"`, s.URL, n+1)
	if n+1 == s.Rounds*len(s.pages) {
		next = []byte(`"links":[],"numberMatched"`)
	}
	end := bytes.LastIndex(page, []byte(`,"links":[`))
	count := bytes.LastIndex(page, []byte(`"numberMatched"`))
	return fmt.Appendf(nil, `%s,%s:%d,"type":"FeatureCollection"}`, page[:min(end, count)], next, s.Rounds*len(s.pages)*CannedPage)
}
