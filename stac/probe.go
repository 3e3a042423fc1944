package stac

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
	"time"
)

const (
	// sampleSize is how many items of a server a probe looks at, over all of its
	// collections.
	sampleSize = 40
	// sampleCollections is how many of the query's collections it looks into.
	sampleCollections = 8
	// probeRetry is how long a trial is tried again: a server that answers 500 to
	// what it does not understand shall not be asked for minutes.
	probeRetry = 3 * time.Second
	// nobody is a collection that is not there.
	nobody = "leat-no-such-collection"
)

// Probe finds out what the server can do, by some fifteen small searches for items
// that match q. What it tries and what comes of it is in [Facts.Trials]; an error
// is returned only when the server cannot be read at all.
func (c *Client) Probe(ctx context.Context, q Query) (*Facts, error) {
	landing, err := c.Landing(ctx)
	if err == nil {
		err = q.Validate()
	}
	if err != nil {
		return nil, err
	}
	p := &prober{c: c.hasty(), q: q, landing: landing, facts: &Facts{
		URL: landing.URL, Title: landing.Title, Version: landing.Version, Kind: landing.Kind(), Advertised: landing.Advertised(),
		HoldsCollections: true, HoldsDatetime: true, HoldsLimit: true, NextSane: true, NextShape: "none",
	}}
	for _, link := range landing.Searches() {
		if !slices.Contains(p.facts.Methods, link.Method) {
			p.facts.Methods = append(p.facts.Methods, link.Method)
		}
	}
	if err := p.sample(ctx); err != nil {
		return nil, fmt.Errorf("probe: %w", err)
	}
	p.measure()
	if p.facts.Kind == KindSearch && len(p.items) > 0 {
		p.paging(ctx)
		p.filters(ctx)
		p.updated(ctx)
		p.sorting(ctx)
	}
	return p.facts, context.Cause(ctx)
}

