package stac_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/stac"
	"github.com/leat-io/leat/stac/internal/stactest"
)

func TestPoint05_NextByMethodHeadersBodyAndMerge(t *testing.T) {
	t.Parallel()
	items := append(stactest.Items("a", 25, day, time.Hour), stactest.Items("b", 25, day, time.Hour)...)
	q := stac.Query{Collections: []string{"a"}, Limit: 10, Datetime: stac.Interval{Start: day}}
	for name, shape := range map[string]stactest.Shape{
		"pgstac": stactest.PgSTAC(), "earth search": stactest.EarthSearch(), "planetary": stactest.Planetary(), "cdse": stactest.CDSE(),
	} {
		s := stactest.New(t, shape, items...)
		g := gather(of(t, s).Search(within(t), q))
		require.NoError(t, g.err, name)
		require.Equal(t, names(items[:25]), g.distinct(), name)
		require.Len(t, g.ids, 25, name)
		require.Zero(t, g.stray(), name)
		require.Len(t, s.Searches(), 3, name)
		last := s.Searches()[2]
		require.Equal(t, http.MethodPost, last.Method)
		var body map[string]json.RawMessage
		require.NoError(t, json.Unmarshal([]byte(last.Body), &body))
		require.JSONEq(t, `["a"]`, string(body["collections"]), name)
		require.JSONEq(t, `10`, string(body["limit"]), name)
	}
	// A header with merge: the original body is posted again.
	shape := stactest.EarthSearch()
	shape.Next = stactest.NextHeader
	s := stactest.New(t, shape, items...)
	g := gather(of(t, s).Search(within(t), q))
	require.NoError(t, g.err)
	require.Equal(t, names(items[:25]), g.distinct())
	require.Equal(t, s.Searches()[0].Body, s.Searches()[1].Body)
	require.NotEmpty(t, s.Searches()[1].Header.Get("X-Token"))
	// By GET.
	s.Change(func(shape *stactest.Shape, _ *stactest.Faults) { shape.Post, shape.Next = false, stactest.NextGet })
	g = gather(of(t, s).Search(within(t), q))
	require.NoError(t, g.err)
	require.Equal(t, names(items[:25]), g.distinct())
}

// Without merge the body of the link is sent as it is, byte for byte.
func TestPoint05_WithoutMergeTheBodyIsVerbatim(t *testing.T) {
	t.Parallel()
	const body = `{ "limit":1e1,"collections" : ["a"], "next":"next:10:0", "big":12345678901234567890123 }`
	s := stactest.New(t, stactest.EarthSearch(), stactest.Items("a", 20, day, time.Hour)...)
	s.Change(func(_ *stactest.Shape, f *stactest.Faults) {
		f.Intercept = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != "/search" || len(s.Searches()) > 1 {
				return false
			}
			fmt.Fprintf(w, `{"type":"FeatureCollection","features":[],"links":[{"rel":"next","method":"post","href":"./search","body":%s}]}`, body)
			return true
		}
	})
	g := gather(of(t, s).Search(within(t), stac.Query{}))
	require.Len(t, s.Searches(), 2)
	require.Equal(t, body, s.Searches()[1].Body)
	_ = g
}

// What a server asks for in next is asked for, and nothing else.
func TestPoint06_NoParametersAreMadeUp(t *testing.T) {
	t.Parallel()
	items := stactest.Items("a", 30, day, time.Hour)
	shape := stactest.Planetary()
	shape.Post = false
	s := stactest.New(t, shape, items...)
	g := gather(of(t, s).Search(within(t), stac.Query{Limit: 10}))
	require.Len(t, g.pages, 3)
	first, err := http.NewRequest(http.MethodGet, "http://x/?"+s.Searches()[0].Query, nil)
	require.NoError(t, err)
	for name := range first.URL.Query() {
		require.Contains(t, []string{"limit"}, name)
	}
	second, err := http.NewRequest(http.MethodGet, "http://x/?"+s.Searches()[1].Query, nil)
	require.NoError(t, err)
	require.Equal(t, []string{"next:10:0"}, second.URL.Query()["token"])
	require.Len(t, second.URL.Query(), 2)
}

