package stac

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"sync"

	"go.uber.org/zap"
)

// Crawl follows the child, item and items links of a static catalog from the
// root, a few nodes at a time ([ClientConfig.Concurrency]), each once. Its pages
// are batches of q.Limit items. A node that cannot be read is in [Page.Failed],
// and does not stop the others; the iteration then ends with an
// [IncompleteError]. With [ClientConfig.Cache] a second crawl transfers only what
// has changed.
func (c *Client) Crawl(ctx context.Context, q Query) iter.Seq2[*Page, error] {
	return c.crawl(ctx, c.root.String(), q)
}

func (c *Client) crawl(ctx context.Context, root string, q Query) iter.Seq2[*Page, error] {
	return func(yield func(*Page, error) bool) {
		if err := q.Validate(); err != nil {
			yield(nil, err)
			return
		}
		def(&q.Limit, DefaultLimit)
		ctx, cancel := context.WithCancel(ctx)
		cr := &crawler{c: c, q: &q, match: newMatcher(&q), results: make(chan *visit), visited: map[[16]byte]struct{}{}}
		cr.cond = sync.NewCond(&cr.mu)
		// Workers wait for each other's links; none of them sees ctx end by itself.
		stop := context.AfterFunc(ctx, cr.wake)
		cr.add(place{url: root})
		var workers sync.WaitGroup
		for range c.cfg.Concurrency {
			workers.Go(func() { cr.work(ctx) })
		}
		go func() { workers.Wait(); close(cr.results) }()
		defer func() {
			cancel()
			for range cr.results { // until the last worker has ended
				continue
			}
			stop()
		}()
		cr.collect(ctx, yield)
	}
}

// place is a node that is to be read.
type place struct {
	url, parent string
	collection  string // the nearest one above it
	depth       int
}

// visit is a node that was read, or could not be.
type visit struct {
	place
	node      Node
	items     []Item // those that are not as they were
	unchanged bool
	bytes     int
	err       error
}

// crawler is one crawl under way.
type crawler struct {
	c       *Client
	q       *Query
	match   *matcher
	results chan *visit

	mu      sync.Mutex
	cond    *sync.Cond
	todo    []place // the last one first, so that it stays short
	busy    int     // workers that may add to it
	ended   bool
	visited map[[16]byte]struct{} // by the beginning of a SHA-256: URLs are long
	full    bool                  // MaxNodes was reached
}

// add queues a node that was not seen before.
func (cr *crawler) add(p place) {
	sum := sha256.Sum256([]byte(p.url))
	key := [16]byte(sum[:16])
	cr.mu.Lock()
	defer cr.mu.Unlock()
	if _, seen := cr.visited[key]; seen {
		return
	}
	if len(cr.visited) >= cr.c.cfg.MaxNodes {
		cr.full = true
		return
	}
	cr.visited[key] = struct{}{}
	cr.todo = append(cr.todo, p)
	cr.cond.Signal()
}

func (cr *crawler) wake() {
	cr.mu.Lock()
	defer cr.mu.Unlock()
	cr.ended = true
	cr.cond.Broadcast()
}

// take is the next node; false when there is none and none can come.
func (cr *crawler) take() (place, bool) {
	cr.mu.Lock()
	defer cr.mu.Unlock()
	for len(cr.todo) == 0 && cr.busy > 0 && !cr.ended {
		cr.cond.Wait()
	}
	if len(cr.todo) == 0 || cr.ended {
		cr.cond.Broadcast()
		return place{}, false
	}
	p := cr.todo[len(cr.todo)-1]
	cr.todo = cr.todo[:len(cr.todo)-1]
	cr.busy++
	return p, true
}

func (cr *crawler) done() {
	cr.mu.Lock()
	defer cr.mu.Unlock()
	if cr.busy--; cr.busy == 0 {
		cr.cond.Broadcast()
	}
}

