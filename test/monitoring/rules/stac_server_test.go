package rules_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// stacServer has a STAC API for each source, below a folder of its name. While it is ill, each does what its name says.
type stacServer struct {
	*httptest.Server
	names []string

	mu    sync.Mutex
	sick  bool
	let   chan struct{} // closed while it is well: what hangs goes on
	items map[string][]stacItem
}

type stacItem struct {
	id string
	at time.Time
}

// newSTACServer starts one with an item of an hour ago for each source.
func newSTACServer(t testing.TB, sources ...string) *stacServer {
	t.Helper()
	s := &stacServer{names: sources, items: map[string][]stacItem{}, let: make(chan struct{})}
	close(s.let)
	for _, name := range sources {
		s.put(name, "first", time.Now().Add(-time.Hour))
	}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(s.answer)) // which an answer looks at
	s.Start()
	t.Cleanup(func() {
		s.well()
		s.CloseClientConnections()
		s.Close()
	})
	return s
}

func (s *stacServer) url(source string) string { return s.URL + "/" + source }

func (s *stacServer) put(source, id string, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.items[source] = append(s.items[source], stacItem{id, at})
}

func (s *stacServer) remove(source, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.items[source] = slices.DeleteFunc(s.items[source], func(i stacItem) bool { return i.id == id })
}

// ill makes it do what the sources' names say.
func (s *stacServer) ill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sick, s.let = true, make(chan struct{})
}

// well ends that.
func (s *stacServer) well() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sick {
		s.sick = false
		close(s.let)
	}
}

func (s *stacServer) answer(w http.ResponseWriter, r *http.Request) {
	source, page, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	s.mu.Lock()
	sick, let := s.sick, s.let
	s.mu.Unlock()
	switch {
	case page == "":
		reply(w, s.landing(source))
	case page == "collections":
		reply(w, map[string]any{"links": []any{}, "collections": []any{map[string]any{
			"type": "Collection", "id": "c", "stac_version": "1.0.0", "description": "c", "license": "proprietary", "links": []any{},
			"extent": map[string]any{
				"spatial":  map[string]any{"bbox": [][]float64{{-180, -90, 180, 90}}},
				"temporal": map[string]any{"interval": [][]any{{time.Now().AddDate(0, 0, -50).UTC().Format(time.RFC3339), nil}}},
			},
		}}})
	case page != "search":
		http.NotFound(w, r)
	case sick && source == "failing":
		http.NotFound(w, r)
	case sick && source == "hanging":
		select {
		case <-let:
		case <-r.Context().Done():
		}
		fallthrough
	default:
		reply(w, s.search(source, r.URL.Query().Get("datetime"), sick && source == "truncating"))
	}
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/geo+json")
	_ = json.NewEncoder(w).Encode(v)
}

func (s *stacServer) landing(source string) any {
	return map[string]any{
		"type": "Catalog", "id": source, "stac_version": "1.0.0", "description": source,
		"conformsTo": []string{"https://api.stacspec.org/v1.0.0/core", "https://api.stacspec.org/v1.0.0/item-search"},
		"links": []map[string]any{
			{"rel": "self", "href": s.url(source), "type": "application/json"},
			{"rel": "data", "href": s.url(source) + "/collections", "type": "application/json"},
			{"rel": "search", "href": s.url(source) + "/search", "type": "application/geo+json", "method": "GET"},
		},
	}
}

// search is all items that were taken in an interval, on one page. Where it truncates it says that there are more.
func (s *stacServer) search(source, interval string, truncates bool) any {
	from, until, _ := strings.Cut(interval, "/")
	features := []any{}
	s.mu.Lock()
	for _, i := range s.items[source] {
		at := i.at.UTC().Format(time.RFC3339)
		if begins(from) > at || until != "" && until != ".." && begins(until) < at {
			continue
		}
		item := map[string]any{
			"type": "Feature", "stac_version": "1.0.0", "collection": "c", "geometry": nil, "assets": map[string]any{}, "links": []any{},
			"id": i.id, "properties": map[string]any{"datetime": at},
		}
		features = append(features, item)
	}
	s.mu.Unlock()
	matched := len(features)
	if truncates {
		matched += 10
	}
	return map[string]any{"type": "FeatureCollection", "features": features, "links": []any{}, "numberReturned": len(features), "numberMatched": matched}
}

// begins is a time to the second, as items have it here.
func begins(at string) string {
	if len(at) > 19 {
		return at[:19] + "Z"
	}
	return strings.TrimPrefix(at, "..")
}
