package poll

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/leat-io/leat/stac"
)

// Backfill is which items of a source are published beside its passes.
type Backfill struct {
	// Interval is when the items were taken. Open ends are open.
	Interval stac.Interval
	// Again publishes items that were published before, too. Their events have the
	// IDs that they had.
	Again bool
	// Progress is told after each part, and at the beginning; nil is not.
	Progress func(Progress)
}

// Progress is how far a backfill is.
type Progress struct {
	// Done of Total are behind it, as parts of time. Total is 0 for static catalogs,
	// which cannot be asked for a part.
	Done, Total time.Duration
	// Items were found so far, Published of them published. Those of an earlier run
	// that this one goes on with count.
	Items, Published int
	// Resumed tells whether it goes on where another one ended.
	Resumed bool
}

// backfillState is what a backfill that did not end leaves.
type backfillState struct {
	Key   string `json:"key"`
	Sweep sweep  `json:"sweep"`
	Done  bool   `json:"done"`
}

// source finds one by its name; the only one has no need of it.
func (p *Poller) source(name string) (*source, error) {
	if name == "" && len(p.sources) == 1 {
		return p.sources[0], nil
	}
	for _, s := range p.sources {
		if s.src.Name == name {
			return s, nil
		}
	}
	return nil, fmt.Errorf("there is no source %q, want one of %q", name, p.Names())
}

// Backfill publishes what was taken in an interval and is not published: part by
// part, in the order of time. It may run beside the poller, and an item is published
// once. Called again after it was interrupted, with the same interval, it goes on
// with the part that was not complete.
//
// Name is the source's; empty, where there is one alone. An error wraps [ErrHeld]
// when another backfill of the source is under way.
func (p *Poller) Backfill(ctx context.Context, name string, b Backfill) (Progress, error) {
	s, err := p.source(name)
	if err != nil {
		return Progress{}, err
	}
	defer s.cfg.Hooks.Beat(s.src.Name, -1)
	st := s.store.backfill()
	held, t, err := s.seize(ctx, st, s.cfg.Lease+s.cfg.Lease/2)
	if err != nil {
		return Progress{}, fmt.Errorf("backfill source %s: %w", s.src.Name, err)
	}
	defer t.close(ctx)
	f := &backfiller{source: s, store: st, token: t.token, b: b}
	if err := f.run(held); err != nil {
		return f.progress(), fmt.Errorf("backfill source %s: %w", s.src.Name, err)
	}
	return f.progress(), nil
}

// backfiller is one backfill under way.
type backfiller struct {
	*source
	store   *store
	token   string
	b       Backfill
	plan    Plan
	query   stac.Query
	state   backfillState
	resumed bool
	// Items of the part before and of this one, which meet in an instant: what is
	// published again is published again once.
	earlier, here map[string]bool
}

func (f *backfiller) run(ctx context.Context) error {
	if err := f.open(ctx); err != nil {
		return err
	}
	w := &worker{
		source: f.source, store: f.store, token: f.token, mode: f.mode,
		lags: func(*stac.Item) (string, time.Duration) { return "", 0 },
	}
	for f.tell(); f.state.Sweep.Stage != last; f.tell() {
		f.earlier, f.here = f.here, map[string]bool{}
		began := f.cfg.Now()
		truncated, err := w.part(ctx, f.plain, f.query, &f.state.Sweep)
		if err == nil {
			f.state.Sweep.Missing = nil // of no use here
			f.state.Done = f.state.Sweep.Stage == last
			err = f.save(ctx)
		}
		f.cfg.Hooks.Passed(f.src.Name, Pass{
			Strategy: Reconcile, Took: f.cfg.Now().Sub(began), Items: w.sum.Items, Created: w.sum.Created, Replaced: w.sum.Replaced, Truncated: truncated, Err: err,
		})
		if err != nil {
			return fmt.Errorf("%s: %w", f.state.Sweep.interval(), err)
		}
	}
	return nil
}

func (f *backfiller) mode(item *stac.Item) string {
	if !f.b.Again {
		return modeAll
	}
	field := fieldOf(item.Collection, item.ID)
	if f.earlier[field] || f.here[field] {
		return modeAll
	}
	f.here[field] = true
	return modeAgain
}

// open finds out where to begin, or to go on.
func (f *backfiller) open(ctx context.Context) error {
	f.query = f.src.Query
	var some bool
	if f.query.Datetime, some = intersect(f.query.Datetime, f.b.Interval); !some {
		return fmt.Errorf("the source's own query is about %s alone", f.src.Query.Datetime)
	}
	var main state
	if _, err := f.source.store.load(ctx, &main); err != nil {
		return err
	}
	if main.Plan != nil {
		f.plan = *main.Plan
	} else {
		facts, err := f.plain.Probe(ctx, f.src.Query)
		if err != nil {
			return fmt.Errorf("probe: %w", err)
		}
		if f.plan, err = Choose(facts, Auto); err != nil {
			return err
		}
	}
	f.query = f.plan.query(f.query)

	key := fmt.Sprintf("%s again=%t", fingerprint(f.query), f.b.Again)
	known, err := f.store.load(ctx, &f.state)
	if err != nil {
		return err
	}
	if known && f.state.Key == key && !f.state.Done {
		f.resumed = true
		f.log.Info("stac backfill goes on", zap.Stringer("with", f.state.Sweep.interval()))
		return nil
	}
	now := f.cfg.Now().UTC()
	sw := sweep{At: now, Stage: rest, Expected: -1, Step: minStep}
	if f.plan.Kind != stac.KindCatalog.String() {
		if sw.From, sw.To, err = f.extent(ctx, f.query, now); err != nil {
			return err
		}
		sw.Next, sw.Stage = sw.From, before
	}
	f.state = backfillState{Key: key, Sweep: sw}
	return f.save(ctx)
}

func (f *backfiller) save(ctx context.Context) error {
	text, err := encode(&f.state)
	if err == nil {
		_, err = f.store.publish(ctx, f.token, 0, text, nil)
	}
	return err
}

func (f *backfiller) tell() {
	if f.b.Progress != nil {
		f.b.Progress(f.progress())
	}
}

func (f *backfiller) progress() Progress {
	sw := &f.state.Sweep
	p := Progress{Items: sw.Sum.Items, Published: sw.Sum.Created + sw.Sum.Replaced, Resumed: f.resumed}
	if !sw.Next.IsZero() {
		p.Total = sw.To.Sub(sw.From)
		p.Done = sw.Next.Sub(sw.From)
		if sw.Stage > within {
			p.Done = p.Total
		}
	}
	return p
}
