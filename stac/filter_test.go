package stac_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/stac"
	"github.com/leat-io/leat/stac/internal/stactest"
)

// A server that ignores collections, time and box with a 200: what does not match is counted and left out.
func TestPoint17_ItemsAreComparedWithTheQuery(t *testing.T) {
	t.Parallel()
	items := append(stactest.Items("a", 20, day, time.Hour), stactest.Items("b", 20, day, time.Hour)...)
	s := stactest.New(t, stactest.EarthSearch(), items...)
	s.Change(func(_ *stactest.Shape, f *stactest.Faults) { f.IgnoreCollections, f.IgnoreDatetime = true, true })
	for name, c := range map[string]struct {
		q    stac.Query
		want int
	}{
		"collections":       {stac.Query{Collections: []string{"a"}}, 20},
		"datetime":          {stac.Query{Datetime: stac.Interval{Start: day.Add(15 * time.Hour)}}, 10},
		"box":               {stac.Query{BBox: []float64{-180, 0, -171, 20}}, 20},
		"antimeridian":      {stac.Query{BBox: []float64{170, 0, -179.5, 20}}, 2},
		"box with heights":  {stac.Query{BBox: []float64{-180, 0, 0, -171, 20, 1000}}, 20},
		"another half":      {stac.Query{BBox: []float64{-180, -20, -171, 0}}, 0},
		"geometry":          {stac.Query{Intersects: json.RawMessage(`{"type":"Polygon","coordinates":[[[-180,0],[-171,0],[-171,20],[-180,20],[-180,0]]]}`)}, 20},
		"geometries":        {stac.Query{Intersects: json.RawMessage(`{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[-171,10.5]}]}`)}, 4},
		"beyond 180":        {stac.Query{Intersects: json.RawMessage(`{"type":"LineString","coordinates":[[170,0],[190,20]]}`)}, 40},
		"together":          {stac.Query{Collections: []string{"b"}, Datetime: stac.Interval{End: day}, BBox: []float64{-180, 0, 180, 20}}, 1},
		"updated, unasked":  {stac.Query{Updated: stac.Interval{Start: day.Add(11 * time.Hour)}}, 20},
		"a second of slack": {stac.Query{Datetime: stac.Interval{Start: day.Add(500 * time.Millisecond), End: day.Add(10 * time.Minute)}}, 2},
	} {
		g := gather(of(t, s).Search(within(t), c.q))
		require.NoError(t, g.err, name)
		require.Len(t, g.ids, c.want, name)
		require.Equal(t, 40-c.want, g.stray(), name)
		if c.want < 40 {
			require.NotEmpty(t, g.pages[0].StrayReason, name)
		}
	}
}

// sortby goes only to servers that advertise it, and its + is %2B in a GET.
func TestPoint18_SortOnlyWhereAdvertised(t *testing.T) {
	t.Parallel()
	q := stac.Query{Sort: []stac.Sort{{Field: "properties.updated"}, {Field: "id", Descending: true}}}
	items := stactest.Items("a", 5, day, time.Hour)
	s := stactest.New(t, stactest.PgSTAC(), items...)
	g := gather(of(t, s).Search(within(t), q))
	require.NoError(t, g.err)
	require.Contains(t, s.Searches()[0].Body, `"sortby":[{"field":"properties.updated","direction":"asc"},{"field":"id","direction":"desc"}]`)
	require.Equal(t, "a-000000", g.items[0].ID)

	s = stactest.New(t, stactest.PgSTAC(), items...)
	s.Change(func(shape *stactest.Shape, _ *stactest.Faults) { shape.Post = false })
	g = gather(of(t, s).Search(within(t), q))
	require.NoError(t, g.err)
	require.Contains(t, s.Searches()[0].Query, "sortby=%2Bproperties.updated%2C-id")
	require.Equal(t, "a-000000", g.items[0].ID)

	s = stactest.New(t, stactest.PgSTAC(), items...)
	s.Change(func(shape *stactest.Shape, _ *stactest.Faults) { shape.Conforms = shape.Conforms[:4] })
	g = gather(of(t, s).Search(within(t), q))
	require.NoError(t, g.err)
	require.NotContains(t, s.Searches()[0].Body, "sortby")
}

