package poll

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/leat-io/leat/stac"
)

const (
	// The length of a sweep's parts: a day, longer where there is little in one.
	minStep, maxStep = 24 * time.Hour, 366 * 24 * time.Hour
	// fewItems in a part double the next one's length, manyItems make it a day.
	fewItems, manyItems = 250, 2500
)

// sweepPart makes the next part of the sweep that is under way, or begins one.
// What it has come to is written when the part is complete, so that whoever goes
// on after a crash repeats one part.
func (l *lead) sweepPart(ctx context.Context) error {
	began := l.cfg.Now()
	err := l.beginSweep(ctx)
	sw := l.state.Sweep
	if err == nil && sw.Stage == last {
		return l.endSweep(ctx, began)
	}
	truncated := false
	if err == nil {
		w := l.worker()
		truncated, err = w.part(ctx, l.client, l.state.Plan.query(l.src.Query), sw)
		l.looked(began, w.sum, err == nil)
	}
	if err == nil {
		err = l.save(ctx)
	}
	if err != nil {
		l.report(Reconcile, began, tally{}, truncated, err)
	}
	return err
}

// beginSweep makes a new sweep where none is under way. That of a catalog, which
// has one part alone, is begun anew: what the first try has seen says nothing of
// what is there now.
func (l *lead) beginSweep(ctx context.Context) error {
	catalog := l.state.Plan.Kind == stac.KindCatalog.String()
	if sw := l.state.Sweep; sw != nil && (!catalog || sw.Stage == last) {
		return nil
	}
	now := l.cfg.Now().UTC()
	sw := &sweep{At: now, Stage: rest, Expected: -1, Step: minStep}
	if !catalog {
		var err error
		if sw.From, sw.To, err = l.extent(ctx, l.src.Query, now); err != nil {
			return err
		}
		if sw.Expected, err = l.client.Count(ctx, l.state.Plan.query(l.src.Query)); err != nil {
			return fmt.Errorf("count items: %w", err)
		}
		sw.Next, sw.Stage = sw.From, before
	}
	l.state.Pass++
	l.state.Sweep = sw
	return l.save(ctx)
}

// extent is the time in which the collections say that their items are. It may be
// wrong: what is outside is asked for as well.
func (s *source) extent(ctx context.Context, q stac.Query, now time.Time) (from, to time.Time, err error) {
	seen := func(col *stac.Collection) {
		if start := col.Extent.Start; !start.IsZero() && (from.IsZero() || start.Before(from)) {
			from = start
		}
	}
	if ids := q.Collections; len(ids) > 0 {
		for _, id := range ids {
			col, err := s.client.Collection(ctx, id)
			if err != nil {
				return from, to, fmt.Errorf("extent of collection %q: %w", id, err)
			}
			seen(col)
		}
	} else {
		for col, err := range s.client.Collections(ctx) {
			if errors.Is(err, errors.ErrUnsupported) { // it has a search, and no list of them
				break
			}
			if err != nil {
				return from, to, fmt.Errorf("extents of the collections: %w", err)
			}
			seen(col)
		}
	}
	if from.IsZero() {
		from = now.AddDate(-1, 0, 0)
	}
	whole, some := intersect(stac.Interval{Start: from, End: now.Add(minStep)}, q.Datetime)
	if !some { // all of the query is outside
		whole = stac.Interval{Start: from, End: from}
	}
	return whole.Start.UTC().Truncate(minStep), whole.End.UTC(), nil
}

// interval is the part of time that comes next.
func (sw *sweep) interval() stac.Interval {
	switch sw.Stage {
	case before:
		return stac.Interval{End: sw.From}
	case within:
		end := sw.Next.Add(sw.Step)
		if end.After(sw.To) {
			end = sw.To
		}
		return stac.Interval{Start: sw.Next, End: end}
	case behind:
		return stac.Interval{Start: sw.To}
	}
	return stac.Interval{}
}

