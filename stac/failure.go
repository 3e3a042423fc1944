package stac

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// secretMin is the shortest that can be a secret: to strike every "1" out would
// leave nothing to read.
const secretMin = 4

// sendError is a failure below HTTP. Its text is scrubbed, which that of the
// wrapped error may not be.
type sendError struct {
	text string
	err  error
}

func (e *sendError) Error() string { return e.text }
func (e *sendError) Unwrap() error { return e.err }

// sendError says what was tried, and why it did not work.
func (c *Client) sendError(ctx context.Context, req *http.Request, err error) error {
	if r := refused(err, req.URL); r != nil {
		return r
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return &sendError{fmt.Sprintf("%s %s: %s", req.Method, safeURL(req.URL), c.clean(err.Error())), err}
}

// statusError is made of an answer that is not the one that was hoped for. What
// the server asks for in it holds for all requests to that host.
func (c *Client) statusError(method string, u *url.URL, got *reply) error {
	now := time.Now()
	after := retryAfter(got.header, now)
	if after > 0 {
		c.cfg.Limiter.pause(u.Host, now.Add(min(after, c.cfg.MaxRetryAfter)))
	}
	return &StatusError{
		Method: method, URL: safeURL(u), Code: got.status, Body: c.clean(string(got.body)), Tries: 1, RetryAfter: after,
	}
}

// clean makes one line of printable text of what a server said, without our
// credentials, should it send them back.
func (c *Client) clean(s string) string {
	for _, secret := range c.hidden() {
		s = strings.ReplaceAll(s, secret, "***")
	}
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > quoteLimit/4 {
		s = strings.ToValidUTF8(s[:quoteLimit/4], "") + "..."
	}
	return s
}

// hidden are the strings that no error may have, the longest first: one may be
// part of another.
func (c *Client) hidden() []string {
	var secrets []string
	if c.cfg.Auth != nil {
		secrets = append(secrets, c.cfg.Auth.secrets()...)
	}
	for _, values := range c.cfg.Header {
		secrets = append(secrets, values...)
	}
	for _, values := range c.root.Query() {
		secrets = append(secrets, values...)
	}
	secrets = slices.DeleteFunc(secrets, func(s string) bool { return len(s) < secretMin })
	slices.SortFunc(secrets, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	return secrets
}

// safeRaw is a URL for errors; see safeURL.
func safeRaw(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "a link"
	}
	return safeURL(u)
}

// retryAfter is how long a server wants to be left alone: a number of seconds, or
// a time, which is compared with the server's own clock where it sent that. 0
// where it is neither, is over, or is a year away.
func retryAfter(header http.Header, now time.Time) time.Duration {
	const year = 365 * 24 * time.Hour
	value := strings.TrimSpace(header.Get("Retry-After"))
	var wait time.Duration
	if seconds, err := strconv.ParseFloat(value, 64); err == nil {
		if seconds > year.Seconds() || seconds != seconds {
			return 0
		}
		wait = time.Duration(seconds * float64(time.Second))
	} else if at, err := http.ParseTime(value); err == nil {
		if date, err := http.ParseTime(header.Get("Date")); err == nil {
			now = date
		}
		wait = at.Sub(now)
	}
	if wait < 0 || wait > year {
		return 0
	}
	return wait
}
