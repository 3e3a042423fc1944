package main

import (
	"encoding/base64"
	"encoding/json"
	"time"
	"unicode/utf8"

	"github.com/leat-io/leat/stream"
)

// letterJSON is a dead letter in JSON.
type letterJSON struct {
	ID         stream.ID `json:"id"`
	Stream     string    `json:"stream"`
	Group      string    `json:"group"`
	EntryID    stream.ID `json:"entry_id"`
	Reason     string    `json:"reason"`
	Error      string    `json:"error"`
	Failures   int       `json:"failures"`
	Deliveries int       `json:"deliveries"`
	Consumer   string    `json:"consumer"`
	// Time is null when it is no time of ours.
	Time *time.Time `json:"time"`
	// Fields are null when they had been deleted.
	Fields []fieldJSON `json:"fields"`
}

// fieldJSON is a field of an entry: its order counts, and its name may be there
// twice, so it is no member of an object.
type fieldJSON struct {
	Name  bytesJSON `json:"name"`
	Value bytesJSON `json:"value"`
}

// bytesJSON is a string in JSON, or {"base64": "..."} where it is not UTF-8.
type bytesJSON []byte

// MarshalJSON writes the one or the other.
func (b bytesJSON) MarshalJSON() ([]byte, error) {
	if utf8.Valid(b) {
		return json.Marshal(string(b))
	}
	return json.Marshal(map[string]string{"base64": base64.StdEncoding.EncodeToString(b)})
}

func newLetterJSON(l *stream.Letter) letterJSON {
	out := letterJSON{
		ID: l.ID, Stream: l.Stream, Group: l.Group, EntryID: l.EntryID, Reason: l.Reason, Error: l.Error,
		Failures: l.Attempts, Deliveries: l.Deliveries, Consumer: l.Consumer, Time: dated(l.Time),
	}
	for _, f := range l.Fields {
		out.Fields = append(out.Fields, fieldJSON{bytesJSON(f.Name), bytesJSON(f.Value)})
	}
	return out
}
