package consumer

import (
	"sync"
	"sync/atomic"
	"time"
)

// queue is where taken items wait for a free handler, in order of arrival; but new
// entries and those that come again (taken over, tried again) take turns, chunk by
// chunk, so that a million entries of a dead worker do not hold up the new ones. With
// OrderBy an item waits in its key's lane until the one before it is settled.
//
// Items come in chunks, a read's worth each, and workers take them out of the first
// chunk by counting it up, without a lock: it is needed once a chunk, and by workers
// that find nothing.
type queue struct {
	first atomic.Pointer[chunk]
	idle  atomic.Int32 // workers that wait
	// waking: a worker that was woken has not looked yet. It wakes the next one
	// when there is more than it would do in the time that takes.
	waking atomic.Bool
	nudged atomic.Bool // nudge is under way

	mu     sync.Mutex
	wake   *sync.Cond
	chunks [2][]*chunk      // behind first: of new items, and of those that come again
	turn   int              // whose turn it is
	lanes  map[string]*lane // nil without OrderBy
	closed bool
	nudge  *time.Timer // calls look
}

const (
	// worthWaking is how long it should take the workers that are awake to do what
	// waits, before another one is woken for it: below, that only costs, and takes
	// a processor from somebody else.
	worthWaking = 200 * time.Microsecond
	// nudgeAfter is when it is looked at whether they have done it: handlers that
	// have been quick may take long this time.
	nudgeAfter = time.Millisecond
)

// chunk is items of which taken have been taken; taken may count on beyond.
type chunk struct {
	items []*item
	taken atomic.Int64
}

// claim takes up to most items.
func (c *chunk) claim(most int) []*item {
	if c.taken.Load() >= int64(len(c.items)) {
		return nil
	}
	from := c.taken.Add(int64(most)) - int64(most)
	if from >= int64(len(c.items)) {
		return nil
	}
	to := min(from+int64(most), int64(len(c.items)))
	return c.items[from:to:to]
}

func (c *chunk) left() int { return max(0, len(c.items)-int(c.taken.Load())) }

func newQueue(ordered bool) *queue {
	q := &queue{}
	q.wake = sync.NewCond(&q.mu)
	q.nudge = time.AfterFunc(time.Hour, q.look)
	q.nudge.Stop()
	if ordered {
		q.lanes = map[string]*lane{}
	}
	return q
}

// push adds items, new ones or some that come again; false, and nothing added, when
// the queue is closed.
func (q *queue) push(items []*item, again bool) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	if q.lanes != nil {
		through := make([]*item, 0, len(items))
		for _, it := range items {
			if q.enter(it) {
				through = append(through, it)
			}
		}
		items = through
	}
	q.append(items, again)
	return true
}

// append lets items through to the workers. Called with the lock.
func (q *queue) append(items []*item, again bool) {
	if len(items) == 0 {
		return
	}
	which := 0
	if again {
		which = 1
	}
	q.chunks[which] = append(q.chunks[which], &chunk{items: items})
	q.wakeOne()
}

// wakeOne wakes a worker, unless one is on its way. Called with the lock: a worker
// counts as idle from before it waits until it has the lock again, so that the one
// who clears waking is always still to come.
func (q *queue) wakeOne() {
	if q.idle.Load() > 0 && !q.waking.Load() {
		q.waking.Store(true)
		q.wake.Signal()
	}
}

// take returns up to most items, and whether it had to wait: for one, and then for
// at most fill for as many. nil when the queue is closed. usual is how long a call of
// the handler takes.
func (q *queue) take(most int, fill, usual time.Duration) (items []*item, waited bool) {
	if most == 1 { // a batch is taken from as many chunks as it needs, which takes the lock
		if items := q.takeOne(usual); items != nil {
			return items, false
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		for q.length() == 0 {
			if q.closed {
				return nil, true
			}
			q.wait()
		}
		if fill > 0 {
			q.fill(most, fill)
		}
		if items := q.collect(most); len(items) > 0 { // another taker may have been faster
			if left := q.length(); left > 0 && q.worth(left, usual) {
				q.wakeOne()
			}
			return items, true
		}
	}
}

// takeOne takes an item out of the first chunk.
func (q *queue) takeOne(usual time.Duration) []*item {
	first := q.first.Load()
	if first == nil {
		return nil
	}
	items := first.claim(1)
	if items == nil || q.idle.Load() == 0 || q.waking.Load() {
		return items
	}
	if left := first.left(); left > 0 && q.worth(left, usual) {
		q.mu.Lock()
		q.wakeOne()
		q.mu.Unlock()
	}
	return items
}

// worth tells whether another worker should be woken for what is left. If not, it is
// looked at again soon.
func (q *queue) worth(left int, usual time.Duration) bool {
	if time.Duration(left)*usual >= worthWaking {
		return true
	}
	if !q.nudged.Load() && q.nudged.CompareAndSwap(false, true) {
		q.nudge.Reset(nudgeAfter)
	}
	return false
}

// look wakes a worker for what still waits.
func (q *queue) look() {
	q.nudged.Store(false) // before looking: who adds nothing later counts on us
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.length() > 0 {
		q.wakeOne()
	}
}

// wait waits for a push. Called with the lock.
func (q *queue) wait() {
	q.idle.Add(1)
	q.wake.Wait()
	q.idle.Add(-1)
	q.waking.Store(false)
}

// collect takes up to most items out of as many chunks as it needs. Called with the
// lock.
func (q *queue) collect(most int) []*item {
	var out []*item
	for len(out) < most {
		first := q.first.Load()
		if first == nil || first.left() == 0 {
			if !q.advance() {
				break
			}
			continue
		}
		items := first.claim(most - len(out))
		if out == nil {
			out = items // nothing is copied when one chunk is enough
			continue
		}
		out = append(out, items...)
	}
	return out
}

// advance makes the next chunk the first; false when there is none. What was first is
// let go, so that an idle queue does not hold a batch.
func (q *queue) advance() bool {
	from := &q.chunks[q.turn]
	if len(*from) == 0 {
		from = &q.chunks[1-q.turn]
	} else {
		q.turn = 1 - q.turn
	}
	if len(*from) == 0 {
		q.first.Store(nil)
		return false
	}
	q.first.Store((*from)[0])
	(*from)[0] = nil
	*from = (*from)[1:]
	return true
}

// length is how many items can be taken. Called with the lock.
func (q *queue) length() int {
	n := 0
	if first := q.first.Load(); first != nil {
		n = first.left()
	}
	for _, chunks := range q.chunks {
		for _, c := range chunks {
			n += c.left()
		}
	}
	if n == 0 {
		q.first.Store(nil)
	}
	return n
}

// fill waits until there are most items, the time is over, or the queue closes.
// Called with the lock.
func (q *queue) fill(most int, wait time.Duration) {
	if q.length() >= most {
		return
	}
	over := false
	timer := time.AfterFunc(wait, func() {
		q.mu.Lock()
		over = true
		q.mu.Unlock()
		q.wake.Broadcast()
	})
	defer timer.Stop()
	for q.length() < most && !over && !q.closed {
		q.wait()
	}
}

// close ends the queue and returns everything that was not taken. Takers that
// wait get nil.
func (q *queue) close() []*item {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.nudge.Stop()
	out := append([]*item(nil), q.collect(q.length())...)
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
	n := q.length()
	for _, l := range q.lanes {
		n += len(l.waiting)
	}
	return n
}
