package poll

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/leat-io/leat/stac"
	"github.com/leat-io/leat/stream"
)

// The types of events, as OGC API - Publish-Subscribe names them.
const (
	// Created is an item that was not published before.
	Created = eventType + ".create"
	// Replaced is a new version of one that was.
	Replaced = eventType + ".replace"
	// Deleted is an item that is gone. Only a complete reconciling pass says so.
	Deleted = eventType + ".delete"

	eventType = "org.ogc.api.collection.item"
)

// DefaultMaxEventBytes is what brokers and gateways that take events further
// accept: CloudEvents asks them for 64 KiB.
const DefaultMaxEventBytes = 64 << 10

// Payload is what the data of an event is.
type Payload uint8

const (
	// Link is an object with rel, type, href and producer, small.
	Link Payload = iota
	// Item is the item as the server sent it, byte for byte but for signatures of
	// URLs (data content type application/geo+json). One that would make the event
	// larger than [Config.MaxEventBytes] is published as a Link.
	Item
)

// Set takes link or item.
func (p *Payload) Set(s string) error {
	switch s {
	case "link":
		*p = Link
	case "item":
		*p = Item
	default:
		return fmt.Errorf("payload is %.40q, want link or item", s)
	}
	return nil
}

// String is link or item.
func (p *Payload) String() string {
	if *p == Item {
		return "item"
	}
	return "link"
}

// Type is what help calls the value.
func (p *Payload) Type() string { return "link|item" }

// EventID is the ID of the event about a version of an item: the same whoever
// publishes it, and however often. source is the event's.
func EventID(source, id, version string) string {
	sum := sha256.Sum256([]byte(source + "\n" + id + "\n" + version))
	return hex.EncodeToString(sum[:])
}

// link is the data of an event: a link of OGC API, and who published it.
type link struct {
	Rel      string `json:"rel"`
	Type     string `json:"type"`
	Href     string `json:"href"`
	Producer string `json:"producer,omitempty"`
}

const mediaType = "application/geo+json"

// mint makes the events of one source.
type mint struct {
	producer string
	payload  Payload
	maxBytes int
	// source is the CloudEvents source of a collection's items.
	source func(collection string) string
	now    func() time.Time
}

// about is the event about an item, without what has happened to it: create and
// replace are told apart in Redis, which appends that to the type.
func (m *mint) about(item *stac.Item) (stream.Event, error) {
	source := m.source(item.Collection)
	e, err := m.bare(source, item.Collection, item.ID, item.Version(), item.Href)
	if err != nil {
		return e, err
	}
	e.ID = EventID(source, item.ID, item.Version())
	if e.Time = item.Updated; e.Time.IsZero() {
		e.Time = m.now()
	}
	if len(item.BBox) > 0 {
		e.Extensions["bbox"] = numbers(item.BBox)
	}
	if span := item.Span(); !item.Datetime.IsZero() {
		e.Extensions["datetime"] = stamp(item.Datetime)
	} else if !span.IsZero() {
		e.Extensions["datetime"] = span.String()
	}
	if m.payload == Item {
		small := e.Data
		e.Data, e.DataContentType = item.Unsigned(), mediaType
		if e.Size() > m.maxBytes {
			e.Data, e.DataContentType = small, "application/json"
		}
	}
	if size := e.Size(); size > m.maxBytes {
		return e, fmt.Errorf("event about item %.80q of collection %.80q has %d bytes, MaxEventBytes is %d", item.ID, item.Collection, size, m.maxBytes)
	}
	return e, e.Validate()
}

// deleted is the event about an item that is gone.
func (m *mint) deleted(collection, id, version, href string) (stream.Event, error) {
	source := m.source(collection)
	e, err := m.bare(source, collection, id, version, href)
	if err != nil {
		return e, err
	}
	e.ID = EventID(source, id, version+"\ndelete")
	e.Time = m.now()
	return e, e.Validate()
}

func (m *mint) bare(source, collection, id, version, href string) (stream.Event, error) {
	data, err := json.Marshal(link{"item", mediaType, href, m.producer})
	if err != nil {
		return stream.Event{}, fmt.Errorf("event about item %.80q: %w", id, err)
	}
	e := stream.Event{
		Source: source, Type: eventType, Subject: href, DataContentType: "application/json", Data: data,
		Extensions: map[string]string{"staccollection": collection, "stacitem": id, "stacitemversion": version, "href": href, "producer": m.producer},
	}
	for name, value := range e.Extensions {
		if value == "" {
			delete(e.Extensions, name)
		}
	}
	return e, nil
}

// usualHref is where an API has its items; what is elsewhere is remembered.
func (m *mint) usualHref(collection, id string) string {
	return m.source(collection) + "/items/" + url.PathEscape(id)
}

// numbers are those of a bounding box, with commas between.
func numbers(box []float64) string {
	texts := make([]string, len(box))
	for i, n := range box {
		texts[i] = strconv.FormatFloat(n, 'f', -1, 64)
	}
	return strings.Join(texts, ",")
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
