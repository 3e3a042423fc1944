package poll

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"go.uber.org/zap"

	"github.com/leat-io/leat/stac"
)

const (
	// alwaysBelieved is how many items may be gone whatever MaxDeleted says.
	alwaysBelieved = 100
	// asked is how many items are asked for by their IDs at a time.
	asked = 100
)

// survey is what is known when a sweep has been through.
type survey struct {
	// found were seen by the sweep, known is all that is not deleted.
	found, known int
	days         map[string]int // of found
	missed       []record       // known, and not seen
	deleted      int
	gone         map[string]int // deleted, by day
}

func (l *lead) survey(ctx context.Context) (*survey, error) {
	s := &survey{days: map[string]int{}, gone: map[string]int{}}
	fields := map[string]bool{} // HSCAN may hand one out twice
	for r, err := range l.store.records(ctx) {
		switch {
		case err != nil:
			return nil, err
		case r.state == 'd':
			continue
		case r.pass >= l.state.Pass:
			s.found++
			s.days[r.day]++
		case !fields[r.field]:
			fields[r.field] = true
			s.missed = append(s.missed, r)
		}
	}
	s.known = s.found + len(s.missed)
	return s, nil
}

// delete publishes that items are gone which the sweep has not seen, and of which
// the server says so when it is asked for each of them.
func (l *lead) delete(ctx context.Context, s *survey) error {
	if n := len(s.missed); n > alwaysBelieved && float64(n) > l.src.MaxDeleted*float64(s.known) {
		return fmt.Errorf("%w: %d of %d, MaxDeleted is %g", ErrTooManyDeleted, n, s.known, l.src.MaxDeleted)
	}
	slices.SortFunc(s.missed, func(a, b record) int { return strings.Compare(a.field, b.field) })
	for from := 0; from < len(s.missed); {
		to := from + 1
		collection, _ := s.missed[from].names()
		for ; to < len(s.missed) && to-from < asked; to++ {
			if other, _ := s.missed[to].names(); other != collection {
				break
			}
		}
		if err := l.deleteSome(ctx, s, collection, s.missed[from:to]); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// deleteSome is delete for items of one collection.
func (l *lead) deleteSome(ctx context.Context, s *survey, collection string, missed []record) error {
	there, err := l.there(ctx, collection, missed)
	if err != nil {
		return err
	}
	var operations []any
	var gone []*record
	for i := range missed {
		r := &missed[i]
		_, id := r.names()
		var end fate
		if version, ok := there[id]; !ok {
			end, err = l.ask(ctx, collection, id, r)
		} else {
			end = l.judge(version, r, kept)
		}
		if err != nil {
			return err
		}
		switch end {
		case dropped:
			operations = append(operations, "drop", r.field, r.version)
			gone = append(gone, nil)
		case isGone:
			e, err := l.mint.deleted(collection, id, r.version, l.hrefOf(collection, id, r))
			if err != nil {
				return err
			}
			arguments := e.AppendArgs(nil)
			operations = append(append(operations, "gone", r.field, r.version, len(arguments)), arguments...)
			gone = append(gone, r)
		}
	}
	letters, err := l.store.publish(ctx, l.token, l.state.Pass, nil, operations)
	if err != nil {
		return err
	}
	n := 0
	for i, r := range gone {
		if r != nil && i < len(letters) && letters[i] == 'x' {
			n++
			s.gone[r.day]++
		}
	}
	if n > 0 {
		s.deleted += n
		l.cfg.Hooks.Published(l.src.Name, collection, Delete, n)
	}
	return nil
}

func (l *lead) hrefOf(collection, id string, r *record) string {
	if r.href != "" {
		return r.href
	}
	return l.mint.usualHref(collection, id)
}

// fate is what becomes of an item that a sweep has not seen.
type fate uint8

const (
	kept    fate = iota // the next sweep looks again
	dropped             // it is there, and matches the query no more
	isGone
)

// there are the versions of those that a search by IDs finds. What it does not find
// is asked for one by one.
func (l *lead) there(ctx context.Context, collection string, missed []record) (map[string]string, error) {
	found := map[string]string{}
	if l.state.Plan.Kind != stac.KindSearch.String() {
		return found, nil
	}
	q := stac.Query{Collections: []string{collection}}
	for i := range missed {
		_, id := missed[i].names()
		q.IDs = append(q.IDs, id)
	}
	for page, err := range l.client.Search(ctx, q) {
		if err != nil {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			l.log.Info("stac server does not search by IDs, items are asked for one by one", zap.Error(err))
			break
		}
		for i := range page.Items {
			found[page.Items[i].ID] = page.Items[i].Version()
		}
	}
	return found, nil
}

// ask gets the item itself. An answer that is neither the item nor that there is
// none decides nothing.
func (l *lead) ask(ctx context.Context, collection, id string, r *record) (fate, error) {
	item, err := l.client.Item(ctx, l.hrefOf(collection, id, r))
	var status *stac.StatusError
	switch {
	case ctx.Err() != nil:
		return kept, context.Cause(ctx)
	case err == nil && l.state.Plan.Kind == stac.KindCatalog.String():
		// Its catalog does not link to it any more, or it has changed so that it
		// matches no more.
		return l.judge(item.Version(), r, isGone), nil
	case err == nil:
		return l.judge(item.Version(), r, kept), nil
	case errors.As(err, &status) && (status.Code == http.StatusNotFound || status.Code == http.StatusGone):
		return isGone, nil
	}
	l.log.Warn("stac item was not found by a sweep, and asking for it fails: it is not deleted yet", zap.String("item", id), zap.Error(err))
	return kept, nil
}

// judge is the fate of an item that is there with a version: same when it is the
// one that is known.
func (l *lead) judge(version string, r *record, same fate) fate {
	q := &l.src.Query
	narrowed := !q.Datetime.IsZero() || len(q.BBox)+len(q.Intersects)+len(q.Query) > 0 || !q.Filter.IsZero()
	switch {
	case version == r.version:
		return same
	case narrowed:
		return dropped
	}
	return kept
}
