package embedded

import (
	"maps"
	"slices"
	"sort"
)

// A group is a consumer group. Its pending list is kept in the order of IDs.
type group struct {
	last    entryID
	read    int64 // entries-read, or unknownRead
	pending []*pending
	members map[string]*member
}

// A member is a consumer of a group. Times are milliseconds since 1970.
type member struct {
	name  string
	seen  int64
	count int64 // entries pending under this name
}

type pending struct {
	id         entryID
	owner      *member
	delivered  int64
	deliveries int64
}

func newGroup(last entryID, read int64) *group {
	return &group{last: last, read: read, members: map[string]*member{}}
}

func (g *group) from(id entryID) int {
	if n := len(g.pending); n == 0 || g.pending[n-1].id.compare(id) < 0 {
		return n
	}
	return sort.Search(len(g.pending), func(i int) bool { return g.pending[i].id.compare(id) >= 0 })
}

func (g *group) find(id entryID) *pending {
	if i := g.from(id); i < len(g.pending) && g.pending[i].id == id {
		return g.pending[i]
	}
	return nil
}

// give makes id pending under m with one delivery at now, whoever had it.
func (g *group) give(id entryID, m *member, now int64) *pending {
	p := g.find(id)
	if p == nil {
		p = &pending{id: id}
		g.pending = slices.Insert(g.pending, g.from(id), p)
	}
	p.delivered, p.deliveries = now, 1
	p.moveTo(m)
	return p
}

func (p *pending) moveTo(m *member) {
	if p.owner != nil {
		p.owner.count--
	}
	p.owner = m
	m.count++
}

// settle takes id off the pending list.
func (g *group) settle(id entryID) bool {
	i := g.from(id)
	if i == len(g.pending) || g.pending[i].id != id {
		return false
	}
	g.pending[i].owner.count--
	g.pending = slices.Delete(g.pending, i, i+1)
	return true
}

// member finds a consumer, or makes it; either way it was seen now.
func (g *group) member(name string, now int64) *member {
	m := g.members[name]
	if m == nil {
		m = &member{name: name}
		g.members[name] = m
	}
	m.seen = now
	return m
}

// forget removes a consumer with all it had pending, and says how much.
func (g *group) forget(m *member) int64 {
	n := m.count
	g.pending = slices.DeleteFunc(g.pending, func(p *pending) bool { return p.owner == m })
	delete(g.members, m.name)
	return n
}

func (g *group) memberNames() []string { return slices.Sorted(maps.Keys(g.members)) }

// advance moves the group's place to id, the way XREADGROUP does.
func (g *group) advance(s *stream, id entryID) {
	if id.compare(g.last) <= 0 {
		return
	}
	if g.read != unknownRead && !s.tombstonesFrom(id) {
		g.read++
	} else if s.added != 0 {
		g.read = s.distance(id)
	}
	g.last = id
}
