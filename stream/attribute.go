package stream

import "fmt"

// attribute is what a field of an entry that is a CloudEvent stands for.
type attribute uint8

const (
	otherAttribute attribute = iota // an extension, or nothing of CloudEvents
	specVersion
	eventID
	eventSource
	eventType
	eventSubject
	eventTime
	dataContentType
	dataSchema
	eventData
)

// attributeNamed is the attribute of a field of that name.
func attributeNamed(name []byte) attribute {
	switch string(name) {
	case "specversion":
		return specVersion
	case "id":
		return eventID
	case "source":
		return eventSource
	case "type":
		return eventType
	case "subject":
		return eventSubject
	case "time":
		return eventTime
	case "datacontenttype":
		return dataContentType
	case "dataschema":
		return dataSchema
	case "data":
		return eventData
	}
	return otherAttribute
}

// attributeAt is the attribute whose name stands at pos in a reply, and the name,
// when it is one that events mostly have; next is where its value begins, 0 for all
// other names. A name is compared together with its length, the first eight bytes
// of both at once: no two of the usual names have these in common.
func attributeAt(buf []byte, pos int) (a attribute, name []byte, next int) {
	const longest = len("$15\r\ndatacontenttype\r\n")
	if len(buf)-pos < longest {
		return otherAttribute, nil, 0
	}
	line := buf[pos : pos+longest]
	begin, end := len("$0\r\n"), 0 // of the name
	switch string(line[:8]) {
	case "$2\r\nid\r\n":
		a, end = eventID, begin+len("id")
	case "$4\r\ntype":
		a, end = eventType, begin+len("type")
	case "$4\r\ntime":
		a, end = eventTime, begin+len("time")
	case "$4\r\ndata":
		a, end = eventData, begin+len("data")
	case "$6\r\nsour":
		if string(line[4:10]) == "source" {
			a, end = eventSource, begin+len("source")
		}
	case "$7\r\nsubj":
		if string(line[4:11]) == "subject" {
			a, end = eventSubject, begin+len("subject")
		}
	case "$15\r\ndat":
		if string(line[5:20]) == "datacontenttype" {
			begin = len("$00\r\n")
			a, end = dataContentType, begin+len("datacontenttype")
		}
	}
	if end == 0 || string(line[end:end+2]) != "\r\n" {
		return otherAttribute, nil, 0
	}
	return a, line[begin:end:end], pos + end + 2
}

// set takes one field over into Event, without copying: strings alias the batch's
// buffer, which is not written to while somebody has the batch. Of a name that is
// there twice the first counts for the attributes; Fields keeps both.
func (d *Delivery) set(a attribute, f *Field) {
	switch a {
	case specVersion:
	case eventID:
		setOnce(&d.ID, f.Value)
	case eventSource:
		setOnce(&d.Source, f.Value)
	case eventType:
		setOnce(&d.Type, f.Value)
	case eventSubject:
		setOnce(&d.Subject, f.Value)
	case dataContentType:
		setOnce(&d.DataContentType, f.Value)
	case dataSchema:
		setOnce(&d.DataSchema, f.Value)
	case eventTime:
		d.setTime(f.Value)
	case eventData:
		if d.Data == nil {
			d.Data = f.Value[:len(f.Value):len(f.Value)]
		}
	default:
		d.setExtension(f)
	}
}

func setOnce(to *string, value []byte) {
	if *to == "" {
		*to = alias(value)
	}
}

func (d *Delivery) setTime(value []byte) {
	if !d.Time.IsZero() {
		return
	}
	t, err := parseTime(value)
	if err != nil {
		d.malformed = fmt.Errorf("%w: attribute \"time\": %q is not an RFC 3339 time", ErrMalformed, clip(value, 64))
		return
	}
	d.Time = t
}

// setExtension takes fields with the name of an extension; others (a name with a
// dash, capitals, binary) stay in Fields alone.
func (d *Delivery) setExtension(f *Field) {
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

// require checks, when all fields are taken over, that no attribute is missing.
func (d *Delivery) require() {
	if d.malformed != nil || (d.ID != "" && d.Source != "" && d.Type != "") {
		return
	}
	for _, required := range [...]struct{ name, value string }{{"id", d.ID}, {"source", d.Source}, {"type", d.Type}} {
		if required.value == "" {
			d.malformed = fmt.Errorf("%w: attribute %q is missing or empty", ErrMalformed, required.name)
		}
	}
}
