package history

import (
	"cmp"
	"slices"
)

// life is what was done to one process.
type life struct {
	crash, term int64 // forever when it never was
	stalls      []span
}

// span is a time from one moment to another. started: it explains a start, see pausedStart.
type span struct {
	from, to int64
	started  bool
}

func (c *check) life(process string) *life {
	l := c.lives[process]
	if l == nil {
		l = &life{crash: forever, term: forever}
		c.lives[process] = l
	}
	return l
}

// addLife notes what was done to a process. Stops and their ends may come from two files: the process' own, which finds that it
// was not run for a while, and that of who stopped it.
func (c *check) addLife(r *Record) {
	l := c.life(r.Process)
	switch r.Op {
	case Crash:
		l.crash = min(l.crash, r.At)
		c.crashes = append(c.crashes, r)
	case Term, Exit:
		l.term = min(l.term, r.At)
	case Stop:
		l.stalls = append(l.stalls, span{from: r.At})
	case Cont:
		l.stalls = append(l.stalls, span{to: r.At})
	}
}

// pairStalls makes spans of single stops and ends: an end belongs to the last stop before it, and a stop without an end lasts
// for ever.
func (l *life) pairStalls() {
	edges := l.stalls
	slices.SortStableFunc(edges, func(a, b span) int { return cmp.Compare(max(a.from, a.to), max(b.from, b.to)) })
	var spans []span
	for _, e := range edges {
		last := len(spans) - 1
		switch {
		case e.from > 0 && (last < 0 || spans[last].to != forever):
			spans = append(spans, span{from: e.from, to: forever})
		case e.from > 0: // it is stopped already
		case last >= 0:
			spans[last].to = e.to // the later of two ends
		}
	}
	l.stalls = spans
}

// stalled is for how long the process stood still between two times.
func (l *life) stalled(from, to int64) (sum int64) {
	for _, s := range l.stalls {
		sum += max(0, min(s.to, to)-max(s.from, from))
	}
	return sum
}
