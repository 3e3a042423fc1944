package stac

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/cenkalti/backoff/v4"
	"go.uber.org/zap"
)

const (
	firstPause = 500 * time.Millisecond
	maxPause   = 30 * time.Second
	// finalTries is how often is asked what is mostly meant: 403, which some servers
	// and firewalls answer to those who ask too often, a name that is not known, and
	// 500 to a next link.
	finalTries = 3
	// slowTries is how often a request that can be made smaller may time out.
	slowTries = 2
)

// tries is the schedule of one request.
type tries struct {
	schedule   backoff.BackOff
	random     func() float64
	end        time.Time // no try begins after it
	count      int       // tries so far
	shrinkable bool
	follows    bool
}

func (c *Client) newTries(r *request) *tries {
	return &tries{
		schedule: backoff.NewExponentialBackOff(
			backoff.WithInitialInterval(firstPause), backoff.WithMaxInterval(maxPause),
			backoff.WithMultiplier(2), backoff.WithMaxElapsedTime(0), backoff.WithRandomizationFactor(0)),
		random: c.cfg.Random, end: time.Now().Add(c.cfg.RetryFor), shrinkable: r.shrinkable, follows: r.follows,
	}
}

// next is the pause after a failure; false when there is no other try.
func (t *tries) next(err error) (time.Duration, bool) {
	t.count++
	if !t.worth(err) {
		return 0, false
	}
	pause := t.schedule.NextBackOff()
	pause = pause/2 + time.Duration(t.random()*float64(pause/2))
	if after := asked(err); after > 0 {
		// Not all of those who were told the same second shall come in it.
		pause = max(pause, after+time.Duration(t.random()*float64(min(after/10, 5*time.Second))))
	}
	return pause, time.Now().Add(pause).Before(t.end)
}

// worth tells whether the same request may be answered another time.
func (t *tries) worth(err error) bool {
	var refusal *RefusedError
	var certificate *tls.CertificateVerificationError
	var status *StatusError
	var unknown *net.DNSError
	switch {
	case errors.As(err, &refusal), errors.As(err, &certificate):
		return false
	case errors.As(err, &unknown) && unknown.IsNotFound:
		return t.count < finalTries
	case errors.Is(err, errSlow):
		return !t.shrinkable || t.count < slowTries
	case !errors.As(err, &status):
		return true // connections that were refused or lost
	}
	switch status.Code {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusTooEarly:
		return true
	case http.StatusForbidden:
		return t.count < finalTries
	case http.StatusInternalServerError:
		return !t.follows || t.count < finalTries
	case http.StatusGatewayTimeout:
		return !t.shrinkable || t.count < slowTries
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return false
	}
	return status.Code >= http.StatusInternalServerError
}

// last is the error with the number of tries in it.
func (t *tries) last(err error) error {
	var status *StatusError
	if errors.As(err, &status) {
		status.Tries = t.count
	}
	return err
}

// asked is the Retry-After of an answer.
func asked(err error) time.Duration {
	var status *StatusError
	if errors.As(err, &status) {
		return status.RetryAfter
	}
	return 0
}

// slow tells whether a request failed since it took the server too long.
func slow(err error) bool {
	var status *StatusError
	return errors.Is(err, errSlow) || errors.As(err, &status) && status.Code == http.StatusGatewayTimeout
}

// lost tells whether a server does not know a next link any more.
func lost(err error) bool {
	var status *StatusError
	if !errors.As(err, &status) {
		return false
	}
	switch status.Code {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusGone, http.StatusUnprocessableEntity, http.StatusInternalServerError:
		return true
	}
	return false
}

// pausing tells of a pause.
func (c *Client) pausing(host string, t *tries, pause time.Duration, err error) {
	info := RetryInfo{Host: host, Try: t.count, Pause: pause, RetryAfter: asked(err)}
	var status *StatusError
	if errors.As(err, &status) {
		info.Status = status.Code
	}
	if c.cfg.Hooks.Retry != nil {
		c.cfg.Hooks.Retry(info)
	}
	c.cfg.Logger.Info("stac request is tried again", zap.String("host", host), zap.Int("try", t.count), zap.Duration("pause", pause), zap.Error(err))
}
