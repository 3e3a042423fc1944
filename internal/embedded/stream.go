package embedded

import (
	"slices"
	"sort"
)

type entry struct {
	id     entryID
	fields []string // name, value, name, value, as they were sent
	node   *node
}

// A stream holds what Redis holds of one: its entries in order of their IDs,
// its groups, and the counters that lag is worked out from.
type stream struct {
	entries    []entry
	last       entryID
	maxDeleted entryID
	added      int64
	groups     map[string]*group
	nodes      []*node
}

func newStream() *stream { return &stream{groups: map[string]*group{}} }

// from is the place of the first entry at or above id.
func (s *stream) from(id entryID) int {
	return sort.Search(len(s.entries), func(i int) bool { return s.entries[i].id.compare(id) >= 0 })
}

// after is the place of the first entry above id. Readers mostly stand near
// the end of the stream, so that is looked at first.
func (s *stream) after(id entryID) int {
	if id.compare(s.last) >= 0 {
		return len(s.entries)
	}
	return sort.Search(len(s.entries), func(i int) bool { return s.entries[i].id.compare(id) > 0 })
}

func (s *stream) get(id entryID) *entry {
	if i := s.from(id); i < len(s.entries) && s.entries[i].id == id {
		return &s.entries[i]
	}
	return nil
}

func (s *stream) first() entryID {
	if len(s.entries) == 0 {
		return entryID{}
	}
	return s.entries[0].id
}

func (s *stream) append(id entryID, fields []string) {
	s.entries = append(s.entries, entry{id, fields, s.nodeFor(id, fields)})
	s.last = id
	s.added++
}

func (s *stream) remove(id entryID) bool {
	i := s.from(id)
	if i == len(s.entries) || s.entries[i].id != id {
		return false
	}
	s.dropEntry(s.entries[i].node)
	if i == 0 {
		s.entries = s.entries[1:]
	} else {
		s.entries = slices.Delete(s.entries, i, i+1)
	}
	s.noteDeleted(id)
	return true
}

func (s *stream) noteDeleted(id entryID) {
	if id.compare(s.maxDeleted) > 0 {
		s.maxDeleted = id
	}
}

// tombstonesFrom says whether an entry at or above id was deleted by XDEL,
// and one before it is left.
func (s *stream) tombstonesFrom(id entryID) bool {
	return len(s.entries) > 0 && !s.maxDeleted.isZero() && s.first().compare(s.maxDeleted) <= 0 && id.compare(s.maxDeleted) <= 0
}

// unknownRead is the entries-read of a group whose place cannot be counted.
const unknownRead = -1

// distance is how many entries were ever added up to id, as far as Redis 7.0
// can tell without counting, else unknownRead.
func (s *stream) distance(id entryID) int64 {
	switch {
	case s.added == 0:
		return 0
	case len(s.entries) == 0 && id.compare(s.last) < 1:
		return s.added
	case id == s.last:
		return s.added
	case id.compare(s.last) > 0:
		return unknownRead
	}
	if s.maxDeleted.isZero() || s.maxDeleted.compare(s.first()) < 0 {
		switch c := id.compare(s.first()); {
		case c < 0:
			return s.added - int64(len(s.entries))
		case c == 0:
			return s.added - int64(len(s.entries)) + 1
		}
	}
	return unknownRead
}

// lag is XINFO GROUPS' lag: entries not yet given to g, or null.
func (s *stream) lag(g *group) any {
	if s.added == 0 {
		return int64(0)
	}
	if g.read != unknownRead && !s.tombstonesFrom(g.last) {
		return s.added - g.read
	}
	if d := s.distance(g.last); d != unknownRead {
		return s.added - d
	}
	return null{}
}

func entryReply(e *entry) any {
	fields := make([]any, len(e.fields))
	for i, f := range e.fields {
		fields[i] = f
	}
	return []any{e.id.String(), fields}
}
