package poll_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/stac"
	"github.com/leat-io/leat/stac/internal/stactest"
	"github.com/leat-io/leat/stac/poll"
)

func TestPoint08_AnEarlyEndMovesNoWatermark(t *testing.T) {
	t.Parallel()
	l := newLab(t, stactest.PgSTAC(), stactest.Items("c", 50, day, time.Hour)...)
	l.once(nil)
	require.Len(t, l.published(), 50)
	// All of one second: no halves of the interval help.
	late := stactest.Items("late", 50, day.AddDate(0, 1, 0), 0)
	for i := range late {
		late[i].Updated = late[i].Updated.Add(time.Duration(len(late)-i) * time.Hour) // what is sent first was changed last
	}
	l.server.Put(late...)
	l.server.Change(func(_ *stactest.Shape, f *stactest.Faults) { f.EndAfter = 20 })
	var passes []poll.Pass
	p := l.poller(poll.Config{Sources: []poll.Source{l.source(nil)}, Hooks: poll.Hooks{Passed: func(_ string, p poll.Pass) { passes = append(passes, p) }}})
	require.ErrorIs(t, p.Once(l.ctx), stac.ErrIncomplete)
	require.True(t, passes[0].Truncated)
	require.Less(t, len(l.published()), 100)
	l.server.Change(func(_ *stactest.Shape, f *stactest.Faults) { f.EndAfter = 0 })
	l.once(nil)
	require.Equal(t, l.served(), l.published(), "the watermark had stayed")
	l.unique()
}

func TestPoint12_WhenAnImageWasTakenIsNoWatermark(t *testing.T) {
	t.Parallel()
	now := time.Now().UTC()
	l := newLab(t, stactest.Planetary(), plain(stactest.Items("c", 10, now.Add(-48*time.Hour), 4*time.Hour))...)
	lags := map[string]time.Duration{}
	src := l.source(func(s *poll.Source) { s.Overlap = 0 })
	p := l.poller(poll.Config{Sources: []poll.Source{src}, Hooks: poll.Hooks{Lag: func(_, c string, lag time.Duration) { lags[c] = lag }}})
	require.NoError(t, p.Once(l.ctx))
	require.Len(t, l.published(), 10)
	require.Empty(t, lags, "nothing is known of when these were published")
	// Published 67 to 103 minutes after they were taken, and out of order.
	for i, minutes := range []int{67, 103, 80, 95} {
		item := plain(stactest.Items(fmt.Sprintf("late-%d", i), 1, now.Add(-time.Duration(minutes)*time.Minute), 0))
		l.server.Put(item...)
		require.NoError(t, p.Once(l.ctx))
		require.Len(t, l.published(), 11+i)
		require.InDelta(t, float64(minutes), lags[item[0].Collection].Minutes(), 5)
	}
}

func TestPoint13_UpdatedOnlyWhereAProbeShowsIt(t *testing.T) {
	t.Parallel()
	items := stactest.Items("c", 10, day, time.Hour)
	for _, c := range []struct {
		name    string
		shape   stactest.Shape
		items   []stactest.Item
		want    poll.Strategy
		grammar string
		reason  string
	}{
		{"text", stactest.PgSTAC(), items, poll.Updated, "string", "all of 10 sampled items have updated"},
		{"query", stactest.EarthSearch(), items, poll.Updated, "query", "filters by it"},
		{"timestamp", stactest.CDSE(), items, poll.Updated, "timestamp", "filters by it"},
		{"without updated", stactest.Planetary(), plain(items), poll.Rescan, "none", "only 0 of 10 sampled items have updated"},
		{"without search", stactest.Features(), items, poll.Rescan, "none", "has no search"},
		{"without items", stactest.PgSTAC(), nil, poll.Rescan, "none", "no items yet"},
		{"without filter", stactest.Shape{Conforms: stactest.PgSTAC().Conforms, Post: true, Matched: true}, items, poll.Rescan, "none", "the server does not filter by it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, c.shape, c.items...)
			var plan poll.Plan
			p := l.poller(poll.Config{Sources: []poll.Source{l.source(nil)}, Hooks: poll.Hooks{Chosen: func(_ string, p poll.Plan) { plan = p }}})
			require.NoError(t, p.Once(l.ctx))
			require.Equal(t, c.want, plan.Strategy, plan.Reason)
			require.Equal(t, c.grammar, plan.Grammar)
			require.Contains(t, plan.Reason, c.reason)
			if c.want == poll.Updated {
				return
			}
			other := newLab(t, c.shape, c.items...)
			err := other.one(func(s *poll.Source) { s.Strategy = poll.Updated }).Once(l.ctx)
			require.ErrorIs(t, err, poll.ErrStrategy, "it is not taken against better knowledge")
		})
	}
}

func TestPoint14_RescanSeesTheWindowAgain(t *testing.T) {
	t.Parallel()
	now := time.Now().UTC()
	l := newLab(t, stactest.Planetary(), plain(stactest.Items("c", 30, now.Add(-240*time.Hour), 8*time.Hour))...)
	l.once(nil)
	require.Len(t, l.published(), 30)
	before := len(l.server.Searches())
	l.server.Put(plain(stactest.Items("new", 1, now.Add(-2*time.Hour), 0))...)
	l.once(func(s *poll.Source) { s.Overlap = 72 * time.Hour })
	require.Len(t, l.published(), 31)
	l.unique()
	for _, r := range l.server.Searches()[before:] {
		require.Contains(t, r.Body, `"datetime":"`+now.Add(-72*time.Hour).Format("2006-01-02"), "the window alone is asked for")
	}
}

