package plant

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"
)

// Catalog is a STAC API with one collection, c. Its items have no assets, and were
// changed when they were added.
type Catalog struct {
	*httptest.Server
	at string // its address, known before it is asked

	mu        sync.Mutex
	items     map[string]item
	next      int
	broken    bool
	truncates bool
}

type item struct{ taken, updated time.Time }

// Catalog starts a STAC API without items. Flags lead a poller to it.
func (p *Plant) Catalog() *Catalog {
	p.T.Helper()
	c := &Catalog{items: map[string]item{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { c.answer(w, c.landing()) })
	mux.HandleFunc("GET /collections", func(w http.ResponseWriter, _ *http.Request) {
		c.answer(w, map[string]any{"collections": []any{c.collection()}, "links": []any{}})
	})
	mux.HandleFunc("GET /collections/c", func(w http.ResponseWriter, _ *http.Request) { c.answer(w, c.collection()) })
	mux.HandleFunc("POST /search", c.search)
	c.Server = httptest.NewUnstartedServer(mux)
	c.at = "http://" + c.Listener.Addr().String()
	c.Start()
	p.T.Cleanup(func() {
		c.CloseClientConnections()
		c.Close()
	})
	return c
}

// Flags are those of `leat stac` that lead to it.
func (c *Catalog) Flags() []string { return []string{"--api", c.URL, "--allow-network", "127.0.0.0/8"} }

// Add adds items whose data was taken some time ago, and that were changed now or, where
// changed is given, that long ago.
func (c *Catalog) Add(n int, taken time.Duration, changed ...time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	updated := now
	for _, ago := range changed {
		updated = now.Add(-ago)
	}
	for range n {
		c.next++
		c.items[fmt.Sprintf("item-%06d", c.next)] = item{now.Add(-taken), updated}
	}
}

// Change gives all items a new version.
func (c *Catalog) Change() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, i := range c.items {
		i.updated = time.Now()
		c.items[id] = i
	}
}

// Break makes it answer 500, or no more.
func (c *Catalog) Break(broken bool) { c.set(&c.broken, broken) }

// Truncate makes each search end before all was sent that it has counted, or no more.
func (c *Catalog) Truncate(truncates bool) { c.set(&c.truncates, truncates) }

func (c *Catalog) set(flag *bool, value bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	*flag = value
}

func (c *Catalog) answer(w http.ResponseWriter, v any) {
	c.mu.Lock()
	broken := c.broken
	c.mu.Unlock()
	if broken {
		http.Error(w, "broken", http.StatusInternalServerError)
		return
	}
	_ = json.NewEncoder(w).Encode(v)
}

func (c *Catalog) landing() map[string]any {
	const api = "https://api.stacspec.org/v1.0.0/"
	return map[string]any{
		"type": "Catalog", "id": "plant", "title": "Plant", "description": "for tests", "stac_version": "1.0.0",
		"conformsTo": []string{api + "core", api + "collections", api + "item-search", api + "item-search#query"},
		"links": []any{
			map[string]string{"rel": "search", "method": "POST", "href": c.at + "/search", "type": "application/geo+json"},
			map[string]string{"rel": "data", "href": c.at + "/collections"},
		},
	}
}

func (c *Catalog) collection() map[string]any {
	return map[string]any{
		"type": "Collection", "id": "c", "extent": map[string]any{"temporal": map[string]any{"interval": [][]any{{nil, nil}}}},
		"links": []any{map[string]string{"rel": "self", "href": c.at + "/collections/c"}},
	}
}

func (c *Catalog) item(id string) map[string]any {
	return map[string]any{
		"type": "Feature", "id": id, "collection": "c", "geometry": nil, "assets": map[string]any{},
		"properties": map[string]any{"datetime": c.items[id].taken.UTC(), "updated": c.items[id].updated.UTC()},
		"links":      []any{map[string]string{"rel": "self", "href": c.at + "/collections/c/items/" + id}},
	}
}

// query is as much of a search as pollers ask for.
type query struct {
	IDs           []string
	Datetime      string
	Limit, Offset int
	Query         map[string]map[string]time.Time
}

func (q *query) matches(id string, i item) bool {
	from, to, _ := strings.Cut(q.Datetime, "/")
	bound := func(text string, fits func(time.Time) bool) bool {
		at, err := time.Parse(time.RFC3339Nano, text)
		return err != nil || fits(at)
	}
	updated := q.Query["updated"]
	return (len(q.IDs) == 0 || slices.Contains(q.IDs, id)) &&
		bound(from, func(at time.Time) bool { return !i.taken.Before(at) }) &&
		bound(to, func(at time.Time) bool { return !i.taken.After(at) }) &&
		!i.updated.Before(updated["gte"]) && (updated["lte"].IsZero() || !i.updated.After(updated["lte"]))
}

func (c *Catalog) search(w http.ResponseWriter, r *http.Request) {
	var q query
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	found := []any{}
	for _, id := range slices.Sorted(maps.Keys(c.items)) {
		if q.matches(id, c.items[id]) {
			found = append(found, c.item(id))
		}
	}
	matched, end := len(found), min(q.Offset+max(q.Limit, 1), len(found))
	links := []any{}
	switch {
	case c.truncates:
		matched++
	case end < matched:
		links = append(links, map[string]any{
			"rel": "next", "method": "POST", "href": c.at + "/search", "merge": true, "body": map[string]int{"offset": end},
		})
	}
	c.mu.Unlock()
	c.answer(w, map[string]any{
		"type": "FeatureCollection", "features": found[min(q.Offset, end):end], "numberMatched": matched, "links": links,
	})
}
