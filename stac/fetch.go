package stac

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"time"
)

const (
	maxRedirects = 5
	// quoteLimit is how much of an answer is read to be quoted in an error.
	quoteLimit = 2 << 10
)

// request is what is asked; it can be sent many times.
type request struct {
	method string
	url    string
	header http.Header // beside those of the configuration; nil for none
	body   []byte      // JSON, of a POST
	// shrinkable requests can be made smaller by whoever sends them, which is better
	// than to send them a third time to a server that ran out of time.
	shrinkable bool
	// follows is a next link's: when the server does not know it any more, the search
	// can be begun anew.
	follows bool
}

// reply is an answer of any status; its body has been read, and is closed.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// answer is a status of 200, or 304 where that was asked for.
type answer struct {
	reply
	url *url.URL // after redirects
}

// errSlow is the cause when a try took longer than Timeout.
var errSlow = errors.New("no whole answer within Timeout")

// fetch asks until there is an answer, it is not worth another try, or the time
// is over.
func (c *Client) fetch(ctx context.Context, r *request) (*answer, error) {
	t := c.newTries(r)
	for {
		a, host, err := c.follow(ctx, r)
		if err == nil {
			return a, nil
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("%s %s: %w", r.method, safeRaw(r.url), context.Cause(ctx))
		}
		pause, again := t.next(err)
		if !again {
			return nil, t.last(err)
		}
		c.pausing(host, t, pause, err)
		if err := sleep(ctx, pause); err != nil {
			return nil, fmt.Errorf("%s %s: %w", r.method, safeRaw(r.url), err)
		}
	}
}

// follow sends the request once, and again where a redirect leads. Redirects keep
// method and body: a search that became a GET on the way would be another search.
func (c *Client) follow(ctx context.Context, r *request) (a *answer, host string, err error) {
	target := r.url
	for hop := 0; ; hop++ {
		u, err := c.guard.admit(target)
		if err != nil {
			return nil, "", err
		}
		host = u.Host
		got, err := c.authorized(ctx, r, u)
		if err != nil {
			return nil, host, err
		}
		switch {
		case got.status == http.StatusOK, got.status == http.StatusNotModified && conditional(r):
			return &answer{url: u, reply: *got}, host, nil
		case !got.redirects(r.method):
			return nil, host, c.statusError(r.method, u, got)
		case hop == maxRedirects:
			return nil, host, &RefusedError{URL: safeURL(u), Reason: fmt.Sprintf("more than %d redirects", maxRedirects)}
		}
		next, err := u.Parse(got.header.Get("Location"))
		if err != nil {
			return nil, host, &RefusedError{URL: safeURL(u), Reason: "redirects to what is not a URL"}
		}
		target = next.String()
	}
}

func conditional(r *request) bool {
	return r.header.Get("If-None-Match") != "" || r.header.Get("If-Modified-Since") != ""
}

func (r *reply) redirects(method string) bool {
	switch r.status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return r.header.Get("Location") != ""
	case http.StatusSeeOther:
		return r.header.Get("Location") != "" && method == http.MethodGet
	}
	return false
}

// authorized sends the request to u, with credentials where u is of the API's own
// origin, and once more with others after a 401.
func (c *Client) authorized(ctx context.Context, r *request, u *url.URL) (*reply, error) {
	own := c.cfg.Auth != nil && c.guard.own(u)
	for refreshed := false; ; refreshed = true {
		req, err := c.newRequest(ctx, r, u)
		if err != nil {
			return nil, err
		}
		if own {
			if err := c.cfg.Auth.apply(ctx, req); err != nil {
				return nil, fmt.Errorf("credentials for %s: %w", c.root.Host, err)
			}
		}
		got, err := c.send(ctx, req)
		if err != nil || got.status != http.StatusUnauthorized || !own || refreshed || !c.cfg.Auth.refresh(ctx, req) {
			return got, err
		}
	}
}

func (c *Client) newRequest(ctx context.Context, r *request, u *url.URL) (*http.Request, error) {
	var body io.Reader
	if r.body != nil {
		body = bytes.NewReader(r.body)
	}
	target := *u // credentials may go into its query
	req, err := http.NewRequestWithContext(ctx, r.method, target.String(), body)
	if err != nil {
		return nil, &RefusedError{URL: safeURL(u), Reason: "no request can be made of it"} // it would quote the URL
	}
	if c.guard.own(u) {
		for name, values := range c.cfg.Header {
			req.Header[http.CanonicalHeaderKey(name)] = values
		}
	}
	req.Header.Set("Accept", "application/geo+json, application/json;q=0.9, */*;q=0.1")
	req.Header.Set("User-Agent", c.cfg.UserAgent)
	maps.Copy(req.Header, r.header)
	req.Header.Set("Accept-Encoding", "gzip")
	if r.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

// send is one exchange: it waits for its turn, sends, and reads the body.
func (c *Client) send(ctx context.Context, req *http.Request) (got *reply, err error) {
	if err := c.cfg.Limiter.wait(ctx, req.URL.Host); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, c.cfg.Timeout, errSlow)
	defer cancel()
	got = &reply{}
	if told := c.cfg.Hooks.Request; told != nil {
		defer func(start time.Time) {
			told(RequestInfo{Method: req.Method, Host: req.URL.Host, Status: got.status, Duration: time.Since(start), Bytes: len(got.body), Err: err})
		}(time.Now())
	}
	resp, err := c.transport.RoundTrip(req.WithContext(ctx))
	if err != nil {
		return got, c.sendError(ctx, req, err)
	}
	defer resp.Body.Close()
	got.status, got.header = resp.StatusCode, resp.Header
	if resp.StatusCode != http.StatusOK {
		got.body = quoteBody(resp)
		return got, nil
	}
	if got.body, err = readBody(resp, c.cfg.MaxBody); err != nil {
		return got, c.sendError(ctx, req, err)
	}
	return got, nil
}