func TestPoint15_ASweepFindsOldItemsAndDeletions(t *testing.T) {
	t.Parallel()
	items := stactest.Items("c", 40, day, 12*time.Hour)
	l := newLab(t, stactest.PgSTAC(), items...)
	l.once(nil)
	// From before the collection's extent, of long ago, and of the future; updated
	// long before the watermark.
	for i, at := range []time.Time{day.AddDate(-30, 0, 0), day.AddDate(-1, 0, 0), time.Now().AddDate(10, 0, 0)} {
		old := stactest.Items(fmt.Sprintf("old-%d", i), 1, at, 0)
		old[0].Updated = day.AddDate(-2, 0, 0)
		l.server.Put(old...)
	}
	// One without any time is in no part of time.
	l.server.Put(stactest.Item{ID: "timeless", Collection: "odd", Updated: day.AddDate(-2, 0, 0)})
	l.server.Delete("c", items[3].ID)
	l.once(nil)
	require.Len(t, l.published(), 40, "what a watermark cannot see")
	days := map[string]poll.Day{}
	p := l.poller(poll.Config{
		Sources: []poll.Source{l.source(func(s *poll.Source) { s.Reconcile = time.Hour })},
		Hooks:   poll.Hooks{Counted: func(_ string, d poll.Day) { days[d.Day] = d }},
	})
	require.NoError(t, p.Once(l.ctx))
	require.Equal(t, l.served(), l.published())
	require.Equal(t, poll.Day{Day: "1994-05-01", Server: 1, Missing: 1}, days["1994-05-01"])
	require.Equal(t, poll.Day{Day: "2024-05-02", Server: 1, Published: 1, Extra: 1}, days["2024-05-02"])
	require.Equal(t, 1, days["-"].Missing, "without a time")
	l.unique()
}

func TestPoint16_TheOverlapExceedsASecond(t *testing.T) {
	t.Parallel()
	_, err := poll.New(nil, poll.Config{Stream: "s", Sources: []poll.Source{{Client: stac.ClientConfig{URL: "http://127.0.0.1:1"}, Overlap: time.Second}}})
	require.ErrorContains(t, err, "more than 1s")
	// Text sorts 00.5Z before 00Z, and +02:00 behind everything.
	items := stactest.Items("c", 4, day, 0)
	for i, text := range []string{"2024-05-01T10:00:00Z", "2024-05-01T10:00:00.5Z", "2024-05-01T10:00:00.25Z", "2024-05-01T12:00:00.75+02:00"} {
		items[i].Datetime, items[i].UpdatedText = day.Add(time.Duration(i)*time.Minute), text
	}
	l := newLab(t, stactest.PgSTAC(), items[0])
	two := func(s *poll.Source) { s.Overlap, s.Strategy = 2*time.Second, poll.Updated }
	l.once(two)
	for i := range items {
		l.server.Put(items[i])
		l.once(two)
		require.Len(t, l.published(), i+1, "%s", items[i].UpdatedText)
	}
}

func TestPoint17_WhatWasNotAskedForIsNotPublished(t *testing.T) {
	t.Parallel()
	l := newLab(t, stactest.PgSTAC(), append(stactest.Items("wanted", 10, day, time.Hour), stactest.Items("other", 10, day, time.Hour)...)...)
	l.server.Change(func(_ *stactest.Shape, f *stactest.Faults) { f.IgnoreCollections, f.IgnoreDatetime = true, true })
	stray := 0
	p := l.poller(poll.Config{
		Sources: []poll.Source{l.source(func(s *poll.Source) {
			s.Query.Collections = []string{"wanted"}
			s.Query.Datetime = stac.Interval{Start: day.Add(5 * time.Hour)}
		})},
		Hooks: poll.Hooks{Page: func(_ string, p poll.PageInfo) { stray += p.Stray }},
	})
	require.NoError(t, p.Once(l.ctx))
	require.Equal(t, 15, stray)
	require.Len(t, l.published(), 5)
	for name := range l.published() {
		require.True(t, strings.HasPrefix(name, "wanted/"), name)
	}
}

func TestPoint19_EachVersionOfEachItemOnce(t *testing.T) {
	t.Parallel()
	for _, shape := range []stactest.Shape{stactest.PgSTAC(), stactest.EarthSearch(), stactest.Planetary(), stactest.Features()} {
		a, b := stactest.Items("a", 10, day, time.Hour), stactest.Items("b", 10, day, time.Hour)
		for i := range a {
			b[i].ID = a[i].ID // the same ID in another collection is another item
		}
		none := plain(b)
		none[0].Assets = map[string]string{"image": "https://data.example.com/a.tif?X-Amz-Signature=1&x=2"}
		l := newLab(t, shape, append(a, none...)...)
		again := func() { l.once(func(s *poll.Source) { s.Strategy = poll.Reconcile }) }
		again()
		again()
		require.Len(t, l.told(), 20)
		none[0].Assets = map[string]string{"image": "https://data.example.com/a.tif?X-Amz-Signature=other&x=2"}
		l.server.Put(none[0])
		again()
		require.Len(t, l.told(), 20, "a signature is no version")
		none[0].Properties = map[string]any{"eo:cloud_cover": 99}
		a[1].Updated = a[1].Updated.Add(time.Nanosecond)
		l.server.Put(none[0], a[1])
		again()
		require.ElementsMatch(t, []string{"replace b/" + none[0].ID, "replace a/" + a[1].ID}, l.told()[20:])
		require.Equal(t, l.served(), l.published())
		l.unique()
	}
}
