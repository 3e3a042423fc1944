package stream

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"unicode/utf8"
)

// ForeignType is the event type that [Delivery.AsEvent] gives to an entry that
// is no CloudEvent.
const ForeignType = "io.leat.entry"

// AsEvent is the delivery as a CloudEvent, for sinks that can pass on nothing
// else. A decoded event is returned as it is. Of a foreign entry it makes: ID
// the entry ID, Source "redis-stream:" and the stream's name, Type
// [ForeignType], Time that of the entry ID, and as Data a JSON object of the
// fields in their order. A name that is there several times has an array of its
// values; a value that is not UTF-8 is {"base64": "..."}.
func (d *Delivery) AsEvent() Event {
	if !d.Foreign() {
		return d.Event
	}
	return Event{
		ID:              d.EntryID.String(),
		Source:          "redis-stream:" + d.Stream,
		Type:            ForeignType,
		Time:            d.EntryID.Time().UTC(),
		DataContentType: "application/json",
		Data:            foreignJSON(d.Fields()),
	}
}

func foreignJSON(fields Fields) []byte {
	byName := make(map[string][]any, len(fields))
	names := make([]string, 0, len(fields))
	for _, f := range fields {
		name := string(f.Name)
		if _, seen := byName[name]; !seen {
			names = append(names, name)
		}
		byName[name] = append(byName[name], foreignValue(f.Value))
	}
	var out bytes.Buffer
	out.WriteByte('{')
	for i, name := range names {
		if i > 0 {
			out.WriteByte(',')
		}
		var value any = byName[name]
		if len(byName[name]) == 1 {
			value = byName[name][0]
		}
		writeJSON(&out, name)
		out.WriteByte(':')
		writeJSON(&out, value)
	}
	out.WriteByte('}')
	return out.Bytes()
}

func foreignValue(v []byte) any {
	if utf8.Valid(v) {
		return string(v)
	}
	return map[string]string{"base64": base64.StdEncoding.EncodeToString(v)}
}

// writeJSON writes strings, and maps and slices of them: these cannot fail.
func writeJSON(out *bytes.Buffer, v any) {
	b, _ := json.Marshal(v) //nolint:errchkjson // see above
	out.Write(b)
}
