package stac

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"sync"
	"unicode/utf8"
)

// member is where one of an object's members is in the form that is hashed.
type member struct{ from, to int }

// digester writes JSON down in one form, whatever order, spaces and escapes it
// came with: members sorted (by the length of the name, then by name), strings
// with their length before them.
type digester struct {
	scanner
	out, spare []byte
	members    []member
}

var digesters = sync.Pool{New: func() any { return new(digester) }}

// contentHash names the content of an item without its links and without the
// signatures of URLs. Servers make both anew for each answer.
func contentHash(raw []byte) string {
	d, ok := digesters.Get().(*digester)
	if !ok {
		d = new(digester)
	}
	defer digesters.Put(d)
	d.scanner, d.out, d.members = scanner{buf: raw}, d.out[:0], d.members[:0]
	d.value(true)
	sum := sha256.Sum256(d.out)
	d.buf = nil
	return hex.EncodeToString(sum[:16])
}

func (d *digester) value(top bool) {
	switch d.peek() {
	case '{':
		d.object(top)
	case '[':
		d.out = append(d.out, '[')
		for d.enter('['); d.more(']'); {
			d.value(false)
			d.out = append(d.out, ',')
		}
		d.out = append(d.out, ']')
	case '"':
		d.string(unsigned(d.text()))
	default:
		d.out = append(d.out, d.skip()...)
	}
}

func (d *digester) string(text []byte) {
	if !utf8.Valid(text) { // whoever writes it anew replaces such bytes, as encoding/json does
		text = []byte(string([]rune(string(text))))
	}
	d.out = strconv.AppendInt(d.out, int64(len(text)), 10)
	d.out = append(d.out, '"')
	d.out = append(d.out, text...)
}

// object writes the members one after the other and then puts them into order.
func (d *digester) object(top bool) {
	d.out = append(d.out, '{')
	base, start := len(d.members), len(d.out)
	for d.enter('{'); d.more('}'); {
		name := d.key()
		if top && string(name) == "links" {
			d.skip()
			continue
		}
		from := len(d.out)
		d.string(name)
		d.out = append(d.out, ':')
		d.value(false)
		d.out = append(d.out, ',')
		d.members = append(d.members, member{from, len(d.out)})
	}
	own := d.members[base:]
	d.sort(own, start)
	d.members = d.members[:base]
	d.out = append(d.out, '}')
}

// sort orders what has been written from start on.
func (d *digester) sort(own []member, start int) {
	compare := func(a, b member) int { return bytes.Compare(d.out[a.from:a.to], d.out[b.from:b.to]) }
	if slices.IsSortedFunc(own, compare) {
		return
	}
	slices.SortFunc(own, compare)
	spare := d.spare[:0]
	for _, m := range own {
		spare = append(spare, d.out[m.from:m.to]...)
	}
	copy(d.out[start:], spare)
	d.spare = spare
}
