package network

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"sync"
)

// Proxy stands before one server. It is safe for concurrent use.
type Proxy struct {
	toxiproxy *Toxiproxy
	path      string // of the API
	addr      string

	mu     sync.Mutex
	toxics []string // names, in the order in which they were added
	made   int
}

// Proxy makes a proxy before upstream, a host:port. It listens on a loopback port of its own, which stays the same, down or up.
func (t *Toxiproxy) Proxy(ctx context.Context, upstream string) (*Proxy, error) {
	name := rand.Text()
	const attempts = 5 // somebody may be quicker to take the port
	var err error
	for range attempts {
		addr, findErr := freeAddr(ctx)
		if findErr != nil {
			return nil, fmt.Errorf("toxiproxy: %w", findErr)
		}
		in := map[string]any{"name": name, "listen": addr, "upstream": upstream, "enabled": true}
		if err = t.call(ctx, http.MethodPost, "/proxies", in); err == nil {
			return &Proxy{toxiproxy: t, path: "/proxies/" + name, addr: addr}, nil
		}
	}
	return nil, err
}

// Addr is the host:port that clients connect to.
func (p *Proxy) Addr() string { return p.addr }

// Add adds toxics behind those that there are. They work on connections that exist, too, but for what Reset says.
func (p *Proxy) Add(ctx context.Context, toxics ...Toxic) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, toxic := range toxics {
		for _, way := range toxic.Direction.ways() {
			if err := p.add(ctx, toxic, way); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *Proxy) add(ctx context.Context, toxic Toxic, way Direction) error {
	p.made++
	name := fmt.Sprintf("%s-%d", toxic.kind, p.made)
	side, share := "upstream", toxic.Share
	if way == Replies {
		side = "downstream"
	}
	if share == 0 {
		share = 1
	}
	in := map[string]any{"name": name, "type": toxic.kind, "stream": side, "toxicity": share, "attributes": toxic.attributes}
	if err := p.toxiproxy.call(ctx, http.MethodPost, p.path+"/toxics", in); err != nil {
		return err
	}
	p.toxics = append(p.toxics, name)
	return nil
}

// Clear takes all toxics away, the last one first.
func (p *Proxy) Clear(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.toxics) > 0 {
		last := len(p.toxics) - 1
		if err := p.toxiproxy.call(ctx, http.MethodDelete, p.path+"/toxics/"+p.toxics[last], nil); err != nil {
			return err
		}
		p.toxics = p.toxics[:last]
	}
	return nil
}

// Down refuses connections and ends those that there are, until Up.
func (p *Proxy) Down(ctx context.Context) error { return p.enable(ctx, false) }

// Up undoes Down.
func (p *Proxy) Up(ctx context.Context) error { return p.enable(ctx, true) }

func (p *Proxy) enable(ctx context.Context, enabled bool) error {
	return p.toxiproxy.call(ctx, http.MethodPost, p.path, map[string]any{"enabled": enabled})
}

// Heal undoes everything: no toxics, and up.
func (p *Proxy) Heal(ctx context.Context) error { return errors.Join(p.Clear(ctx), p.Up(ctx)) }

// Close removes the proxy and ends its connections.
func (p *Proxy) Close(ctx context.Context) error {
	return p.toxiproxy.call(ctx, http.MethodDelete, p.path, nil)
}
