package stac

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// DefaultLimit is how many items a page is asked for: servers take it, and a page
// has a megabyte or two.
const DefaultLimit = 250

// Query is which items are wanted. The zero value is all of them.
type Query struct {
	// Collections and IDs; none: any.
	Collections, IDs []string
	// BBox is west, south, east, north in degrees (or with heights, 6 numbers).
	BBox []float64
	// Intersects is a GeoJSON geometry. Not together with BBox.
	Intersects json.RawMessage
	// Datetime is when the data was taken.
	Datetime Interval
	// Updated is when the metadata was last changed. It is asked for in the words
	// of Grammar, which a probe finds out; with GrammarNone the server is not
	// asked, and items without a fitting Updated are left out here.
	Updated Interval
	// Grammar is how a comparison of times is written for this server.
	Grammar Grammar
	// Filter is CQL2, in one of its two forms.
	Filter Filter
	// Query is the object of the query extension: {"eo:cloud_cover":{"lt":10}}.
	Query json.RawMessage
	// Sort is sent only to servers that advertise it.
	Sort []Sort
	// Limit is a hint for how many items a page has; 0: 250.
	Limit int
	// Distrust makes [Client.Sweep] ask for the halves of each interval whose
	// answer has neither count nor next link, even when its page is not full: for
	// servers that are known to end early ([Facts.NextSane] is false).
	Distrust bool
}

// Filter is a CQL2 expression: Text or JSON, not both.
type Filter struct {
	// Text is in cql2-text.
	Text string
	// JSON is in cql2-json.
	JSON json.RawMessage
}

// IsZero tells whether there is no expression.
func (f Filter) IsZero() bool { return f.Text == "" && len(f.JSON) == 0 }

// Sort is one key of an order.
type Sort struct {
	// Field is a queryable: "properties.datetime".
	Field string
	// Descending is the direction.
	Descending bool
}

// Grammar is how a comparison with a time is written so that a server
// understands it.
type Grammar uint8

const (
	// GrammarNone is a server that understands none of them.
	GrammarNone Grammar = iota
	// GrammarTimestamp is CQL2 with a timestamp literal:
	// updated >= TIMESTAMP('2024-05-01T00:00:00Z').
	GrammarTimestamp
	// GrammarString is CQL2 with a string literal. Such servers compare text: bounds
	// are written in UTC and a second or two further out, since "00.5Z" sorts before
	// "00Z"; what that brings too many is left out here.
	GrammarString
	// GrammarQuery is the query extension: {"updated":{"gte":"2024-05-01T00:00:00Z"}}.
	GrammarQuery
)

var grammars = [...]string{"none", "timestamp", "string", "query"}

// String is none, timestamp, string or query.
func (g Grammar) String() string {
	if int(g) < len(grammars) {
		return grammars[g]
	}
	return fmt.Sprintf("Grammar(%d)", uint8(g))
}

// ParseGrammar reads what String writes.
func ParseGrammar(s string) (Grammar, error) {
	if i := slices.Index(grammars[:], s); i >= 0 {
		return Grammar(i), nil //nolint:gosec // G115: an index below 4
	}
	return GrammarNone, fmt.Errorf("grammar %.40q: want none, timestamp, string or query", s)
}

// Validate joins everything that is wrong with the query.
func (q *Query) Validate() error {
	var errs []error
	want := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf("stac query: "+format, args...))
		}
	}
	want(len(q.BBox) == 0 || len(q.BBox) == 4 || len(q.BBox) == 6, "BBox has %d numbers, want 4 or 6", len(q.BBox))
	if len(q.BBox) == 4 || len(q.BBox) == 6 {
		half := len(q.BBox) / 2
		want(q.BBox[1] <= q.BBox[half+1], "BBox: south %g is north of north %g", q.BBox[1], q.BBox[half+1])
	}
	want(len(q.BBox) == 0 || len(q.Intersects) == 0, "BBox and Intersects exclude each other")
	want(len(q.Intersects) == 0 || isObject(q.Intersects), "Intersects is no JSON object")
	want(len(q.Query) == 0 || isObject(q.Query), "Query is no JSON object")
	want(q.Filter.Text == "" || len(q.Filter.JSON) == 0, "Filter has both Text and JSON")
	want(len(q.Filter.JSON) == 0 || isObject(q.Filter.JSON), "Filter.JSON is no JSON object")
	for name, i := range map[string]Interval{"Datetime": q.Datetime, "Updated": q.Updated} {
		want(i.Start.IsZero() || i.End.IsZero() || !i.End.Before(i.Start), "%s %s ends before it begins", name, i)
	}
	want(int(q.Grammar) < len(grammars), "Grammar is %s", q.Grammar)
	want(q.Limit >= 0, "Limit is %d, want 0 or more", q.Limit)
	return errors.Join(errs...)
}

func isObject(raw json.RawMessage) bool {
	var members map[string]json.RawMessage
	return json.Unmarshal(raw, &members) == nil && members != nil
}
