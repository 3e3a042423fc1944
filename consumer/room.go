package consumer

import (
	"context"
	"sync"
	"sync/atomic"
)

// room is the budget of entries that the consumer may hold. Whoever takes entries
// from Redis asks for room first, and gives back what was not needed; handled
// entries give theirs back. First come, first served: a stream under load does not
// starve the retries.
type room struct {
	// vacant is what handled entries have given back and nobody has counted as free
	// yet, and waiting how many wait: handlers give back without the lock.
	vacant, waiting atomic.Int64

	mu      sync.Mutex
	size    int // places in all
	free    int // below 0 for a while after it was made smaller
	handled uint64
	waiters []*waiter
}

type waiter struct {
	least, most int
	granted     chan int
}

func newRoom(n int) *room { return &room{size: n, free: n} }

// resize changes how many places there are; those that are taken stay so. Who waits
// for a part of what there was waits for the same part of what there is: that many
// may never be free at a time any more.
func (r *room) resize(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n < r.size {
		for _, w := range r.waiters {
			w.least = max(1, w.least*n/r.size)
		}
	}
	r.free += n - r.size
	r.size = n
	r.serve()
}

// tryTake takes at least least entries' room and most at the most, if it is there
// and nobody waits for it; else 0.
func (r *room) tryTake(least, most int) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count()
	if len(r.waiters) > 0 || r.free < least {
		return 0
	}
	n := min(r.free, most)
	r.free -= n
	return n
}

// take waits until there is room for least entries and takes as much as there is,
// most at the most. 0 when ctx ends before.
func (r *room) take(ctx context.Context, least, most int) int {
	if n := r.tryTake(least, most); n > 0 {
		return n
	}
	w := &waiter{least, most, make(chan int, 1)}
	r.mu.Lock()
	r.waiters = append(r.waiters, w)
	r.waiting.Add(1) // before counting: who vacates later looks for it
	r.serve()
	r.mu.Unlock()
	select {
	case n := <-w.granted:
		return n
	case <-ctx.Done():
		return r.leave(w)
	}
}

// leave takes w out of the line; what it was granted meanwhile goes to the next.
func (r *room) leave(w *waiter) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case n := <-w.granted:
		r.free += n
	default:
		for i := range r.waiters {
			if r.waiters[i] == w {
				r.waiters = append(r.waiters[:i], r.waiters[i+1:]...)
				r.waiting.Add(-1)
				break
			}
		}
	}
	r.serve()
	return 0
}

// give returns room for n entries.
func (r *room) give(n int) {
	if n == 0 {
		return
	}
	r.mu.Lock()
	r.free += n
	r.serve()
	r.mu.Unlock()
}

// vacate is give for an entry that was handled.
func (r *room) vacate() {
	r.vacant.Add(1)
	if r.waiting.Load() > 0 {
		r.mu.Lock()
		r.serve()
		r.mu.Unlock()
	}
}

// vacated is how many entries have been handled.
func (r *room) vacated() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count()
	return r.handled
}

// count makes what was vacated free. Called with the lock.
func (r *room) count() {
	n := r.vacant.Swap(0)
	r.free += int(n)
	r.handled += uint64(n)
}

// serve gives room to those who wait. Called with the lock.
func (r *room) serve() {
	r.count()
	for len(r.waiters) > 0 && r.free >= r.waiters[0].least {
		w := r.waiters[0]
		r.waiters = r.waiters[1:]
		r.waiting.Add(-1)
		n := min(r.free, w.most)
		r.free -= n
		w.granted <- n
	}
}
