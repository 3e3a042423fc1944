package stac

import (
	"context"
	"iter"
)

// Page is a batch of items as they came together: a page of an API, or what a
// crawl of a static catalog has read since the last one.
type Page struct {
	// URL is where it came from, without user and query.
	URL string
	// Number counts the pages of one search from 1.
	Number int
	// Items match the query. There may be none.
	Items []Item
	// Matched is how many items the server says there are (numberMatched, or
	// context.matched), -1 where it says nothing.
	Matched int
	// Interval is the part of time that was asked for: of a [Client.Sweep] a part
	// of the query's.
	Interval Interval
	// Next tells whether the server has a next link.
	Next bool
	// Stray is how many items were left out since they do not match the query (the
	// server ignores a filter), or have no ID. StrayReason says why, of the first
	// one. Items of a static catalog that do not match are not counted: nobody
	// asked for them.
	Stray       int
	StrayReason string
	// Bytes is the length of what was read for it, after decompression.
	Bytes int

	// Unchanged are items of a static catalog that the server says are as they
	// were in the pass that filled the [Cache]. They match the query.
	Unchanged []Ref
	// Failed are nodes of a static catalog that could not be read. The crawl goes
	// on, and ends with an [IncompleteError].
	Failed []*NodeError
}

// itemsOf takes pages apart.
func itemsOf(pages iter.Seq2[*Page, error]) iter.Seq2[*Item, error] {
	return func(yield func(*Item, error) bool) {
		for page, err := range pages {
			if err != nil {
				if !yield(nil, err) {
					return
				}
				continue
			}
			for i := range page.Items {
				if !yield(&page.Items[i], nil) {
					return
				}
			}
		}
	}
}

// Items are the items of [Client.Discover], one by one. An item aliases its
// page's memory; see [Item.Raw].
func (c *Client) Items(ctx context.Context, q Query) iter.Seq2[*Item, error] {
	return itemsOf(c.Discover(ctx, q))
}
