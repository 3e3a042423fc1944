package consumer

import (
	"sync"
	"time"
)

// later holds items that are tried again in place, until their time has come.
type later struct {
	queue *queue
	mu    sync.Mutex
	wait  map[*item]*time.Timer
	ended bool
	// release gets what comes back too late.
	release func([]*item)
}

func newLater(q *queue, release func([]*item)) *later {
	return &later{queue: q, wait: map[*item]*time.Timer{}, release: release}
}

// after puts the item back into the queue after d.
func (l *later) after(d time.Duration, it *item) {
	l.mu.Lock()
	if !l.ended {
		l.wait[it] = time.AfterFunc(d, func() { l.due(it) })
		l.mu.Unlock()
		return
	}
	l.mu.Unlock()
	l.release([]*item{it})
}

func (l *later) due(it *item) {
	l.mu.Lock()
	_, waits := l.wait[it]
	delete(l.wait, it)
	l.mu.Unlock()
	if waits && !l.queue.again(it) {
		l.release([]*item{it})
	}
}

// end stops the timers and returns what waited.
func (l *later) end() []*item {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	out := make([]*item, 0, len(l.wait))
	for it, timer := range l.wait {
		timer.Stop()
		out = append(out, it)
	}
	clear(l.wait)
	return out
}
