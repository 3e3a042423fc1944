package stream

import (
	"math/bits"
	"strings"
	"unsafe"
)

// Memory is what a [Batch] is made of: the bytes of the reply, and the deliveries.
// Given to [Reader.Reuse] when nobody looks at the batch any more, it is what the next
// one is made of, so that reading allocates nothing.
type Memory struct {
	raw   []byte
	batch Batch
}

// keptRaw is how large a buffer is kept: what a few large entries needed is not held
// for small ones.
const keptRaw = 4 << 20

// Reuse lets the next batch that is read be made of m, and m be what that batch is
// made of. All deliveries, fields, strings and bytes of the batch that m was made of
// before change then. nil, as before the first call, takes new memory for each batch.
// A read that brings nothing leaves m for the next.
func (r *Reader) Reuse(m *Memory) { r.memory = m }

// begin is a batch of no entries with place for n.
func (m *Memory) begin(n int) Batch {
	if m == nil {
		return make(Batch, 0, n)
	}
	if cap(m.batch) < n {
		m.batch = make(Batch, 0, roundUp(n))
	}
	clear(m.batch)        // as far as it was used: the rest is zero
	m.batch = m.batch[:n] // that much is used now, whether the reply comes to its end or not
	return m.batch[:0]
}

// end keeps what a batch was made of.
func (m *Memory) end(batch Batch, raw []byte) {
	m.batch = batch
	if cap(raw) > cap(m.raw) && cap(raw) <= keptRaw {
		m.raw = raw
	}
}

// roundUp is the next power of two: sizes differ from batch to batch, and a place
// that is one too small is none.
func roundUp(n int) int { return 1 << bits.Len(uint(max(n, 1)-1)) }

// blank is an empty buffer with room for n bytes. Unlike make it does not clear them
// first: all that is ever looked at is what was read into it, and clearing the memory of
// a reply costs as much as copying it.
func blank(n int) []byte {
	var b strings.Builder // the one way to such memory that the standard library has
	b.Grow(max(n, 1))
	b.WriteByte(0) // so that its string is of its memory; nobody else has it
	return unsafe.Slice(unsafe.StringData(b.String()), b.Cap())[:0]
}
