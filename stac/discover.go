package stac

import (
	"context"
	"errors"
	"fmt"
	"iter"
)

// Discover hands over the pages of all items that match, by the best way that the
// server has: search, else the items of each collection, else a crawl. It ends
// with an error, or is complete as far as the server says; see [Client.Sweep]
// for those that do not say. What of one collection is missing does not keep
// the others back: the first such error comes last.
func (c *Client) Discover(ctx context.Context, q Query) iter.Seq2[*Page, error] {
	return c.discover(ctx, q, func(ask asker, q Query) iter.Seq2[*Page, error] { return ask(q) })
}

// asker is one way to ask for the items that match.
type asker func(q Query) iter.Seq2[*Page, error]

// discover gives each of the ways that it takes to run.
func (c *Client) discover(ctx context.Context, q Query, run func(asker, Query) iter.Seq2[*Page, error]) iter.Seq2[*Page, error] {
	return func(yield func(*Page, error) bool) {
		landing, err := c.Landing(ctx)
		if err == nil {
			err = q.Validate()
		}
		if err != nil {
			yield(nil, err)
			return
		}
		switch landing.Kind() {
		case KindSearch:
			run(func(q Query) iter.Seq2[*Page, error] { return c.Search(ctx, q) }, q)(yield)
		case KindFeatures:
			c.features(ctx, q, run)(yield)
		default:
			c.Crawl(ctx, q)(yield)
		}
	}
}

// features goes through the collections.
func (c *Client) features(ctx context.Context, q Query, run func(asker, Query) iter.Seq2[*Page, error]) iter.Seq2[*Page, error] {
	return func(yield func(*Page, error) bool) {
		var missing error
		for col, err := range c.chosen(ctx, q) {
			if err == nil {
				err = pass(c.itemsIn(ctx, col, q, run), yield)
			}
			switch {
			case errors.Is(err, errBreak):
				return
			case errors.Is(err, ErrIncomplete):
				if missing == nil {
					missing = err
				}
			case err != nil:
				yield(nil, err)
				return
			}
		}
		if missing != nil {
			yield(nil, missing)
		}
	}
}

// itemsIn asks for the items of one collection: at its items link, else by a crawl
// from it.
func (c *Client) itemsIn(ctx context.Context, col *Collection, q Query, run func(asker, Query) iter.Seq2[*Page, error]) iter.Seq2[*Page, error] {
	if col.Items == "" {
		return c.crawl(ctx, col.Href, q)
	}
	return run(func(q Query) iter.Seq2[*Page, error] { return c.CollectionItems(ctx, col, q) }, q)
}

// chosen are the collections that the query names, else all.
func (c *Client) chosen(ctx context.Context, q Query) iter.Seq2[*Collection, error] {
	if len(q.Collections) == 0 {
		return c.Collections(ctx)
	}
	return func(yield func(*Collection, error) bool) {
		for _, id := range q.Collections {
			col, err := c.Collection(ctx, id)
			if err != nil {
				err = fmt.Errorf("collection %q: %w", id, err)
			}
			if !yield(col, err) {
				return
			}
		}
	}
}

// errBreak is a loop that was left by whoever reads it.
var errBreak = errors.New("the loop was left")

// pass hands all pages on, and is the error that they end with.
func pass(pages iter.Seq2[*Page, error], yield func(*Page, error) bool) error {
	for page, err := range pages {
		if err != nil {
			return err
		}
		if !yield(page, nil) {
			return errBreak
		}
	}
	return nil
}

// Count asks how many items match, without reading them: the server's own count,
// -1 where it gives none. Only for servers with search or collections.
func (c *Client) Count(ctx context.Context, q Query) (int, error) {
	q.Limit = 1
	sum := 0
	one := func(ask asker, q Query) iter.Seq2[*Page, error] {
		return func(yield func(*Page, error) bool) {
			for page, err := range ask(q) {
				if err == nil && (page.Matched < 0 || sum < 0) {
					sum = -1
				} else if err == nil {
					sum += page.Matched
				}
				yield(page, err)
				return
			}
		}
	}
	landing, err := c.Landing(ctx)
	if err != nil || landing.Kind() == KindCatalog {
		return -1, err
	}
	for _, err := range c.discover(ctx, q, one) {
		if err != nil {
			return -1, err
		}
	}
	return sum, nil
}
