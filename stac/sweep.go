package stac

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"go.uber.org/zap"
)

// minSplit is the shortest part of time that is asked for in halves. What is in
// one second and still too much for the server stays missing, with an error.
const minSplit = time.Second

// When nothing comes any more, it is not the length of intervals: so many parts in
// a row that the server had no time for (they make some hours of a month),
// or so long without a page.
const (
	maxSlowParts = 8
	maxSilence   = 10 * time.Minute
)

// A server that counts more than it has makes each part suspicious, down to the
// second. So many parts are asked for whatever comes of them, and one more for
// so many items that came.
const (
	maxParts     = 1000
	itemsForPart = 2
)

// Sweep is [Client.Discover] that does not take a suspicious end for an answer.
// Where the server ends before its own count, or with a full page and no count,
// where it goes round in circles, does not know its own next link any more, or
// runs out of time again and again, the halves of the interval are asked for in
// its place, and theirs, down to a second. It ends with an error that wraps
// [ErrIncomplete] where a thousand parts and more have not brought what the
// server counts. An item may come more than once. With [Query.Distrust] an answer
// counts only when its halves bring nothing new.
//
// Static catalogs are crawled, as Discover does it.
func (c *Client) Sweep(ctx context.Context, q Query) iter.Seq2[*Page, error] {
	return c.discover(ctx, q, func(ask asker, q Query) iter.Seq2[*Page, error] {
		return func(yield func(*Page, error) bool) {
			s := &sweeper{c: c, q: q, ask: ask, yield: yield, now: time.Now(), came: time.Now()}
			if whole := s.part(q.Datetime); s.suspicious(whole) {
				s.split(whole)
			}
			if err := cmp.Or(s.fatal, s.missing); err != nil && !s.left {
				yield(nil, err)
			}
		}
	})
}

// sweeper is one sweep under way.
type sweeper struct {
	c     *Client
	q     Query
	ask   asker
	yield func(*Page, error) bool
	now   time.Time

	parts   int       // that were asked for
	items   int       // that came of them
	slow    int       // parts in a row that the server had no time for
	came    time.Time // when the last page did
	left    bool      // whoever reads the pages has had enough
	fatal   error     // ended all of it
	missing error     // the first one that no splitting helps against
}

// outcome is what came of asking for one interval.
type outcome struct {
	interval Interval
	err      error
	doubtful bool // it ended without a count and without ever a next link
	pages    int
	ids      map[string]bool // kept where doubt is asked for
	lo, hi   time.Time       // the earliest and the latest start of its items
}

// part asks for one interval and hands its pages on.
func (s *sweeper) part(i Interval) outcome {
	q := s.q
	q.Datetime = i
	o := outcome{interval: i}
	s.parts++
	if q.Distrust {
		o.ids = map[string]bool{}
	}
	for page, err := range s.ask(q) {
		if err != nil {
			o.err = err
			break
		}
		o.doubtful = q.Distrust && page.Number == 1 && !page.Next && page.Matched < 0 && len(page.Items) > 1
		o.pages = page.Number
		o.note(page.Items)
		s.items += len(page.Items)
		s.slow, s.came = 0, time.Now()
		if !s.yield(page, nil) {
			s.left = true
			return o
		}
	}
	if slow(o.err) {
		s.slow++
	}
	if o.err != nil && (!splits(o.err) || s.slow >= maxSlowParts || slow(o.err) && time.Since(s.came) > maxSilence) {
		s.fatal = o.err
	} else if bound := maxParts + s.items/itemsForPart; o.err != nil && s.parts >= bound {
		s.fatal = fmt.Errorf("sweep: %d parts of time have brought %d items, and the server still has less than it says: %w", s.parts, s.items, o.err)
	}
	return o
}

