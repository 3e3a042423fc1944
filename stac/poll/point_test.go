package poll_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/streamtest"
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

func TestPoint21_TheFirstRunIsExplicit(t *testing.T) {
	t.Parallel()
	now := time.Now().UTC()
	for name, shape := range map[string]stactest.Shape{"updated": stactest.PgSTAC(), "rescan": stactest.Planetary()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			items := stactest.Items("c", 20, now.Add(-100*time.Hour), 5*time.Hour)
			if name == "rescan" {
				items = plain(items)
			}
			l := newLab(t, shape, items...)
			start := func(s poll.Start) func(*poll.Source) {
				return func(src *poll.Source) { src.Start, src.Overlap = s, 0 }
			}
			require.ErrorIs(t, l.one(start(poll.Start{})).Once(l.ctx), poll.ErrNoStart)
			require.ErrorIs(t, l.one(start(poll.Start{})).Run(l.ctx), poll.ErrNoStart)

			l.once(start(poll.FromNow()))
			require.Empty(t, l.told(), "nothing of what was there")
			late := stactest.Items("late", 1, now.Add(-80*time.Minute), 0)
			late[0].Updated = time.Now()
			if name == "rescan" {
				late = plain(late)
			}
			l.server.Put(late...)
			l.once(start(poll.Start{}))
			require.Equal(t, []string{"create late/late-000000"}, l.told(), "and what comes, though its image is old")
			// What was there and in the window is known: that it changes is told.
			items[19].Properties = map[string]any{"eo:cloud_cover": 1}
			if name == "updated" {
				items[19].Updated = time.Now()
			}
			l.server.Put(items[19])
			l.once(start(poll.Start{}))
			what := map[string]string{"updated": "create", "rescan": "replace"}[name] // the first window was an hour, or days
			require.Equal(t, what+" c/"+items[19].ID, l.told()[1])

			other := newLab(t, shape, items...)
			other.once(start(poll.Since(now.Add(-51 * time.Hour))))
			require.Len(t, other.told(), 10, "since then")
		})
	}
}

func TestPoint21_ASweepOfASourceFromNowPublishesNothingOld(t *testing.T) {
	t.Parallel()
	l := newLab(t, stactest.Planetary(), plain(stactest.Items("c", 50, day, time.Hour))...)
	sweep := func(s *poll.Source) { s.Start, s.Reconcile = poll.FromNow(), time.Millisecond }
	l.once(sweep)
	require.Empty(t, l.told())
	l.server.Put(plain(stactest.Items("old", 1, day, 0))...)
	l.server.Delete("c", "c-000007")
	l.once(sweep)
	require.ElementsMatch(t, []string{"create old/old-000000", "delete c/c-000007"}, l.told())
}

func TestPoint21_AnotherQueryIsAnotherSource(t *testing.T) {
	t.Parallel()
	l := newLab(t, stactest.PgSTAC(), stactest.Items("c", 3, day, time.Hour)...)
	l.once(func(s *poll.Source) { s.Name = "mine" })
	err := l.one(func(s *poll.Source) { s.Name, s.Query.BBox = "mine", []float64{1, 2, 3, 4} }).Once(l.ctx)
	require.ErrorIs(t, err, poll.ErrOtherQuery)
	one, other := l.one(nil), l.one(func(s *poll.Source) { s.Query.BBox = []float64{1, 2, 3, 4} })
	require.NotEqual(t, one.Names(), other.Names())
}

