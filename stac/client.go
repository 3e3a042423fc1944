package stac

import (
	"context"
	"net/http"
	"net/url"
	"sync"
)

// Client asks one STAC API, or reads one static catalog. Safe for concurrent use.
type Client struct {
	cfg       ClientConfig
	root      *url.URL // of the landing page, without user
	guard     *guard
	transport *http.Transport

	mu      sync.Mutex
	landing *Landing
}

// NewClient checks the configuration, all of it at once. It connects to nothing.
func NewClient(cfg ClientConfig) (*Client, error) {
	cfg, root, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	g := newGuard(root, &cfg)
	c := &Client{cfg: cfg, root: root, guard: g, transport: g.transport(&cfg)}
	if o, ok := cfg.Auth.(*oauth); ok {
		if err := o.bind(c); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// Close closes idle connections. The client can be used after it.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// URL is that of the configuration without user and password.
func (c *Client) URL() string { return c.root.String() }

// Source is the CloudEvents source of a collection's items: the URL, /collections/
// and the collection's ID, percent-encoded. Of an empty ID it is the URL.
func (c *Client) Source(collection string) string {
	if collection == "" {
		return c.root.String()
	}
	return c.root.JoinPath("collections", url.PathEscape(collection)).String()
}

// Landing is the landing page, fetched once and kept; see [Client.Refresh].
func (c *Client) Landing(ctx context.Context) (*Landing, error) {
	c.mu.Lock()
	kept := c.landing
	c.mu.Unlock()
	if kept != nil {
		return kept, nil
	}
	return c.Refresh(ctx)
}
