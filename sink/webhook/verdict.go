package webhook

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/leat-io/leat/consumer"
)

// absurdRetryAfter is more than any receiver can mean: a number in
// milliseconds, a date of another century.
const absurdRetryAfter = 365 * 24 * time.Hour

// StatusError is an answer that is not 2xx.
type StatusError struct {
	// Code is the status: 503.
	Code int
	// Target is the scheme and host of the URL.
	Target string
	// Body is the beginning of the answer's body as one line of text, at most
	// 512 bytes, secrets taken out.
	Body string
	// Redirect is the scheme and host that a 3xx names, empty without.
	Redirect string
}

// Error is the status, where it came from, and what the receiver says.
func (e *StatusError) Error() string {
	text := "post event to " + e.Target + ": " + strings.TrimSpace(fmt.Sprintf("%d %s", e.Code, http.StatusText(e.Code)))
	if e.Redirect != "" {
		text += " to " + e.Redirect + ", which is not followed: configure the URL that takes events"
	}
	if e.Body != "" {
		text += ": " + e.Body
	}
	return text
}

// verdict is what an answer other than 2xx means; the table is in the package's
// documentation.
func verdict(resp *http.Response, err *StatusError, limit time.Duration) error {
	switch code := resp.StatusCode; {
	case code == http.StatusTooManyRequests, code == http.StatusServiceUnavailable:
		if after, ok := retryAfter(resp.Header, time.Now()); ok {
			return consumer.RetryAfter(err, min(after, limit))
		}
		return err
	case code == http.StatusRequestTimeout, code == http.StatusConflict, code == http.StatusTooEarly:
		return err
	case code/100 == 4:
		return consumer.Permanent(err)
	}
	return err
}

// retryAfter reads Retry-After, which is seconds or a date. A date is compared
// with the receiver's own clock, its Date, so that clocks that differ do no
// harm. Not ok when there is none, none that is sane, or none that is to come:
// the backoff knows better than to try at once.
func retryAfter(header http.Header, now time.Time) (after time.Duration, ok bool) {
	value := strings.TrimSpace(header.Get("Retry-After"))
	if seconds, err := strconv.ParseUint(value, 10, 32); err == nil {
		after = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		if date, err := http.ParseTime(header.Get("Date")); err == nil {
			now = date
		}
		after = at.Sub(now)
	}
	return after, after > 0 && after <= absurdRetryAfter
}

// redirect is where a 3xx leads: no path and query, which may hold a secret.
func redirect(resp *http.Response) string {
	if resp.StatusCode/100 != 3 {
		return ""
	}
	to, err := resp.Location()
	if err != nil {
		return ""
	}
	return to.Scheme + "://" + to.Host
}