func TestPoint22_CreateReplaceDelete(t *testing.T) {
	t.Parallel()
	items := stactest.Items("c", 5, day, time.Hour)
	l := newLab(t, stactest.PgSTAC(), items...)
	sweep := func(s *poll.Source) { s.Strategy = poll.Reconcile }
	l.once(sweep)
	items[1].Updated = items[1].Updated.Add(time.Minute)
	l.server.Put(items[1])
	l.server.Delete("c", items[2].ID)
	l.once(sweep)
	require.ElementsMatch(t, []string{"replace c/" + items[1].ID, "delete c/" + items[2].ID}, l.told()[5:])
	gone := l.entries()[6]
	if gone.what() != "delete" {
		gone = l.entries()[5]
	}
	require.Equal(t, l.server.URL+"/collections/c/items/"+items[2].ID, gone["subject"])
	require.Equal(t, "tester", gone["producer"])
	// It comes back as it was, and goes again: four events with four IDs.
	for range 2 {
		l.server.Put(items[2])
		l.once(sweep)
		l.server.Delete("c", items[2].ID)
		l.once(sweep)
	}
	require.Equal(t, []string{"create", "delete", "create", "delete"}, []string{l.entries()[7].what(), l.entries()[8].what(), l.entries()[9].what(), l.entries()[10].what()})
	l.unique()
	require.Equal(t, l.served(), l.published())
}

func TestPoint22_NothingIsDeletedWithoutProof(t *testing.T) {
	t.Parallel()
	items := stactest.Items("c", 60, day, time.Hour)
	for name, misbehave := range map[string]func(*stactest.Shape, *stactest.Faults){
		"the server ends early": func(_ *stactest.Shape, f *stactest.Faults) { f.EndAfter = 10 },
		"the server counts more than it sends": func(_ *stactest.Shape, f *stactest.Faults) {
			f.Intercept = func(w http.ResponseWriter, r *http.Request) bool {
				body, _ := io.ReadAll(r.Body)
				r.Body = io.NopCloser(bytes.NewReader(body))
				counts := r.URL.Path == "/search" && strings.Contains(string(body), `"limit":1}`)
				if counts {
					_, _ = w.Write([]byte(`{"type":"FeatureCollection","features":[],"links":[],"numberMatched":67}`))
				}
				return counts
			}
		},
		"the server is broken": func(_ *stactest.Shape, f *stactest.Faults) {
			f.Intercept = func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path == "/search" {
					w.WriteHeader(http.StatusInternalServerError)
				}
				return r.URL.Path == "/search"
			}
		},
		"the search misses an item that is there": func(_ *stactest.Shape, f *stactest.Faults) {
			f.Intercept = func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path == "/search" {
					_, _ = w.Write([]byte(`{"type":"FeatureCollection","features":[],"links":[]}`))
				}
				return r.URL.Path == "/search"
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, stactest.EarthSearch(), items...)
			sweep := func(s *poll.Source) { s.Strategy = poll.Reconcile }
			l.once(sweep)
			l.server.Change(misbehave)
			_ = l.one(sweep).Once(l.ctx)
			require.Len(t, l.told(), 60, "nothing is deleted")
			l.server.Change(func(_ *stactest.Shape, f *stactest.Faults) { *f = stactest.Faults{} })
			l.server.Delete("c", items[9].ID)
			l.once(sweep)
			require.Equal(t, []string{"delete c/" + items[9].ID}, l.told()[60:])
		})
	}
}

func TestPoint22_TooMuchAtOnceIsNotBelieved(t *testing.T) {
	t.Parallel()
	l := newLab(t, stactest.EarthSearch(), stactest.Items("c", 300, day, time.Hour)...)
	sweep := func(s *poll.Source) { s.Strategy = poll.Reconcile }
	l.once(sweep)
	for i := range 200 {
		l.server.Delete("c", fmt.Sprintf("c-%06d", i))
	}
	require.ErrorIs(t, l.one(sweep).Once(l.ctx), poll.ErrTooManyDeleted)
	require.Len(t, l.told(), 300)
	l.once(func(s *poll.Source) { s.Strategy, s.MaxDeleted = poll.Reconcile, 1 })
	require.Equal(t, l.served(), l.published())
	require.Len(t, l.told(), 500)
}