func (cr *crawler) work(ctx context.Context) {
	for {
		p, ok := cr.take()
		if !ok {
			return
		}
		v := cr.read(ctx, p)
		depth := v.depth + 1
		if v.node.Paged {
			depth = v.depth // the next page of items is beside this one
		}
		for _, child := range v.node.Children {
			cr.add(place{url: child, parent: v.url, collection: cmp.Or(v.node.Collection, v.collection), depth: depth})
		}
		cr.done()
		select {
		case cr.results <- v:
		case <-ctx.Done():
			return
		}
	}
}

// collect makes pages of what the workers read.
func (cr *crawler) collect(ctx context.Context, yield func(*Page, error) bool) {
	page := &Page{Matched: -1, Interval: cr.q.Datetime, URL: safeURL(cr.c.root)}
	var held []*visit // whose items are on the page, and not in the cache
	number, nodes, failed, row := 0, 0, 0, 0
	var first *NodeError
	flush := func() bool {
		number++
		page.Number = number
		if !yield(page, nil) {
			return false
		}
		for _, v := range held {
			cr.remember(ctx, v)
		}
		held = held[:0]
		page = &Page{Matched: -1, Interval: cr.q.Datetime, URL: page.URL}
		return true
	}
	for v := range cr.results {
		nodes++
		page.Bytes += v.bytes
		if v.err != nil {
			node := &NodeError{URL: safeRaw(v.url), Parent: safeRaw(v.parent), Depth: v.depth, Err: v.err}
			page.Failed = append(page.Failed, node)
			if failed++; first == nil {
				first = node
			}
		}
		if row++; !outage(v.err) {
			row = 0
		} else if row >= outageNodes*cr.c.cfg.Concurrency {
			if flush() {
				yield(nil, fmt.Errorf("crawl catalog: %d nodes in a row cannot be read: %w: %w", row, ErrIncomplete, v.err))
			}
			return
		}
		cr.fill(page, v)
		switch {
		case v.err != nil || v.unchanged:
		case len(v.items) == 0:
			cr.remember(ctx, v) // nobody waits for anything of it
		default:
			held = append(held, v)
		}
		if len(page.Items)+len(page.Unchanged)+len(page.Failed) >= cr.q.Limit && !flush() {
			return
		}
	}
	switch err := context.Cause(ctx); {
	case err != nil:
		yield(nil, err)
	case !flush():
	case cr.full:
		yield(nil, &LoopError{URL: page.URL, Page: number, Reason: fmt.Sprintf("MaxNodes is %d", cr.c.cfg.MaxNodes)})
	case failed > 0:
		yield(nil, &IncompleteError{Failed: failed, Nodes: nodes, First: first})
	}
}

// outageNodes is how many nodes of each worker one after the other fail for reasons
// of the server or the network, before it is taken to be gone: each has been tried
// for as long as RetryFor says.
const outageNodes = 2

// outage tells whether an error says nothing of the node itself.
func outage(err error) bool {
	var refusal *RefusedError
	var syntax *SyntaxError
	var status *StatusError
	switch {
	case err == nil, errors.As(err, &refusal), errors.As(err, &syntax):
		return false
	case errors.As(err, &status):
		return status.Code >= http.StatusInternalServerError || status.Code == http.StatusTooManyRequests || status.Code == http.StatusUnauthorized
	}
	return true
}

// fill puts a node's items on the page, those that match.
func (cr *crawler) fill(page *Page, v *visit) {
	if v.unchanged {
		for _, item := range v.node.Items {
			if cr.match.rejects(item.Collection, item.ID, item.Start, item.End, item.Updated, item.BBox) == "" {
				page.Unchanged = append(page.Unchanged, item.Ref)
			}
		}
		return
	}
	for i := range v.items {
		if cr.match.reject(&v.items[i]) == "" {
			page.Items = append(page.Items, v.items[i])
		}
	}
}

// remember stores a node whose items have been dealt with.
func (cr *crawler) remember(ctx context.Context, v *visit) {
	if cr.c.cfg.Cache == nil || v.node.ETag == "" && v.node.LastModified == "" {
		return
	}
	if err := cr.c.cfg.Cache.Store(ctx, v.url, v.node); err != nil {
		cr.c.cfg.Logger.Warn("stac catalog node cannot be remembered: it will be read again", zap.String("url", safeRaw(v.url)), zap.Error(err))
	}
}
