package stac

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// decode reads an answer, of whatever kind.
func (c *Client) decode(a *answer) (*document, error) {
	d := decoder{base: a.url, href: func(item *Item, self string) string { return c.itemHref(a.url, item, self) }}
	doc, err := d.document(a.body)
	if err != nil {
		return nil, c.syntaxError(a, &d.scanner, err)
	}
	return doc, nil
}

// syntaxError is about an answer that is no JSON; one that is nested too deep is
// refused.
func (c *Client) syntaxError(a *answer, s *scanner, err error) error {
	if s.deep {
		return &RefusedError{URL: safeURL(a.url), Reason: err.Error()}
	}
	var at *scanError
	if !errors.As(err, &at) {
		at = &scanError{reason: err.Error()}
	}
	reason := at.reason
	if len(a.body) > 0 && a.body[0] == '<' {
		reason += ": it looks like HTML"
	}
	return &SyntaxError{URL: safeURL(a.url), Offset: at.offset, Reason: reason}
}

// itemHref is what [Item.Href] says it is. at is where the item was read.
func (c *Client) itemHref(at *url.URL, item *Item, self string) string {
	if self != "" {
		// Workers will ask it: what we would not ask, we do not publish.
		if u, err := c.guard.admit(resolve(at, self)); err == nil {
			return c.publicURL(u)
		}
	}
	if item.Collection != "" && item.ID != "" && c.isAPI() {
		return c.Source(item.Collection) + "/items/" + url.PathEscape(item.ID)
	}
	return c.publicURL(at)
}

// publicURL is a URL without signature, and without our own key.
func (c *Client) publicURL(u *url.URL) string {
	if c.cfg.Auth != nil && u.RawQuery != "" {
		if name := c.cfg.Auth.parameter(); name != "" {
			kept := strings.Split(u.RawQuery, "&")
			n := 0
			for _, part := range kept {
				if parameterName(part) != strings.ToLower(url.QueryEscape(name)) {
					kept[n] = part
					n++
				}
			}
			clean := *u
			clean.RawQuery = strings.Join(kept[:n], "&")
			u = &clean
		}
	}
	return Unsigned(u.String())
}

// isAPI tells whether the landing page that was read is one of an API.
func (c *Client) isAPI() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.landing != nil && c.landing.Kind() != KindCatalog
}

// object gets an answer and reads it into v, after it was looked through for what
// encoding/json would take: depth without end.
func (c *Client) object(ctx context.Context, href string, v any) (*answer, error) {
	a, err := c.fetch(ctx, &request{method: http.MethodGet, url: href})
	if err != nil {
		return nil, err
	}
	s := scanner{buf: a.body}
	s.skip()
	if err := s.end(); err != nil {
		return nil, c.syntaxError(a, &s, err)
	}
	if err := json.Unmarshal(a.body, v); err != nil {
		return nil, &SyntaxError{URL: safeURL(a.url), Reason: err.Error()}
	}
	return a, nil
}

// Item reads one item by its URL, which has to be one that the client may ask.
func (c *Client) Item(ctx context.Context, href string) (*Item, error) {
	a, err := c.fetch(ctx, &request{method: http.MethodGet, url: href})
	if err != nil {
		return nil, err
	}
	doc, err := c.decode(a)
	if err != nil {
		return nil, err
	}
	if doc.kind != "Feature" || doc.item.ID == "" {
		return nil, &SyntaxError{URL: safeURL(a.url), Reason: fmt.Sprintf("it has the type %.40q and the ID %.80q, want a Feature with an ID", doc.kind, doc.item.ID)}
	}
	return &doc.item, nil
}