func TestPoint27_NoSignedAddressIsPublished(t *testing.T) {
	t.Parallel()
	items := stactest.Items("c", 3, day, time.Hour)
	items[0].Assets = map[string]string{"image": "https://data.example.com/a.tif?sv=2021&sig=SECRET&se=2024-01-01"}
	l := newLab(t, stactest.PgSTAC(), items...)
	l.server.Change(func(_ *stactest.Shape, f *stactest.Faults) {
		f.Href = func(href string) string { return href + "?X-Amz-Signature=SECRET&X-Amz-Credential=SECRET" }
	})
	p := l.poller(poll.Config{Payload: poll.Item, Sources: []poll.Source{l.source(func(s *poll.Source) { s.Strategy = poll.Reconcile })}})
	err := p.Once(l.ctx)
	require.NoError(t, err)
	require.Len(t, l.told(), 3)
	for _, e := range l.entries() {
		for name, value := range e {
			require.NotContains(t, value, "SECRET", name)
		}
	}
}

func TestPoint29_TheEvent(t *testing.T) {
	t.Parallel()
	items := stactest.Items("sentinel 2", 1, day, time.Hour)
	items[0].ID = "S2A_1"
	l := newLab(t, stactest.PgSTAC(), items...)
	l.once(nil)
	source := l.server.URL + "/collections/sentinel%202"
	href := source + "/items/S2A_1"
	e := l.entries()[0]
	require.JSONEq(t, `{"rel":"item","type":"application/geo+json","href":"`+href+`","producer":"tester"}`, e["data"])
	delete(e, "data")
	require.Equal(t, entry{
		"specversion": "1.0", "type": "org.ogc.api.collection.item.create", "source": source, "id": poll.EventID(source, "S2A_1", "2024-05-01T01:00:00Z"),
		"time": "2024-05-01T01:00:00Z", "datacontenttype": "application/json", "subject": href, "href": href, "producer": "tester",
		"staccollection": "sentinel 2", "stacitem": "S2A_1", "stacitemversion": "2024-05-01T01:00:00Z", "datetime": "2024-05-01T00:00:00Z", "bbox": "-180,10,-179,11",
	}, e)
	require.NotEqual(t, poll.EventID("a", "b", "c"), poll.EventID("a", "b\nc", ""))
}

func TestPoint30_TheWholeItemByteForByte(t *testing.T) {
	t.Parallel()
	items := stactest.Items("c", 2, day, time.Hour)
	items[0].Properties = map[string]any{"large": json.RawMessage("12345678901234567890123"), "odd": json.RawMessage("1.0e+2")}
	items[1].Properties = map[string]any{"long": strings.Repeat("x", 70_000)}
	l := newLab(t, stactest.PgSTAC(), items...)
	p := l.poller(poll.Config{Payload: poll.Item, Sources: []poll.Source{l.source(nil)}})
	require.NoError(t, p.Once(l.ctx))
	by := map[string]entry{}
	for _, e := range l.entries() {
		by[e["stacitem"]] = e
	}
	whole, large := by[items[0].ID], by[items[1].ID]
	require.Equal(t, "application/geo+json", whole["datacontenttype"])
	require.Contains(t, whole["data"], `"large":12345678901234567890123`)
	require.Contains(t, whole["data"], `"odd":1.0e+2`)
	require.Equal(t, "application/json", large["datacontenttype"], "what does not fit is a link")
	require.Less(t, len(large["data"]), 1000)
}

func TestManySourcesAreOneStream(t *testing.T) {
	t.Parallel()
	l := newLab(t, stactest.PgSTAC(), stactest.Items("a", 30, day, time.Hour)...)
	other := newLab(t, stactest.Features(), stactest.Items("b", 30, day, time.Hour)...)
	second := other.source(func(s *poll.Source) { s.Reconcile = time.Second })
	stop := l.run(l.poller(poll.Config{Sources: []poll.Source{l.source(nil), second}}))
	streamtest.Eventually(t, func() bool { return len(l.published()) == 60 }, "both are published")
	l.server.Put(stactest.Items("a", 31, day, time.Hour)[30])
	streamtest.Eventually(t, func() bool { return len(l.published()) == 61 }, "what comes later")
	stop()
	l.unique()
}
