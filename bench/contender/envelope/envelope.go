// Package envelope is what the bare protocol and the plain clients put around the
// data, so that they do the same work as leat: the CloudEvents attributes that its
// producer writes, of the same sizes and in the same order.
package envelope

import (
	"crypto/rand"
	"encoding/hex"
	"time"
)

// The attributes that are the same in all events.
const (
	SpecVersion = "1.0"
	Source      = "https://example.org/bench"
	Type        = "bench.event.created"
)

// Fields is how many fields an entry has: specversion, id, source, type, time, data.
const Fields = 6

// IDs makes IDs that look like a UUID and cost next to nothing: the first 24
// characters are random once, the last 12 count.
type IDs struct {
	text [36]byte
	n    uint64
}

// NewIDs makes IDs that no other makes.
func NewIDs() *IDs {
	var random [12]byte
	_, _ = rand.Read(random[:]) // does not fail, or ends the program
	i := new(IDs)
	digits := hex.AppendEncode(nil, random[:])
	copy(i.text[:], "00000000-0000-7000-8000-000000000000")
	copy(i.text[:8], digits)
	copy(i.text[9:13], digits[8:])
	copy(i.text[15:18], digits[12:])
	copy(i.text[20:23], digits[15:])
	return i
}

// Next is the next ID, valid until the one after it is made.
func (i *IDs) Next() []byte {
	const hex = "0123456789abcdef"
	i.n++
	for at, n := len(i.text)-1, i.n; n > 0 && i.text[at] != '-'; at, n = at-1, n>>4 {
		i.text[at] = hex[n&15]
	}
	return i.text[:]
}

// AppendTime appends the time as the attribute has it.
func AppendTime(dst []byte, t time.Time) []byte {
	return t.UTC().AppendFormat(dst, time.RFC3339Nano)
}
