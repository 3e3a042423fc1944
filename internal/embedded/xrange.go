package embedded

import "strings"

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
	for args := c.args[3:]; len(args) > 0; args = args[2:] {
		if len(args) == 1 || !strings.EqualFold(args[0], "count") {
			return badSyntax
		}
		n, ok := parseInt(args[1])
		if !ok {
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
	s, fail := c.b.stream(c.args[0])
	if s == nil {
		return orZero(fail)
	}
	ids, ok := parseIDs(c.args[1:])
	if !ok {
		return badID
	}
	var n int64
	for _, id := range ids {
		if s.remove(id) {
			n++
		}
	}
	return n
}

// xtrim: XTRIM key MAXLEN|MINID [=|~] n [LIMIT n]
func xtrim(c *call) any {
	var options addOptions
	if _, fail := options.parse(c.args[1:], false); fail != nil {
		return fail
	}
	s, fail := c.b.stream(c.args[0])
	if s == nil {
		return orZero(fail)
	}
	return s.trim(options.trim)
}

// xsetid: XSETID key last-id [ENTRIESADDED n] [MAXDELETEDID id]
func xsetid(c *call) any {
	last, ok := parseID(c.args[1], 0)
	if !ok {
		return badID
	}
	added, maxDeleted, fail := setidOptions(c.args[2:], last)
	if fail != nil {
		return fail
	}
	s, fail := c.b.stream(c.args[0])
	switch {
	case fail != nil:
		return fail
	case s == nil:
		return noSuchKey
	case len(s.entries) > 0 && last.compare(s.entries[len(s.entries)-1].id) < 0:
		return failure("ERR The ID specified in XSETID is smaller than the target stream top item")
	case added >= 0 && int64(len(s.entries)) > added:
		return failure("ERR The entries_added specified in XSETID is smaller than the target stream length")
	}
	s.last = last
	if added >= 0 {
		s.added = added
	}
	if !maxDeleted.isZero() {
		s.maxDeleted = maxDeleted
	}
	return okReply
}

// setidOptions: added is -1 and maxDeleted 0-0 where they are not given.
func setidOptions(args []string, last entryID) (added int64, maxDeleted entryID, fail any) {
	added = -1
	for ; len(args) > 0; args = args[2:] {
		option := strings.ToLower(args[0])
		if len(args) == 1 || option != "entriesadded" && option != "maxdeletedid" {
			return 0, maxDeleted, badSyntax
		}
		var ok bool
		if option == "maxdeletedid" {
			if maxDeleted, ok = parseID(args[1], 0); !ok {
				return 0, maxDeleted, badID
			}
			if last.compare(maxDeleted) < 0 {
				return 0, maxDeleted, failure("ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id")
			}
			continue
		}
		if added, ok = parseInt(args[1]); !ok {
			return 0, maxDeleted, badInt
		}
		if added < 0 {
			return 0, maxDeleted, failure("ERR entries_added must be positive")
		}
	}
	return added, maxDeleted, nil
}
