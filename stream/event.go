package stream

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// SpecVersion is the version of CloudEvents whose attributes an entry carries.
const SpecVersion = "1.0"

// Event is a CloudEvents 1.0 event. In an entry each attribute is a flat field
// of its own name (specversion, id, source, type, subject, time,
// datacontenttype, dataschema, each extension), and the data is the field
// "data", byte for byte: any client can read it without leat.
type Event struct {
	// ID names the event; with Source it is unique, and the key by which a
	// receiver recognises an event that comes twice. The producer makes one
	// when it is empty.
	ID string
	// Source is a URI reference that says where the event happened. The
	// producer's own source when empty.
	Source string
	// Type says what happened, by convention in reverse DNS or dotted form:
	// "stac.item.created". Required.
	Type string
	// Subject is what it happened to, inside Source. Optional.
	Subject string
	// Time is when it happened. The producer's clock when zero.
	Time time.Time
	// DataContentType is the media type of Data: "application/json". Optional.
	DataContentType string
	// DataSchema is the URI of the schema of Data. Optional.
	DataSchema string
	// Extensions are further attributes (traceparent, partitionkey, ...). A
	// name has lower-case ASCII letters and digits only, as CloudEvents asks.
	Extensions map[string]string
	// Data is the payload, any bytes, never re-encoded.
	Data []byte
}

// JSON is an event of that type whose data is v in JSON.
func JSON(eventType string, v any) (Event, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return Event{}, fmt.Errorf("encode data of event type %q as JSON: %w", eventType, err)
	}
	return Event{Type: eventType, DataContentType: "application/json", Data: data}, nil
}

// reserved are the names that an extension cannot have.
var reserved = map[string]bool{
	"specversion": true, "id": true, "source": true, "type": true, "subject": true,
	"time": true, "datacontenttype": true, "dataschema": true, "data": true, "data_base64": true,
}

// The seconds of the Unix epoch at which the years 0 begins and 9999 ends.
const (
	firstSecond = -62_167_219_200
	lastSecond  = 253_402_300_799
)

// Validate tells what of CloudEvents 1.0 the event does not keep to: an empty
// ID, Source or Type, a time that RFC 3339 cannot write (years 0 to 9999), or an
// extension whose name is not allowed.
func (e *Event) Validate() error {
	if e.ID == "" || e.Source == "" || e.Type == "" {
		return e.incomplete()
	}
	// Seconds, not the year: a calendar costs more than all the rest here.
	if at := e.Time.Unix(); at < firstSecond || at > lastSecond {
		return fmt.Errorf("event %q: time: year %d cannot be written as RFC 3339", e.ID, e.Time.UTC().Year())
	}
	for name := range e.Extensions {
		if !extensionName(name) || reserved[name] {
			return fmt.Errorf("event %q: extension %q: a name has lower-case letters and digits only, and is no attribute's", e.ID, name)
		}
	}
	return nil
}

// incomplete is the error of an event that lacks a required attribute.
func (e *Event) incomplete() error {
	name := "type"
	switch {
	case e.ID == "":
		name = "id"
	case e.Source == "":
		name = "source"
	}
	return fmt.Errorf("event %q: attribute %q is empty, CloudEvents 1.0 requires it", e.ID, name)
}

func extensionName[T string | []byte](name T) bool {
	for i := range len(name) {
		if c := name[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return len(name) > 0
}

// AppendArgs appends the event's fields as XADD takes them: name, value, name,
// value. Optional attributes that are empty are left out; extensions come in
// the order of their names, so that equal events give equal entries.
func (e *Event) AppendArgs(args []any) []any {
	args = append(args, "specversion", SpecVersion, "id", e.ID, "source", e.Source, "type", e.Type)
	if e.Subject != "" {
		args = append(args, "subject", e.Subject)
	}
	if !e.Time.IsZero() {
		args = append(args, "time", e.Time.UTC().Format(time.RFC3339Nano))
	}
	if e.DataContentType != "" {
		args = append(args, "datacontenttype", e.DataContentType)
	}
	if e.DataSchema != "" {
		args = append(args, "dataschema", e.DataSchema)
	}
	if len(e.Extensions) > 0 {
		for _, name := range slices.Sorted(maps.Keys(e.Extensions)) {
			args = append(args, name, e.Extensions[name])
		}
	}
	if e.Data != nil {
		args = append(args, "data", e.Data)
	}
	return args
}

// Size is how many bytes the event's attributes and data take, names included:
// what a limit on the size of an event counts.
func (e *Event) Size() int {
	n := len("specversion"+SpecVersion+"id"+"source"+"type"+"data") +
		len(e.ID) + len(e.Source) + len(e.Type) + len(e.Data)
	if e.Subject != "" {
		n += len("subject") + len(e.Subject)
	}
	if e.DataContentType != "" {
		n += len("datacontenttype") + len(e.DataContentType)
	}
	if e.DataSchema != "" {
		n += len("dataschema") + len(e.DataSchema)
	}
	if !e.Time.IsZero() {
		n += len("time") + len(time.RFC3339Nano)
	}
	for name, value := range e.Extensions {
		n += len(name) + len(value)
	}
	return n
}
