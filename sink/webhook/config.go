package webhook

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/leat-io/leat/internal/webaddress"
)

const (
	// defaultTimeout is below consumer.Config's ShutdownTimeout plus slack, and
	// what most proxies wait.
	defaultTimeout = 30 * time.Second
	// defaultMaxRetryAfter bounds what a receiver may ask for: an entry that
	// waits longer looks lost to whoever watches the stream.
	defaultMaxRetryAfter = time.Hour
	// defaultConcurrency is that of consumer.Config.
	defaultConcurrency = 16
)

// Mode is how an event is laid out in a request.
type Mode uint8

const (
	// Binary puts the data into the body as it is, and the attributes into
	// headers.
	Binary Mode = iota
	// Structured puts all of the event into the body, in the JSON format of
	// CloudEvents. Valid JSON whose datacontenttype is application/json, text/json
	// or missing is in it as it is; any other data goes into data_base64.
	Structured
)

// ParseMode reads "binary" or "structured".
func ParseMode(s string) (Mode, error) {
	switch s {
	case "binary":
		return Binary, nil
	case "structured":
		return Structured, nil
	}
	return Binary, fmt.Errorf("webhook mode %q: want binary or structured", s)
}

// String is the mode as [ParseMode] reads it.
func (m Mode) String() string {
	switch m {
	case Binary:
		return "binary"
	case Structured:
		return "structured"
	}
	return fmt.Sprintf("Mode(%d)", uint8(m))
}

// Config is where events go, and how. The zero value of every field but URL is a
// default that works.
type Config struct {
	// URL takes the events: http or https, with a host. A user and password in
	// it are sent as basic authentication. Required.
	URL string
	// Mode is Binary by default.
	Mode Mode
	// Timeout is how long one request may take, from dialling to the status; 30 s
	// by default. The context of the handler may end it earlier.
	Timeout time.Duration
	// MaxRetryAfter is the longest time that a receiver's Retry-After can ask
	// for; 1 h by default. What is longer is cut to it, and what is longer than a
	// year, negative or no time at all is ignored.
	MaxRetryAfter time.Duration
	// Header is sent with every request: Authorization, an API key. It cannot
	// have what this package or HTTP itself sets: ce-*, leat-*, Content-*,
	// Connection, Transfer-Encoding and their like. Host replaces the URL's.
	Header http.Header
	// TokenFile is a file whose content, without surrounding space, is sent as
	// "Authorization: Bearer ...". It is read anew for each request, so that a
	// token may rotate as those of Kubernetes do.
	TokenFile string
	// Concurrency is how many idle connections are kept for use again: as many as
	// the consumer has handlers. 16 by default.
	Concurrency int
	// Transport sends the requests instead of one of the sink's own, for client
	// certificates, tracing or tests. Concurrency is the transport's matter then,
	// and so is closing it.
	Transport http.RoundTripper
}

// complete fills defaults in and joins everything that is wrong. No error quotes
// the URL or a header's value.
func (c Config) complete() (Config, *url.URL, error) {
	header := make(http.Header, len(c.Header))
	for name, values := range c.Header { // a map literal may have any spelling
		name = http.CanonicalHeaderKey(name)
		header[name] = append(header[name], values...)
	}
	c.Header = header
	def(&c.Timeout, defaultTimeout)
	def(&c.MaxRetryAfter, defaultMaxRetryAfter)
	def(&c.Concurrency, defaultConcurrency)
	var errs []error
	wrong := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf("webhook config: "+format, args...))
		}
	}
	target, err := webaddress.Parse(c.URL)
	wrong(err != nil, "URL: %w", err)
	wrong(c.Mode > Structured, "Mode is %s, want Binary or Structured", c.Mode)
	wrong(c.Timeout < 0, "Timeout is %s, want more than 0", c.Timeout)
	wrong(c.MaxRetryAfter < 0, "MaxRetryAfter is %s, want more than 0", c.MaxRetryAfter)
	wrong(c.Concurrency < 0, "Concurrency is %d, want 1 at the least", c.Concurrency)
	for name, values := range c.Header {
		wrong(!fieldName(name), "Header: %q is no name of a header", name)
		wrong(ours(name), "Header: %s is set by leat or by HTTP itself", name)
		for _, v := range values {
			wrong(!fieldValue(v), "Header: a value of %s has a control character", name)
		}
	}
	auth := 0
	for _, given := range [...]bool{target != nil && target.User != nil, c.Header.Get("Authorization") != "", c.TokenFile != ""} {
		if given {
			auth++
		}
	}
	wrong(auth > 1, "more than one of the URL's user, Header's Authorization and TokenFile: want one")
	if c.TokenFile != "" {
		_, err := readToken(c.TokenFile)
		wrong(err != nil, "TokenFile: %w", err)
	}
	return c, target, errors.Join(errs...)
}

func def[T comparable](to *T, value T) {
	var zero T
	if *to == zero {
		*to = value
	}
}

// ours tells whether a header, in canonical spelling, is none of the user's
// business.
func ours(name string) bool {
	for _, prefix := range [...]string{"Ce-", "Leat-", "Content-"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	switch name {
	case "Connection", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Expect":
		return true
	}
	return false
}

// fieldName tells whether name is a token of RFC 9110.
func fieldName(name string) bool {
	const others = "!#$%&'*+-.^_`|~"
	for i := range len(name) {
		c := name[i]
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && strings.IndexByte(others, c) < 0 {
			return false
		}
	}
	return name != ""
}

func fieldValue(value string) bool {
	return strings.IndexFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) < 0
}

// readToken reads a bearer token. Errors name the file, never what is in it.
func readToken(path string) (string, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	token := strings.TrimSpace(string(content))
	if token == "" || !fieldValue(token) {
		return "", fmt.Errorf("%s: want one token and nothing else", path)
	}
	return token, nil
}
