package stac

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// probedIDs is how many items a trial of a grammar asks for by name.
const probedIDs = 20

// updated tries the grammars in which changes can be asked for, the most exact
// one first, until one is understood and held to.
func (p *prober) updated(ctx context.Context) {
	f := p.facts
	if f.WithUpdated == 0 {
		p.trial("updated", false, "no item of the sample has it")
		return
	}
	for _, g := range []Grammar{GrammarTimestamp, GrammarString, GrammarQuery} {
		what := "updated by " + g.String()
		advertised := f.Advertised.Filter || f.Advertised.CQL2JSON || f.Advertised.CQL2Text
		if g == GrammarQuery {
			advertised = f.Advertised.Query
		}
		if !advertised {
			p.trial(what, false, "not advertised")
			continue
		}
		if reason := p.grammar(ctx, g); reason != "" {
			p.trial(what, false, "%s", reason)
			continue
		}
		p.trial(what, true, "what was changed since then comes, and nothing else")
		f.Grammar = g
		return
	}
}

// grammar tells what is wrong with a grammar, nothing when it holds: of items
// known by name those come that were updated since the middle one, and none that
// was updated in the future.
func (p *prober) grammar(ctx context.Context, g Grammar) string {
	known := p.known()
	pivot := known[len(known)/2].Updated
	reason := p.since(ctx, g, known, pivot, true)
	if reason != "" { // some servers look at nothing else where there are IDs
		if p.since(ctx, g, known, pivot, false) != "" {
			return reason
		}
	}
	q := p.base(2)
	q.Grammar, q.Updated = g, Interval{Start: time.Now().AddDate(10, 0, 0)}
	doc, _, err := p.ask(ctx, q)
	switch {
	case err != nil:
		return err.Error()
	case doc.returned > 0:
		return fmt.Sprintf("%d items came that are said to be updated in ten years: the filter is ignored, or applied to something else", doc.returned)
	}
	return ""
}

// known are items of the sample with updated, of one collection, sorted by it.
func (p *prober) known() []Item {
	var list []Item
	for _, item := range p.items {
		if !item.Updated.IsZero() && len(list) < probedIDs && (len(list) == 0 || item.Collection == list[0].Collection) {
			list = append(list, item)
		}
	}
	slices.SortFunc(list, func(a, b Item) int { return a.Updated.Compare(b.Updated) })
	return list
}

// since asks for what was updated since the pivot, and compares.
func (p *prober) since(ctx context.Context, g Grammar, known []Item, pivot time.Time, byID bool) string {
	// String literals are sent a second or two further out.
	const tolerance = 2 * time.Second
	q := Query{Limit: probedIDs, Grammar: g, Updated: Interval{Start: pivot}}
	if known[0].Collection != "" {
		q.Collections = []string{known[0].Collection}
	}
	wanted := map[string]bool{}
	for i := range known {
		if !known[i].Updated.Before(pivot) {
			wanted[known[i].ID] = true
		}
		if byID {
			q.IDs = append(q.IDs, known[i].ID)
			continue
		}
		q.Limit = 4 * probedIDs // the time of the sample may have more than the sample
		q.Datetime = around(q.Datetime, known[i].Span())
	}
	doc, _, err := p.ask(ctx, q)
	if err != nil {
		return err.Error()
	}
	for i := range doc.features {
		item := &doc.features[i]
		if item.Updated.Before(pivot.Add(-tolerance)) {
			return fmt.Sprintf("updated since %s was asked for, and %q came, which was updated at %s: the filter is ignored, or applied to something else",
				pivot.Format(sent), item.ID, item.Updated.Format(sent))
		}
		delete(wanted, item.ID)
	}
	switch {
	case doc.returned == 0:
		return fmt.Sprintf("updated since %s was asked for, and none of %d items came", pivot.Format(sent), len(wanted))
	case len(wanted) > 0:
		return fmt.Sprintf("updated since %s was asked for, and %d items did not come that were", pivot.Format(sent), len(wanted))
	}
	return ""
}

// around is the shortest interval with both in it.
func around(a, b Interval) Interval {
	if a.Start.IsZero() || b.Start.Before(a.Start) {
		a.Start = b.Start
	}
	if b.End.After(a.End) {
		a.End = b.End
	}
	return a
}

// sorting tells whether a sort by updated is held to.
func (p *prober) sorting(ctx context.Context) {
	f := p.facts
	if !f.Advertised.Sort || f.WithUpdated == 0 {
		p.trial("sort by updated", false, "advertised: %t, items with updated: %d", f.Advertised.Sort, f.WithUpdated)
		return
	}
	q := p.base(sampleSize)
	q.Sort = []Sort{{Field: "properties.updated", Descending: true}}
	doc, _, err := p.ask(ctx, q)
	if err != nil {
		p.trial("sort by updated", false, "%v", err)
		return
	}
	f.Sorts = slices.IsSortedFunc(doc.features, func(a, b Item) int { return b.Updated.Compare(a.Updated) })
	for i := range p.items {
		f.Sorts = f.Sorts && len(doc.features) > 0 && !p.items[i].Updated.After(doc.features[0].Updated)
	}
	p.trial("sort by updated", f.Sorts, "%d items came, in order: %t", len(doc.features), f.Sorts)
}
