package metrics

import (
	"sync"
	"sync/atomic"
	"time"
	"weak"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/stream"
)

// worker counts what one worker of a consumer does. What it writes for each delivery is
// in memory of its own, and goes to the histograms many at a time: to write for each
// what all workers write costs more than to take a delivery out of the queue.
type worker struct {
	slots []slot // for each stream
	last  *slot
}

// slot is one worker's part of a flow.
type slot struct {
	flow *flow
	// What the worker knows: how many of its deliveries are in the handler, and how
	// many that have ended well are in took.
	running, ended int
	// shown is what others may know of that: running<<32 | ended. What it says is in
	// took is not written to before it has been moved.
	shown atomic.Uint64
	took  [64]time.Duration

	mu    sync.Mutex // held by who moves what is shown to the histogram
	moved int        // how many of took have been
}

// slow is from when on a handling is shown at once: below, when the next one begins, or
// when there is none. That saves every other write that another processor has to see.
const slow = time.Millisecond

// worker are the hooks of one more worker.
func (b *bound) worker() consumer.WorkerHooks {
	w := &worker{slots: make([]slot, len(b.flows))}
	for i, f := range b.flows {
		w.slots[i].flow = f
	}
	w.last = &w.slots[0]
	b.m.mu.Lock()
	b.m.workers = append(b.m.workers, weak.Make(w))
	b.m.mu.Unlock()
	return consumer.WorkerHooks{Started: w.started, Handled: w.handled, Idle: w.idle}
}

// of finds the slot of a stream.
func (w *worker) of(name string) *slot {
	if w.last.flow.stream == name {
		return w.last
	}
	w.last.show()
	for i := range w.slots {
		if w.slots[i].flow.stream == name {
			w.last = &w.slots[i]
			return w.last
		}
	}
	return &w.slots[0] // a handler has changed the name in its delivery
}

func (w *worker) started(d *stream.Delivery) {
	s := w.of(d.Stream)
	s.running++
	s.show()
}

func (w *worker) handled(d *stream.Delivery, took time.Duration, err error) {
	s := w.of(d.Stream)
	s.running--
	if err != nil {
		s.flow.failed.took(took)
		s.show()
		return
	}
	s.took[s.ended] = took
	s.ended++
	switch {
	case s.ended == len(s.took):
		s.empty()
	case took >= slow:
		s.show()
	}
}

// idle moves everything on. So a worker that has ended has nothing that anybody misses.
func (w *worker) idle() {
	for i := range w.slots {
		if s := &w.slots[i]; s.ended > 0 {
			s.empty()
		}
	}
}

func (s *slot) show() { s.shown.Store(uint64(s.running)<<32 | uint64(s.ended)) }

// empty makes room. Called by the worker.
func (s *slot) empty() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.move(s.ended)
	s.ended, s.moved = 0, 0
	s.show()
}

// collect moves what is shown to the histogram, and tells how many deliveries are in the
// handler. Called by anybody.
func (s *slot) collect() (running int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	shown := s.shown.Load()
	s.move(int(uint32(shown)))
	return int(shown >> 32)
}

// move moves what has not been moved of the first n. Called with the lock.
func (s *slot) move(n int) {
	r := s.flow.ok.run()
	for _, took := range s.took[s.moved:n] {
		r.observe(int64(took))
	}
	r.end()
	s.moved = n
}

// collectWorkers moves what all workers have shown to the histograms, which count it from
// then on, and notes how many deliveries are in the handlers of each flow.
func (m *Metrics) collectWorkers() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, f := range m.flows {
		f.running = 0
	}
	known := m.workers[:0]
	for _, p := range m.workers {
		w := p.Value()
		if w == nil {
			continue
		}
		known = append(known, p)
		for i := range w.slots {
			w.slots[i].flow.running += w.slots[i].collect()
		}
	}
	clear(m.workers[len(known):])
	m.workers = known
}
