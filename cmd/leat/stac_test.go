package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
)

// stacDay is when the items of these tests begin.
var stacDay = time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)

// stacServer is as much of a STAC API as the commands ask for.
type stacServer struct {
	*httptest.Server
	at    string // its address, known before it is asked
	mu    sync.Mutex
	items map[string]time.Time // when they were taken; updated is the same
	asked []http.Header
}

func newStacServer(t *testing.T, items int) *stacServer {
	t.Helper()
	s := &stacServer{items: map[string]time.Time{}}
	for i := range items {
		s.put(fmt.Sprintf("item-%03d", i), stacDay.Add(time.Duration(i)*time.Hour))
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.asked = append(s.asked, r.Header.Clone())
		s.mu.Unlock()
		s.answer(w, map[string]any{
			"type": "Catalog", "id": "test", "title": "A test", "stac_version": "1.0.0", "conformsTo": []string{
				"https://api.stacspec.org/v1.0.0/core", "https://api.stacspec.org/v1.0.0/item-search", "https://api.stacspec.org/v1.0.0/item-search#query",
			},
			"links": []any{
				map[string]string{"rel": "search", "method": "POST", "href": s.at + "/search", "type": "application/geo+json"},
				map[string]string{"rel": "data", "href": s.at + "/collections"},
			},
		})
	})
	mux.HandleFunc("POST /search", s.search)
	mux.HandleFunc("GET /collections/c", func(w http.ResponseWriter, _ *http.Request) { s.answer(w, s.collection()) })
	mux.HandleFunc("GET /collections", func(w http.ResponseWriter, _ *http.Request) {
		s.answer(w, map[string]any{"collections": []any{s.collection()}, "links": []any{}})
	})
	mux.HandleFunc("GET /collections/c/items/{id}", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if _, ok := s.items[r.PathValue("id")]; !ok {
			http.NotFound(w, r)
			return
		}
		s.answer(w, s.item(r.PathValue("id")))
	})
	s.Server = httptest.NewUnstartedServer(mux)
	s.at = "http://" + s.Listener.Addr().String()
	s.Start()
	t.Cleanup(s.Close)
	return s
}

func (s *stacServer) put(id string, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.items[id] = at
}

func (s *stacServer) answer(w http.ResponseWriter, v any) { _ = json.NewEncoder(w).Encode(v) }

func (s *stacServer) collection() map[string]any {
	return map[string]any{
		"type": "Collection", "id": "c", "extent": map[string]any{"temporal": map[string]any{"interval": [][]any{{stacDay, nil}}}},
		"links": []any{map[string]string{"rel": "self", "href": s.at + "/collections/c"}},
	}
}

func (s *stacServer) item(id string) map[string]any {
	return map[string]any{
		"type": "Feature", "id": id, "collection": "c", "geometry": nil, "assets": map[string]any{},
		"properties": map[string]any{"datetime": s.items[id], "updated": s.items[id]},
		"links":      []any{map[string]string{"rel": "self", "href": s.at + "/collections/c/items/" + id}},
	}
}

// search compares collections, ids, datetime and updated (by the query extension).
func (s *stacServer) search(w http.ResponseWriter, r *http.Request) {
	var q struct {
		Collections, IDs []string
		Datetime         string
		Limit, Offset    int
		Query            map[string]map[string]string
	}
	body, err := io.ReadAll(r.Body)
	if err != nil || json.Unmarshal(body, &q) != nil {
		http.Error(w, "no JSON", http.StatusBadRequest)
		return
	}
	from, to, _ := strings.Cut(q.Datetime, "/")
	s.mu.Lock()
	defer s.mu.Unlock()
	found := []any{}
	for _, id := range slices.Sorted(maps.Keys(s.items)) {
		at := s.items[id]
		text := at.UTC().Format(time.RFC3339)
		updated := q.Query["updated"]
		if (len(q.Collections) == 0 || slices.Contains(q.Collections, "c")) && (len(q.IDs) == 0 || slices.Contains(q.IDs, id)) &&
			(from == "" || from == ".." || text >= from) && (to == "" || to == ".." || text <= to) &&
			text >= updated["gte"] && (updated["lte"] == "" || text <= updated["lte"]) {
			found = append(found, s.item(id))
		}
	}
	end := min(q.Offset+max(q.Limit, 1), len(found))
	links := []any{}
	if end < len(found) {
		links = append(links, map[string]any{
			"rel": "next", "method": "POST", "href": s.at + "/search", "merge": true, "body": map[string]int{"offset": end},
		})
	}
	s.answer(w, map[string]any{
		"type": "FeatureCollection", "features": found[min(q.Offset, end):end], "numberMatched": len(found), "links": links,
	})
}

