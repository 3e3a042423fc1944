package stac_test

import (
	"errors"
	"flag"
	"fmt"
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
)

var staticItems = flag.Int("stac.items", 1000, "items of the static catalog that nginx serves")

// serveDir serves files as they are, with Last-Modified and without ETag.
func serveDir(t *testing.T, dir string) string {
	t.Helper()
	s := httptest.NewServer(http.FileServer(http.Dir(dir)))
	t.Cleanup(s.Close)
	return s.URL
}

// All items of a static catalog, and the second time only what has changed, told by ETags.
func TestPoint28_StaticCatalogByETag(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	want := stactest.Catalog(t, dir, 2, *staticItems/2)
	n := stactest.StartNginx(t, dir, stactest.NginxOptions{})
	var requests atomic.Int32
	told := func() int { return int(requests.Load()) }
	c := client(t, stac.ClientConfig{
		URL: n.URL + "/catalog.json", Cache: stac.NewMemoryCache(), Hooks: stac.ClientHooks{Request: func(stac.RequestInfo) { requests.Add(1) }},
	})
	g := gather(c.Discover(t.Context(), stac.Query{}))
	require.NoError(t, g.err)
	require.Equal(t, names(want), g.distinct())
	require.Len(t, g.ids, len(want))
	nodes := told()
	statuses, first := n.Served(t, nodes)
	require.Equal(t, map[string]int{"200": nodes}, statuses)

	changed := want[7]
	changed.Updated = changed.Updated.Add(time.Hour)
	stactest.WriteItem(t, filepath.Join(dir, changed.Collection), &changed)
	g = gather(c.Discover(t.Context(), stac.Query{}))
	require.NoError(t, g.err)
	require.Equal(t, []string{changed.Collection + "/" + changed.ID}, g.ids)
	unchanged := map[string]bool{changed.Collection + "/" + changed.ID: true}
	for _, page := range g.pages {
		for _, ref := range page.Unchanged {
			require.NotEmpty(t, ref.Version)
			unchanged[ref.Collection+"/"+ref.ID] = true
		}
	}
	require.Equal(t, names(want), unchanged, "the others are known to be there still")
	statuses, second := n.Served(t, told())
	// The landing page is read once, and the crawl begins with it: one node more the first time.
	require.Equal(t, map[string]int{"200": nodes + 1, "304": nodes - 2}, statuses)
	t.Logf("first pass: %d nodes, %d bytes; second: %d bytes for 1 changed item, %d answers 304", nodes, first, second-first, statuses["304"])
	require.Less(t, second-first, 10_000)
}

// nginx makes ETags of seconds and sizes: what changes twice in a second has the same one both times.
func TestPoint28_ChangedTwiceInASecond(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	want := stactest.Catalog(t, dir, 1, 20)
	now := time.Now().Add(time.Minute) // however slow this machine is
	stactest.Age(t, dir, now)
	n := stactest.StartNginx(t, dir, stactest.NginxOptions{})
	c := client(t, stac.ClientConfig{URL: n.URL + "/catalog.json", Cache: stac.NewMemoryCache()})
	require.NoError(t, gather(c.Crawl(within(t), stac.Query{})).err)
	changed := want[7]
	changed.Updated = changed.Updated.Add(time.Hour)
	stactest.WriteItem(t, filepath.Join(dir, changed.Collection), &changed)
	stactest.Age(t, dir, now)
	g := gather(c.Crawl(within(t), stac.Query{}))
	require.NoError(t, g.err)
	found := false
	for _, item := range g.items {
		found = found || item.ID == changed.ID && item.Updated.Equal(changed.Updated)
	}
	require.True(t, found)
}

