package webhook

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/stream"
)

const (
	// bodyLimit is how much of an answer's body is looked at.
	bodyLimit = 4 << 10
	// drainLimit is how much of a body is read to have the connection back: past
	// that a new connection is cheaper.
	drainLimit = 64 << 10
	// drainTime is how long an answer whose status is known may hold a handler.
	drainTime = time.Second
	// idleTimeout closes connections that nobody needs; below the minute that
	// receivers and load balancers commonly wait, so that we close first.
	idleTimeout = 45 * time.Second
)

// errNoAnswer is why a request ends after Config.Timeout.
var errNoAnswer = fmt.Errorf("no answer in time: %w", context.DeadlineExceeded)

// Sink posts deliveries to one URL. Its Handle is a consumer.Handler. It is safe
// for concurrent use.
type Sink struct {
	cfg    Config
	url    string // without the user
	user   *url.Userinfo
	target string // what errors call the URL
	// transport is used without an http.Client around it: what that adds is to
	// follow redirects, to keep cookies, and to put the URL into errors.
	transport http.RoundTripper
	own       *http.Transport // nil when the transport is the user's
	secrets   []string
}

// New checks the configuration, all of it at once. It connects to nothing.
func New(cfg Config) (*Sink, error) {
	cfg, u, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	s := &Sink{cfg: cfg, user: u.User, target: u.Scheme + "://" + u.Host, transport: cfg.Transport}
	s.secrets = secretsOf(cfg.Header, u)
	u.User = nil
	s.url = u.String()
	if s.transport == nil {
		// It quotes the variable, and there may be a password in that.
		if _, err := http.ProxyFromEnvironment(&http.Request{URL: u}); err != nil {
			return nil, errors.New("webhook: HTTP_PROXY or HTTPS_PROXY is not the URL of a proxy")
		}
		s.own = newTransport(cfg.Concurrency)
		s.transport = s.own
	}
	return s, nil
}

func newTransport(concurrency int) *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: concurrency,
		IdleConnTimeout:     idleTimeout,
		TLSHandshakeTimeout: 10 * time.Second,
		// The little that is read of a body is quoted in errors: plain, please.
		DisableCompression: true,
	}
}

// Close closes idle connections. The sink can be used after it.
func (s *Sink) Close() {
	if s.own != nil {
		s.own.CloseIdleConnections()
	}
}

// Handle posts one delivery and returns the verdict; see the package. An answer
// with another status than 2xx is a [*StatusError], inside of what
// consumer.Permanent or consumer.RetryAfter make of it. When ctx ends, the
// request is cut off and the error wraps its cause.
func (s *Sink) Handle(ctx context.Context, d *stream.Delivery) error {
	ctx, cancel := context.WithTimeoutCause(ctx, s.cfg.Timeout, errNoAnswer)
	defer cancel()
	req, token, err := s.request(ctx, d)
	if err != nil {
		return err
	}
	resp, err := s.transport.RoundTrip(req)
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return &sendError{text: fmt.Sprintf("post event to %s: %s", s.target, newScrubber(s.secrets, token).clean(err.Error())), err: err}
	}
	defer resp.Body.Close()
	// The status is the verdict. The body is for the error's text, and has to be
	// read if the connection is to be used again; a slow one is not waited for.
	defer time.AfterFunc(drainTime, cancel).Stop()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, bodyLimit))
	_, _ = io.CopyN(io.Discard, resp.Body, drainLimit)
	if resp.StatusCode/100 == 2 {
		return nil
	}
	scrub := newScrubber(s.secrets, token)
	return verdict(resp, &StatusError{
		Code: resp.StatusCode, Target: s.target, Redirect: scrub.clean(redirect(resp)), Body: scrub.clean(string(body)),
	}, s.cfg.MaxRetryAfter)
}

// unsendable marks what is wrong with the event itself.
func unsendable(format string, args ...any) error {
	return consumer.Permanent(fmt.Errorf("make CloudEvent over HTTP: "+format, args...))
}