// flags lead to the server.
func (s *stacServer) flags() []string {
	return []string{"--api", s.URL, "--allow-network", "127.0.0.0/8"}
}

func (s *scene) stac(server *stacServer, command string, more ...string) []string {
	return append(append([]string{"stac", command, "--stream", s.stream, "--redis", s.server.URL()}, server.flags()...), more...)
}

func (s *scene) entries() []redis.XMessage {
	s.Helper()
	all, err := s.rdb.XRange(context.Background(), s.stream, "-", "+").Result()
	require.NoError(s.T, err)
	return all
}

func TestStacPollUntilItIsTold(t *testing.T) {
	t.Parallel()
	s, server := newScene(t), newStacServer(t, 30)
	p := call{env: []string{"PRODUCER=notebook"}}.start(t, s.stac(server, "poll", "--since", "all", "--interval", "100ms", "--reconcile", "100ms", "--log-level", "info")...)
	until(t, "all are published", func() bool { return len(s.entries()) == 30 })
	chosen := p.logged("stac strategy is chosen")
	require.Equal(t, "updated", chosen["strategy"])
	require.Contains(t, chosen["reason"], "all of 30 sampled items have updated")
	server.put("late", stacDay.AddDate(-1, 0, 0))
	until(t, "what comes late is found by the sweep", func() bool { return len(s.entries()) == 31 })
	p.drain()
	last := s.entries()[30].Values
	href := server.URL + "/collections/c/items/late"
	for name, want := range map[string]string{
		"subject": href, "href": href, "producer": "notebook", "specversion": "1.0", "type": "org.ogc.api.collection.item.create",
		"source": server.URL + "/collections/c", "staccollection": "c", "stacitem": "late",
	} {
		require.Equal(t, want, last[name], name)
	}
}

func TestStacPollByTheVariablesOfTheNotebook(t *testing.T) {
	t.Parallel()
	s, server := newScene(t), newStacServer(t, 3)
	host, port, _ := strings.Cut(s.server.Addr(), ":")
	env := []string{
		"STREAM=" + s.stream, "PRODUCER=notebook", "REDIS_HOSTNAME=" + host, "REDIS_PORT=" + port, "LEAT_API=" + server.URL,
		"LEAT_ALLOW_NETWORK=127.0.0.0/8", "LEAT_SINCE=all",
	}
	r := call{env: env}.leat(t, "stac", "poll", "--once")
	require.Equal(t, 0, r.code, r.stderr)
	require.Len(t, s.entries(), 3)
	require.Equal(t, "notebook", s.entries()[0].Values["producer"])
	r = call{env: append(env, "LEAT_NAME=another")}.leat(t, "stac", "poll", "--once", "--from-now")
	require.Equal(t, 0, r.code, r.stderr)
	require.Len(t, s.entries(), 3, "the flag wins over the variable of the other one")
}

func TestStacPollWantsAStart(t *testing.T) {
	t.Parallel()
	s, server := newScene(t), newStacServer(t, 3)
	r := leat(t, s.stac(server, "poll", "--once")...)
	require.Equal(t, 1, r.code)
	require.Contains(t, r.stderr, "--from-now, or --since TIME")
	require.Empty(t, s.entries())
}

