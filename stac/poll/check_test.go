package poll_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/stac/internal/stactest"
	"github.com/leat-io/leat/stac/poll"
)

func TestCheckFindsAGapAndNamesTheDay(t *testing.T) {
	t.Parallel()
	items := stactest.Items("c", 96, day, time.Hour)
	l := newLab(t, stactest.PgSTAC(), items...)
	l.once(nil)
	p := l.one(nil)
	check := func(stream bool) *poll.Report {
		t.Helper()
		r, err := p.Check(l.ctx, "", poll.Check{Since: day.AddDate(0, 0, -1), Until: day.AddDate(0, 0, 5), Stream: stream})
		require.NoError(t, err)
		return r
	}
	for _, stream := range []bool{false, true} {
		r := check(stream)
		require.True(t, r.Complete)
		require.Len(t, r.Days, 4)
		require.Equal(t, poll.Day{Day: "2024-05-02", Server: 24, Published: 24}, r.Days[1])
	}

	// An entry that is not in the stream, an item that came late, one that is gone
	// and one that is another version.
	messages, err := l.rdb.XRange(l.ctx, l.stream, "-", "+").Result()
	require.NoError(t, err)
	for _, m := range messages {
		if m.Values["stacitem"] == items[30].ID {
			require.NoError(t, l.rdb.XDel(l.ctx, l.stream, m.ID).Err())
		}
	}
	r := check(true)
	require.False(t, r.Complete)
	require.Equal(t, poll.Day{Day: "2024-05-02", Server: 24, Published: 23, Missing: 1, Examples: []string{"missing c/" + items[30].ID}}, r.Days[1])
	require.True(t, check(false).Complete, "it was published")

	late := stactest.Items("late", 1, day.AddDate(0, 0, 2), 0)
	late[0].Updated = day.AddDate(-1, 0, 0)
	items[1].Updated = items[1].Updated.Add(time.Hour)
	l.server.Put(late[0], items[1])
	l.server.Delete("c", items[90].ID)
	r = check(false)
	require.Equal(t, poll.Day{Day: "2024-05-01", Server: 24, Published: 24, Outdated: 1, Examples: []string{"outdated c/" + items[1].ID}}, r.Days[0])
	require.Equal(t, poll.Day{Day: "2024-05-03", Server: 25, Published: 24, Missing: 1, Examples: []string{"missing late/late-000000"}}, r.Days[2])
	require.Equal(t, poll.Day{Day: "2024-05-04", Server: 23, Published: 23, Extra: 1, Examples: []string{"extra c/" + items[90].ID}}, r.Days[3])
	text, err := json.Marshal(r.Days[3])
	require.NoError(t, err)
	require.JSONEq(t, `{"day":"2024-05-04","server":23,"published":23,"missing":0,"outdated":0,"extra":1,"truncated":false,"examples":["extra c/c-000090"]}`, string(text))

	l.once(func(s *poll.Source) { s.Reconcile = time.Millisecond })
	require.True(t, check(false).Complete, "a sweep mends it")

	// One second has more than the server sends.
	crowd := stactest.Items("crowd", 50, day.AddDate(0, 0, 4), 0)
	l.server.Put(crowd...)
	l.once(func(s *poll.Source) { s.Reconcile = time.Millisecond })
	l.server.Change(func(_ *stactest.Shape, f *stactest.Faults) { f.EndAfter = 20 })
	p = l.one(func(s *poll.Source) { s.Query.Collections = []string{"crowd"} })
	r, err = p.Check(l.ctx, "", poll.Check{Since: day.AddDate(0, 0, 4), Until: day.AddDate(0, 0, 4)})
	require.NoError(t, err)
	require.True(t, r.Days[0].Truncated)
	require.False(t, r.Complete)
}

func TestCheckOfASourceFromNow(t *testing.T) {
	t.Parallel()
	l := newLab(t, stactest.PgSTAC(), stactest.Items("c", 24, day, time.Hour)...)
	change := func(s *poll.Source) { s.Start, s.Reconcile = poll.FromNow(), time.Millisecond }
	l.once(change)
	for _, stream := range []bool{false, true} {
		r, err := l.one(change).Check(l.ctx, "", poll.Check{Since: day, Until: day, Stream: stream})
		require.NoError(t, err)
		require.True(t, r.Complete, "what was there before counts as known")
	}
	_, err := l.one(change).Check(l.ctx, "", poll.Check{Since: day, Until: day.AddDate(0, 0, -1)})
	require.Error(t, err)
	_, err = l.one(change).Check(l.ctx, "nobody", poll.Check{Since: day, Until: day})
	require.ErrorContains(t, err, `"nobody"`)
}