func TestPoint07_EmptyPagesGoOnAndCirclesEnd(t *testing.T) {
	t.Parallel()
	items := stactest.Items("a", 30, day, time.Hour)
	q := stac.Query{Limit: 10}
	s := stactest.New(t, stactest.EarthSearch(), items...)
	s.Change(func(_ *stactest.Shape, f *stactest.Faults) { f.Empty = 3 })
	g := gather(of(t, s).Search(within(t), q))
	require.NoError(t, g.err)
	require.Equal(t, names(items), g.distinct())
	require.Len(t, g.pages, 12)

	var loop *stac.LoopError
	s.Change(func(_ *stactest.Shape, f *stactest.Faults) { *f = stactest.Faults{Loop: true} })
	g = gather(of(t, s).Search(within(t), q))
	require.ErrorAs(t, g.err, &loop)
	require.ErrorIs(t, g.err, stac.ErrIncomplete)
	require.Contains(t, g.err.Error(), "request for page 2")
	// Tokens that are new each time.
	s.Change(func(_ *stactest.Shape, f *stactest.Faults) { f.Churn = true })
	g = gather(of(t, s).Search(within(t), q))
	require.ErrorAs(t, g.err, &loop)
	require.Contains(t, g.err.Error(), "came 3 times")
	require.Less(t, len(g.pages), 6)
	// And pages without end and without items.
	s.Change(func(_ *stactest.Shape, f *stactest.Faults) { *f = stactest.Faults{Empty: 1 << 30} })
	c := client(t, stac.ClientConfig{URL: s.URL, MaxPages: 7})
	g = gather(c.Search(within(t), q))
	require.ErrorAs(t, g.err, &loop)
	require.Contains(t, g.err.Error(), "MaxPages is 7")
	require.Len(t, g.pages, 7)
	g = gather(of(t, s).Search(within(t), q))
	require.ErrorAs(t, g.err, &loop)
	require.Contains(t, g.err.Error(), "200 pages without items")

	var refused *stac.RefusedError
	s.Change(func(_ *stactest.Shape, f *stactest.Faults) { *f = stactest.Faults{} })
	g = gather(client(t, stac.ClientConfig{URL: s.URL, MaxBody: 3000}).Search(within(t), q))
	require.ErrorAs(t, g.err, &refused)
	require.Contains(t, g.err.Error(), "MaxBody")
}

// 40 of 100 with no next and no count; the count is above what came; the page is full.
func TestPoint08_TruncationIsReportedAndBisected(t *testing.T) {
	t.Parallel()
	items := stactest.Items("a", 100, day, time.Hour)
	q := stac.Query{Limit: 40, Datetime: stac.Interval{Start: day, End: day.Add(1000 * time.Hour)}}
	var truncated *stac.TruncatedError
	for _, counts := range []bool{true, false} {
		shape := stactest.PgSTAC()
		shape.Context, shape.Matched = false, counts
		s := stactest.New(t, shape, items...)
		s.Change(func(_ *stactest.Shape, f *stactest.Faults) { f.EndAfter = 40 })
		g := gather(of(t, s).Search(within(t), q))
		require.ErrorAs(t, g.err, &truncated)
		require.ErrorIs(t, g.err, stac.ErrIncomplete)
		require.Equal(t, 40, truncated.Seen)
		if counts {
			require.Equal(t, 100, truncated.Matched)
		} else {
			require.Equal(t, -1, truncated.Matched)
		}
		g = gather(of(t, s).Sweep(within(t), q))
		require.NoError(t, g.err)
		require.Equal(t, names(items), g.distinct())
		// All of time, with open ends.
		g = gather(of(t, s).Sweep(within(t), stac.Query{Limit: 40}))
		require.NoError(t, g.err)
		require.Equal(t, names(items), g.distinct())
	}
}

// A cap that the server does not speak of: no page is full, none has a next link. Only halves tell.
func TestPoint08_DistrustFindsWhatASilentCapHides(t *testing.T) {
	t.Parallel()
	items := stactest.Items("a", 100, day, time.Hour)
	shape := stactest.Planetary()
	shape.Cap = 40
	s := stactest.New(t, shape, items...)
	s.Change(func(_ *stactest.Shape, f *stactest.Faults) { f.EndAfter = 40 })
	q := stac.Query{Limit: 100, Datetime: stac.Interval{Start: day}}
	g := gather(of(t, s).Sweep(within(t), q))
	require.NoError(t, g.err)
	require.Len(t, g.distinct(), 40, "nothing is suspicious about it")
	q.Distrust = true
	g = gather(of(t, s).Sweep(within(t), q))
	require.NoError(t, g.err)
	require.Equal(t, names(items), g.distinct())
}

// What is all in one instant cannot be split: it is said so.
func TestPoint08_WhatCannotBeSplitIsAnError(t *testing.T) {
	t.Parallel()
	items := stactest.Items("a", 100, day, 0)
	shape := stactest.PgSTAC()
	s := stactest.New(t, shape, items...)
	s.Change(func(_ *stactest.Shape, f *stactest.Faults) { f.EndAfter = 40 })
	g := gather(of(t, s).Sweep(within(t), stac.Query{Limit: 40, Datetime: stac.Interval{Start: day, End: day.Add(time.Hour)}}))
	require.ErrorIs(t, g.err, stac.ErrIncomplete)
	require.Len(t, g.distinct(), 40)
}

