package consumer

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/stream"
)

// numbered are n items with IDs from first on.
func numbered(first, n int) []*item {
	out := make([]*item, n)
	for i := range out {
		out[i] = &item{d: &stream.Delivery{EntryID: stream.ID{Ms: uint64(first + i)}}}
	}
	return out
}

// Workers take singly or in batches, while chunks of any size come and the queue is
// closed in between: each item is taken once, or comes back.
func TestQueueGivesEachItemOnce(t *testing.T) {
	t.Parallel()
	for _, most := range []int{1, 7} {
		for _, fill := range []time.Duration{0, 50 * time.Microsecond} {
			t.Run(fmt.Sprintf("most=%d,fill=%s", most, fill), func(t *testing.T) {
				t.Parallel()
				q := newQueue(false)
				const items = 20_000
				usual := time.Duration(rand.Int64N(int64(time.Microsecond)))
				seen := make([]atomic.Int32, items)
				var workers sync.WaitGroup
				for range 8 {
					workers.Go(func() {
						for got, _ := q.take(most, fill, usual); got != nil; got, _ = q.take(most, fill, usual) {
							if len(got) > most {
								t.Errorf("took %d of at most %d", len(got), most)
							}
							for _, it := range got {
								seen[it.d.EntryID.Ms].Add(1)
							}
						}
					})
				}
				pushed := 0
				for n := 1; pushed < items; n = n%97 + 1 {
					n = min(n, items-pushed)
					require.True(t, q.push(numbered(pushed, n), n%3 == 0))
					pushed += n
				}
				for _, it := range q.close() {
					seen[it.d.EntryID.Ms].Add(1)
				}
				workers.Wait()
				require.False(t, q.push(numbered(0, 1), false))
				require.Zero(t, q.waiting())
				for i := range seen {
					require.EqualValues(t, 1, seen[i].Load(), "item %d", i)
				}
			})
		}
	}
}

// Every idle worker gets to work when there is enough, although one push wakes one:
// at once where calls take long, a moment later where they only used to be quick.
func TestQueueWakesAllThatAreNeeded(t *testing.T) {
	t.Parallel()
	for _, usual := range []time.Duration{time.Second, 1} {
		testQueueWakes(t, usual)
	}
}

func testQueueWakes(t *testing.T, usual time.Duration) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(false)
		wait := func(done func() bool) {
			for range 10 * 50 {
				synctest.Wait()
				if done() || usual == time.Second {
					break
				}
				time.Sleep(nudgeAfter) //nolint:forbidigo // the clock is the test's own
			}
			require.True(t, done())
		}
		const workers = 50
		var busy atomic.Int32
		hold := make(chan struct{})
		var all sync.WaitGroup
		for range workers {
			all.Go(func() {
				for got, _ := q.take(1, 0, usual); got != nil; got, _ = q.take(1, 0, usual) {
					busy.Add(1)
					<-hold
					busy.Add(-1)
				}
			})
		}
		synctest.Wait() // all of them idle
		require.True(t, q.push(numbered(0, workers), false))
		wait(func() bool { return busy.Load() == workers })
		require.True(t, q.push(numbered(0, 3), true)) // nobody is idle
		close(hold)
		wait(func() bool { return q.waiting() == 0 })
		for n := range 10 { // one by one
			require.True(t, q.push(numbered(n, 1), n%2 == 0))
			wait(func() bool { return q.waiting() == 0 })
		}
		require.Empty(t, q.close())
		all.Wait()
	})
}

func TestQueueFillsABatchFromSeveralChunks(t *testing.T) {
	t.Parallel()
	q := newQueue(false)
	for _, n := range []int{3, 1, 4} {
		require.True(t, q.push(numbered(0, n), n == 1))
	}
	take := func(fill time.Duration) int { items, _ := q.take(5, fill, time.Second); return len(items) }
	require.Equal(t, 5, take(0))
	require.Equal(t, 3, q.waiting())
	require.Equal(t, 3, take(time.Nanosecond))
	q.finish()
	require.Zero(t, take(time.Hour))
}

// What a dead worker has left by the thousand waits beside new entries, not before
// them.
func TestQueueTakesTurns(t *testing.T) {
	t.Parallel()
	q := newQueue(false)
	for n := range 5 {
		require.True(t, q.push(numbered(100*n, 2), true))
	}
	took := func() (ms uint64) {
		items, _ := q.take(1, 0, time.Second)
		return items[0].d.EntryID.Ms
	}
	require.EqualValues(t, 0, took())
	require.True(t, q.push(numbered(7, 2), false))
	for _, want := range []uint64{1, 7, 8, 100, 101, 200} {
		require.Equal(t, want, took())
	}
}
