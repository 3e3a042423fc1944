package gauge

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// measurement is one piece of work done one way.
type measurement struct {
	run      *run
	from, to reading
	began    time.Time // the work itself, without INFO before and after
	ended    time.Time
	events   int
}

func (r *run) begin(ctx context.Context) (*measurement, error) {
	from, err := r.read(ctx)
	return &measurement{run: r, from: from, began: time.Now()}, err
}

// end says that so many events were worked off until then.
func (m *measurement) end(ctx context.Context, events int, ended time.Time) (_ Sample, err error) {
	m.events, m.ended = events, ended
	if m.to, err = m.run.read(ctx); err != nil {
		return Sample{}, err
	}
	m.run.watch(m.to.info)
	s := Sample{Events: events, Usage: usage(m.from, m.to)}
	if took := ended.Sub(m.began).Seconds(); took > 0 {
		s.PerSecond = float64(events) / took
	}
	return s, nil
}

// publish measures how fast n events are added to a stream.
func (r *run) publish(ctx context.Context, w way, key string, n int) (Sample, error) {
	m, err := r.begin(ctx)
	if err != nil {
		return Sample{}, err
	}
	if err := w.publish(ctx, key, n); err != nil {
		return Sample{}, err
	}
	return m.end(ctx, n, time.Now())
}

// count counts events that were handled, up to those that are wanted.
type count struct {
	base          time.Time
	wanted        int64
	n             atomic.Int64
	last          atomic.Int64 // when the last one of those wanted came, after base
	some, reached chan struct{}
}

func newCount(wanted int) *count {
	return &count{base: time.Now(), wanted: int64(wanted), some: make(chan struct{}), reached: make(chan struct{})}
}

// add counts one more.
func (c *count) add() {
	n := c.n.Add(1)
	if n == 1 {
		close(c.some)
	}
	if n == c.wanted {
		c.last.Store(int64(time.Since(c.base)))
		close(c.reached)
	}
}

// patience is for how long nothing at all may come of some work.
const patience = 10 * time.Second

// errStalled is wrapped where nothing came of some work.
var errStalled = fmt.Errorf("no event was handled in %s", patience)

// wait waits until all are there, or for limit, but at least until there is one. It
// returns how many there are, and when the last one came.
func (c *count) wait(ctx context.Context, w *worker, limit time.Duration) (n int, ended time.Time, err error) {
	cut := time.NewTimer(limit)
	defer cut.Stop()
	giveUp := time.NewTimer(max(limit, patience))
	defer giveUp.Stop()
	for limited := cut.C; ; {
		select {
		case <-c.reached:
			return int(c.wanted), c.base.Add(time.Duration(c.last.Load())), nil
		case <-limited:
			limited = nil
		case <-w.ended:
			return 0, time.Time{}, firstError(context.Cause(ctx), w.err, w.why(), errStalled)
		case <-ctx.Done():
			return 0, time.Time{}, context.Cause(ctx)
		case <-giveUp.C:
			return 0, time.Time{}, firstError(w.why(), errStalled)
		case <-c.someAfter(limited):
			return int(min(c.n.Load(), c.wanted)), time.Now(), nil
		}
	}
}

// someAfter tells that there is one, once the time is over.
func (c *count) someAfter(limited <-chan time.Time) <-chan struct{} {
	if limited != nil {
		return nil
	}
	return c.some
}

// firstError is the first that is an error.
func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// consume measures how fast n events that are in the stream are worked off.
func (r *run) consume(ctx context.Context, w way, key string, n int, limit time.Duration) (Sample, error) {
	m, err := r.begin(ctx)
	if err != nil {
		return Sample{}, err
	}
	handled := newCount(n)
	worker := w.work(ctx, key, func([]byte) { handled.add() })
	done, ended, err := handled.wait(ctx, worker, limit)
	if err != nil {
		return Sample{}, errors.Join(err, worker.stop())
	}
	m.began = worker.since(m.began)
	s, err := m.end(ctx, done, ended)
	return s, errors.Join(err, worker.stop())
}

// prime starts a worker and waits until it has handled an event: what comes then
// meets a worker that waits.
func (r *run) prime(ctx context.Context, w way, key string, handle func(data []byte)) (*worker, error) {
	first := newCount(1)
	worker := w.work(ctx, key, func(data []byte) {
		if numberOf(data) == primer {
			first.add()
			return
		}
		handle(data)
	})
	err := w.one(ctx, key, primer)
	if err == nil {
		_, _, err = first.wait(ctx, worker, patience)
	}
	if err != nil {
		return nil, errors.Join(err, worker.stop())
	}
	return worker, nil
}

// primer is the number of the first event, by which a worker is seen to be up.
const primer = 1<<48 - 1

// both measures how fast n events are published and worked off at the same time.
func (r *run) both(ctx context.Context, w way, key string, n int, limit time.Duration) (Sample, error) {
	handled := newCount(n)
	worker, err := r.prime(ctx, w, key, func([]byte) { handled.add() })
	if err != nil {
		return Sample{}, err
	}
	m, err := r.begin(ctx)
	if err == nil {
		err = w.publish(ctx, key, n)
	}
	if err != nil {
		return Sample{}, errors.Join(err, worker.stop())
	}
	done, ended, err := handled.wait(ctx, worker, limit)
	if err != nil {
		return Sample{}, errors.Join(err, worker.stop())
	}
	s, err := m.end(ctx, done, ended)
	return s, errors.Join(err, worker.stop())
}

// paced publishes n events one by one, every so often, to a worker that waits for
// them, and measures how long they take to be stored and to be handled.
func (r *run) paced(ctx context.Context, w way, key string, n int, every time.Duration) (stored, handled []time.Duration, err error) {
	base := time.Now()
	sent, took := make([]atomic.Int64, n), make([]atomic.Int64, n)
	all := newCount(n)
	worker, err := r.prime(ctx, w, key, func(data []byte) {
		if i := numberOf(data); i >= 0 && i < n {
			took[i].Store(max(1, int64(time.Since(base))-sent[i].Load()))
			all.add()
		}
	})
	if err != nil {
		return nil, nil, err
	}
	err = pace(ctx, n, every, func(i int) error {
		before := time.Since(base)
		sent[i].Store(int64(before))
		if err := w.one(ctx, key, i); err != nil {
			return err
		}
		stored = append(stored, time.Since(base)-before)
		return nil
	})
	if err == nil {
		_, _, err = all.wait(ctx, worker, patience)
	}
	if err = errors.Join(err, worker.stop()); err != nil {
		return nil, nil, err
	}
	for i := range took {
		if d := took[i].Load(); d > 0 {
			handled = append(handled, time.Duration(d))
		}
	}
	return stored, handled, nil
}

// pace calls do n times, every so often. What takes longer is not caught up with.
func pace(ctx context.Context, n int, every time.Duration, do func(i int) error) error {
	next := time.Now()
	for i := range n {
		if d := time.Until(next); d > 0 {
			if err := wait(ctx, d); err != nil {
				return err
			}
		} else {
			next = time.Now()
		}
		next = next.Add(every)
		if err := do(i); err != nil {
			return err
		}
	}
	return nil
}

// pings measures round trips, one after the other.
func pings(ctx context.Context, w way, limit time.Duration) (took []time.Duration, err error) {
	for began := time.Now(); time.Since(began) < limit || len(took) == 0; {
		before := time.Now()
		if err := w.ping(ctx); err != nil {
			return nil, err
		}
		took = append(took, time.Since(before))
	}
	return took, nil
}
