package demo

import (
	"sync"
	"time"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/stream"
)

// fate is what the workers told about one entry.
type fate struct {
	starts, completions int
	acked               time.Time // first; zero for never
	dead                bool
	found               seen
}

// tally gathers what all workers tell. It is safe for concurrent use.
type tally struct {
	mu        sync.Mutex
	fates     map[stream.ID]*fate
	reclaimed int
	retried   int
	settled   int // entries acknowledged or dead, each once
	records   int
}

func newTally() *tally { return &tally{fates: map[stream.ID]*fate{}} }

func (t *tally) add(r record) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.records++
	switch r.kind {
	case recordUp:
	case recordTaken:
		if r.how == consumer.Reclaimed.String() {
			t.reclaimed += r.n
		}
	case recordStarted:
		t.fate(r.id).starts++
	case recordDone:
		f := t.fate(r.id)
		f.completions++
		f.found = r.found
	case recordSettled:
		t.settle(t.fate(r.id), r)
	}
}

func (t *tally) settle(f *fate, r record) {
	before := f.dead || !f.acked.IsZero()
	switch r.outcome {
	case consumer.Acked.String():
		if f.acked.IsZero() {
			f.acked = r.at
		}
	case consumer.DeadLettered.String():
		f.dead = true
	case consumer.Retried.String():
		t.retried++
	}
	if !before && (f.dead || !f.acked.IsZero()) {
		t.settled++
	}
}

func (t *tally) fate(id stream.ID) *fate {
	f := t.fates[id]
	if f == nil {
		f = &fate{}
		t.fates[id] = f
	}
	return f
}

// now is how many entries are settled, and how many records have come.
func (t *tally) now() (settled, records int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.settled, t.records
}
