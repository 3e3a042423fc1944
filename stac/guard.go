package stac

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"
)

const (
	// idleTimeout is below that of most load balancers.
	idleTimeout = 50 * time.Second
	// maxHeader is what an answer's header may have.
	maxHeader = 256 << 10
)

// guard decides where requests may go: by the URL before they are sent, and by
// the address when a connection is made.
type guard struct {
	root     *url.URL
	hosts    []string
	networks []netip.Prefix
	proxied  bool
	token    *url.URL // of OAuth; nil without
	dialer   *net.Dialer
}

func newGuard(root *url.URL, cfg *ClientConfig) *guard {
	g := &guard{root: root, networks: cfg.AllowNetworks, proxied: cfg.Proxy != nil}
	for _, host := range cfg.AllowHosts {
		g.hosts = append(g.hosts, strings.ToLower(host))
	}
	return g
}

// transport makes connections only to addresses that are allowed.
func (g *guard) transport(cfg *ClientConfig) *http.Transport {
	g.dialer = &net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}
	if !g.proxied {
		g.dialer.ControlContext = g.control
	}
	t := &http.Transport{
		Proxy:                  cfg.Proxy,
		DialContext:            g.dialer.DialContext,
		ForceAttemptHTTP2:      true,
		MaxIdleConnsPerHost:    cfg.Concurrency,
		IdleConnTimeout:        idleTimeout,
		TLSHandshakeTimeout:    10 * time.Second,
		MaxResponseHeaderBytes: maxHeader,
		DisableCompression:     true, // see body.go: the compressed bytes are counted
	}
	if cfg.TLS != nil {
		t.TLSClientConfig = cfg.TLS.Clone()
	} else {
		t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return t
}

// control runs when a name has been resolved, before each connection: a name that
// pointed to a public address when it was looked at may point elsewhere now.
func (g *guard) control(_ context.Context, _, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return &RefusedError{URL: address, Reason: "is no address"}
	}
	return g.address(at.Addr(), address)
}

func (g *guard) address(addr netip.Addr, name string) error {
	addr = addr.Unmap().WithZone("")
	what := notPublic(addr)
	if what == "" {
		return nil
	}
	for _, network := range g.networks {
		if network.Contains(addr) {
			return nil
		}
	}
	return &RefusedError{URL: name, Reason: fmt.Sprintf("%s is a %s address, and is in none of AllowNetworks", addr, what)}
}

// admit is the URL that is asked for a link or redirect, or says why none is.
func (g *guard) admit(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, &RefusedError{URL: "a link", Reason: "is not a URL"}
	}
	refuse := func(format string, args ...any) (*url.URL, error) {
		return nil, &RefusedError{URL: safeURL(u), Reason: fmt.Sprintf(format, args...)}
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return refuse("scheme %.20q, want http or https", u.Scheme)
	}
	if u.Hostname() == "" {
		return refuse("it has no host")
	}
	u.User = nil // whoever wrote the link has no business to say who we are
	u.Fragment, u.RawFragment = "", ""
	if u.Scheme == "http" && g.root.Scheme == "https" {
		// Servers behind a proxy that ends TLS write links that they believe in.
		if !strings.EqualFold(u.Hostname(), g.root.Hostname()) || u.Port() != "" && u.Port() != "80" {
			return refuse("http, while the API has https")
		}
		u.Scheme, u.Host = g.root.Scheme, g.root.Host
	}
	if !g.allowed(u) {
		return refuse("host %s is not that of the API, and is not in AllowHosts", u.Host)
	}
	if addr, err := netip.ParseAddr(u.Hostname()); err == nil {
		if err := g.address(addr, safeURL(u)); err != nil {
			return nil, err
		}
	}
	return u, nil
}

// allowed tells whether the host is the API's, or on the list.
func (g *guard) allowed(u *url.URL) bool {
	host := authority(u)
	if host == authority(g.root) || g.token != nil && host == authority(g.token) {
		return true
	}
	name := strings.ToLower(u.Hostname())
	for _, pattern := range g.hosts {
		suffix, wild := strings.CutPrefix(pattern, "*")
		switch {
		case pattern == "*", pattern == host, pattern == name && standardPort(u),
			wild && len(name) > len(suffix) && strings.HasSuffix(name, suffix) && standardPort(u):
			return true
		}
	}
	return false
}

// own tells whether the URL is of the API's own origin, to which credentials go.
func (g *guard) own(u *url.URL) bool {
	return u.Scheme == g.root.Scheme && authority(u) == authority(g.root)
}

// authority is host and port in lower case, the port always there.
func authority(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = "80"
		if u.Scheme == "https" {
			port = "443"
		}
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

func standardPort(u *url.URL) bool {
	port := u.Port()
	return port == "" || u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80"
}

// hostPattern tells whether s can be in AllowHosts.
func hostPattern(s string) bool {
	s = strings.TrimPrefix(s, "*.")
	if s == "*" {
		return true
	}
	u, err := url.Parse("//" + s)
	return err == nil && u.Hostname() != "" && u.Host == s && !strings.ContainsAny(s, "*/?#@ ")
}

// safeURL is a URL for errors and logs: without user and query, where secrets
// are.
func safeURL(u *url.URL) string {
	s := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath, Opaque: u.Opaque}
	return s.String()
}

// refused is the RefusedError inside of err, with the URL that led to it.
func refused(err error, u *url.URL) *RefusedError {
	var r *RefusedError
	if !errors.As(err, &r) {
		return nil
	}
	return &RefusedError{URL: safeURL(u), Reason: r.Reason}
}
