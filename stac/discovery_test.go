package stac_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/stac"
	"github.com/leat-io/leat/stac/internal/stactest"
)

// The landing page has the classes, and only where it has none the conformance page is read.
func TestPoint01_ConformanceOnTheLandingPage(t *testing.T) {
	t.Parallel()
	for _, hidden := range []bool{false, true} {
		shape := stactest.EarthSearch()
		shape.Hidden = hidden
		s := stactest.New(t, shape)
		landing, err := of(t, s).Landing(within(t))
		require.NoError(t, err)
		require.True(t, landing.Advertised().Sort)
		asked := false
		for _, r := range s.Requests() {
			asked = asked || r.Path == "/conformance"
		}
		require.Equal(t, hidden, asked)
	}
}

func TestPoint02_ConformanceAcrossVersions(t *testing.T) {
	t.Parallel()
	for _, uri := range []string{
		"https://api.stacspec.org/v1.0.0-rc.2/item-search#filter", "https://api.stacspec.org/v1.0.0/item-search#filter",
		"https://api.stacspec.org/v1.1.0/item-search#filter", "http://api.stacspec.org/v1.0.0-beta.5/item-search/#filter", " https://API.stacspec.org/v1.0.0/Item-Search#Filter",
	} {
		require.True(t, stac.Conformance{"x", uri}.Has(stac.ClassFilter), uri)
	}
	require.True(t, stac.Conformance{"http://www.opengis.net/spec/cql2/1.0/conf/cql2-text"}.Has(stac.ClassCQL2Text))
	require.True(t, stac.Conformance{"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core"}.Has(stac.ClassFeaturesCore))
	for _, uri := range []string{"https://api.stacspec.org/v1.0.0/item-search", "https://api.stacspec.org/v1.0.0/item-search#filters", "filter", "", "://", "#filter"} {
		require.False(t, stac.Conformance{uri}.Has(stac.ClassFilter), uri)
	}
	for name, shape := range map[string]stactest.Shape{"pgstac": stactest.PgSTAC(), "planetary": stactest.Planetary(), "cdse": stactest.CDSE()} {
		landing, err := of(t, stactest.New(t, shape)).Landing(within(t))
		require.NoError(t, err)
		require.True(t, landing.Advertised().Sort, name)
		require.True(t, landing.Advertised().Filter, name)
	}
}

// A link without a method is a GET, POST is preferred, relative addresses are relative to where the page was read.
func TestPoint03_SearchLinks(t *testing.T) {
	t.Parallel()
	shape := stactest.EarthSearch()
	items := stactest.Items("s2", 30, day, time.Hour)
	s := stactest.New(t, shape, items...)
	g := gather(of(t, s).Search(within(t), stac.Query{Limit: 10}))
	require.Len(t, g.ids, 30)
	require.NoError(t, g.err)
	for _, r := range s.Searches() {
		require.Equal(t, "POST", r.Method)
	}
	s.Change(func(shape *stactest.Shape, _ *stactest.Faults) { shape.Post = false })
	g = gather(of(t, s).Search(within(t), stac.Query{Limit: 10}))
	require.NoError(t, g.err)
	require.Equal(t, names(items), g.distinct())
	require.Equal(t, "GET", s.Searches()[len(s.Searches())-1].Method)

	// Behind a redirect, below a path, and written without a host.
	redirected := stactest.New(t, shape, items...)
	redirected.Change(func(_ *stactest.Shape, f *stactest.Faults) {
		f.Href = func(href string) string { return "." + href[len(redirected.URL):] }
		f.Intercept = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != "/old" {
				return false
			}
			http.Redirect(w, r, "/", http.StatusPermanentRedirect)
			return true
		}
	})
	c := client(t, stac.ClientConfig{URL: redirected.URL + "/old"})
	landing, err := c.Landing(within(t))
	require.NoError(t, err)
	require.Equal(t, redirected.URL+"/search", landing.Searches()[0].Href)
	g = gather(c.Search(within(t), stac.Query{}))
	require.NoError(t, g.err)
	require.Len(t, g.ids, 30)
}

// A search that is redirected is the same search: method and body go along.
func TestPoint03_RedirectsKeepTheSearch(t *testing.T) {
	t.Parallel()
	items := append(stactest.Items("a", 5, day, time.Hour), stactest.Items("b", 5, day, time.Hour)...)
	s := stactest.New(t, stactest.EarthSearch(), items...)
	for code, works := range map[int]bool{301: true, 302: true, 307: true, 308: true, 303: false} {
		s.Change(func(_ *stactest.Shape, f *stactest.Faults) {
			f.Intercept = func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path != "/search" || r.URL.RawQuery != "" {
					return false
				}
				w.Header().Set("Location", "?moved")
				w.WriteHeader(code)
				return true
			}
		})
		g := gather(of(t, s).Search(within(t), stac.Query{Collections: []string{"b"}}))
		if !works {
			require.ErrorContains(t, g.err, "status 303")
			continue
		}
		require.NoError(t, g.err)
		require.Equal(t, names(items[5:]), g.distinct())
		require.Zero(t, g.stray(), "the server has read the body: %d", code)
	}
}

// Without search the items of each collection, without those the links of a static catalog.
func TestPoint04_WaysToTheItems(t *testing.T) {
	t.Parallel()
	items := append(stactest.Items("a", 25, day, time.Hour), stactest.Items("b", 25, day, time.Hour)...)
	s := stactest.New(t, stactest.Features(), items...)
	c := of(t, s)
	landing, err := c.Landing(within(t))
	require.NoError(t, err)
	require.Equal(t, stac.KindFeatures, landing.Kind())
	g := gather(c.Discover(within(t), stac.Query{Limit: 10}))
	require.NoError(t, g.err)
	require.Equal(t, names(items), g.distinct())
	g = gather(c.Discover(within(t), stac.Query{Limit: 10, Collections: []string{"b"}, Datetime: stac.Interval{Start: day.Add(5 * time.Hour)}}))
	require.NoError(t, g.err)
	require.Len(t, g.ids, 20)
	n, err := c.Count(within(t), stac.Query{})
	require.NoError(t, err)
	require.Equal(t, 50, n)

	dir := t.TempDir()
	want := stactest.Catalog(t, dir, 2, 20)
	static := serveDir(t, dir)
	c = client(t, stac.ClientConfig{URL: static + "/catalog.json"})
	g = gather(c.Discover(within(t), stac.Query{Limit: 7}))
	require.NoError(t, g.err)
	require.Equal(t, names(want), g.distinct())
	require.Len(t, g.ids, 40)
}
