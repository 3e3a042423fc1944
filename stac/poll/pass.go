package poll

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/leat-io/leat/stac"
)

// pass is one pass of Updated or Rescan: what is in the window is published, and
// when all of it was seen the watermark moves.
func (l *lead) pass(ctx context.Context) error {
	began, strategy := l.cfg.Now(), l.state.Plan.Strategy
	q, from, err := l.window(ctx, strategy)
	if err != nil {
		return err
	}
	w := l.worker()
	newest := time.Time{}
	truncated := false
	if q != nil {
		for page, err2 := range l.client.Sweep(ctx, *q) {
			if err = err2; err != nil {
				truncated = errors.Is(err, stac.ErrIncomplete)
				break
			}
			for i := range page.Items {
				if at := page.Items[i].Updated; at.After(newest) {
					newest = at
				}
			}
			if err = w.page(ctx, page); err != nil {
				break
			}
		}
	}
	if err == nil && w.sum.Failed > 0 {
		err = fmt.Errorf("%w: %d nodes or items cannot be read", ErrUncertain, w.sum.Failed)
	}
	l.looked(began, w.sum, err == nil)
	if err == nil {
		err = l.advance(ctx, began, newest, from)
	}
	l.report(strategy, began, w.sum, truncated, err)
	return err
}

// window is what the next pass asks for, nil for nothing, and from when on that
// is.
func (l *lead) window(ctx context.Context, strategy Strategy) (*stac.Query, time.Time, error) {
	kind, mark := byte(lagUpdated), l.state.Watermark
	if strategy == Rescan {
		kind, mark = lagTaken, l.state.PassAt
		if mark.IsZero() {
			mark = l.state.Since
		}
	}
	q := l.state.Plan.query(l.src.Query)
	if mark.IsZero() {
		return &q, time.Time{}, nil
	}
	back := l.src.Overlap
	if back == 0 {
		known, err := l.store.loadLags(ctx, kind)
		if err != nil {
			return nil, mark, err
		}
		back = overlap(strategy, l.src.Interval, known.most())
	}
	from := mark.Add(-back)
	if strategy == Updated {
		q.Updated = stac.Interval{Start: from}
		return &q, from, nil
	}
	var some bool
	if q.Datetime, some = intersect(q.Datetime, stac.Interval{Start: from}); !some {
		return nil, from, nil
	}
	return &q, from, nil
}

// advance moves the watermark behind a complete pass.
func (l *lead) advance(ctx context.Context, began, newest, from time.Time) error {
	l.state.lower(from)
	l.state.PassAt = began.UTC()
	mark := began
	if l.state.Plan.Strategy == Updated {
		if newest.After(began) {
			newest = began.UTC()
		}
		if newest.After(l.state.Watermark) {
			l.state.Watermark = newest
		}
		mark = l.state.Watermark
	}
	if err := l.save(ctx); err != nil {
		return err
	}
	l.cfg.Hooks.Watermark(l.src.Name, mark)
	return nil
}

// worker publishes what a pass or a sweep finds.
func (l *lead) worker() *worker {
	now := l.cfg.Now()
	return &worker{
		source: l.source, store: l.store, token: l.token, pass: l.state.Pass,
		mode: func(item *stac.Item) string {
			if l.state.new(item) {
				return modeLive
			}
			return modePass
		},
		lags: func(item *stac.Item) (string, time.Duration) { return l.lagFields(item, now) },
	}
}

// report tells of a pass that has ended.
func (l *lead) report(strategy Strategy, began time.Time, t tally, truncated bool, err error) {
	took := l.cfg.Now().Sub(began)
	l.cfg.Hooks.Passed(l.src.Name, Pass{
		Strategy: strategy, Took: took, Items: t.Items, Created: t.Created, Replaced: t.Replaced, Deleted: t.Deleted, Truncated: truncated, Err: err,
	})
	fields := []zap.Field{
		zap.Stringer("strategy", strategy), zap.Duration("took", took), zap.Int("items", t.Items), zap.Int("created", t.Created),
		zap.Int("replaced", t.Replaced), zap.Int("deleted", t.Deleted), zap.Int("stray", t.Stray),
	}
	switch {
	case errors.Is(err, context.Canceled):
		l.log.Debug("stac pass is interrupted", fields...)
	case err != nil:
		l.log.Warn("stac pass is not complete, what is missing is asked for again", append(fields, zap.Bool("truncated", truncated), zap.Error(err))...)
	case t.Created+t.Replaced+t.Deleted > 0:
		l.log.Info("stac pass published changes", fields...)
	default:
		l.log.Debug("stac pass found nothing new", fields...)
	}
}
