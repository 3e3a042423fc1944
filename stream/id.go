package stream

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"time"
)

// ID is the identity of an entry in a stream: milliseconds since the Unix epoch
// and a sequence number inside the millisecond. IDs of one stream only grow.
// The zero ID is "0-0", which no entry has.
type ID struct {
	Ms, Seq uint64
}

// MaxID is the greatest ID that Redis knows. An entry that has it closes its
// stream for ever, which is why leat never adds with an explicit ID.
var MaxID = ID{math.MaxUint64, math.MaxUint64}

// ParseID reads "ms-seq" or, as Redis does, "ms" alone, which means "ms-0".
func ParseID(s string) (ID, error) {
	id, ok := parseID([]byte(s))
	if !ok {
		return ID{}, fmt.Errorf("parse entry id %q: want milliseconds-sequence, as in 1700000000000-0", s)
	}
	return id, nil
}

func parseID(b []byte) (ID, bool) {
	ms, rest, ok := milliseconds(b)
	if !ok {
		return ID{}, false
	}
	if len(rest) == 0 {
		return ID{Ms: ms}, true
	}
	if rest[0] != '-' {
		return ID{}, false
	}
	seq, rest, ok := leadingUint(rest[1:])
	return ID{ms, seq}, ok && len(rest) == 0
}

// milliseconds is leadingUint, faster for the thirteen digits that they have from
// 2001 to 2286.
func milliseconds(b []byte) (ms uint64, rest []byte, ok bool) {
	if len(b) > 13 && b[13] == '-' {
		// The first eight, and the last eight with the first three of those as zeros.
		high, ok1 := eightDigits(binary.LittleEndian.Uint64(b))
		low, ok2 := eightDigits(binary.LittleEndian.Uint64(b[5:])&^0xffffff | '0'<<16 | '0'<<8 | '0')
		if ok1 && ok2 {
			return high*100_000 + low, b[13:], true
		}
	}
	return leadingUint(b)
}

// eightDigits is the number that the bytes of w are the digits of, the lowest byte
// being the first. It works on all of them at once.
func eightDigits(w uint64) (n uint64, ok bool) {
	const each = 0x0101010101010101 // a byte times each is that byte in all eight places
	w ^= each * '0'
	// A digit has become its number, 0 to 9. Anything else is above 9 now, so that
	// it, or its sum with 6, has a bit above the lowest four.
	if (w|(w+each*6))&(each*0xf0) != 0 {
		return 0, false
	}
	// Neighbours make one number, the lower byte being the greater part: numbers
	// below 100 in every other byte, then below 10,000 in every fourth, then all.
	w = (w*10 + w>>8) & 0x00ff00ff00ff00ff
	w = (w*100 + w>>16) & 0x0000ffff0000ffff
	return (w*10_000 + w>>32) & 0xffffffff, true
}

// leadingUint reads the digits that b begins with; not ok without a digit or
// past 64 bits.
func leadingUint(b []byte) (n uint64, rest []byte, ok bool) {
	const always = 19 // so many digits fit into 64 bits, whatever they are
	i := 0
	for ; i < len(b); i++ {
		d := uint64(b[i] - '0') // below '0' wraps around, and is above 9 as well
		if d > 9 {
			break
		}
		if i >= always && n > (math.MaxUint64-d)/10 {
			return 0, nil, false
		}
		n = n*10 + d
	}
	return n, b[i:], i > 0
}

// String is the ID as Redis writes it: "1700000000000-0".
func (id ID) String() string { return string(id.AppendTo(make([]byte, 0, 24))) }

// AppendTo appends the ID as Redis writes it.
func (id ID) AppendTo(b []byte) []byte {
	b = strconv.AppendUint(b, id.Ms, 10)
	b = append(b, '-')
	return strconv.AppendUint(b, id.Seq, 10)
}

// MarshalText makes an ID a string in JSON.
func (id ID) MarshalText() ([]byte, error) { return id.AppendTo(nil), nil }

// UnmarshalText reads what [ID.MarshalText] writes.
func (id *ID) UnmarshalText(b []byte) (err error) {
	*id, err = ParseID(string(b))
	return err
}

// IsZero tells whether the ID is "0-0".
func (id ID) IsZero() bool { return id == ID{} }

// Time is when the entry was added, by the server's clock, to the millisecond.
func (id ID) Time() time.Time { return time.UnixMilli(int64(min(id.Ms, math.MaxInt64))) }

// Compare is -1, 0 or 1 when id is below, equal to or above other.
func (id ID) Compare(other ID) int {
	switch {
	case id == other:
		return 0
	case id.Ms < other.Ms, id.Ms == other.Ms && id.Seq < other.Seq:
		return -1
	}
	return 1
}

// Next is the smallest ID above id; [MaxID] stays itself.
func (id ID) Next() ID {
	switch {
	case id == MaxID:
		return id
	case id.Seq == math.MaxUint64:
		return ID{Ms: id.Ms + 1}
	}
	return ID{id.Ms, id.Seq + 1}
}

// Prev is the greatest ID below id; the zero ID stays itself.
func (id ID) Prev() ID {
	switch {
	case id.IsZero():
		return id
	case id.Seq == 0:
		return ID{id.Ms - 1, math.MaxUint64}
	}
	return ID{id.Ms, id.Seq - 1}
}