// What was not dealt with is read again, whatever the server says of it.
func TestPoint28_WhatWasNotDealtWithIsReadAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	want := stactest.Catalog(t, dir, 1, 50)
	c := client(t, stac.ClientConfig{URL: serveDir(t, dir) + "/catalog.json", Cache: stac.NewMemoryCache()})
	published := map[string]bool{}
	for page, err := range c.Crawl(within(t), stac.Query{Limit: 20}) {
		require.NoError(t, err)
		if page.Number == 2 {
			break // it failed, was killed, ...
		}
		for _, item := range page.Items {
			published[item.Collection+"/"+item.ID] = true
		}
	}
	require.Len(t, published, 20)
	g := gather(c.Crawl(within(t), stac.Query{Limit: 20}))
	require.NoError(t, g.err)
	require.Len(t, g.ids, 30)
	for id := range published {
		require.NotContains(t, g.ids, id)
	}
	for _, id := range g.ids {
		published[id] = true
	}
	require.Equal(t, names(want), published)
}

func TestPoint28_PasswordOfAStaticCatalog(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	want := stactest.Catalog(t, dir, 1, 20)
	n := stactest.StartNginx(t, dir, stactest.NginxOptions{User: "me", Password: "s3cret-pw"})
	g := gather(client(t, stac.ClientConfig{URL: n.URL + "/catalog.json", Auth: stac.Basic("me", "s3cret-pw")}).Discover(within(t), stac.Query{}))
	require.NoError(t, g.err)
	require.Equal(t, names(want), g.distinct())
	var status *stac.StatusError
	g = gather(client(t, stac.ClientConfig{URL: n.URL + "/catalog.json", Auth: stac.Basic("me", "wr0ng-pw")}).Discover(within(t), stac.Query{}))
	require.ErrorAs(t, g.err, &status)
	require.Equal(t, 401, status.Code)
	require.NotContains(t, g.err.Error(), "wr0ng")
}

// nginx' limit_req answers 429: everything is read all the same.
func TestPoint28_RateLimitOfAStaticCatalog(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	want := stactest.Catalog(t, dir, 1, 60)
	n := stactest.StartNginx(t, dir, stactest.NginxOptions{Rate: 20})
	c, told := hurried(t, stac.ClientConfig{URL: n.URL + "/catalog.json"})
	g := gather(c.Discover(within(t), stac.Query{}))
	require.NoError(t, g.err)
	require.Equal(t, names(want), g.distinct())
	require.NotEmpty(t, told())
	statuses, _ := n.Served(t, 60+len(told()))
	require.Equal(t, len(told()), statuses["429"])
}

