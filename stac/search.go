package stac

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"iter"
	"net/http"
	"net/url"
	"slices"

	"go.uber.org/zap"
)

const (
	// maxEmptyPages is how many pages without items follow each other before that is
	// called a loop: filters leave some dozens of them.
	maxEmptyPages = 200
	// repeats is how often the same items make a page before that is called a loop:
	// with pages by number a small page may come twice when items are added.
	repeats = 3
	// minLimit is how small a page is made for a server that runs out of time.
	minLimit = 10
)

// Search hands over the pages of one search, following next links, until there
// is none. q.Limit is a hint, made smaller while a server runs out of time for the first
// page. The iteration ends with a [TruncatedError] when the server ends before its
// own count, or with a full page and no count.
func (c *Client) Search(ctx context.Context, q Query) iter.Seq2[*Page, error] {
	return func(yield func(*Page, error) bool) {
		landing, err := c.Landing(ctx)
		if err != nil {
			yield(nil, err)
			return
		}
		links := landing.Searches()
		if len(links) == 0 {
			yield(nil, fmt.Errorf("search %s: %w: the landing page has no link with rel=search", safeURL(c.root), errors.ErrUnsupported))
			return
		}
		sorts := landing.Advertised().Sort
		c.paged(ctx, q, func(limit int) (*request, error) { return searchRequest(&links[0], &q, limit, sorts) })(yield)
	}
}

// CollectionItems hands over the pages of one collection's items as OGC API
// Features has them: it asks for BBox and Datetime, all else of q is compared
// here.
func (c *Client) CollectionItems(ctx context.Context, col *Collection, q Query) iter.Seq2[*Page, error] {
	link := Link{Href: col.Items, Method: http.MethodGet}
	return c.paged(ctx, q, func(limit int) (*request, error) {
		if link.Href == "" {
			return nil, fmt.Errorf("items of collection %q: %w: it has no link with rel=items", col.ID, errors.ErrUnsupported)
		}
		return getRequest(&link, featureParameters(&q, limit))
	})
}

// paged hands over all pages that begin with what first makes.
func (c *Client) paged(ctx context.Context, q Query, first func(limit int) (*request, error)) iter.Seq2[*Page, error] {
	return func(yield func(*Page, error) bool) {
		if err := q.Validate(); err != nil {
			yield(nil, err)
			return
		}
		p := &pager{c: c, q: &q, match: newMatcher(&q), seed: maphash.MakeSeed(), seen: map[uint64]int{}, contents: map[uint64]int{}}
		doc, a, err := p.begin(ctx, first)
		for {
			if err != nil {
				yield(nil, err)
				return
			}
			next := nextLink(doc.links, p.last.method)
			if !yield(p.page(doc, a, next != nil), nil) {
				return
			}
			if next == nil {
				if err := p.truncated(doc); err != nil {
					yield(nil, err)
				}
				return
			}
			doc, a, err = p.follow(ctx, next)
		}
	}
}

// pager is one search under way.
type pager struct {
	c     *Client
	q     *Query
	match *matcher

	first, last *request
	limit       int // that was asked for
	largest     int // page so far
	number      int // of pages
	items       int // that came, those that do not match included
	empty       int // pages one after the other without any

	seed     maphash.Seed
	seen     map[uint64]int // requests, with the page that they got
	contents map[uint64]int // pages, with how often they came
}

// begin gets the first page, with smaller limits while the server runs out of
// time for larger ones.
func (p *pager) begin(ctx context.Context, first func(limit int) (*request, error)) (*document, *answer, error) {
	def(&p.q.Limit, DefaultLimit)
	for p.limit = p.q.Limit; ; p.limit = max(p.limit/4, minLimit) {
		r, err := first(p.limit)
		if err != nil {
			return nil, nil, err
		}
		r.shrinkable = p.limit > minLimit
		p.first = r
		doc, a, err := p.get(ctx, r)
		if err == nil || !r.shrinkable || !slow(err) || ctx.Err() != nil {
			return doc, a, err
		}
		p.c.cfg.Logger.Info("stac server runs out of time, asking for smaller pages", zap.Int("limit", p.limit), zap.Error(err))
	}
}

