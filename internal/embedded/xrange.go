package embedded

import (
	"strconv"
	"strings"
)

func xlen(c *call) any {
	s, fail := c.b.stream(c.args[0])
	if s == nil {
		return orZero(fail)
	}
	return int64(len(s.entries))
}

// orZero answers for a key that is missing (0) or of another type.
func orZero(fail any) any {
	if fail != nil {
		return fail
	}
	return int64(0)
}

func xrange(c *call) any    { return rangeOf(c, c.args[1], c.args[2], false) }
func xrevrange(c *call) any { return rangeOf(c, c.args[2], c.args[1], true) }

func rangeOf(c *call, from, to string, reverse bool) any {
	start, end, fail := parseRange(from, to)
	if fail != nil {
		return fail
	}
	count := int64(-1)
	switch {
	case len(c.args) == 3:
	case len(c.args) != 5 || !strings.EqualFold(c.args[3], "count"):
		return badSyntax
	default:
		n, err := strconv.ParseInt(c.args[4], 10, 64)
		if err != nil {
			return badInt
		}
		count = max(n, 0)
	}
	s, fail := c.b.stream(c.args[0])
	switch {
	case fail != nil:
		return fail
	case s == nil:
		return []any{}
	case count == 0:
		return nullArray{}
	}
	return s.slice(start, end, int(count), reverse)
}

// slice is what XRANGE answers; a count below 0 is none.
func (s *stream) slice(start, end entryID, count int, reverse bool) []any {
	first, last := s.from(start), s.after(end)
	list := []any{}
	for i := range max(0, last-first) {
		if len(list) == count {
			break
		}
		at := first + i
		if reverse {
			at = last - 1 - i
		}
		list = append(list, entryReply(&s.entries[at]))
	}
	return list
}

func xdel(c *call) any {
	ids, ok := parseIDs(c.args[1:])
	if !ok {
		return badID
	}
	s, fail := c.b.stream(c.args[0])
	if s == nil {
		return orZero(fail)
	}
	var n int64
	for _, id := range ids {
		if s.remove(id) {
			n++
		}
	}
	return n
}

func xtrim(c *call) any {
	strategy := strings.ToLower(c.args[1])
	if strategy != "maxlen" && strategy != "minid" {
		return badSyntax
	}
	t, rest, fail := parseTrim(c.args[1:])
	if fail != nil {
		return fail
	}
	if len(rest) > 0 {
		return badSyntax
	}
	s, fail := c.b.stream(c.args[0])
	if s == nil {
		return orZero(fail)
	}
	return s.trim(t)
}

// xsetid: XSETID key last-id [ENTRIESADDED n MAXDELETEDID id]
func xsetid(c *call) any {
	last, ok := parseID(c.args[1], 0)
	if !ok {
		return badID
	}
	s, fail := c.b.stream(c.args[0])
	switch {
	case fail != nil:
		return fail
	case s == nil:
		return noSuchKey
	case len(s.entries) > 0 && last.compare(s.entries[len(s.entries)-1].id) < 0:
		return failure("ERR The ID specified in XSETID is smaller than the target stream top item")
	}
	added, maxDeleted := s.added, s.maxDeleted
	for args := c.args[2:]; len(args) > 0; args = args[2:] {
		if len(args) == 1 {
			return badSyntax
		}
		switch strings.ToLower(args[0]) {
		case "entriesadded":
			n, err := strconv.ParseInt(args[1], 10, 64)
			if err != nil {
				return badInt
			}
			added = n
		case "maxdeletedid":
			if maxDeleted, ok = parseID(args[1], 0); !ok {
				return badID
			}
		default:
			return badSyntax
		}
	}
	s.last, s.added, s.maxDeleted = last, added, maxDeleted
	return okReply
}
