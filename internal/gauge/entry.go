package gauge

import (
	"encoding/binary"
	"encoding/hex"
	"time"

	"github.com/leat-io/leat/internal/bare"
	"github.com/leat-io/leat/stream"
)

// What the events say of themselves.
const (
	source    = "leat/bench"
	eventType = "io.leat.bench"
)

// entrySize is how many bytes of the server's memory an entry may take at the most:
// attributes, and what the allocator adds to large payloads. It is for the time in
// which the real size is not known yet.
func entrySize(payload int) int { return payload + payload/4 + 400 }

// newPayload is data of that many bytes, none of which Redis could take for a
// number. Its first bytes are for mark.
func newPayload(size int) []byte {
	data := make([]byte, size)
	for i := range data {
		data[i] = 'a' + byte(i%26)
	}
	return data
}

// mark writes the number by which an event is found again into its data.
func mark(data []byte, number int) { binary.BigEndian.PutUint64(data, uint64(number)) }

// numberOf is what mark wrote.
func numberOf(data []byte) int {
	if len(data) < MinPayload {
		return -1
	}
	return int(binary.BigEndian.Uint64(data))
}

// newEvent is an event as producers have it: the producer gives it ID and time.
func newEvent(data []byte) stream.Event {
	return stream.Event{Source: source, Type: eventType, Data: data}
}

// bareEntry is the very entry that leat makes of an event, encoded beforehand. What
// differs from one to the next, digits of its ID and the number in its data, is
// written over.
type bareEntry struct {
	template     []byte
	digits, data int // where these are
}

// barePairs are the fields of an entry.
const barePairs = 6

func newBareEntry(data []byte) *bareEntry {
	const id = "01900000-0000-7000-8000-" // as long as the UUIDs of producers are
	e := &bareEntry{}
	b := bare.AppendPair(nil, "specversion", stream.SpecVersion)
	b = bare.AppendPair(b, "id", id+"000000000000")
	e.digits = len(b) - len("\r\n") - 12
	b = bare.AppendPair(b, "source", source)
	b = bare.AppendPair(b, "type", eventType)
	b = bare.AppendPair(b, "time", time.Now().UTC().Format("2006-01-02T15:04:05.000000000Z"))
	b = bare.AppendPair(b, "data", data)
	e.data = len(b) - len("\r\n") - len(data)
	e.template = b
	return e
}

// append appends the fields of the entry of that number.
func (e *bareEntry) append(dst []byte, number int) []byte {
	from := len(dst)
	dst = append(dst, e.template...)
	var digits [8]byte
	binary.BigEndian.PutUint64(digits[:], uint64(number))
	hex.Encode(dst[from+e.digits:], digits[2:])
	copy(dst[from+e.data:], digits[:])
	return dst
}