// Circles, nodes that are missing or broken, too deep, of no type, of another host: the others come, and the end says what
// is missing.
func TestPoint28_BrokenNodes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	want := stactest.Catalog(t, dir, 1, 20)
	item := func(id string) map[string]any {
		i := stactest.Items("x", 1, day, 0)[0]
		i.ID, i.Collection = id, ""
		return i.JSON(nil)
	}
	var links []map[string]any
	child := func(rel, href string) { links = append(links, map[string]any{"rel": rel, "href": href}) }
	child("child", "./catalog.json") // a circle
	child("child", "./collection-0/collection.json")
	child("item", "./missing.json")
	child("item", "./broken.json")
	child("item", "./nothing.json")
	child("item", "./untyped.json")
	child("item", "http://169.254.169.254/latest")
	child("item", "./good.json")
	child("item", "./good.json?") // the same item by another name
	child("items", "./many.json")
	child("child", "./deep-0.json")
	child("child", "./old.json")
	child("self", "./catalog.json")
	for i := range 5 {
		stactest.WriteJSON(t, filepath.Join(dir, fmt.Sprintf("deep-%d.json", i)), map[string]any{
			"type": "Catalog", "id": "deep", "links": []map[string]any{{"rel": "child", "href": fmt.Sprintf("deep-%d.json", i+1)}, {"rel": "parent", "href": "catalog.json"}},
		})
	}
	stactest.WriteJSON(t, filepath.Join(dir, "catalog.json"), map[string]any{"type": "Catalog", "id": "root", "links": links})
	stactest.WriteFile(t, filepath.Join(dir, "broken.json"), `{"type":"Feature","id":"broken"`)
	stactest.WriteFile(t, filepath.Join(dir, "nothing.json"), `[]`)
	stactest.WriteFile(t, filepath.Join(dir, "untyped.json"), `{"type":"Topology","id":"1"}`)
	stactest.WriteJSON(t, filepath.Join(dir, "good.json"), item("good"))
	stactest.WriteJSON(t, filepath.Join(dir, "many.json"), map[string]any{"type": "FeatureCollection", "features": []any{item("one"), item("two")}, "links": []map[string]any{{"rel": "next", "href": "more.json"}}})
	stactest.WriteJSON(t, filepath.Join(dir, "more.json"), map[string]any{"type": "FeatureCollection", "features": []any{item("three")}, "links": []any{}})
	// From before STAC 1.0: without a type, and a collection by its extent.
	stactest.WriteJSON(t, filepath.Join(dir, "old.json"), map[string]any{"id": "old", "extent": map[string]any{}, "links": []map[string]any{{"rel": "item", "href": "old-item.json"}}})
	stactest.WriteJSON(t, filepath.Join(dir, "old-item.json"), item("of-old"))

	c := client(t, stac.ClientConfig{URL: serveDir(t, dir) + "/catalog.json", MaxDepth: 3})
	g := gather(c.Discover(within(t), stac.Query{}))
	expected := names(want)
	for _, id := range []string{"/good", "/one", "/two", "/three", "old/of-old"} {
		expected[id] = true
	}
	require.Equal(t, expected, g.distinct())
	var incomplete *stac.IncompleteError
	require.ErrorAs(t, g.err, &incomplete)
	require.ErrorIs(t, g.err, stac.ErrIncomplete)
	require.Equal(t, 6, incomplete.Failed)
	reasons := map[string]string{}
	for _, page := range g.pages {
		for _, node := range page.Failed {
			reasons[filepath.Base(node.URL)] = node.Err.Error()
		}
	}
	for name, reason := range map[string]string{
		"missing.json": "status 404", "broken.json": "it ends too early", "nothing.json": "want a JSON object", "untyped.json": `"Topology"`,
		"latest": "is not that of the API", "deep-3.json": "deeper than MaxDepth, 3",
	} {
		require.Contains(t, reasons[name], reason, name)
	}
	g = gather(client(t, stac.ClientConfig{URL: serveDir(t, dir) + "/catalog.json", MaxNodes: 5}).Discover(within(t), stac.Query{}))
	require.ErrorIs(t, g.err, stac.ErrIncomplete)
	require.ErrorContains(t, g.err, "MaxNodes is 5")
}

// A server that goes away under way: the crawl ends, and does not ask for each of thousands of nodes in vain.
func TestPoint28_TheServerGoesAway(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	stactest.Catalog(t, dir, 1, 300)
	var served atomic.Int32
	files := http.FileServer(http.Dir(dir))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if served.Add(1) > 50 {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	g := gather(client(t, stac.ClientConfig{URL: s.URL + "/catalog.json"}).Discover(within(t), stac.Query{Limit: 10}))
	require.ErrorIs(t, g.err, stac.ErrIncomplete)
	require.ErrorContains(t, g.err, "nodes in a row cannot be read")
	require.NotEmpty(t, g.ids)
	require.Less(t, int(served.Load()), 120)
}

// A catalog whose root cannot be read is not empty.
func TestPoint28_NoRoot(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	g := gather(client(t, stac.ClientConfig{URL: serveDir(t, dir) + "/catalog.json"}).Discover(within(t), stac.Query{}))
	var status *stac.StatusError
	require.True(t, errors.As(g.err, &status) && status.Code == 404, "%v", g.err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "catalog.json"), []byte(`<html>not here</html>`), 0o600))
	g = gather(client(t, stac.ClientConfig{URL: serveDir(t, dir) + "/catalog.json"}).Discover(within(t), stac.Query{}))
	require.ErrorContains(t, g.err, "it looks like HTML")
}