// note remembers when what came was taken, and which items it was where that is
// wanted.
func (o *outcome) note(items []Item) {
	for i := range items {
		if o.ids != nil {
			o.ids[items[i].Collection+"/"+items[i].ID] = true
		}
		at := items[i].Span().Start
		if o.lo.IsZero() || at.Before(o.lo) {
			o.lo = at
		}
		if at.After(o.hi) {
			o.hi = at
		}
	}
}

func (s *sweeper) stopped() bool { return s.left || s.fatal != nil }

// suspicious tells whether the halves are to be asked for.
func (s *sweeper) suspicious(o outcome) bool {
	return !s.stopped() && (o.err != nil || o.doubtful)
}

// split asks for the halves of an interval, and for theirs where they are
// suspicious too.
func (s *sweeper) split(o outcome) {
	first, second, ok := s.halves(o)
	switch {
	case !ok:
		if s.missing == nil {
			s.missing = o.err
		}
		return
	case o.err == nil:
		s.verify(o, first, second)
		return
	}
	s.c.cfg.Logger.Info("stac answer is incomplete, asking for halves of the interval", zap.Stringer("interval", o.interval), zap.Error(o.err))
	for _, half := range []Interval{first, second} {
		if part := s.part(half); s.suspicious(part) {
			s.split(part)
		}
		if s.stopped() {
			return
		}
	}
}

// verify asks for the halves of an interval whose answer is good, if it is whole.
func (s *sweeper) verify(o outcome, first, second Interval) {
	a := s.part(first)
	if s.stopped() {
		return
	}
	b := s.part(second)
	// A half that has all of it proves nothing: it may have been cut at the same
	// number.
	proven := a.err == nil && b.err == nil && !brings(o.ids, a.ids) && !brings(o.ids, b.ids)
	if proven && len(a.ids) < len(o.ids) && len(b.ids) < len(o.ids) {
		return
	}
	for _, half := range []outcome{a, b} {
		if s.suspicious(half) {
			s.split(half)
		}
	}
}

// brings tells whether there is an ID in found that is not in known.
func brings(known, found map[string]bool) bool {
	for id := range found {
		if !known[id] {
			return true
		}
	}
	return false
}

// splits tells whether less at a time may help.
func splits(err error) bool {
	var truncated *TruncatedError
	var loop *LoopError
	var lost *LostPageError
	return errors.As(err, &truncated) || errors.As(err, &loop) || errors.As(err, &lost) || slow(err)
}

// halves cuts an interval in the middle, or in the middle of what came where that
// is all there is to doubt, or several pages of it: most of all time is empty, and
// to ask for half of it would bring the same pages again. Both have the instant
// in which they meet. An open end reaches to where no image is older, or to
// tomorrow.
func (s *sweeper) halves(o outcome) (first, second Interval, ok bool) {
	i := o.interval
	start, end := i.Start, i.End
	closed := !start.IsZero() && !end.IsZero()
	if (o.err == nil || o.pages > 1 && !slow(o.err)) && o.hi.Sub(o.lo) >= minSplit && (!closed || end.Sub(start) >= minSplit) {
		middle := o.lo.Add(o.hi.Sub(o.lo) / 2).Truncate(time.Millisecond)
		inside := middle.After(start) && (end.IsZero() || middle.Before(end))
		if inside || o.err == nil {
			return Interval{Start: start, End: middle}, Interval{Start: middle, End: end}, inside
		}
	}
	if start.IsZero() {
		start = time.Unix(0, 0).UTC()
		if !end.IsZero() && !end.After(start) {
			start = end.AddDate(-100, 0, 0)
		}
	}
	if end.IsZero() {
		end = s.now.Add(24 * time.Hour)
		if !end.After(start) {
			end = start.AddDate(100, 0, 0)
		}
	}
	length := end.Sub(start)
	if length < minSplit {
		return i, i, false
	}
	middle := start.Add(length / 2).Truncate(time.Millisecond)
	return Interval{Start: i.Start, End: middle}, Interval{Start: middle, End: i.End}, true
}
