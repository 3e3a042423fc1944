package consumer

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/stream"
)

// holding is the items of one batch; it is known to the ledger until the last of
// them is done. Its memory is used again after that.
type holding struct {
	items []item
	refs  []*item // to each of items
	calls []call  // the contexts of their handlers, which somebody may keep
	// memory is what the deliveries are made of, where that is used again.
	memory *stream.Memory
	how    Taking
	from   time.Duration // when the leases began, by the consumer's clock
	left   atomic.Int32
}

// call is the context for a handler that gets the item, or a batch that begins with
// it. An entry that is tried again in place has used its own up.
func (h *holding) call(it *item) *call {
	if c := &h.calls[it.at]; c.of == nil {
		return c
	}
	return &call{}
}

// ledger knows what the consumer holds of one stream.
type ledger struct {
	mu       sync.Mutex
	holdings map[*holding]struct{}
	free     []*holding // to be used again
	memories []*stream.Memory
	lookers  int // who have items that may be done by now: nothing is used again meanwhile
}

// freeHoldings is how many are kept for the next batches: about as many as are under
// way at a time.
const freeHoldings = 16

// add makes items of a batch whose lease began at from.
func (l *ledger) add(src *source, batch stream.Batch, memory *stream.Memory, how Taking, from time.Duration) *holding {
	h := l.blank(len(batch))
	h.how, h.memory, h.from = how, memory, from
	h.left.Store(int32(len(batch)))
	for i := range batch {
		it := &h.items[i]
		it.d, it.src, it.group, it.at = &batch[i], src, h, int32(i)
		h.refs[i] = it
	}
	l.mu.Lock()
	l.holdings[h] = struct{}{}
	l.mu.Unlock()
	return h
}

// blank is a holding of n items.
func (l *ledger) blank(n int) *holding {
	l.mu.Lock()
	var h *holding
	if last := len(l.free) - 1; last >= 0 {
		at := max(0, slices.IndexFunc(l.free, func(h *holding) bool { return cap(h.items) >= n }))
		h, l.free[at], l.free[last] = l.free[at], l.free[last], nil
		l.free = l.free[:last]
	}
	l.mu.Unlock()
	if h == nil || cap(h.items) < n { // all were too small: one less of them
		size := max(n, min(2*n, maxRead)) // sizes differ from batch to batch
		h = &holding{items: make([]item, size), refs: make([]*item, size)}
	}
	h.items, h.refs = h.items[:n], h.refs[:n]
	h.calls = make([]call, n)
	return h
}

// remove forgets n items of a batch that are done. Nobody must look at them any more, but
// for those between look and looked.
func (l *ledger) remove(h *holding, n int) {
	if n == 0 || h.left.Add(-int32(n)) > 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.holdings, h)
	if l.lookers > 0 || len(l.free) >= freeHoldings {
		return
	}
	clear(h.items)
	clear(h.refs)
	if h.memory != nil {
		l.memories = append(l.memories, h.memory)
	}
	h.calls, h.memory = nil, nil
	l.free = append(l.free, h)
}

// memory is what the next batch can be made of.
func (l *ledger) memory() *stream.Memory {
	l.mu.Lock()
	defer l.mu.Unlock()
	last := len(l.memories) - 1
	if last < 0 {
		return &stream.Memory{}
	}
	m := l.memories[last]
	l.memories[last], l.memories = nil, l.memories[:last]
	return m
}

// look is the items that are not done and that keep says yes to; looked has to be
// called when nobody looks at them any more.
func (l *ledger) look(keep func(*item) bool) []*item {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lookers++
	return l.some(keep)
}

func (l *ledger) looked() {
	l.mu.Lock()
	l.lookers--
	l.mu.Unlock()
}

// some is the items that are not done and that keep says yes to. Called with the
// lock.
func (l *ledger) some(keep func(*item) bool) (out []*item) {
	for h := range l.holdings {
		for i := range h.items {
			if it := &h.items[i]; !it.done.Load() && keep(it) {
				out = append(out, it)
			}
		}
	}
	return out
}

// count is how many items are not done and keep says yes to.
func (l *ledger) count(keep func(*item) bool) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.some(keep))
}

// tokens are those of the items that are not done and that keep says yes to.
func (l *ledger) tokens(keep func(*item) bool) []stream.Held {
	l.mu.Lock()
	defer l.mu.Unlock()
	return tokens(l.some(keep))
}
