package consumer

import (
	"fmt"
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
				seen := make([]atomic.Int32, items)
				var workers sync.WaitGroup
				for range 8 {
					workers.Go(func() {
						for got := q.take(most, fill); got != nil; got = q.take(most, fill) {
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
					require.True(t, q.push(numbered(pushed, n)))
					pushed += n
				}
				for _, it := range q.close() {
					seen[it.d.EntryID.Ms].Add(1)
				}
				workers.Wait()
				require.False(t, q.push(numbered(0, 1)))
				require.Zero(t, q.waiting())
				for i := range seen {
					require.EqualValues(t, 1, seen[i].Load(), "item %d", i)
				}
			})
		}
	}
}

// Every idle worker gets to work when there is enough, although one push wakes one.
func TestQueueWakesAllThatAreNeeded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(false)
		const workers = 50
		var busy atomic.Int32
		hold := make(chan struct{})
		var all sync.WaitGroup
		for range workers {
			all.Go(func() {
				for got := q.take(1, 0); got != nil; got = q.take(1, 0) {
					busy.Add(1)
					<-hold
					busy.Add(-1)
				}
			})
		}
		synctest.Wait() // all of them idle
		require.True(t, q.push(numbered(0, workers)))
		synctest.Wait()
		require.EqualValues(t, workers, busy.Load())
		require.True(t, q.push(numbered(0, 3))) // nobody is idle
		close(hold)
		synctest.Wait()
		require.Zero(t, q.waiting())
		for n := range 10 { // one by one
			require.True(t, q.push(numbered(n, 1)))
			synctest.Wait()
			require.Zero(t, q.waiting())
		}
		require.Empty(t, q.close())
		all.Wait()
	})
}

func TestQueueFillsABatchFromSeveralChunks(t *testing.T) {
	t.Parallel()
	q := newQueue(false)
	for _, n := range []int{3, 1, 4} {
		require.True(t, q.push(numbered(0, n)))
	}
	require.Len(t, q.take(5, 0), 5)
	require.Equal(t, 3, q.waiting())
	require.Len(t, q.take(5, time.Nanosecond), 3)
	q.finish()
	require.Nil(t, q.take(5, time.Hour))
}
