package stac

import (
	"context"
	"encoding/json"
	"fmt"

	"go.uber.org/zap"
)

// Landing is the first page of an API, or the root of a static catalog.
type Landing struct {
	// URL is where it was read, after redirects.
	URL string
	// Type is Catalog or Collection; landing pages of older APIs have none.
	Type string
	// ID, Title and Version (stac_version) are as sent.
	ID, Title, Version string
	// ConformsTo has the classes, from here and from the conformance link.
	ConformsTo Conformance
	// Links are all links, with absolute addresses.
	Links []Link
	// Raw is the page as it was sent.
	Raw json.RawMessage
}

// Kind is how items are found on a server.
type Kind uint8

const (
	// KindCatalog is a static catalog: child and item links are followed.
	KindCatalog Kind = iota
	// KindFeatures has collections with items, and no search across them.
	KindFeatures
	// KindSearch has item search.
	KindSearch
)

// String is catalog, features or search.
func (k Kind) String() string {
	return [...]string{"catalog", "features", "search"}[min(k, KindSearch)]
}

// Kind is search where there is a link to it, features where there is a link to
// data (collections), else catalog.
func (l *Landing) Kind() Kind {
	switch {
	case find(l.Links, "search") != nil:
		return KindSearch
	case find(l.Links, "data") != nil:
		return KindFeatures
	}
	return KindCatalog
}

// Searches are the links with rel=search to item search; those that are posted
// to come first.
func (l *Landing) Searches() []Link {
	var posts, gets []Link
	for _, link := range l.Links {
		if link.Rel != "search" || link.Href == "" {
			continue
		}
		if link.Method == "POST" {
			posts = append(posts, link)
		} else {
			gets = append(gets, link)
		}
	}
	return append(posts, gets...)
}

// wireCatalog is a landing page, catalog or collection as JSON has it. Members
// that may have any type in the wild are read one by one.
type wireCatalog struct {
	Type       json.RawMessage `json:"type"`
	ID         json.RawMessage `json:"id"`
	Title      json.RawMessage `json:"title"`
	Version    json.RawMessage `json:"stac_version"`
	ConformsTo json.RawMessage `json:"conformsTo"`
	Links      json.RawMessage `json:"links"`
	Extent     json.RawMessage `json:"extent"`
}

// Refresh fetches the landing page anew. Where it has no conformance classes,
// those of its conformance link are read.
func (c *Client) Refresh(ctx context.Context) (*Landing, error) {
	var w wireCatalog
	a, err := c.object(ctx, c.root.String(), &w)
	if err != nil {
		return nil, fmt.Errorf("read landing page: %w", err)
	}
	l := &Landing{
		URL: a.url.String(), Type: plain(w.Type), ID: plain(w.ID), Title: plain(w.Title), Version: plain(w.Version),
		ConformsTo: classes(w.ConformsTo), Links: decodeLinks(w.Links, a.url), Raw: a.body,
	}
	if len(l.Links) == 0 {
		return nil, &SyntaxError{URL: safeURL(a.url), Reason: "it has no links, so that it is no landing page and no catalog"}
	}
	if link := find(l.Links, "conformance"); link != nil && len(l.ConformsTo) == 0 {
		var w wireCatalog
		if _, err := c.object(ctx, link.Href, &w); err != nil {
			c.cfg.Logger.Warn("stac conformance classes cannot be read: no extension is used", zap.Error(err))
		}
		l.ConformsTo = classes(w.ConformsTo)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.landing = l
	return l, nil
}

// plain is a string, empty where the value is something else.
func plain(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

func classes(raw json.RawMessage) Conformance {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		return nil
	}
	c := make(Conformance, 0, len(list))
	for _, class := range list {
		c = append(c, plain(class))
	}
	return c
}
