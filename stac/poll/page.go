package poll

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/leat-io/leat/stac"
)

// What the script does with an item; see scripts/publish.lua.
const (
	modePass  = "pass"  // one that is not known was there before
	modeLive  = "live"  // one that is not known is new
	modeAll   = "all"   // what was passed over is published, too
	modeAgain = "again" // what was published is published again
)

// tally is what a pass has come to.
type tally struct {
	Items, Created, Replaced, Deleted, Same, Passed int
	// Stray are items that the server should not have sent, Bad those that cannot
	// be published, Failed what could not be read.
	Stray, Bad, Failed int
}

func (t *tally) add(o tally) {
	t.Items += o.Items
	t.Created += o.Created
	t.Replaced += o.Replaced
	t.Deleted += o.Deleted
	t.Same += o.Same
	t.Passed += o.Passed
	t.Stray += o.Stray
	t.Bad += o.Bad
	t.Failed += o.Failed
}

// worker turns pages into batches of the script: of a pass, a sweep or a backfill.
type worker struct {
	*source
	store *store
	token string
	pass  int64
	// mode is what is to be done with an item.
	mode func(item *stac.Item) string
	// lags are the counters of lags that an item adds to, and the lag itself.
	lags func(item *stac.Item) (counters string, late time.Duration)
	// missing counts published items by day, where it is not nil.
	missing map[string]int
	sum     tally

	batch batch
	by    map[string]*tally // of the page, by collection
}

// batch is what the next script is told.
type batch struct {
	arguments []any
	bytes     int
	about     []about
}

// about is what an answer of the script is about.
type about struct {
	item       *stac.Item // of an item
	ref        stac.Ref   // of one that is as it was
	collection string
	lag        time.Duration
}

// maxBatchBytes keeps one script from holding Redis up.
const maxBatchBytes = 1 << 20

// page publishes what is new on a page. What is in the stream counts, also where the rest of the page fails.
func (w *worker) page(ctx context.Context, p *stac.Page) (err error) {
	defer func() {
		if err == nil {
			w.cfg.Hooks.Page(w.src.Name, PageInfo{Items: len(p.Items), Stray: p.Stray, Unchanged: len(p.Unchanged), Bytes: p.Bytes})
		}
		w.tell()
	}()
	if p.Stray > 0 && w.sum.Stray == 0 { // once a pass
		w.log.Warn("stac server sends items that it was not asked for", zap.Int("items", p.Stray), zap.String("reason", p.StrayReason))
	}
	w.beat()
	w.sum.Stray += p.Stray
	w.by = map[string]*tally{}
	for _, node := range p.Failed {
		w.sum.Failed++
		w.cfg.Hooks.Bad(w.src.Name, node)
		w.log.Warn("stac catalog node cannot be read", zap.Error(node))
	}
	for i := range p.Items {
		if err := w.item(ctx, &p.Items[i]); err != nil {
			return err
		}
	}
	for _, ref := range p.Unchanged {
		w.batch.add(about{ref: ref, collection: ref.Collection}, "touch", fieldOf(ref.Collection, ref.ID), ref.Version)
		if err := w.flushAt(ctx, w.cfg.Batch); err != nil {
			return err
		}
	}
	for len(w.batch.about) > 0 { // a flush may bring items that have to be read
		if err := w.flushAt(ctx, 1); err != nil {
			return err
		}
	}
	return nil
}

// tell reports what a page came to to the hooks.
func (w *worker) tell() {
	hooks, name := &w.cfg.Hooks, w.src.Name
	for collection, t := range w.by {
		hooks.Discovered(name, collection, t.Items)
		for _, counted := range []struct {
			n    int
			told func(n int)
		}{
			{t.Same, func(n int) { hooks.Duplicates(name, collection, n) }},
			{t.Passed, func(n int) { hooks.PassedOver(name, collection, n) }},
			{t.Created, func(n int) { hooks.Published(name, collection, Create, n) }},
			{t.Replaced, func(n int) { hooks.Published(name, collection, Replace, n) }},
		} {
			if counted.n > 0 {
				counted.told(counted.n)
			}
		}
		w.sum.add(*t)
	}
}

// item puts one item into the batch. One that makes no event is told of, and does
// not keep the others back.
func (w *worker) item(ctx context.Context, item *stac.Item) error {
	e, err := w.mint.about(item)
	if err != nil {
		w.sum.Bad++
		w.cfg.Hooks.Bad(w.src.Name, err)
		w.log.Error("stac item cannot be published", zap.Error(err))
		return nil
	}
	href := item.Href
	if href == w.mint.usualHref(item.Collection, item.ID) {
		href = ""
	}
	counters, late := w.lags(item)
	arguments := e.AppendArgs(nil)
	w.batch.bytes += e.Size()
	w.batch.add(about{item: item, collection: item.Collection, lag: late}, append([]any{
		"item", fieldOf(item.Collection, item.ID), dayOf(item), item.Version(), href, w.mode(item), counters, len(arguments),
	}, arguments...)...)
	return w.flushAt(ctx, w.cfg.Batch)
}

func (b *batch) add(a about, arguments ...any) {
	b.arguments = append(b.arguments, arguments...)
	b.about = append(b.about, a)
}

// flushAt runs the script when the batch has that many items.
func (w *worker) flushAt(ctx context.Context, size int) error {
	if len(w.batch.about) == 0 || len(w.batch.about) < size && w.batch.bytes < maxBatchBytes {
		return nil
	}
	done := w.batch
	w.batch = batch{}
	letters, err := w.store.publish(ctx, w.token, w.pass, nil, done.arguments)
	if err != nil {
		return err
	}
	w.beat()
	if len(letters) != len(done.about) {
		return fmt.Errorf("publish items of source %s: script answers %q about %d items", w.src.Name, letters, len(done.about))
	}
	var unknown []stac.Ref
	for i, a := range done.about {
		if letters[i] == 'u' {
			unknown = append(unknown, a.ref)
			continue
		}
		w.count(&a, letters[i])
	}
	for _, ref := range unknown {
		if err := w.fetch(ctx, ref); err != nil {
			return err
		}
	}
	return nil
}

// count takes the answer about one item.
func (w *worker) count(a *about, letter byte) {
	t := w.by[a.collection]
	if t == nil {
		t = &tally{}
		w.by[a.collection] = t
	}
	t.Items++
	switch letter {
	case 'c':
		t.Created++
		if a.lag > 0 {
			w.cfg.Hooks.Lag(w.src.Name, a.collection, a.lag)
		}
	case 'r':
		t.Replaced++
	case 'k':
		t.Passed++
	default:
		t.Same++
	}
	if w.missing != nil && (letter == 'c' || letter == 'r') {
		w.missing[dayOf(a.item)]++
	}
}

// fetch reads an item of which the catalog's cache says that it is as it was, and
// which was not published like that: the cache outlived what is known.
func (w *worker) fetch(ctx context.Context, ref stac.Ref) error {
	item, err := w.client.Item(ctx, ref.Href)
	if err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		w.sum.Failed++
		err = fmt.Errorf("item %.80q of collection %.80q: %w", ref.ID, ref.Collection, err)
		w.cfg.Hooks.Bad(w.src.Name, err)
		w.log.Warn("stac item cannot be read", zap.Error(err))
		return nil
	}
	def(&item.Collection, ref.Collection)
	return w.item(ctx, item)
}