// hasty is the same client with less patience.
func (c *Client) hasty() *Client {
	cfg := c.cfg
	if cfg.RetryFor != NoRetry {
		cfg.RetryFor = min(cfg.RetryFor, probeRetry)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return &Client{cfg: cfg, root: c.root, guard: c.guard, transport: c.transport, landing: c.landing}
}

// prober is one probe under way.
type prober struct {
	c       *Client
	q       Query
	landing *Landing
	facts   *Facts
	items   []Item // the sample
}

func (p *prober) trial(what string, ok bool, format string, args ...any) {
	p.facts.Trials = append(p.facts.Trials, Trial{What: what, OK: ok, Detail: fmt.Sprintf(format, args...)})
}

// sample reads a few items, of several collections where the query names them.
func (p *prober) sample(ctx context.Context) error {
	queries := []Query{p.q}
	if p.facts.Kind == KindSearch && len(p.q.Collections) > 1 {
		queries = nil
		for _, id := range p.q.Collections[:min(len(p.q.Collections), sampleCollections)] {
			q := p.q
			q.Collections = []string{id}
			queries = append(queries, q)
		}
	}
	var first error
	for _, q := range queries {
		q.Limit = max(sampleSize/len(queries), 5)
		q.Updated, q.Sort = Interval{}, nil
		for page, err := range p.c.Discover(ctx, q) {
			if err != nil {
				if first == nil && !errors.Is(err, ErrIncomplete) {
					first = err
				}
				break
			}
			p.items = append(p.items, page.Items...)
			if p.facts.Matched = p.facts.Matched || page.Matched >= 0; len(page.Items) > 0 {
				break
			}
		}
	}
	if len(p.items) > 0 {
		return nil
	}
	return first
}

// measure looks at the sample.
func (p *prober) measure() {
	f := p.facts
	f.Sample = len(p.items)
	var lags []time.Duration
	for i := range p.items {
		item := &p.items[i]
		if !slices.Contains(f.Collections, item.Collection) {
			f.Collections = append(f.Collections, item.Collection)
		}
		published := item.Created
		if !item.Created.IsZero() {
			f.WithCreated++
		}
		if !item.Updated.IsZero() {
			f.WithUpdated++
			if published.IsZero() {
				published = item.Updated
			}
		}
		if taken := item.Span().End; !published.IsZero() && !taken.IsZero() {
			lags = append(lags, published.Sub(taken))
		}
	}
	if len(lags) > 0 {
		slices.Sort(lags)
		f.Lag = lags[len(lags)/2]
	}
	p.trial("sample", f.Sample > 0, "%d items of %d collections, %d with updated, %d with created", f.Sample, len(f.Collections), f.WithUpdated, f.WithCreated)
}

// ask gets one page of a search, as it came.
func (p *prober) ask(ctx context.Context, q Query) (*document, *pager, error) {
	links := p.landing.Searches()
	pg := &pager{c: p.c, q: &q, match: newMatcher(&q), seed: maphash.MakeSeed(), seen: map[uint64]int{}, contents: map[uint64]int{}}
	doc, _, err := pg.begin(ctx, func(limit int) (*request, error) { return searchRequest(&links[0], &q, limit, p.facts.Advertised.Sort) })
	return doc, pg, err
}

// base is the query without what a trial sets by itself.
func (p *prober) base(limit int) Query {
	return Query{Collections: p.q.Collections, BBox: p.q.BBox, Intersects: p.q.Intersects, Datetime: p.q.Datetime, Limit: limit}
}

// paging walks three pages of two items.
func (p *prober) paging(ctx context.Context) {
	const pages, limit = 3, 2
	f := p.facts
	doc, pg, err := p.ask(ctx, p.base(limit))
	seen := map[string]bool{}
	came, count := 0, -1
	for n := 1; err == nil; n++ {
		f.HoldsLimit = f.HoldsLimit && doc.returned <= limit
		f.Matched, count = f.Matched || doc.matched >= 0, doc.matched
		for i := range doc.features {
			seen[doc.features[i].Collection+"/"+doc.features[i].ID] = true
		}
		came += doc.returned
		next := nextLink(doc.links, pg.last.method)
		if next != nil {
			f.NextShape = shapeOf(next)
		}
		if next == nil || n == pages {
			break
		}
		doc, _, err = pg.follow(ctx, next)
	}
	expected := min(len(p.items), pages*limit)
	f.NextSane = err == nil && len(seen) == came && came >= expected
	switch {
	case err != nil:
		p.trial("paging", false, "%v", err)
	case !f.NextSane:
		p.trial("paging", false, "by pages of %d came %d items, %d of them distinct, where there are %d or more (next: %s)", limit, came, len(seen), expected, f.NextShape)
	default:
		p.trial("paging", true, "%d distinct items by pages of %d (next: %s)", came, limit, f.NextShape)
	}
	f.MatchedSane = f.Matched && count >= max(came, len(p.items))
	if f.Matched {
		p.trial("count", f.MatchedSane, "the server counts %d, %d were seen", count, max(came, len(p.items)))
	} else {
		p.trial("count", false, "answers have none")
	}
}

// shapeOf is how a next link goes on, in a few words.
func shapeOf(l *Link) string {
	words := []string{l.Method}
	if l.Merge {
		words = append(words, "merge")
	}
	if len(l.Header) > 0 {
		words = append(words, "headers")
	}
	if len(l.Body) > 0 {
		var names []string
		s := scanner{buf: l.Body}
		for s.enter('{'); s.more('}'); s.skip() {
			names = append(names, string(s.key()))
		}
		slices.Sort(names)
		words = append(words, "{"+strings.Join(names, ",")+"}")
	}
	return strings.Join(words, " ")
}

// filters asks for what is not there: whoever sends items all the same does not
// look at the filter.
func (p *prober) filters(ctx context.Context) {
	q := p.base(2)
	q.Collections = []string{nobody}
	p.facts.HoldsCollections = p.none(ctx, "collections", q)
	q = p.base(2)
	q.Datetime = Interval{Start: time.Date(1850, 1, 1, 0, 0, 0, 0, time.UTC), End: time.Date(1850, 1, 2, 0, 0, 0, 0, time.UTC)}
	p.facts.HoldsDatetime = p.none(ctx, "datetime", q)
}

// none tells whether a search finds nothing, or is refused.
func (p *prober) none(ctx context.Context, what string, q Query) bool {
	doc, _, err := p.ask(ctx, q)
	switch {
	case err != nil:
		p.trial(what, true, "refused: %v", err)
	case doc.returned > 0:
		p.trial(what, false, "%d items came where none match: the filter is ignored", doc.returned)
		return false
	default:
		p.trial(what, true, "nothing comes where nothing matches")
	}
	return true
}