// part publishes what is missing in the next part of what q asks for, and moves on.
func (w *worker) part(ctx context.Context, client *stac.Client, q stac.Query, sw *sweep) (truncated bool, err error) {
	part := sw.interval()
	some := true
	if sw.Stage != rest { // all of it takes items without a time along
		q.Datetime, some = intersect(q.Datetime, part)
		if sw.Stage != within && !q.Datetime.End.IsZero() && q.Datetime.Start.Equal(q.Datetime.End) {
			some = false // the instant in which it meets what is within
		}
	}
	w.missing, w.sum = map[string]int{}, tally{}
	if some {
		for page, err := range client.Sweep(ctx, q) {
			if err == nil {
				err = w.page(ctx, page)
			}
			if err != nil {
				return errors.Is(err, stac.ErrIncomplete), err
			}
		}
	}
	if w.sum.Failed > 0 {
		return false, fmt.Errorf("%w: %d nodes or items cannot be read", ErrUncertain, w.sum.Failed)
	}
	if sw.Missing == nil { // as it is loaded where there are none
		sw.Missing = map[string]int{}
	}
	for day, n := range w.missing {
		sw.Missing[day] += n
	}
	sw.Sum.add(w.sum)
	sw.next(part, w.sum.Items)
	return false, nil
}

// next moves behind a part that had that many items.
func (sw *sweep) next(part stac.Interval, items int) {
	switch sw.Stage {
	case before:
		sw.Stage = within
	case within:
		sw.Next = part.End
		switch {
		case items < fewItems:
			sw.Step = min(2*sw.Step, maxStep)
		case items > manyItems:
			sw.Step = minStep
		}
		if !sw.Next.Before(sw.To) {
			sw.Stage = behind
		}
	default:
		sw.Stage = last
	}
}

// endSweep finds out whether the sweep has seen everything, and publishes what is
// deleted if so.
func (l *lead) endSweep(ctx context.Context, began time.Time) error {
	sw := l.state.Sweep
	found, err := l.survey(ctx)
	if err == nil && sw.Expected > found.found && l.state.Plan.Kind != stac.KindCatalog.String() {
		err = l.doubt(ctx, found.found)
		if err == nil {
			return nil // a part more
		}
	}
	if err == nil {
		err = l.delete(ctx, found)
	}
	sum, at := sw.Sum, sw.At
	if found != nil {
		l.looked(began, tally{Deleted: found.deleted}, err == nil)
	}
	if err == nil || ended(err) {
		// It is over, well or not: the next one begins from the beginning.
		l.state.Sweep, l.state.SweptAt = nil, at
		if err == nil {
			l.state.Settled = true
			if l.state.Plan.Strategy == Reconcile {
				l.state.PassAt = at
			}
		}
		if saved := l.save(ctx); saved != nil {
			return saved
		}
	}
	if err == nil {
		l.tell(found, sw)
		if l.state.Plan.Strategy == Reconcile {
			l.cfg.Hooks.Watermark(l.src.Name, at)
		}
		began = at
		sum.Deleted = found.deleted
	}
	l.report(Reconcile, began, sum, errors.Is(err, stac.ErrIncomplete), err)
	return err
}

// ended tells whether a sweep has gone to its end for nothing.
func ended(err error) bool {
	return errors.Is(err, ErrUncertain) || errors.Is(err, ErrTooManyDeleted)
}

// doubt asks for all of it in one piece, where the parts have brought less than the
// server counted: items without a time are in none of them. When that was done
// already the error says so.
func (l *lead) doubt(ctx context.Context, found int) error {
	sw := l.state.Sweep
	if sw.Next.IsZero() {
		return fmt.Errorf("%w: the server counts %d items, and %d were found", ErrUncertain, sw.Expected, found)
	}
	expected, err := l.client.Count(ctx, l.state.Plan.query(l.src.Query))
	if err != nil {
		return fmt.Errorf("count items: %w", err)
	}
	sw.Stage, sw.Next, sw.Expected = rest, time.Time{}, expected
	return l.save(ctx)
}
