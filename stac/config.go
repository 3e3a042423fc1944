package stac

import (
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"go.uber.org/zap"

	"github.com/leat-io/leat/internal/webaddress"
)

// What a zero value of ClientConfig means.
const (
	// DefaultTimeout is for one try: searches of large catalogs take half a minute.
	DefaultTimeout = time.Minute
	// DefaultRetryFor is some six tries.
	DefaultRetryFor      = 2 * time.Minute
	DefaultMaxRetryAfter = 5 * time.Minute
	// DefaultRate and DefaultBurst are what public servers take without a 429.
	DefaultRate  = 50.0
	DefaultBurst = 50
	// DefaultConcurrency is that of a browser, a little more.
	DefaultConcurrency = 8
	// DefaultMaxBody holds 10,000 items of Sentinel-2 on one page.
	DefaultMaxBody = 128 << 20
	// DefaultMaxPages is ten million items with pages of a hundred.
	DefaultMaxPages = 100_000
	DefaultMaxDepth = 16
	// DefaultMaxNodes bounds what a crawl remembers to have visited: 2 GB or so.
	DefaultMaxNodes  = 10_000_000
	DefaultUserAgent = "leat"
)

// NoRetry as [ClientConfig.RetryFor] means that nothing is asked for twice.
const NoRetry time.Duration = -1

// ClientConfig is what a [Client] talks to, and how. The zero value of every
// field but URL is a default that works.
type ClientConfig struct {
	// URL is the landing page of an API, or the root catalog (or collection) of a
	// static one: http or https, with a host. A user and password in it are
	// basic authentication, unless Auth says something else. Required.
	URL string
	// Auth is sent to the origin of URL (scheme, host and port) and to no other,
	// whatever links and redirects say. Nil: nothing.
	Auth Auth
	// Header is sent with every request to that origin.
	Header http.Header
	// UserAgent is "leat" by default; servers like one with an address in it.
	UserAgent string

	// AllowHosts are hosts that links (next, search, items, child) and redirects
	// may lead to, beside that of URL: "data.example.com" (on the scheme's own
	// port), "data.example.com:8443", "*.example.com" (any host below it), or "*".
	// http is never used where URL has https: links to the host of URL are asked
	// by https instead, others are refused.
	AllowHosts []string
	// AllowNetworks are networks to which connections may be made although they are
	// not public: loopback, private, link-local (among them the metadata services
	// of clouds), shared and reserved addresses are refused else.
	AllowNetworks []netip.Prefix
	// Proxy chooses a proxy as http.Transport.Proxy does; nil: none, whatever the
	// environment says. It is the proxy that connects then, so that AllowNetworks
	// can be held only for addresses that are written into URLs.
	Proxy func(*http.Request) (*url.URL, error)
	// TLS is for private authorities and client certificates. MinVersion is 1.2 at
	// the least.
	TLS *tls.Config

	// Timeout is for one try of a request, from dialling to the last byte; 1
	// minute by default.
	Timeout time.Duration
	// RetryFor is how long a request is tried again after 408, 429, 5xx (but 501),
	// timeouts and lost connections, counted from the first try; 403 is tried twice
	// more. 2 minutes by default; [NoRetry]: never. Pauses grow from half a second to
	// half a minute, with jitter, and are never shorter than Retry-After.
	RetryFor time.Duration
	// MaxRetryAfter bounds for how long a Retry-After keeps all requests to a host
	// back; 5 minutes by default.
	MaxRetryAfter time.Duration
	// Limiter holds back the requests to each host; sources of one process should
	// share it. Nil: one of its own, with 50 requests a second.
	Limiter *Limiter
	// Concurrency is how many nodes of a static catalog are read at a time; 8 by
	// default. Pages of an API are read one after the other.
	Concurrency int

	// MaxBody is how long an answer may be after decompression, in bytes; 128 MiB
	// by default.
	MaxBody int
	// MaxPages is how many pages one search may have; 100,000 by default.
	MaxPages int
	// MaxDepth and MaxNodes are how deep a static catalog may be below its root, and
	// how many nodes it may have; 16 and 10 million by default.
	MaxDepth, MaxNodes int

	// Cache remembers what a crawl of a static catalog has read, so that the next
	// one transfers only what has changed. Nil: nothing is remembered.
	Cache Cache
	// Hooks are told of requests.
	Hooks ClientHooks
	// Logger gets a line when a request is tried again and when a server
	// contradicts itself. Nil is silent. URLs in it have no user and no query.
	Logger *zap.Logger
	// Random is the source of jitter, a number in [0, 1), called from several
	// goroutines; nil: math/rand's.
	Random func() float64
}

