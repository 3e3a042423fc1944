package stac

import (
	"encoding/json"
	"slices"
	"time"
)

// Item is one STAC item: the members that discovering it takes, and its bytes.
type Item struct {
	// ID is unique inside its Collection and nowhere else. Never empty.
	ID string
	// Collection is empty for items of static catalogs that are in none.
	Collection string
	// Href is the URL of the item itself, absolute and without a signature or an
	// API key: its link with rel=self, else the URL of its collection's items and
	// its ID, else where it was read. Empty only when there is none of these.
	Href string
	// Datetime is when the data was taken; zero when it is null, and then Start
	// and End are given. None of them tells when the item was published.
	Datetime, Start, End time.Time
	// Created and Updated are the metadata's own times, zero where the producer
	// writes none, as many do.
	Created, Updated time.Time
	// BBox has 4 or 6 numbers, or none. West is more than east where it crosses
	// the antimeridian.
	BBox []float64
	// Raw are the item's bytes as the server sent them, valid JSON, never
	// re-encoded. It aliases the body of its page: Clone an item to keep it when
	// the others go.
	Raw json.RawMessage

	version string
}

// Ref names one version of an item.
type Ref struct {
	Collection, ID, Version string
	// Href is the item's; see [Item.Href].
	Href string
}

// Ref is the item's name and version.
func (i *Item) Ref() Ref {
	return Ref{Collection: i.Collection, ID: i.ID, Version: i.Version(), Href: i.Href}
}

// Clone is a copy that shares no memory with the item's page.
func (i *Item) Clone() *Item {
	c := *i
	c.BBox, c.Raw = slices.Clone(i.BBox), slices.Clone(i.Raw)
	return &c
}

// Span is the time that the data covers: Datetime twice, or Start and End. It is
// zero where the item has neither.
func (i *Item) Span() Interval {
	if !i.Datetime.IsZero() {
		return Interval{Start: i.Datetime, End: i.Datetime}
	}
	return Interval{Start: i.Start, End: i.End}
}

// Version is the same for as long as the item is: its Updated in UTC, else the
// first 128 bits of a SHA-256 over its content in hexadecimal. Links, signatures
// of URLs, the order of members, white space and escapes do not count, since
// servers change those from answer to answer. Not safe for concurrent use with
// itself on one item: the hash is kept.
func (i *Item) Version() string {
	if i.version == "" {
		if i.Updated.IsZero() {
			i.version = contentHash(i.Raw)
		} else {
			i.version = i.Updated.UTC().Format(time.RFC3339Nano)
		}
	}
	return i.version
}

// Unsigned is Raw without the signatures of the URLs in it, and Raw itself where
// there are none. All other bytes are as they were.
func (i *Item) Unsigned() json.RawMessage { return unsignedJSON(i.Raw) }