func TestStacPollOfAFile(t *testing.T) {
	t.Parallel()
	s, one, two := newScene(t), newStacServer(t, 3), newStacServer(t, 5)
	other := redistest.Prefix(t) + "other"
	key := file(t, "key", canary+"\n")
	config := file(t, "sources.yaml", fmt.Sprintf(`
producer: many
sources:
  - name: one
    api: %s
    allow-networks: [127.0.0.0/8]
    collections: [c]
    since: 2026-05-01T01:00:00Z
  - name: two
    api: %s
    allow-networks: [127.0.0.0/8]
    auth: {api-key-file: %s, api-key-header: X-Api-Key}
    bbox: [-180, -90, 180, 90]
    intersects: {type: Point, coordinates: [1, 2]}
    since: all
    stream: %s
`, one.URL, two.URL, key, other))
	bad := leat(t, "stac", "poll", "--config", config, "--stream", s.stream, "--redis", s.server.URL(), "--once")
	require.Equal(t, 2, bad.code)
	require.Contains(t, bad.stderr, "BBox and Intersects exclude each other")
	config = file(t, "sources.yaml", strings.Replace(mustRead(t, config), "    bbox: [-180, -90, 180, 90]\n", "", 1))
	r := leat(t, "stac", "poll", "--config", config, "--stream", s.stream, "--redis", s.server.URL(), "--once")
	require.Equal(t, 0, r.code, r.stderr)
	require.Len(t, s.entries(), 2)
	n, err := s.rdb.XLen(context.Background(), other).Result()
	require.NoError(t, err)
	require.Equal(t, int64(5), n)
	require.Equal(t, canary, two.asked[0].Get("X-Api-Key"))
	require.Empty(t, one.asked[0].Get("X-Api-Key"))
	noCanary(t, r)
}

func TestStacBackfillAndCheck(t *testing.T) {
	t.Parallel()
	s, server := newScene(t), newStacServer(t, 96)
	out := done(t, s.stac(server, "backfill", "--since", "2026-05-02", "--until", "2026-05-02T23:59:59Z")...)
	require.Contains(t, out, "24 published")
	require.Len(t, s.entries(), 24)
	check := func(want int, more ...string) result {
		r := leat(t, s.stac(server, "check", append([]string{"--since", "2026-05-01", "--until", "2026-05-04"}, more...)...)...)
		require.Equal(t, want, r.code, r.stderr)
		return r
	}
	r := check(1)
	require.Regexp(t, `(?m)^2026-05-01 +24 +0 +24 +0 +0 +no +missing c/item-000$`, r.stdout)
	require.Regexp(t, `(?m)^2026-05-02 +24 +24 +0 +0 +0 +no`, r.stdout)
	require.Contains(t, r.stderr, "3 days are not complete")
	r = leat(t, s.stac(server, "backfill", "--since", "all", "--output", "json")...)
	require.JSONEq(t, `{"published":72}`, onlyKeys(t, r.stdout, "published"))
	check(0)
	check(0, "--entries")

	// A gap, on purpose.
	for _, m := range s.entries() {
		if m.Values["stacitem"] == "item-050" {
			require.NoError(t, s.rdb.XDel(context.Background(), s.stream, m.ID).Err())
		}
	}
	r = check(1, "--entries", "--output", "json")
	var report struct {
		Complete bool
		Days     []struct {
			Day      string
			Missing  int
			Examples []string
		}
	}
	require.NoError(t, json.Unmarshal([]byte(r.stdout), &report))
	require.False(t, report.Complete)
	require.Equal(t, "2026-05-03", report.Days[2].Day)
	require.Equal(t, 1, report.Days[2].Missing)
	require.Equal(t, []string{"missing c/item-050"}, report.Days[2].Examples)

	r = leat(t, s.stac(server, "backfill", "--since", "2026-05-03", "--until", "2026-05-03T23:59:59Z", "--again")...)
	require.Equal(t, 0, r.code, r.stderr)
	require.Len(t, s.entries(), 95+24)
	check(0, "--entries")
}