// ClientHooks are called on the goroutine of the request, from several at a
// time; nil ones are not called.
type ClientHooks struct {
	// Request is told of each try of a request, when its body has been read.
	Request func(RequestInfo)
	// Retry is told of each pause before another try.
	Retry func(RetryInfo)
}

// RequestInfo is one try of a request.
type RequestInfo struct {
	// Method and Host (with the port where the URL has one) are what was asked.
	Method, Host string
	// Status is the HTTP status; 0 when there was no answer.
	Status int
	// Duration is from the sending to the last byte of the body.
	Duration time.Duration
	// Bytes is the length of the body after decompression.
	Bytes int
	// Err is what went wrong below HTTP.
	Err error
}

// RetryInfo is a pause.
type RetryInfo struct {
	// Host is whom it spares, Try the number of tries so far.
	Host string
	Try  int
	// Status is that of the last answer; 0 when there was none.
	Status int
	// Pause is how long it is, RetryAfter what the server asked for.
	Pause, RetryAfter time.Duration
}

// complete fills defaults in and joins everything that is wrong. No error quotes
// the URL.
func (c ClientConfig) complete() (ClientConfig, *url.URL, error) {
	var errs []error
	want := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf("stac client config: "+format, args...))
		}
	}
	root, err := webaddress.Parse(c.URL)
	want(err == nil, "URL: %w", err)
	def(&c.Timeout, DefaultTimeout)
	def(&c.RetryFor, DefaultRetryFor)
	def(&c.MaxRetryAfter, DefaultMaxRetryAfter)
	def(&c.Concurrency, DefaultConcurrency)
	def(&c.MaxBody, DefaultMaxBody)
	def(&c.MaxPages, DefaultMaxPages)
	def(&c.MaxDepth, DefaultMaxDepth)
	def(&c.MaxNodes, DefaultMaxNodes)
	def(&c.UserAgent, DefaultUserAgent)
	want(c.Timeout > 0, "Timeout is %s, want more than 0", c.Timeout)
	want(c.RetryFor > 0 || c.RetryFor == NoRetry, "RetryFor is %s, want more than 0, or NoRetry", c.RetryFor)
	want(c.MaxRetryAfter > 0, "MaxRetryAfter is %s, want more than 0", c.MaxRetryAfter)
	want(c.Concurrency > 0, "Concurrency is %d, want 1 at the least", c.Concurrency)
	want(c.MaxBody > 0, "MaxBody is %d, want 1 at the least", c.MaxBody)
	want(c.MaxPages > 0, "MaxPages is %d, want 1 at the least", c.MaxPages)
	want(c.MaxDepth > 0, "MaxDepth is %d, want 1 at the least", c.MaxDepth)
	want(c.MaxNodes > 0, "MaxNodes is %d, want 1 at the least", c.MaxNodes)
	want(c.TLS == nil || c.TLS.MinVersion == 0 || c.TLS.MinVersion >= tls.VersionTLS12, "TLS: MinVersion is below 1.2")
	for _, host := range c.AllowHosts {
		want(hostPattern(host), "AllowHosts: %.80q is no host, host:port, *.domain or *", host)
	}
	if root != nil && root.User != nil {
		password, _ := root.User.Password()
		if c.Auth == nil {
			c.Auth = Basic(root.User.Username(), password)
		}
		root.User = nil
	}
	if c.Limiter == nil {
		c.Limiter = NewLimiter(DefaultRate, DefaultBurst)
	}
	if c.Logger == nil {
		c.Logger = zap.NewNop()
	}
	if c.Random == nil {
		c.Random = rand.Float64
	}
	return c, root, errors.Join(errs...)
}

func def[T comparable](to *T, value T) {
	var zero T
	if *to == zero {
		*to = value
	}
}
