package stream

import (
	"errors"
	"fmt"
	"time"
	"unsafe"
)

// ErrMalformed is what [Delivery.Malformed] wraps: the entry says that it is a
// CloudEvent ("specversion" 1.0) and is none.
var ErrMalformed = errors.New("malformed event")

// Delivery is one entry of a stream, handed to one consumer of a group.
//
// An entry with specversion 1.0 is decoded into Event. Any other entry, added
// by whatever client, is a foreign one: Event is empty but for what
// [Delivery.AsEvent] makes of it, and Fields has everything. Strings and bytes
// alias the buffer of the batch; see [Fields].
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
	// Fields are all fields of the entry, in order, raw.
	Fields Fields

	malformed error
}

// Foreign tells whether the entry is no CloudEvent of leat's layout.
func (d *Delivery) Foreign() bool {
	v, ok := d.Fields.Get("specversion")
	return !ok || string(v) != SpecVersion
}

// Malformed is the reason why an entry that claims to be a CloudEvent 1.0 could
// not be decoded as one, nil for all others. It wraps [ErrMalformed].
func (d *Delivery) Malformed() error { return d.malformed }

// AddressedTo is the group that a redriven copy of an entry is meant for; other
// groups skip it. Empty for every other entry.
func (d *Delivery) AddressedTo() string {
	// Redrive puts the field first, so nothing is searched on the hot path.
	if len(d.Fields) > 0 && string(d.Fields[0].Name) == fieldRedriveGroup {
		return string(d.Fields[0].Value)
	}
	return ""
}

// NewDelivery is the delivery of an entry with these fields: for tests of
// handlers, and for what reads entries by itself. The fields are not copied.
func NewDelivery(stream string, id ID, fields Fields) *Delivery {
	d := &Delivery{Stream: stream, EntryID: id, Attempt: 1, Deliveries: 1, Fields: fields}
	d.decode()
	return d
}

// decode fills Event from Fields, without copying: strings alias the batch's
// buffer, which is never written to again.
func (d *Delivery) decode() {
	if d.Foreign() {
		return
	}
	for i := range d.Fields {
		d.decodeField(&d.Fields[i])
	}
	if d.malformed == nil {
		for _, required := range [...]struct{ name, value string }{{"id", d.ID}, {"source", d.Source}, {"type", d.Type}} {
			if required.value == "" {
				d.malformed = fmt.Errorf("%w: attribute %q is missing or empty", ErrMalformed, required.name)
			}
		}
	}
}

// decodeField takes one field over into Event. Of a name that is there twice
// the first counts for the attributes; Fields keeps both.
func (d *Delivery) decodeField(f *Field) {
	switch string(f.Name) {
	case "specversion":
	case "id":
		setOnce(&d.ID, f.Value)
	case "source":
		setOnce(&d.Source, f.Value)
	case "type":
		setOnce(&d.Type, f.Value)
	case "subject":
		setOnce(&d.Subject, f.Value)
	case "datacontenttype":
		setOnce(&d.DataContentType, f.Value)
	case "dataschema":
		setOnce(&d.DataSchema, f.Value)
	case "time":
		d.decodeTime(f.Value)
	case "data":
		if d.Data == nil {
			d.Data = f.Value[:len(f.Value):len(f.Value)]
		}
	default:
		d.decodeExtension(f)
	}
}

func (d *Delivery) decodeTime(value []byte) {
	if !d.Time.IsZero() {
		return
	}
	t, err := time.Parse(time.RFC3339Nano, alias(value))
	if err != nil {
		d.malformed = fmt.Errorf("%w: attribute \"time\": %q is not an RFC 3339 time", ErrMalformed, clip(value, 64))
		return
	}
	d.Time = t
}

// decodeExtension takes fields with the name of an extension; others (a name
// with a dash, capitals, binary) stay in Fields alone.
func (d *Delivery) decodeExtension(f *Field) {
	if !extensionName(f.Name) {
		return
	}
	if d.Extensions == nil {
		d.Extensions = make(map[string]string, 4)
	}
	if name := alias(f.Name); d.Extensions[name] == "" {
		d.Extensions[name] = alias(f.Value)
	}
}

func setOnce(to *string, value []byte) {
	if *to == "" {
		*to = alias(value)
	}
}

// alias is b as a string without a copy. Only for bytes of a batch's buffer,
// which nobody writes to once it is parsed.
func alias(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// clip is at most n bytes of b, for messages.
func clip(b []byte, n int) string {
	if len(b) > n {
		return string(b[:n]) + "..."
	}
	return string(b)
}
