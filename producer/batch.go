package producer

import (
	"sync"

	"github.com/leat-io/leat/stream"
)

// batch is one pipeline's worth of events, encoded, and their receipts.
type batch struct {
	adds     stream.Adds
	receipts []*Receipt // of each command
	bytes    int        // sum of the events' sizes
}

// fits tells whether a further event of that size belongs into the same pipeline.
func (b *batch) fits(size int, cfg *Config) bool {
	return len(b.receipts) < cfg.BatchEvents && b.bytes+size <= cfg.BatchBytes
}

// swapBytes is from which size on a parcel's memory becomes the batch's, rather
// than being copied under the lock.
const swapBytes = 16 << 10

// take adds the event of a parcel.
func (b *batch) take(c *parcel) {
	if len(b.receipts) == 0 && c.adds.Bytes() >= swapBytes {
		b.adds, c.adds = c.adds, b.adds
	} else {
		b.adds.AppendFrom(&c.adds, 0)
	}
	b.count(c.receipt)
}

// takeFrom adds an event of another batch of the same stream.
func (b *batch) takeFrom(other *batch, i int) {
	b.adds.AppendFrom(&other.adds, i)
	b.count(other.receipts[i])
}

func (b *batch) count(r *Receipt) {
	b.receipts = append(b.receipts, r)
	b.bytes += r.size
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

// put takes back a batch that is out of use.
func (s *batches) put(b *batch) {
	release(&b.adds)
	clear(b.receipts)
	b.receipts, b.bytes = b.receipts[:0], 0
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