// A server that sends more or fewer than the limit is followed all the same.
func TestPoint09_LimitIsAHint(t *testing.T) {
	t.Parallel()
	items := stactest.Items("a", 95, day, time.Hour)
	s := stactest.New(t, stactest.EarthSearch(), items...)
	s.Change(func(_ *stactest.Shape, f *stactest.Faults) { f.IgnoreLimit = true })
	for _, limit := range []int{1, 10, 1000} {
		g := gather(of(t, s).Search(within(t), stac.Query{Limit: limit}))
		require.NoError(t, g.err)
		require.Len(t, g.ids, 95)
	}
	s.Change(func(shape *stactest.Shape, f *stactest.Faults) { f.IgnoreLimit, shape.Cap = false, 20 })
	g := gather(of(t, s).Search(within(t), stac.Query{Limit: 1000}))
	require.NoError(t, g.err)
	require.Len(t, g.ids, 95)
	require.True(t, strings.Contains(s.Searches()[0].Body, `"limit":1`))
}

// pgSTAC looks the item of its token up, and answers 500 when that was deleted meanwhile: the answer of a real one. Others
// answer 404 or 410 to a token that has run out.
func TestPoint08_AForgottenNextLinkIsBegunAnew(t *testing.T) {
	t.Parallel()
	items := stactest.Items("a", 300, day, time.Hour)
	for _, status := range []int{http.StatusInternalServerError, http.StatusNotFound, http.StatusGone, http.StatusBadRequest} {
		shape := stactest.PgSTAC()
		shape.Context = false
		s := stactest.New(t, shape, items...)
		var forgotten atomic.Int64
		s.Change(func(_ *stactest.Shape, f *stactest.Faults) {
			f.Intercept = func(w http.ResponseWriter, r *http.Request) bool {
				body, _ := io.ReadAll(r.Body)
				r.Body = io.NopCloser(bytes.NewReader(body))
				gone := bytes.Contains(body, []byte(`"token":"next:80:`)) && !bytes.Contains(body, []byte("datetime"))
				if gone {
					forgotten.Add(1)
					http.Error(w, "Internal Server Error", status)
				}
				return gone
			}
		})
		q := stac.Query{Limit: 40}
		var page *stac.LostPageError
		g := gather(of(t, s).Search(within(t), q))
		require.ErrorAs(t, g.err, &page)
		require.ErrorIs(t, g.err, stac.ErrIncomplete)
		require.Equal(t, 2, page.Page)
		require.Len(t, g.ids, 80)

		before := forgotten.Load()
		c := client(t, stac.ClientConfig{URL: s.URL, RetryFor: time.Hour})
		g = gather(c.Sweep(within(t), q))
		require.NoError(t, g.err)
		require.Equal(t, names(items), g.distinct())
		require.LessOrEqual(t, forgotten.Load()-before, int64(3), "not for as long as RetryFor lasts")
	}
}

// A count that is always one too high makes each part suspicious, down to the second.
func TestPoint08_ACountThatIsTooHighEndsTheSweep(t *testing.T) {
	t.Parallel()
	items := stactest.Items("a", 100, day, time.Hour)
	s := stactest.New(t, stactest.EarthSearch(), items...)
	s.Change(func(_ *stactest.Shape, f *stactest.Faults) { f.Count = 1 })
	g := gather(of(t, s).Sweep(within(t), stac.Query{Limit: 40}))
	var truncated *stac.TruncatedError
	require.ErrorAs(t, g.err, &truncated)
	require.ErrorContains(t, g.err, "parts of time have brought")
	require.Equal(t, names(items), g.distinct())
	require.Less(t, len(s.Searches()), 3000)
}

// Where several pages came and the last one is full, by chance, the next cut is through what came: half of all time since 1970
// would bring all of it again, and again.
func TestPoint08_DoubtAboutManyPagesCostsOnePassMore(t *testing.T) {
	t.Parallel()
	items := stactest.Items("a", 360, day, time.Hour)
	shape := stactest.Planetary()
	s := stactest.New(t, shape, items...)
	g := gather(of(t, s).Sweep(within(t), stac.Query{Limit: 40}))
	require.NoError(t, g.err)
	require.Equal(t, names(items), g.distinct())
	require.LessOrEqual(t, len(g.ids), 2*len(items)+10)
}
