package ndjson

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"mime"
	"strings"
	"time"

	"github.com/leat-io/leat/stream"
)

// Defaults are the attributes of lines that are no CloudEvents.
type Defaults struct {
	// Type is required, the others are optional.
	Type, Subject, Source string
	// ContentType is application/json when empty.
	ContentType string
	// Extensions are added to CloudEvents too, where they lack them.
	Extensions map[string]string
}

var errNoObject = errors.New("not a JSON object")

// Event makes an event of a line. It may lack an ID and a source, which the
// producer adds; all else is as CloudEvents 1.0 wants it. Its data aliases the
// line. Errors do not quote the line's content but for single attributes.
func (d Defaults) Event(line []byte) (stream.Event, error) {
	if len(line) == 0 || line[0] != '{' {
		return stream.Event{}, errNoObject
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(line, &members); err != nil {
		return stream.Event{}, fmt.Errorf("%w: %w", errNoObject, err)
	}
	e := stream.Event{Type: d.Type, Subject: d.Subject, Source: d.Source, DataContentType: d.ContentType, Data: line}
	if e.DataContentType == "" {
		e.DataContentType = jsonType
	}
	if _, ok := members["specversion"]; ok {
		var err error
		if e, err = cloudEvent(members); err != nil {
			return stream.Event{}, err
		}
	}
	d.extend(&e)
	return e, check(e)
}

func (d Defaults) extend(e *stream.Event) {
	if len(d.Extensions) == 0 {
		return
	}
	own := e.Extensions
	e.Extensions = maps.Clone(d.Extensions)
	maps.Copy(e.Extensions, own)
}

// check validates what the producer will not add.
func check(e stream.Event) error {
	if e.ID == "" {
		e.ID = "-"
	}
	if e.Source == "" {
		e.Source = "-"
	}
	return e.Validate()
}

const jsonType = "application/json"

// cloudEvent decodes the JSON format of CloudEvents 1.0.
func cloudEvent(members map[string]json.RawMessage) (e stream.Event, err error) {
	var version string
	for name, to := range map[string]*string{
		"specversion": &version, "id": &e.ID, "source": &e.Source, "type": &e.Type,
		"subject": &e.Subject, "datacontenttype": &e.DataContentType, "dataschema": &e.DataSchema,
	} {
		if *to, err = text(members, name); err != nil {
			return e, err
		}
	}
	if version != stream.SpecVersion {
		return e, fmt.Errorf("CloudEvent with specversion %.20q: want %s", version, stream.SpecVersion)
	}
	for name, value := range map[string]string{"id": e.ID, "source": e.Source, "type": e.Type} {
		if value == "" {
			return e, fmt.Errorf("CloudEvent without the attribute %q, which is required", name)
		}
	}
	when, err := text(members, "time")
	if err == nil && when != "" {
		if e.Time, err = time.Parse(time.RFC3339Nano, when); err != nil {
			err = fmt.Errorf("attribute \"time\" %.40q is not in RFC 3339", when)
		}
	}
	if err != nil {
		return e, err
	}
	if err := data(members, &e); err != nil {
		return e, err
	}
	return e, extensions(members, &e)
}

// text is a member that must be a string, empty where it is missing or null.
func text(members map[string]json.RawMessage, name string) (string, error) {
	raw, ok := members[name]
	if !ok || string(raw) == "null" {
		return "", nil
	}
	var s string
	if raw[0] != '"' || json.Unmarshal(raw, &s) != nil {
		return "", fmt.Errorf("attribute %q is not a string", name)
	}
	return s, nil
}

// data takes "data" over byte for byte, unless it stands for something else: a
// string of a type that is not JSON, or bytes in data_base64.
func data(members map[string]json.RawMessage, e *stream.Event) error {
	raw, plain := members["data"]
	encoded, err := text(members, "data_base64")
	switch _, binary := members["data_base64"]; {
	case err != nil:
		return err
	case plain && binary:
		return errors.New("CloudEvent with both data and data_base64")
	case binary:
		if e.Data, err = base64.StdEncoding.DecodeString(encoded); err != nil {
			return fmt.Errorf("data_base64 is not base64: %w", err)
		}
		return nil
	case !plain || string(raw) == "null":
		return nil
	}
	if e.DataContentType == "" {
		e.DataContentType = jsonType // what the JSON format says of a missing one
	}
	e.Data = raw
	if raw[0] == '"' && !isJSON(e.DataContentType) {
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return fmt.Errorf("data: %w", err)
		}
		e.Data = []byte(s)
	}
	return nil
}

func isJSON(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && (strings.HasSuffix(media, "/json") || strings.HasSuffix(media, "+json"))
}

var attributes = map[string]bool{
	"specversion": true, "id": true, "source": true, "type": true, "subject": true, "time": true,
	"datacontenttype": true, "dataschema": true, "data": true, "data_base64": true,
}

// extensions are all other members: strings, and booleans and numbers as they are
// written.
func extensions(members map[string]json.RawMessage, e *stream.Event) error {
	for name, raw := range members {
		if attributes[name] || string(raw) == "null" {
			continue
		}
		value := string(raw)
		switch raw[0] {
		case '{', '[':
			return fmt.Errorf("extension %.40q is neither a string, a number nor a boolean", name)
		case '"':
			var err error
			if value, err = text(members, name); err != nil {
				return err
			}
		}
		if e.Extensions == nil {
			e.Extensions = map[string]string{}
		}
		e.Extensions[name] = value
	}
	return nil
}
