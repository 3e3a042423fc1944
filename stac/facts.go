package stac

import "time"

// Facts are what a server can do, as far as asking it shows. Where a word of
// conformance and the answers differ, both are there.
type Facts struct {
	// URL, Title and Version (stac_version) are the landing page's.
	URL, Title, Version string
	// Kind is how items are found.
	Kind Kind
	// Methods are those of search links, the preferred one first.
	Methods []string
	// Advertised are the capabilities of the conformance classes.
	Advertised Advertised

	// Sample is how many items were looked at, in Collections.
	Sample      int
	Collections []string
	// WithUpdated and WithCreated are how many of them have these times.
	WithUpdated, WithCreated int
	// Lag is the median of Created (else Updated) minus Datetime over the sample, 0
	// where that is unknown.
	Lag time.Duration

	// Grammar is the first one of timestamp, string and query that the server takes
	// for updated, and holds to. GrammarNone: none does, or items have no updated.
	Grammar Grammar
	// Sorts tells whether a sort by updated is held to.
	Sorts bool
	// HoldsCollections and HoldsDatetime tell whether answers keep to those
	// filters.
	HoldsCollections, HoldsDatetime bool
	// Matched tells whether answers have a count, MatchedSane whether it fits what
	// comes.
	Matched, MatchedSane bool
	// HoldsLimit tells whether a page has no more items than asked for.
	HoldsLimit bool
	// NextSane tells whether pages lead on to new items, and end where they should.
	NextSane bool
	// NextShape says how the next link is made: "POST merge {token}", "GET", "none".
	NextShape string

	// Trials are what was tried, in order, with the outcome of each.
	Trials []Trial
}

// Advertised is what conformance classes and links promise.
type Advertised struct {
	// Search, Features and Children are ways to the items; Filter, Query, Sort and
	// Fields extensions of search; CQL2Text and CQL2JSON languages of Filter.
	Search, Features, Children, Filter, Query, Sort, Fields, CQL2Text, CQL2JSON bool
}

// Trial is one thing that a probe has tried.
type Trial struct {
	// What was tried: "updated >= timestamp literal".
	What string
	// OK tells whether the server does it; Detail what it did, in a sentence.
	OK     bool
	Detail string
}

// Advertised is what the conformance classes promise, matched across versions.
func (l *Landing) Advertised() Advertised {
	c := l.ConformsTo
	return Advertised{
		Search:   l.Kind() == KindSearch,
		Features: c.Has(ClassFeatures) || c.Has(ClassFeaturesCore),
		Children: c.Has(ClassChildren),
		Filter:   c.Has(ClassFilter) || c.Has(ClassFilterFeature),
		Query:    c.Has(ClassQuery),
		Sort:     c.Has(ClassSort),
		Fields:   c.Has(ClassFields),
		CQL2Text: c.Has(ClassCQL2Text),
		CQL2JSON: c.Has(ClassCQL2JSON),
	}
}
