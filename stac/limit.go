package stac

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limiter holds requests back, each host's by themselves: so many a second, and
// none while the host wants to be left alone (Retry-After). Clients that share
// one are held back together. Safe for concurrent use.
type Limiter struct {
	rate  rate.Limit
	burst int

	mu    sync.Mutex
	hosts map[string]*hostLimit
}

type hostLimit struct {
	bucket *rate.Limiter
	until  time.Time // nothing is sent before
}

// NewLimiter allows perSecond requests to each host, and burst of them at once;
// burst is 1 at the least. perSecond of 0 or less: as many as there are, but for
// Retry-After.
func NewLimiter(perSecond float64, burst int) *Limiter {
	limit := rate.Limit(perSecond)
	if perSecond <= 0 {
		limit = rate.Inf
	}
	return &Limiter{rate: limit, burst: max(burst, 1), hosts: map[string]*hostLimit{}}
}

func (l *Limiter) host(name string) *hostLimit {
	h := l.hosts[name]
	if h == nil {
		h = &hostLimit{bucket: rate.NewLimiter(l.rate, l.burst)}
		l.hosts[name] = h
	}
	return h
}

// pause keeps requests to the host back until then. A pause is never shortened.
func (l *Limiter) pause(name string, until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if h := l.host(name); until.After(h.until) {
		h.until = until
	}
}

// wait returns when a request to the host may be sent, or ctx has ended.
func (l *Limiter) wait(ctx context.Context, name string) error {
	for {
		l.mu.Lock()
		h := l.host(name)
		until := h.until
		l.mu.Unlock()
		if wait := time.Until(until); wait > 0 {
			if err := sleep(ctx, wait); err != nil {
				return err
			}
			continue // it may have become longer
		}
		if err := h.bucket.Wait(ctx); err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return fmt.Errorf("wait for the rate limit of %s: %w", name, err)
		}
		return nil
	}
}

// sleep returns after d, or when ctx has ended.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
