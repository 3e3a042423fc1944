package stac

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// slack is how far out of the time asked for an item may be: servers round.
const slack = time.Second

// matcher compares items with a query. What it cannot judge, it lets pass: an
// event too many is a nuisance, one too few is a loss.
type matcher struct {
	q    *Query
	bbox []float64 // of Intersects, where that is given
}

func newMatcher(q *Query) *matcher {
	m := &matcher{q: q, bbox: q.BBox}
	if len(q.Intersects) > 0 {
		m.bbox = bboxOf(q.Intersects)
	}
	return m
}

// reject is why an item is none of those that were asked for; empty when it is.
func (m *matcher) reject(item *Item) string {
	start, end := item.Start, item.End
	if !item.Datetime.IsZero() {
		// Servers look at either of them where an item has both.
		if start.IsZero() || item.Datetime.Before(start) {
			start = item.Datetime
		}
		if end.IsZero() || item.Datetime.After(end) {
			end = item.Datetime
		}
	}
	return m.rejects(item.Collection, item.ID, start, end, item.Updated, item.BBox)
}

func (m *matcher) rejects(collection, id string, start, end, updated time.Time, bbox []float64) string {
	q := m.q
	switch {
	case len(q.Collections) > 0 && !slices.Contains(q.Collections, collection):
		return fmt.Sprintf("item %.80q is of collection %.80q, which was not asked for", id, collection)
	case len(q.IDs) > 0 && !slices.Contains(q.IDs, id):
		return fmt.Sprintf("item %.80q was not asked for", id)
	case m.outside(q.Datetime, start, end):
		return fmt.Sprintf("item %.80q is of %s, and %s was asked for", id, start.Format(sent), q.Datetime)
	case !q.Updated.IsZero() && !q.Updated.Contains(updated):
		return fmt.Sprintf("item %.80q was updated at %s, and %s was asked for", id, updated.Format(sent), q.Updated)
	case len(m.bbox) > 0 && len(bbox) > 0 && !overlap(m.bbox, bbox):
		return fmt.Sprintf("item %.80q is at %v, and %v was asked for", id, bbox, m.bbox)
	}
	return ""
}

func (m *matcher) outside(i Interval, start, end time.Time) bool {
	if i.IsZero() || start.IsZero() && end.IsZero() {
		return false
	}
	if start.IsZero() {
		start = end
	}
	if end.IsZero() {
		end = start
	}
	return !i.overlaps(start.Add(-slack), end.Add(slack))
}

// overlap tells whether two boxes have a part of the earth in common. Rounding
// counts for nothing, and longitudes beyond 180 degrees are not judged.
func overlap(a, b []float64) bool {
	const rounding = 1e-6
	aw, as, ae, an := corners(a)
	bw, bs, be, bn := corners(b)
	for _, x := range [...]float64{aw, ae, bw, be} {
		if x < -180-rounding || x > 180+rounding {
			return true
		}
	}
	if as > bn+rounding || bs > an+rounding {
		return false
	}
	for _, x := range spans(aw, ae) {
		for _, y := range spans(bw, be) {
			if x[0] <= y[1]+rounding && y[0] <= x[1]+rounding {
				return true
			}
		}
	}
	return false
}

func corners(b []float64) (west, south, east, north float64) {
	half := len(b) / 2
	return b[0], b[1], b[half], b[half+1]
}

// spans is one span of longitudes, two where it crosses the antimeridian.
func spans(west, east float64) [][2]float64 {
	if west <= east {
		return [][2]float64{{west, east}}
	}
	return [][2]float64{{west, 180}, {-180, east}}
}

// bboxOf is the box around a GeoJSON geometry, nil when there is none to be seen.
func bboxOf(geometry json.RawMessage) []float64 {
	var g struct {
		Coordinates any
		Geometries  []json.RawMessage
	}
	if json.Unmarshal(geometry, &g) != nil {
		return nil
	}
	var box []float64
	grow := func(west, south, east, north float64) {
		if box == nil {
			box = []float64{west, south, east, north}
		}
		box = []float64{min(box[0], west), min(box[1], south), max(box[2], east), max(box[3], north)}
	}
	var visit func(v any)
	visit = func(v any) {
		list, _ := v.([]any)
		if len(list) >= 2 {
			x, isX := list[0].(float64)
			y, isY := list[1].(float64)
			if isX && isY {
				grow(x, y, x, y)
				return
			}
		}
		for _, inner := range list {
			visit(inner)
		}
	}
	visit(g.Coordinates)
	for _, inner := range g.Geometries {
		if b := bboxOf(inner); b != nil {
			grow(b[0], b[1], b[2], b[3])
		}
	}
	return box
}
