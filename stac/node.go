package stac

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// settled is how long ago a node must have been changed: more than the second that
// servers count in, and than their clocks differ from those of their disks.
const settled = 5 * time.Second

// read gets one node, or hears that it is as it was.
func (cr *crawler) read(ctx context.Context, p place) *visit {
	v := &visit{place: p}
	if p.depth > cr.c.cfg.MaxDepth {
		v.err = &RefusedError{URL: safeRaw(p.url), Reason: fmt.Sprintf("it is deeper than MaxDepth, %d", cr.c.cfg.MaxDepth)}
		return v
	}
	known, ok, err := cr.load(ctx, p.url)
	if err != nil {
		v.err = err
		return v
	}
	r := &request{method: http.MethodGet, url: p.url, header: http.Header{}}
	if known.ETag != "" {
		r.header.Set("If-None-Match", known.ETag)
	}
	if known.LastModified != "" {
		r.header.Set("If-Modified-Since", known.LastModified)
	}
	a, err := cr.c.fetch(ctx, r)
	if err != nil {
		v.err = err
		return v
	}
	if a.status == http.StatusNotModified && ok {
		v.node, v.unchanged = known, true
		return v
	}
	v.bytes = len(a.body)
	v.err = cr.decode(v, a)
	return v
}

func (cr *crawler) load(ctx context.Context, url string) (Node, bool, error) {
	if cr.c.cfg.Cache == nil {
		return Node{}, false, nil
	}
	node, ok, err := cr.c.cfg.Cache.Load(ctx, url)
	if err != nil {
		return Node{}, false, fmt.Errorf("load what is known of the node: %w", err)
	}
	return node, ok, nil
}

// decode tells what a node is by its type, and by what else is in it where it has
// none, as in catalogs from before STAC 1.0.
func (cr *crawler) decode(v *visit, a *answer) error {
	doc, err := cr.c.decode(a)
	if err != nil {
		return err
	}
	switch {
	case doc.kind == "Feature":
		if doc.item.ID == "" {
			return &SyntaxError{URL: safeURL(a.url), Reason: "an item without an ID"}
		}
		v.items = []Item{doc.item}
	case doc.kind == "FeatureCollection":
		v.items, v.node.Paged = doc.features, true
		v.node.Children = hrefs(doc.links, v.url, "next")
		if doc.returned > len(doc.features) {
			err = &SyntaxError{URL: safeURL(a.url), Reason: fmt.Sprintf("%d of %d items have no ID", doc.returned-len(doc.features), doc.returned)}
		}
	case doc.kind == "Collection", doc.kind == "Catalog", doc.kind == "" && len(doc.links) > 0:
		if doc.kind == "Collection" || doc.extent {
			v.node.Collection = doc.id
		}
		v.node.Children = hrefs(doc.links, v.url, "child", "item", "items")
	default:
		return &SyntaxError{URL: safeURL(a.url), Reason: fmt.Sprintf("it has the type %.40q, want Catalog, Collection or Feature", doc.kind)}
	}
	if !fresh(a.header) {
		v.node.ETag, v.node.LastModified = a.header.Get("ETag"), a.header.Get("Last-Modified")
	}
	for i := range v.items {
		item := &v.items[i]
		if item.Collection == "" {
			item.Collection = v.collection
		}
		span := item.Span()
		v.node.Items = append(v.node.Items, NodeItem{Ref: item.Ref(), Start: span.Start, End: span.End, Updated: item.Updated, BBox: item.BBox})
	}
	return err
}

// fresh tells whether a node was changed just before it was sent. It may change
// again in the same second, and many servers (nginx is one) make Last-Modified and
// ETag of seconds and sizes: such validators are not kept (RFC 9110, 8.8.2.2).
func fresh(header http.Header) bool {
	modified, err := http.ParseTime(header.Get("Last-Modified"))
	if err != nil {
		return false
	}
	sent, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		sent = time.Now()
	}
	return sent.Sub(modified) < settled
}

// hrefs are the addresses of links with these relations, but for the node's own.
func hrefs(links []Link, own string, rels ...string) []string {
	var list []string
	for _, link := range links {
		for _, rel := range rels {
			if link.Rel == rel && link.Href != "" && link.Href != own && link.Method == http.MethodGet && !strings.HasPrefix(link.Type, "text/html") {
				list = append(list, link.Href)
			}
		}
	}
	return list
}