// What a search has beside the changes stays in it.
func TestPoint16_ComparisonsAreAddedToTheFilter(t *testing.T) {
	t.Parallel()
	s := stactest.New(t, stactest.CDSE(), stactest.Items("a", 5, day, time.Hour)...)
	base := stac.Query{Updated: stac.Interval{Start: day, End: day.AddDate(1, 0, 0)}, Grammar: stac.GrammarTimestamp}
	q := base
	q.Filter.JSON = json.RawMessage(`{"op":"<","args":[{"property":"eo:cloud_cover"},20]}`)
	require.NoError(t, gather(of(t, s).Search(within(t), q)).err)
	var body struct {
		Filter json.RawMessage `json:"filter"`
		Lang   string          `json:"filter-lang"`
	}
	require.NoError(t, json.Unmarshal([]byte(s.Searches()[0].Body), &body))
	require.Equal(t, "cql2-json", body.Lang)
	require.JSONEq(t, `{"op":"and","args":[{"op":"<","args":[{"property":"eo:cloud_cover"},20]},
		{"op":">=","args":[{"property":"updated"},{"timestamp":"2024-05-01T00:00:00Z"}]},{"op":"<=","args":[{"property":"updated"},{"timestamp":"2025-05-01T00:00:00Z"}]}]}`, string(body.Filter))

	q = base
	q.Filter.Text = "a < 20 OR b > 3"
	s.Change(func(shape *stactest.Shape, _ *stactest.Faults) { shape.Post = false })
	require.NoError(t, gather(of(t, s).Search(within(t), q)).err)
	values, err := url.ParseQuery(s.Searches()[1].Query)
	require.NoError(t, err)
	require.Equal(t, "((a < 20 OR b > 3) AND updated >= TIMESTAMP('2024-05-01T00:00:00Z')) AND updated <= TIMESTAMP('2025-05-01T00:00:00Z')", values.Get("filter"))
	require.Equal(t, "cql2-text", values.Get("filter-lang"))

	q = base
	q.Grammar, q.Query = stac.GrammarQuery, json.RawMessage(`{"eo:cloud_cover":{"lt":10},"updated":{"neq":"x"}}`)
	s = stactest.New(t, stactest.EarthSearch(), stactest.Items("a", 5, day, time.Hour)...)
	gather(of(t, s).Search(within(t), q))
	require.Contains(t, s.Searches()[0].Body, `"query":{"eo:cloud_cover":{"lt":10},"updated":{"gte":"2024-05-01T00:00:00Z","lte":"2025-05-01T00:00:00Z","neq":"x"}}`)
}

func TestQueriesThatContradictThemselves(t *testing.T) {
	t.Parallel()
	for _, q := range []stac.Query{
		{BBox: []float64{1, 2, 3}},
		{BBox: []float64{0, 10, 1, 5}},
		{BBox: []float64{0, 0, 1, 1}, Intersects: json.RawMessage(`{}`)},
		{Intersects: json.RawMessage(`[]`)},
		{Query: json.RawMessage(`1`)},
		{Filter: stac.Filter{Text: "a", JSON: json.RawMessage(`{}`)}},
		{Filter: stac.Filter{JSON: json.RawMessage(`{`)}},
		{Datetime: stac.Interval{Start: day, End: day.Add(-1)}},
		{Limit: -1},
		{Grammar: 9},
	} {
		require.Error(t, q.Validate())
		s := stactest.New(t, stactest.EarthSearch())
		g := gather(of(t, s).Search(within(t), q))
		require.True(t, g.err != nil && strings.Contains(g.err.Error(), "stac query"), "%v", g.err)
		require.Empty(t, s.Searches())
	}
}
