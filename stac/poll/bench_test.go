package poll_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/stac"
	"github.com/leat-io/leat/stac/internal/stactest"
	"github.com/leat-io/leat/stac/poll"
)

// BenchmarkPass is a whole pass over 10,000 items, Redis included, in turns with the best loop that can be written by hand: one
// that only reads the pages, and one that adds an entry for each item in a pipeline per page and remembers nothing. Medians, and
// the poller's rate as a part of theirs; one iteration says all (-benchtime 1x).
func BenchmarkPass(b *testing.B) {
	const items, rounds = 10_000, 5
	s := stactest.NewCanned(b, items, stactest.Bands, true)
	l := newLab(b, stactest.PgSTAC())
	l.ctx = b.Context() // however long it takes
	rates := map[string][]float64{}
	timed := func(name string, do func() error) {
		began := time.Now()
		require.NoError(b, do())
		rates[name] = append(rates[name], items/time.Since(began).Seconds())
	}
	for n := 0; b.Loop(); n++ {
		for round := range rounds {
			require.NoError(b, l.rdb.Del(l.ctx, l.stream).Err())
			p := l.one(func(src *poll.Source) {
				src.Name, src.Client, src.Query = fmt.Sprintf("bench-%d-%d", n, round), local(s.URL), stac.Query{Limit: stactest.CannedPage}
				src.Strategy, src.Overlap = poll.Rescan, 200*365*24*time.Hour // all of it, each time
			})
			timed("new", func() error { return p.Once(l.ctx) })
			require.Equal(b, int64(items), l.rdb.XLen(l.ctx, l.stream).Val())
			timed("known", func() error { return p.Once(l.ctx) })
			require.Equal(b, int64(items), l.rdb.XLen(l.ctx, l.stream).Val())
			timed("hand", func() error {
				return stactest.HandPages(l.ctx, s.URL+"/search", func([]stactest.HandItem) error { return nil })
			})
			timed("handxadd", func() error {
				return stactest.HandPages(l.ctx, s.URL+"/search", func(page []stactest.HandItem) error { return l.addByHand(page) })
			})
		}
	}
	middle := func(name string) float64 { slices.Sort(rates[name]); return rates[name][len(rates[name])/2] }
	for _, name := range []string{"new", "known", "hand", "handxadd"} {
		b.ReportMetric(middle(name), name+"-items/s")
	}
	b.ReportMetric(middle("new")/middle("hand"), "new/hand")
	b.ReportMetric(middle("known")/middle("hand"), "known/hand")
	b.ReportMetric(middle("new")/middle("handxadd"), "new/handxadd")
}

// addByHand adds what the notebook did: three fields.
func (l *lab) addByHand(page []stactest.HandItem) error {
	pipe := l.rdb.Pipeline()
	for i := range page {
		href := page[i].Self()
		pipe.XAdd(l.ctx, &redis.XAddArgs{Stream: l.stream + "-hand", Values: []any{"subject", href, "producer", "hand", "href", href}})
	}
	_, err := pipe.Exec(l.ctx)
	return err
}