func (p *pager) get(ctx context.Context, r *request) (*document, *answer, error) {
	p.last = r
	p.seen[r.fingerprint(p.seed)] = p.number + 1
	a, err := p.c.fetch(ctx, r)
	if err != nil {
		return nil, nil, err
	}
	doc, err := p.c.decode(a)
	if err == nil && doc.kind != "FeatureCollection" && doc.features == nil {
		err = &SyntaxError{URL: safeURL(a.url), Reason: fmt.Sprintf("it has the type %.40q, want a FeatureCollection", doc.kind)}
	}
	if err != nil {
		return nil, nil, err
	}
	p.number++
	return doc, a, p.circling(doc, a.url)
}

// follow gets the next page.
func (p *pager) follow(ctx context.Context, next *Link) (*document, *answer, error) {
	r, err := nextRequest(next, p.first)
	if err != nil {
		return nil, nil, err
	}
	if page, ok := p.seen[r.fingerprint(p.seed)]; ok {
		return nil, nil, p.loop(next, fmt.Sprintf("it is the request for page %d", page))
	}
	if p.number >= p.c.cfg.MaxPages {
		return nil, nil, p.loop(next, fmt.Sprintf("MaxPages is %d", p.c.cfg.MaxPages))
	}
	if p.empty >= maxEmptyPages {
		return nil, nil, p.loop(next, fmt.Sprintf("%d pages without items", p.empty))
	}
	r.follows = true
	doc, a, err := p.get(ctx, r)
	if lost(err) {
		err = &LostPageError{Page: p.number, Err: err}
	}
	return doc, a, err
}

func (p *pager) loop(next *Link, reason string) error {
	return &LoopError{URL: safeRaw(next.Href), Page: p.number, Reason: reason}
}

// circling tells of pages whose items have come before, whatever their links say.
func (p *pager) circling(doc *document, u *url.URL) error {
	if len(doc.features) == 0 {
		return nil
	}
	var h maphash.Hash
	h.SetSeed(p.seed)
	for i := range doc.features {
		_, _ = h.WriteString(doc.features[i].Collection + "\x00" + doc.features[i].ID + "\x00")
	}
	sum := h.Sum64()
	if p.contents[sum]++; p.contents[sum] >= repeats {
		return &LoopError{URL: safeURL(u), Page: p.number, Reason: fmt.Sprintf("the same %d items came %d times", len(doc.features), repeats)}
	}
	return nil
}

// page is what the loop gets to see of an answer.
func (p *pager) page(doc *document, a *answer, next bool) *Page {
	p.items += doc.returned
	p.empty++
	if doc.returned > 0 {
		p.empty = 0
	}
	page := &Page{
		URL: safeURL(a.url), Number: p.number, Matched: doc.matched, Interval: p.q.Datetime, Next: next, Bytes: len(a.body),
		Stray: doc.returned - len(doc.features),
	}
	if page.Stray > 0 {
		page.StrayReason = "item without an ID"
	}
	page.Items = slices.DeleteFunc(doc.features, func(item Item) bool {
		reason := p.match.reject(&item)
		if reason != "" {
			if page.Stray++; page.StrayReason == "" {
				page.StrayReason = reason
			}
		}
		return reason != ""
	})
	p.largest = max(p.largest, doc.returned)
	return page
}

// truncated judges the end: doc is the last page.
func (p *pager) truncated(doc *document) error {
	full := doc.returned > 0 && (doc.returned >= p.limit || doc.limit > 0 && doc.returned >= doc.limit || p.number > 1 && doc.returned >= max(p.largest, minLimit))
	if doc.matched > p.items || doc.matched < 0 && full {
		return &TruncatedError{Interval: p.q.Datetime, Matched: doc.matched, Seen: p.items}
	}
	return nil
}
