package stream

import "math/bits"

// Memory is what a [Batch] is made of: the bytes of the reply, the deliveries, and
// their fields. Given to [Reader.Reuse] when nobody looks at the batch any more, it
// is what the next one is made of, so that reading allocates nothing.
type Memory struct {
	raw    []byte
	batch  Batch
	fields []Field
}

// keptRaw is how large a buffer is kept: what a few large entries needed is not held
// for small ones.
const keptRaw = 4 << 20

// Reuse lets the next batch that is read be made of m, and m be what that batch is
// made of. All deliveries, fields, strings and bytes of the batch that m was made of
// before change then. nil, as before the first call, takes new memory for each batch.
// A read that brings nothing leaves m for the next.
func (r *Reader) Reuse(m *Memory) { r.memory = m }

// begin is a batch of no entries with place for n, and an arena for their fields.
func (m *Memory) begin(n int) (Batch, []Field) {
	if m == nil {
		return make(Batch, 0, n), nil
	}
	if cap(m.batch) < n {
		m.batch = make(Batch, 0, roundUp(n))
	}
	clear(m.batch)        // as far as it was used: the rest is zero
	m.batch = m.batch[:n] // that much is used now, whether the reply comes to its end or not
	return m.batch[:0], m.fields[:0]
}

// end keeps the larger part of what a batch was made of.
func (m *Memory) end(batch Batch, arena []Field, raw []byte) {
	m.batch = batch
	if cap(arena) > cap(m.fields) {
		m.fields = arena
	}
	if cap(raw) > cap(m.raw) && cap(raw) <= keptRaw {
		m.raw = raw
	}
}

// roundUp is the next power of two: sizes differ from batch to batch, and a place
// that is one too small is none.
func roundUp(n int) int { return 1 << bits.Len(uint(max(n, 1)-1)) }
