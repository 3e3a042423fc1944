package producer

import (
	"slices"
	"sync"
	"time"

	"github.com/leat-io/leat/stream"
)

// batch is one pipeline's worth of events, encoded, and what else is known of them.
type batch struct {
	adds   stream.Adds
	events []pending // of each command
	bytes  int       // sum of the events' sizes
}

// pending is an event whose fate is open.
type pending struct {
	receipt  *Receipt
	size     int           // as Event.Size counts
	accepted time.Duration // by Producer.clock
}

// fits tells whether a further event of that size belongs into the same pipeline.
func (b *batch) fits(size int, cfg *Config) bool {
	return len(b.events) < cfg.BatchEvents && b.bytes+size <= cfg.BatchBytes
}

// swapBytes is from which size on a parcel's memory becomes the batch's, rather
// than being copied under the lock.
const swapBytes = 16 << 10

// take adds the event of a parcel.
func (b *batch) take(c *parcel) {
	if len(b.events) == 0 && c.adds.Bytes() >= swapBytes {
		b.adds, c.adds = c.adds, b.adds
	} else {
		b.adds.AppendFrom(&c.adds, 0)
	}
	b.count(c.event)
}

// takeFrom adds an event of another batch of the same stream.
func (b *batch) takeFrom(other *batch, i int) {
	b.adds.AppendFrom(&other.adds, i)
	b.count(other.events[i])
}

func (b *batch) count(e pending) {
	b.events = append(b.events, e)
	b.bytes += e.size
}

// batches keeps the memory of batches for others.
type batches struct{ pool sync.Pool }

func (s *batches) get(name string) *batch {
	b, ok := s.pool.Get().(*batch)
	if !ok {
		b = &batch{}
	}
	b.adds.Reset(name)
	return b
}

// after is a batch for what a full one of the same stream has no room for. It has the
// memory for as much: one that grew to it would leave as much again to the garbage
// collector.
func (s *batches) after(full *batch, name string) *batch {
	b := s.get(name)
	b.adds.Grow(full.adds.Bytes())
	b.events = slices.Grow(b.events, len(full.events))
	return b
}

// put takes back a batch that is out of use.
func (s *batches) put(b *batch) {
	release(&b.adds)
	clear(b.events)
	b.events, b.bytes = b.events[:0], 0
	s.pool.Put(b)
}

// keptBytes is how much memory for commands is always kept for the next use, as
// much as a batch of the usual size takes. Of more, at least a quarter must have
// been used: what one huge event needed is not held for small ones for ever.
const keptBytes = 1 << 20

func release(a *stream.Adds) {
	if a.Cap() > keptBytes && a.Bytes() < a.Cap()/4 {
		*a = stream.Adds{}
	}
}
