package stac_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/stac"
	"github.com/leat-io/leat/stac/internal/stactest"
)

func probe(t *testing.T, s *stactest.Server, q stac.Query) *stac.Facts {
	t.Helper()
	facts, err := of(t, s).Probe(within(t), q)
	require.NoError(t, err)
	for _, trial := range facts.Trials {
		t.Logf("%-24s %-5t %s", trial.What, trial.OK, trial.Detail)
	}
	return facts
}

// Whether items have updated is looked up, and so is when they are published.
func TestPoint13_UpdatedIsProbed(t *testing.T) {
	t.Parallel()
	items := stactest.Items("s2", 60, day, time.Minute)
	facts := probe(t, stactest.New(t, stactest.EarthSearch(), items...), stac.Query{})
	require.Equal(t, stac.KindSearch, facts.Kind)
	require.Equal(t, []string{"POST", "GET"}, facts.Methods)
	require.Equal(t, facts.Sample, facts.WithUpdated)
	require.Equal(t, stac.GrammarQuery, facts.Grammar)
	require.Equal(t, time.Hour, facts.Lag)
	require.True(t, facts.Sorts)
	require.True(t, facts.NextSane)
	require.True(t, facts.MatchedSane)
	require.True(t, facts.HoldsCollections)
	require.True(t, facts.HoldsDatetime)
	require.Equal(t, "POST {limit,next}", facts.NextShape)

	for i := range items {
		items[i].Updated, items[i].Created = time.Time{}, time.Time{}
	}
	facts = probe(t, stactest.New(t, stactest.Planetary(), items...), stac.Query{Collections: []string{"s2", "other"}})
	require.Zero(t, facts.WithUpdated)
	require.Zero(t, facts.WithCreated)
	require.Equal(t, stac.GrammarNone, facts.Grammar)
	require.Positive(t, facts.Sample)
	require.False(t, facts.Matched)
}

// Timestamp literal, string literal, query extension, none: the first that is held to.
func TestPoint16_TheGrammarIsProbed(t *testing.T) {
	t.Parallel()
	items := stactest.Items("s2", 60, day, time.Minute)
	for want, shape := range map[stac.Grammar]stactest.Shape{
		stac.GrammarTimestamp: stactest.CDSE(), stac.GrammarString: stactest.PgSTAC(), stac.GrammarQuery: stactest.EarthSearch(),
	} {
		s := stactest.New(t, shape, items...)
		facts := probe(t, s, stac.Query{})
		require.Equal(t, want, facts.Grammar)
		// And what it found works.
		since := items[40].Updated
		for _, get := range []bool{false, true} {
			s.Change(func(shape *stactest.Shape, _ *stactest.Faults) { shape.Post = !get })
			g := gather(of(t, s).Search(within(t), stac.Query{Updated: stac.Interval{Start: since}, Grammar: facts.Grammar, Limit: 7}))
			require.NoError(t, g.err)
			require.Equal(t, names(items[40:]), g.distinct())
			if want != stac.GrammarString {
				require.Zero(t, g.stray())
			}
		}
		// A server that ignores it with a 200.
		s.Change(func(shape *stactest.Shape, f *stactest.Faults) { shape.Post, f.IgnoreFilter = true, true })
		require.Equal(t, stac.GrammarNone, probe(t, s, stac.Query{}).Grammar)
		g := gather(of(t, s).Search(within(t), stac.Query{Updated: stac.Interval{Start: since}, Grammar: facts.Grammar}))
		require.NoError(t, g.err)
		require.Equal(t, names(items[40:]), g.distinct(), "what should not have come is left out here")
		require.Equal(t, 40, g.stray())
	}
}

// "00.5Z" sorts before "00Z": a bound in text is written further out, so that nothing of that second is missed.
func TestPoint16_TextComparisonMissesNothing(t *testing.T) {
	t.Parallel()
	items := []stactest.Item{
		{ID: "whole", Collection: "a", Datetime: day, Updated: day, UpdatedText: "2024-05-01T00:00:00Z"},
		{ID: "half", Collection: "a", Datetime: day, Updated: day.Add(time.Second / 2), UpdatedText: "2024-05-01T00:00:00.5Z"},
		{ID: "before", Collection: "a", Datetime: day, Updated: day.Add(-time.Second / 2), UpdatedText: "2024-04-30T23:59:59.5Z"},
	}
	s := stactest.New(t, stactest.PgSTAC(), items...)
	for _, get := range []bool{false, true} {
		s.Change(func(shape *stactest.Shape, _ *stactest.Faults) { shape.Post = !get })
		g := gather(of(t, s).Search(within(t), stac.Query{Updated: stac.Interval{Start: day, End: day.Add(time.Minute)}, Grammar: stac.GrammarString}))
		require.NoError(t, g.err)
		require.Equal(t, map[string]bool{"a/whole": true, "a/half": true}, g.distinct())
	}
}

// A server that ends early when pages are small, and one whose count is wrong.
func TestPoint13_PagingIsProbed(t *testing.T) {
	t.Parallel()
	items := stactest.Items("s2", 60, day, time.Minute)
	s := stactest.New(t, stactest.Planetary(), items...)
	s.Change(func(_ *stactest.Shape, f *stactest.Faults) { f.EndAfter = 2 })
	facts := probe(t, s, stac.Query{})
	require.False(t, facts.NextSane)
	s = stactest.New(t, stactest.EarthSearch(), items...)
	s.Change(func(_ *stactest.Shape, f *stactest.Faults) { f.Count = -55 })
	require.False(t, probe(t, s, stac.Query{}).MatchedSane)
	s.Change(func(_ *stactest.Shape, f *stactest.Faults) {
		*f = stactest.Faults{IgnoreCollections: true, IgnoreDatetime: true, IgnoreLimit: true}
	})
	facts = probe(t, s, stac.Query{})
	require.False(t, facts.HoldsCollections)
	require.False(t, facts.HoldsDatetime)
	require.False(t, facts.HoldsLimit)
}
