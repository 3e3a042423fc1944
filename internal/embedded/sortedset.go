package embedded

import (
	"cmp"
	"maps"
	"slices"
	"sort"
	"strings"
)

// A sortedSet keeps its members in the order of their scores, those of one
// score in the order of their bytes.
type sortedSet struct {
	scores map[string]float64
	order  []scored
}

type scored struct {
	member string
	score  float64
}

func newSortedSet() *sortedSet { return &sortedSet{scores: map[string]float64{}} }

func compareScored(a, b scored) int {
	if c := cmp.Compare(a.score, b.score); c != 0 {
		return c
	}
	return strings.Compare(a.member, b.member)
}

func (z *sortedSet) len() int { return len(z.order) }

func (z *sortedSet) set(member string, score float64) {
	z.remove(member)
	if score == 0 {
		score = 0 // not -0, which a small sorted set of Redis does not keep
	}
	m := scored{member, score}
	i, _ := slices.BinarySearchFunc(z.order, m, compareScored)
	z.order = slices.Insert(z.order, i, m)
	z.scores[member] = score
}

func (z *sortedSet) remove(member string) bool {
	i := z.rank(member)
	if i < 0 {
		return false
	}
	z.order = slices.Delete(z.order, i, i+1)
	delete(z.scores, member)
	return true
}

// removeRange removes the members at the places from and behind to.
func (z *sortedSet) removeRange(from, to int) {
	for _, m := range z.order[from:to] {
		delete(z.scores, m.member)
	}
	z.order = slices.Delete(z.order, from, to)
}

// rank is the place of a member, -1 when it is none.
func (z *sortedSet) rank(member string) int {
	score, ok := z.scores[member]
	if !ok {
		return -1
	}
	i, _ := slices.BinarySearchFunc(z.order, scored{member, score}, compareScored)
	return i
}

func (z *sortedSet) clone() *sortedSet {
	return &sortedSet{maps.Clone(z.scores), slices.Clone(z.order)}
}

// A scoreBound is one end of a range of scores.
type scoreBound struct {
	score float64
	open  bool // the score itself does not belong to it
}

// parseScoreRange reads min and max, each with a ( in front when it is open.
func parseScoreRange(low, high string) (lower, upper scoreBound, fail any) {
	lower, ok := parseScoreBound(low)
	upper, ok2 := parseScoreBound(high)
	if !ok || !ok2 {
		return lower, upper, failure("ERR min or max is not a float")
	}
	return lower, upper, nil
}

// parseScoreBound is laxer than parseFloat: this is a bare strtod, to which
// an empty text is 0 and which skips space.
func parseScoreBound(s string) (bound scoreBound, ok bool) {
	s, bound.open = strings.CutPrefix(s, "(")
	if s == "" {
		return bound, true
	}
	bound.score, _, ok = strtod(s)
	return bound, ok
}

// inScores gives the places of the range: from, and the one behind its end.
func (z *sortedSet) inScores(low, high scoreBound) (from, to int) {
	from = sort.Search(len(z.order), func(i int) bool {
		s := z.order[i].score
		return s > low.score || s == low.score && !low.open
	})
	to = sort.Search(len(z.order), func(i int) bool {
		s := z.order[i].score
		return s > high.score || s == high.score && high.open
	})
	return from, max(from, to)
}

// A lexBound is one end of a range of members: [a, (a, - or +.
type lexBound struct {
	member string
	open   bool
	edge   int // -1 for -, 1 for +
}

func parseLexRange(low, high string) (lower, upper lexBound, fail any) {
	lower, ok := parseLexBound(low)
	upper, ok2 := parseLexBound(high)
	if !ok || !ok2 {
		return lower, upper, failure("ERR min or max not valid string range item")
	}
	return lower, upper, nil
}

func parseLexBound(s string) (lexBound, bool) {
	switch {
	case s == "-":
		return lexBound{edge: -1}, true
	case s == "+":
		return lexBound{edge: 1}, true
	case strings.HasPrefix(s, "["), strings.HasPrefix(s, "("):
		return lexBound{member: s[1:], open: s[0] == '('}, true
	}
	return lexBound{}, false
}

// admits says whether a member is on the right side of the bound: at or above
// a lower one (side 1), at or below an upper one (side -1).
func (l lexBound) admits(member string, side int) bool {
	if l.edge != 0 {
		return l.edge == -side
	}
	c := strings.Compare(member, l.member) * side
	return c > 0 || c == 0 && !l.open
}

// inLex is inScores for ranges of members. They make sense when all have one
// score only; when not, the result is what Redis' way of looking happens to
// find, which depends on where it begins.
func (z *sortedSet) inLex(low, high lexBound, reverse bool) (from, to int) {
	n := len(z.order)
	above := func(i int) bool { return low.admits(z.order[i].member, 1) }
	below := func(i int) bool { return high.admits(z.order[i].member, -1) }
	if n == 0 || low.beyond(high) || !above(n-1) || !below(0) {
		return 0, 0
	}
	if reverse {
		for to = n; to > 0 && !below(to-1); {
			to--
		}
		for from = to; from > 0 && above(from-1); {
			from--
		}
		return from, to
	}
	for from < n && !above(from) {
		from++
	}
	for to = from; to < n && below(to); {
		to++
	}
	return from, to
}

// beyond says whether nothing can be between a lower and an upper bound.
func (l lexBound) beyond(high lexBound) bool {
	if l.edge != 0 || high.edge != 0 {
		return l.edge > high.edge || l.edge == high.edge && l.edge != 0
	}
	c := strings.Compare(l.member, high.member)
	return c > 0 || c == 0 && (l.open || high.open)
}
