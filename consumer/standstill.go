package consumer

import (
	"context"
	"time"

	"go.uber.org/zap"
)

// A server that has stood still for a lease shows everything as idle when it goes on,
// until those who live have extended their leases. A reclaimer that asks all the time
// notices, since its own call is carried out late. One that had to wait meanwhile, for
// room or for another loop, has to ask the others.

// took notes how long a call took that was sent at from and does not wait for anything.
func (s *source) took(from time.Duration) {
	if now := s.c.now(); now-from > s.c.cfg.Lease/4 {
		s.slowAt.Store(int64(now))
	}
}

// asks notes since when the leaser waits for an answer; answered has to be called when
// it is there.
func (s *source) asks(from time.Duration) (answered func()) {
	first := s.asking.CompareAndSwap(0, int64(from))
	return func() {
		s.took(from) // before: whoever looks sees one of both
		if first {
			s.asking.Store(0)
		}
	}
}

// stoodStill tells whether Redis has kept one of the other loops waiting lately, or does
// so now. Whatever is held is extended three times a lease: that one of them notices.
func (s *source) stoodStill() bool {
	now := s.c.now()
	since, at := time.Duration(s.asking.Load()), time.Duration(s.slowAt.Load())
	return (since > 0 && now-since > s.c.cfg.Lease/4) || (at > 0 && now-at < s.c.cfg.Lease*2/3)
}

// current makes sure that the reclaimer knows how it is with the server when a call that
// takes something is about to be sent; false when nothing may be taken now.
func (r *reclaimer) current(ctx context.Context) (bool, error) {
	if r.served.IsZero() || r.c.now()-r.heard <= r.c.cfg.Lease/4 {
		return true, nil
	}
	latest := r.notAfter()
	at, err := r.group.Time(ctx)
	if err != nil {
		return false, err
	}
	if r.looked(at); r.back {
		return false, nil
	}
	if at.After(latest) || r.stoodStill() {
		r.late()
		return false, nil
	}
	return true, nil
}

// looked notes the server's time, and whether it went back since it was looked at last.
func (r *reclaimer) looked(at time.Time) {
	now := r.c.now()
	if !r.served.IsZero() && at.Before(r.served.Add(now-r.heard-r.c.cfg.Lease/4)) {
		r.back = true
		r.c.log.Warn("the server's clock went back, or another server took over whose clock is behind", zap.String("stream", r.stream),
			zap.Time("server_time", at))
	}
	r.served, r.heard = at, now
}
