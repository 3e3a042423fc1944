package poll

import (
	"time"

	"github.com/leat-io/leat/stac"
)

// Change is what an event says of an item.
type Change uint8

const (
	// Create is an item that was not published before.
	Create Change = iota
	// Replace is another version.
	Replace
	// Delete is an item that is gone.
	Delete
)

// String is the change as metrics name it.
func (c Change) String() string { return [...]string{"create", "replace", "delete"}[min(c, Delete)] }

// Hooks are called at what happens, like net/http/httptrace.ClientTrace: any
// field may be nil. They run on the goroutines of the sources, several at a time,
// and must not block.
type Hooks struct {
	// Started is told of each source when [Poller.Run] or [Poller.Once] begins with
	// it, whoever polls it: how often passes and sweeps (0: never) are made.
	Started func(source string, interval, reconcile time.Duration)
	// Beat is told at each step of a source, of one that is waited for, too, and
	// after what time another one has to come; less than 0: none will.
	Beat func(source string, within time.Duration)
	// Leased is told how Redis answered when it was asked for the lease of a source, or
	// to extend it: nil, whoever holds it, when it did.
	Leased func(source string, err error)
	// Chosen is told how a source is going to be polled.
	Chosen func(source string, plan Plan)
	// Leading is told when a source is this replica's to poll, and when it is not
	// any more. Before the first call it is not.
	Leading func(source string, leading bool)
	// Requested is told of each try of a request; the status is 0 where there was no
	// answer.
	Requested func(source string, r stac.RequestInfo)
	// Page is told of each page of items.
	Page func(source string, p PageInfo)
	// Discovered is told how many items of a collection a page had; Duplicates how
	// many of them were known already, PassedOver how many were from before the
	// source's start.
	Discovered, Duplicates, PassedOver func(source, collection string, n int)
	// Published is told how many events about a collection are in the stream.
	Published func(source, collection string, change Change, n int)
	// Lag is the time from when an item's data was taken to when it was found
	// here, of items that were not there in the pass before: how late a collection
	// is published.
	Lag func(source, collection string, lag time.Duration)
	// Passed is told of each pass that has ended.
	Passed func(source string, p Pass)
	// Watermark is where the source is after a complete pass: the time of the newest
	// change that was seen, or of the beginning of the pass.
	Watermark func(source string, at time.Time)
	// Stands is told where a source stands: when this replica begins to poll it, and
	// after each pass and each part of a sweep.
	Stands func(source string, s Standing)
	// Counted is how complete one day was before a sweep published what was
	// missing. Day is like 2026-05-04, or "-" for items without a time.
	Counted func(source string, day Day)
	// Bad is told of items that cannot be published, and of nodes of a catalog that
	// cannot be read.
	Bad func(source string, err error)
}

// PageInfo is what Hooks.Page is told.
type PageInfo struct {
	// Items match the query, Stray do not: the server ignores a filter.
	Items, Stray int
	// Unchanged are items of nodes that were not sent again.
	Unchanged int
	// Bytes is the length of what was read.
	Bytes int
}

// Pass is one pass over a source.
type Pass struct {
	// Strategy is the pass' kind.
	Strategy Strategy
	// Took is how long it was.
	Took time.Duration
	// Items were found, Created, Replaced and Deleted of them published.
	Items, Created, Replaced, Deleted int
	// Truncated tells whether the server ended before all items were sent.
	Truncated bool
	// Err is nil of a complete pass.
	Err error
}

// fill replaces nil hooks by ones that do nothing, so that nobody has to ask.
func (h Hooks) fill() Hooks {
	if h.Started == nil {
		h.Started = func(string, time.Duration, time.Duration) {}
	}
	if h.Beat == nil {
		h.Beat = func(string, time.Duration) {}
	}
	if h.Leased == nil {
		h.Leased = func(string, error) {}
	}
	if h.Chosen == nil {
		h.Chosen = func(string, Plan) {}
	}
	if h.Leading == nil {
		h.Leading = func(string, bool) {}
	}
	if h.Requested == nil {
		h.Requested = func(string, stac.RequestInfo) {}
	}
	if h.Page == nil {
		h.Page = func(string, PageInfo) {}
	}
	for _, f := range []*func(string, string, int){&h.Discovered, &h.Duplicates, &h.PassedOver} {
		if *f == nil {
			*f = func(string, string, int) {}
		}
	}
	if h.Published == nil {
		h.Published = func(string, string, Change, int) {}
	}
	if h.Lag == nil {
		h.Lag = func(string, string, time.Duration) {}
	}
	if h.Passed == nil {
		h.Passed = func(string, Pass) {}
	}
	if h.Watermark == nil {
		h.Watermark = func(string, time.Time) {}
	}
	if h.Stands == nil {
		h.Stands = func(string, Standing) {}
	}
	if h.Counted == nil {
		h.Counted = func(string, Day) {}
	}
	if h.Bad == nil {
		h.Bad = func(string, error) {}
	}
	return h
}
