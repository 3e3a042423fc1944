package stac_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/stac"
	"github.com/leat-io/leat/stac/internal/stactest"
)

func TestPoint10_TimesInRequestsAndAnswers(t *testing.T) {
	t.Parallel()
	cet := time.FixedZone("", 2*3600)
	for _, c := range []struct {
		i    stac.Interval
		want string
	}{
		{stac.Interval{Start: day, End: day.Add(time.Hour)}, "2024-05-01T00:00:00Z/2024-05-01T01:00:00Z"},
		{stac.Interval{Start: time.Date(2024, 5, 1, 2, 0, 0, 0, cet)}, "2024-05-01T00:00:00Z/.."},
		{stac.Interval{End: day.Add(1500 * time.Millisecond)}, "../2024-05-01T00:00:01.5Z"},
		{stac.Interval{Start: day.Add(1234567891), End: day.Add(1234567891)}, "2024-05-01T00:00:01.234567Z/2024-05-01T00:00:01.234568Z"},
	} {
		require.Equal(t, c.want, c.i.String())
		back, err := stac.ParseInterval(c.want)
		require.NoError(t, err)
		require.Equal(t, c.want, back.String())
	}
	for text, want := range map[string]time.Time{
		"2024-05-01T00:00:00Z": day, "2024-05-01t00:00:00z": day, "2024-05-01T02:00:00+02:00": day, "2024-05-01T00:00:00.000000000Z": day,
		"2024-05-01t00:00:00.123456789z": day.Add(123456789), "2024-05-01T00:00:00.1234567891234Z": day.Add(123456789), "2024-05-01 00:00:00Z": day,
		"2024-05-01T00:00:00": day, "2024-05-01T02:00:00+0200": day, "2024-05-01T00:00:00.5+00": day.Add(time.Second / 2), " 2024-05-01T00:00:00Z ": day,
	} {
		got, err := stac.ParseTime(text)
		require.NoError(t, err, text)
		require.True(t, want.Equal(got), "%s is %s", text, got)
		require.Equal(t, time.UTC, got.Location())
	}
	for _, text := range []string{"2012", "2012-01", "2012-01-01", "", "now", "2024-13-01T00:00:00Z", "2024-05-01T00:00:00.Zx"} {
		_, err := stac.ParseTime(text)
		require.Error(t, err, text)
	}
	for _, text := range []string{"2012", "2012/..", "a/b", "2024-05-02T00:00:00Z/2024-05-01T00:00:00Z"} {
		_, err := stac.ParseInterval(text)
		require.Error(t, err, text)
	}
	// A server that is as strict as they come takes what is sent, by POST and by GET.
	s := stactest.New(t, stactest.CDSE(), stactest.Items("a", 30, day, time.Hour)...)
	for range 2 {
		g := gather(of(t, s).Search(within(t), stac.Query{Datetime: stac.Interval{Start: time.Date(2024, 5, 1, 12, 0, 0, 1, cet)}}))
		require.NoError(t, g.err)
		require.Len(t, g.ids, 20)
		s.Change(func(shape *stactest.Shape, _ *stactest.Faults) { shape.Post = false })
	}
}

func TestPoint11_NullDatetime(t *testing.T) {
	t.Parallel()
	item := stactest.Item{ID: "composite", Collection: "a", Start: day, End: day.AddDate(0, 1, 0)}
	s := stactest.New(t, stactest.EarthSearch(), item)
	for _, c := range []struct {
		i    stac.Interval
		want int
	}{
		{stac.Interval{Start: day.AddDate(0, 0, 3), End: day.AddDate(0, 0, 4)}, 1},
		{stac.Interval{Start: day.AddDate(0, 2, 0)}, 0},
	} {
		g := gather(of(t, s).Search(within(t), stac.Query{Datetime: c.i}))
		require.NoError(t, g.err)
		require.Len(t, g.ids, c.want)
		if c.want == 1 {
			require.True(t, g.items[0].Datetime.IsZero())
			require.Equal(t, stac.Interval{Start: day, End: day.AddDate(0, 1, 0)}, g.items[0].Span())
		}
	}
	// A server that ignores the interval sends it all the same: it is left out here.
	s.Change(func(_ *stactest.Shape, f *stactest.Faults) { f.IgnoreDatetime = true })
	g := gather(of(t, s).Search(within(t), stac.Query{Datetime: stac.Interval{Start: day.AddDate(0, 2, 0)}}))
	require.NoError(t, g.err)
	require.Empty(t, g.ids)
	require.Equal(t, 1, g.stray())
	require.True(t, strings.Contains(g.pages[0].StrayReason, "composite"))
}
