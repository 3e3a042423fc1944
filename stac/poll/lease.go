package poll

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/leat-io/leat/stream"
)

// tenure is the time for which a source is this replica's. Its context ends
// when the lease is lost, with [ErrLeaseLost] as its cause.
type tenure struct {
	held  *store
	token string
	end   context.CancelCauseFunc
	kept  chan struct{} // closed when the keeper has ended
	told  func(err error)
}

// seize waits for the lease, no longer than patience where that is not 0, and keeps
// it until [tenure.close]. Each tenure has a token of its own: one that ended
// cannot write any more, and what it knew is loaded anew.
func (s *source) seize(ctx context.Context, st *store, patience time.Duration) (context.Context, *tenure, error) {
	token := rand.Text()
	for began := s.cfg.Now(); ; {
		s.cfg.Hooks.Beat(s.src.Name, st.ttl/4+2*st.conn.Timeout())
		left, err := st.take(ctx, token)
		if ctx.Err() != nil {
			return nil, nil, context.Cause(ctx)
		}
		s.cfg.Hooks.Leased(s.src.Name, err)
		if err == nil && left == 0 {
			break
		}
		if patience > 0 && (s.cfg.Now().Sub(began) > patience || stream.Classify(err) == stream.ClassRejected) {
			if err == nil {
				err = ErrHeld
			}
			return nil, nil, err
		}
		if err != nil {
			s.log.Warn("stac lease cannot be asked for, will be tried again", zap.Error(err))
		}
		if err := sleep(ctx, st.ttl/4); err != nil {
			return nil, nil, err
		}
	}
	held, end := context.WithCancelCause(ctx)
	t := &tenure{held: st, token: token, end: end, kept: make(chan struct{}), told: func(err error) { s.cfg.Hooks.Leased(s.src.Name, err) }}
	go t.keep(held)
	return held, t, nil
}

// keep extends the lease three times in its time. A Redis that is away for as long
// as the lease lasts is as good as another replica: nobody knows.
func (t *tenure) keep(ctx context.Context) {
	defer close(t.kept)
	for kept := time.Now(); sleep(ctx, t.held.ttl/3) == nil; {
		began := time.Now()
		mine, err := t.held.keep(ctx, t.token)
		if ctx.Err() == nil {
			t.told(err)
		}
		switch {
		case err == nil && mine:
			kept = began
		case err == nil, time.Since(kept) >= t.held.ttl:
			t.end(errors.Join(ErrLeaseLost, err))
			return
		}
	}
}

// close ends the tenure and gives the lease back.
func (t *tenure) close(ctx context.Context) {
	t.end(context.Canceled)
	<-t.kept
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), t.held.conn.Timeout())
	defer cancel()
	_ = t.held.leave(ctx, t.token) // it runs out by itself
}

// sleep returns after d, or when ctx has ended.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(max(d, time.Millisecond))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
