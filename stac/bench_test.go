package stac_test

import (
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/stac"
	"github.com/leat-io/leat/stac/internal/stactest"
)

const (
	benchItems = 10_000
	benchPage  = stactest.CannedPage
)

// onePass reads all items: what an event takes of each, its version included.
func onePass(tb testing.TB, c *stac.Client) {
	tb.Helper()
	n := 0
	for item, err := range c.Items(tb.Context(), stac.Query{Limit: benchPage}) {
		if err != nil || item.Href == "" || item.Version() == "" {
			tb.Fatal(err)
		}
		n++
	}
	require.Equal(tb, benchItems, n)
}

// byHand reads all items, and takes their addresses.
func byHand(tb testing.TB, url string) {
	tb.Helper()
	n := 0
	err := stactest.HandPages(tb.Context(), url+"/search", func(items []stactest.HandItem) error {
		for i := range items {
			if items[i].Self() != "" {
				n++
			}
		}
		return nil
	})
	require.NoError(tb, err)
	require.Equal(tb, benchItems, n)
}

// BenchmarkPages is a pass over 10,000 items.
func BenchmarkPages(b *testing.B) {
	for _, updated := range []bool{true, false} {
		b.Run(map[bool]string{true: "updated", false: "hashed"}[updated], func(b *testing.B) {
			s := stactest.NewCanned(b, benchItems, stactest.Bands, updated)
			c := client(b, stac.ClientConfig{URL: s.URL})
			b.ReportAllocs()
			for b.Loop() {
				onePass(b, c)
			}
			b.ReportMetric(float64(benchItems)*float64(b.N)/b.Elapsed().Seconds(), "items/s")
		})
	}
}

// BenchmarkHandWritten is the best loop over pages that net/http and encoding/json allow for: no bytes are kept, and nothing is
// checked.
func BenchmarkHandWritten(b *testing.B) {
	s := stactest.NewCanned(b, benchItems, stactest.Bands, true)
	b.ReportAllocs()
	for b.Loop() {
		byHand(b, s.URL)
	}
	b.ReportMetric(float64(benchItems)*float64(b.N)/b.Elapsed().Seconds(), "items/s")
}

// BenchmarkAgainstHand is both in turns, so that what else the machine does is the same for both: the medians, and how many times
// as fast the client is. One iteration says all (-benchtime 1x).
func BenchmarkAgainstHand(b *testing.B) {
	const rounds = 5
	s := stactest.NewCanned(b, benchItems, stactest.Bands, true)
	c := client(b, stac.ClientConfig{URL: s.URL})
	var mine, hand []float64
	for b.Loop() {
		for range rounds {
			began := time.Now()
			onePass(b, c)
			mine = append(mine, benchItems/time.Since(began).Seconds())
			began = time.Now()
			byHand(b, s.URL)
			hand = append(hand, benchItems/time.Since(began).Seconds())
		}
	}
	b.ReportMetric(median(mine), "client-items/s")
	b.ReportMetric(median(hand), "hand-items/s")
	b.ReportMetric(median(mine)/median(hand), "ratio")
}

func median(of []float64) float64 {
	slices.Sort(of)
	return of[len(of)/2]
}

// A pass over many items holds a page of them, not all.
func TestMemoryStaysFlat(t *testing.T) { //nolint:paralleltest // it measures the heap of the process
	s := stactest.NewCanned(t, 2500, 1, true)
	s.Rounds = 40
	c := client(t, stac.ClientConfig{URL: s.URL})
	var early, late uint64
	items := 0
	for page, err := range c.Search(t.Context(), stac.Query{Limit: benchPage}) {
		require.NoError(t, err)
		items += len(page.Items)
		if page.Number%20 != 0 {
			continue
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		if items <= 10_000 {
			early = max(early, m.HeapAlloc)
		} else {
			late = max(late, m.HeapAlloc)
		}
	}
	require.Equal(t, 100_000, items)
	t.Logf("bytes in the heap, the server's included: %d in the first 10,000 items, %d in the others", early, late)
	require.Less(t, late, early+8<<20)
}