func TestStacProbeSaysWhy(t *testing.T) {
	t.Parallel()
	server := newStacServer(t, 12)
	out := done(t, "stac", "probe", server.URL, "--allow-network", "127.0.0.0/8")
	require.Contains(t, out, "strategy updated: all of 12 sampled items have updated")
	require.Regexp(t, `(?m)^kind +search$`, out)
	out = done(t, "stac", "probe", server.URL, "--allow-network", "127.0.0.0/8", "--output", "json")
	require.Contains(t, out, `"strategy":"updated"`)
	empty := newStacServer(t, 0)
	require.Contains(t, done(t, "stac", "probe", empty.URL, "--allow-network", "127.0.0.0/8"), "strategy rescan: it has no items yet")
	r := leat(t, "stac", "probe", empty.URL, "--allow-network", "127.0.0.0/8", "--strategy", "updated")
	require.Equal(t, 1, r.code)
	require.Contains(t, r.stderr, "no items yet")
	r = leat(t, "stac", "probe", server.URL)
	require.Equal(t, 1, r.code)
	require.Contains(t, r.stderr, "is a loopback address, and is in none of AllowNetworks", "what allows it is named")
}

func TestStacBadUsage(t *testing.T) {
	t.Parallel()
	poll := []string{"stac", "poll", "--stream", "s", "--api", "http://user:" + canary + "@x", "--since", "all"}
	with := func(more ...string) []string { return append(append([]string{}, poll...), more...) }
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"stac", "poll"}, "--api is missing"},
		{[]string{"stac", "poll", "--api", "http://x", "--since", "all"}, "STREAM is missing"},
		{[]string{"stac", "poll", "--stream", "s", "--api", "ftp://x", "--since", "all"}, "want http:// or https://"},
		{with("--from-now"), "exclude each other"},
		{with("--since", "yesterday"), "yesterday"},
		{with("--bbox", "1,2,x,4"), "no number"},
		{with("--bbox", "1,2"), "BBox has 2 numbers"},
		{with("--query", "{"), "it is no JSON"},
		{with("--filter", "{"), "it is no JSON"},
		{with("--datetime", "2012"), "datetime"},
		{with("--strategy", "magic"), "want auto, updated, rescan, reconcile"},
		{with("--payload", "all"), "want link or item"},
		{with("--overlap", "1s"), "more than 1s"},
		{with("--interval", "0s1ns"), "Interval is 1ns"},
		{with("--max-deleted", "2"), "MaxDeleted is 2"},
		{with("--allow-network", "home"), "no network"},
		{with("--rate", "-1"), "rate is -1"},
		{with("--api-key-file", file(t, "k", canary)), "want one of api-key-header and api-key-query"},
		{with("--token-file", "/nonexistent"), "/nonexistent"},
		{with("--user", "u"), "password-file is missing"},
		{with("--user", "u", "--password-file", file(t, "p", canary), "--token-file", file(t, "t", canary)), "exclude each other"},
		{with("--config", file(t, "c.yaml", "sources: []")), "exclude each other"},
		{[]string{"stac", "poll", "--config", file(t, "c.yaml", "sources: []")}, "no sources"},
		{[]string{"stac", "poll", "--config", file(t, "c.yaml", "sourcs: []")}, "sourcs"},
		{[]string{"stac", "poll", "--config", "/nonexistent"}, "/nonexistent"},
		{[]string{"stac", "backfill", "--stream", "s", "--api", "http://x"}, "--since is missing"},
		{[]string{"stac", "backfill", "--stream", "s", "--api", "http://x", "--since", "2026-05-02", "--until", "2026-05-01"}, "is before"},
		{[]string{"stac", "check", "--stream", "s", "--api", "http://x", "--days", "0"}, "--days is 0"},
		{[]string{"stac", "probe"}, "URL is missing"},
		{[]string{"stac", "probe", "file:///etc/passwd"}, "want http:// or https://"},
	} {
		r := call{env: []string{"LEAT_REDIS=redis://127.0.0.1:1"}}.leat(t, c.args...)
		require.Equal(t, 2, r.code, "%q: %s", c.args, r.stderr)
		require.Contains(t, r.stderr, c.want, "%q", c.args)
		require.Equal(t, 1, strings.Count(r.stderr, "\n"), "one line: %s", r.stderr)
		noCanary(t, r)
	}
}
