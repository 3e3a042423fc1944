package consumer

import (
	"slices"
	"strings"
)

// lane is what waits behind an item of the same key that is under way.
type lane struct {
	waiting []*item
}

// enter lets an item through when nothing of its key is under way; else it waits
// in the lane, in the order of IDs: what was reclaimed is older than what waits.
func (q *queue) enter(it *item) bool {
	l := q.lanes[it.key]
	if l == nil {
		// The key mostly is a part of the entry, and that one's memory may be another's
		// (Config.Reuse) while others of the key still wait.
		q.lanes[strings.Clone(it.key)] = &lane{}
		return true
	}
	at, _ := slices.BinarySearchFunc(l.waiting, it, func(a, b *item) int { return a.d.EntryID.Compare(b.d.EntryID) })
	l.waiting = slices.Insert(l.waiting, at, it)
	return false
}

// next lets the next item of a key through, when the one before is settled.
func (q *queue) next(key string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	l := q.lanes[key]
	if l == nil {
		return
	}
	if len(l.waiting) == 0 {
		delete(q.lanes, key)
		return
	}
	q.append([]*item{l.waiting[0]}, false)
	l.waiting = l.waiting[1:]
}

// again puts an item that failed back to the front of its lane, and lets it
// through; false when the queue is closed.
func (q *queue) again(it *item) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	q.append([]*item{it}, false)
	return true
}
