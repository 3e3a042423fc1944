package stac

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// Collection is one collection of a server.
type Collection struct {
	// ID and Title are as sent.
	ID, Title string
	// Href is its own URL, Items that of its items where it has them.
	Href, Items string
	// Extent is the whole of its extent in time.
	Extent Interval
	// Links are all links, with absolute addresses.
	Links []Link
	// Raw is the collection as it was sent.
	Raw json.RawMessage
}

// Collections are all collections, page by page where the server has pages. The
// iteration ends with a [TruncatedError] when the server ends before its own
// count.
func (c *Client) Collections(ctx context.Context) iter.Seq2[*Collection, error] {
	return func(yield func(*Collection, error) bool) {
		landing, err := c.Landing(ctx)
		if err != nil {
			yield(nil, err)
			return
		}
		link := find(landing.Links, "data")
		if link == nil {
			yield(nil, fmt.Errorf("list collections of %s: %w: the landing page has no link with rel=data", safeURL(c.root), errors.ErrUnsupported))
			return
		}
		first := &request{method: http.MethodGet, url: link.Href}
		seen := map[string]bool{}
		for r, count := first, 0; ; {
			page, err := c.collectionPage(ctx, r)
			if err != nil {
				yield(nil, err)
				return
			}
			seen[r.url] = true
			for i := range page.collections {
				count++
				if !yield(&page.collections[i], nil) {
					return
				}
			}
			if r, err = page.next(c, first, seen, count); r == nil || err != nil {
				if err != nil {
					yield(nil, err)
				}
				return
			}
		}
	}
}

// collectionPage is one page of a list of collections.
type collectionPage struct {
	at          *url.URL
	collections []Collection
	matched     int
	links       []Link
}

func (c *Client) collectionPage(ctx context.Context, r *request) (*collectionPage, error) {
	var w struct {
		Collections []json.RawMessage `json:"collections"`
		Matched     *int              `json:"numberMatched"`
		Links       json.RawMessage   `json:"links"`
	}
	a, err := c.object(ctx, r.url, &w)
	if err != nil {
		return nil, fmt.Errorf("list collections: %w", err)
	}
	page := &collectionPage{at: a.url, matched: -1, links: decodeLinks(w.Links, a.url)}
	if w.Matched != nil {
		page.matched = *w.Matched
	}
	for _, raw := range w.Collections {
		col, err := decodeCollection(raw, a.url)
		if err != nil {
			return nil, fmt.Errorf("list collections: %w", err)
		}
		page.collections = append(page.collections, *col)
	}
	return page, nil
}

// next is the request for the page behind this one, nil when it is the last.
func (p *collectionPage) next(c *Client, first *request, seen map[string]bool, count int) (*request, error) {
	link := nextLink(p.links, http.MethodGet)
	if link == nil || link.Method != http.MethodGet {
		if p.matched > count {
			return nil, fmt.Errorf("list collections: %w", &TruncatedError{Matched: p.matched, Seen: count})
		}
		return nil, nil
	}
	reason := ""
	switch {
	case seen[link.Href]:
		reason = "it was followed before"
	case len(seen) >= c.cfg.MaxPages:
		reason = fmt.Sprintf("MaxPages is %d", c.cfg.MaxPages)
	case len(p.collections) == 0 && len(seen) >= maxEmptyPages:
		reason = fmt.Sprintf("%d pages, the last of them empty", len(seen))
	}
	if reason != "" {
		return nil, fmt.Errorf("list collections: %w", &LoopError{URL: safeRaw(link.Href), Page: len(seen), Reason: reason})
	}
	return nextRequest(link, first)
}

// Collection is one collection by its ID.
func (c *Client) Collection(ctx context.Context, id string) (*Collection, error) {
	landing, err := c.Landing(ctx)
	if err != nil {
		return nil, err
	}
	base := c.root
	if link := find(landing.Links, "data"); link != nil {
		if base, err = url.Parse(link.Href); err != nil {
			return nil, fmt.Errorf("read collection %q: the link with rel=data is no URL", id)
		}
	} else {
		base = base.JoinPath("collections")
	}
	return c.collectionAt(ctx, base.JoinPath(url.PathEscape(id)).String())
}

func (c *Client) collectionAt(ctx context.Context, href string) (*Collection, error) {
	var raw json.RawMessage
	a, err := c.object(ctx, href, &raw)
	if err != nil {
		return nil, fmt.Errorf("read collection: %w", err)
	}
	return decodeCollection(raw, a.url)
}

func decodeCollection(raw json.RawMessage, at *url.URL) (*Collection, error) {
	var w wireCatalog
	if err := json.Unmarshal(raw, &w); err != nil {
		return nil, &SyntaxError{URL: safeURL(at), Reason: "a collection is no JSON object"}
	}
	col := &Collection{ID: plain(w.ID), Title: plain(w.Title), Links: decodeLinks(w.Links, at), Raw: raw, Href: at.String()}
	if col.ID == "" {
		return nil, &SyntaxError{URL: safeURL(at), Reason: "a collection has no ID"}
	}
	if self := find(col.Links, "self"); self != nil {
		col.Href = self.Href
	}
	if items := find(col.Links, "items"); items != nil {
		col.Items = items.Href
	}
	var extent struct {
		Temporal struct {
			Interval [][]*string `json:"interval"`
		} `json:"temporal"`
	}
	if json.Unmarshal(w.Extent, &extent) == nil && len(extent.Temporal.Interval) > 0 && len(extent.Temporal.Interval[0]) == 2 {
		col.Extent = Interval{Start: endOf(extent.Temporal.Interval[0][0]), End: endOf(extent.Temporal.Interval[0][1])}
	}
	return col, nil
}

// endOf is one end of an extent: null is open, and so is what is no time.
func endOf(s *string) (t time.Time) {
	if s != nil {
		t, _ = ParseTime(*s)
	}
	return t
}
