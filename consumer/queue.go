package consumer

import (
	"sync"
	"time"
)

// queue is where taken items wait for a free handler, in order of arrival. With
// OrderBy an item waits in its key's lane until the one before it is settled.
type queue struct {
	mu     sync.Mutex
	wake   *sync.Cond
	ready  []*item
	lanes  map[string]*lane // nil without OrderBy
	closed bool
}

func newQueue(ordered bool) *queue {
	q := &queue{}
	q.wake = sync.NewCond(&q.mu)
	if ordered {
		q.lanes = map[string]*lane{}
	}
	return q
}

// push adds items; false, and nothing added, when the queue is closed.
func (q *queue) push(items []*item) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	for _, it := range items {
		if q.lanes == nil || q.enter(it) {
			q.ready = append(q.ready, it)
		}
	}
	if len(items) == 1 {
		q.wake.Signal()
	} else {
		q.wake.Broadcast()
	}
	return true
}

// take waits for an item and returns up to most of them, after waiting for at
// most fill for as many. nil when the queue is closed.
func (q *queue) take(most int, fill time.Duration) []*item {
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		for len(q.ready) == 0 {
			if q.closed {
				return nil
			}
			q.wake.Wait()
		}
		if len(q.ready) < most && fill > 0 {
			q.fill(most, fill)
		}
		if len(q.ready) > 0 { // another taker may have been faster while we waited
			break
		}
	}
	n := min(most, len(q.ready))
	out := append(make([]*item, 0, n), q.ready[:n]...)
	q.ready = q.ready[n:]
	return out
}

// fill waits until there are most items, the time is over, or the queue closes.
func (q *queue) fill(most int, wait time.Duration) {
	over := false
	timer := time.AfterFunc(wait, func() {
		q.mu.Lock()
		over = true
		q.mu.Unlock()
		q.wake.Broadcast()
	})
	defer timer.Stop()
	for len(q.ready) < most && !over && !q.closed {
		q.wake.Wait()
	}
}

// close ends the queue and returns everything that was not taken. Takers that
// wait get nil.
func (q *queue) close() []*item {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	out := q.ready
	q.ready = nil
	for _, l := range q.lanes {
		out = append(out, l.waiting...)
		l.waiting = nil
	}
	q.wake.Broadcast()
	return out
}

// finish ends the intake but lets what waits be taken.
func (q *queue) finish() {
	q.mu.Lock()
	q.closed = true
	q.wake.Broadcast()
	q.mu.Unlock()
}

// waiting is how many items wait.
func (q *queue) waiting() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := len(q.ready)
	for _, l := range q.lanes {
		n += len(l.waiting)
	}
	return n
}
