package poll_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/stac/internal/stactest"
	"github.com/leat-io/leat/stac/poll"
)

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
