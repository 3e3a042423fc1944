package consumer

import (
	"sync"
	"time"
)

// pace decides how many entries may wait for a handler where the configuration does
// not: what is handled in paceAhead, so that the next read is back before the
// handlers have nothing to do, and no consumer sits on work that others could do.
type pace struct {
	least, most int

	mu    sync.Mutex
	since time.Duration // when the count began
	count uint64        // entries handled until then
	now   int
}

const (
	// paceAhead is how long what waits should last.
	paceAhead = 10 * time.Millisecond
	// paceWindow is how long entries are counted before their rate says something:
	// a few reads' time.
	paceWindow = 2 * time.Millisecond
	// paceMost: reads of some hundred entries, two of them under way and some
	// handled, are as fast as it gets.
	paceMost = 4096
)

func newPace(least, most int) *pace { return &pace{least: least, most: max(least, most), now: least} }

// at says how many entries may wait, when that many have been handled by then. It
// follows a rate that rises at once, and one that falls slowly.
func (p *pace) at(now time.Duration, handled uint64) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	window := now - p.since
	if p.least == p.most || window < paceWindow {
		return p.now
	}
	ahead := int(float64(handled-p.count) * float64(paceAhead) / float64(window))
	p.now = min(max(ahead, p.now-p.now/8, p.least), p.most)
	p.since, p.count = now, handled
	return p.now
}

// waiting is how many entries may wait now.
func (p *pace) waiting() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now
}
