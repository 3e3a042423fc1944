package stream

import (
	"errors"
	"unsafe"
)

// ErrMalformed is what [Delivery.Malformed] wraps: the entry says that it is a
// CloudEvent ("specversion" 1.0) and is none.
var ErrMalformed = errors.New("malformed event")

// Delivery is one entry of a stream, handed to one consumer of a group.
//
// An entry with specversion 1.0 is decoded into Event. Any other entry, added
// by whatever client, is a foreign one: Event is empty but for what
// [Delivery.AsEvent] makes of it, and [Delivery.Fields] has everything. Strings and
// bytes alias the buffer of the batch; see [Fields].
type Delivery struct {
	Event
	// Stream is the key that the entry was read from.
	Stream string
	// EntryID is the entry's ID in that stream.
	EntryID ID
	// Attempt is 1 plus the number of times that a handler failed on the entry
	// in this group.
	Attempt int
	// Deliveries is how often the entry was delivered, as Redis counts: also
	// up when a worker died with it, but not by a hand-over. It is half of the
	// token that settles the entry.
	Deliveries int

	body      body
	malformed error
}

// Fields are all fields of the entry, in order, raw; nil when there are none. Each
// call makes the slice anew; what is in it is not copied. Of a field alone
// [Delivery.Field] costs less.
func (d *Delivery) Fields() Fields { return d.body.fields() }

// Field is the value of the first field of that name, raw.
func (d *Delivery) Field(name string) (value []byte, ok bool) { return d.body.get(name) }

// Foreign tells whether the entry is no CloudEvent of leat's layout.
func (d *Delivery) Foreign() bool {
	v, ok := d.Field("specversion")
	return !ok || string(v) != SpecVersion
}

// Malformed is the reason why an entry that claims to be a CloudEvent 1.0 could
// not be decoded as one, nil for all others. It wraps [ErrMalformed].
func (d *Delivery) Malformed() error { return d.malformed }

// AddressedTo is the group that a redriven copy of an entry is meant for; other
// groups skip it. Empty for every other entry.
func (d *Delivery) AddressedTo() string {
	// Redrive puts the field first, so nothing is searched on the hot path.
	const first = "$18\r\n" + fieldRedriveGroup + "\r\n"
	if len(d.body) < len(first) || string(d.body[:len(first)]) != first {
		return ""
	}
	f, _, _ := d.body.next()
	return string(f.Value)
}

// NewDelivery is the delivery of an entry with these fields, which are copied: for
// tests of handlers, and for what reads entries by itself.
func NewDelivery(stream string, id ID, fields Fields) *Delivery {
	d := &Delivery{Stream: stream, EntryID: id, Attempt: 1, Deliveries: 1, body: newBody(fields)}
	if !d.Foreign() {
		d.decode()
	}
	return d
}

// decode fills Event from the fields.
func (d *Delivery) decode() {
	for f, rest, more := d.body.next(); more; f, rest, more = rest.next() {
		d.set(attributeNamed(f.Name), &f)
	}
	d.require()
}

// alias is b as a string without a copy. Only for bytes of a batch's buffer, which
// nobody writes to while somebody has the batch.
func alias(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// clip is at most n bytes of b, for messages.
func clip(b []byte, n int) string {
	if len(b) > n {
		return string(b[:n]) + "..."
	}
	return string(b)
}
