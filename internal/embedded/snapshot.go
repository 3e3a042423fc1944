package embedded

import (
	"maps"
	"slices"
)

// A Snapshot is what a broker held at one moment: all keys with their data,
// and nothing of clients and scripts. It never changes, and may be restored
// any number of times, into any broker.
type Snapshot struct {
	keys map[string]saved
}

// saved is a copy of an object, and of a guest its members.
type saved struct {
	object
	members []string
}

// Snapshot copies all keys.
func (b *Broker) Snapshot() *Snapshot {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.dropExpired(b.nowMillis())
	s := &Snapshot{make(map[string]saved, len(b.keys))}
	for key, o := range b.keys {
		members := b.members(key, o)
		s.keys[key] = saved{object{cloneValue(o.value), o.expires}, members}
	}
	return s
}

// members are those of a list or a set.
func (b *Broker) members(key string, o *object) (list []string) {
	switch o.value {
	case guest{"list"}:
		list, _ = b.redis.List(key)
	case guest{"set"}:
		list, _ = b.redis.Members(key)
	}
	return slices.Clone(list)
}

func cloneValue(value any) any {
	switch v := value.(type) {
	case *text:
		return &text{v.s}
	case *hash:
		return v.clone()
	case *sortedSet:
		return v.clone()
	case *stream:
		return v.clone()
	}
	return value
}

// Reset makes the broker as new: no keys, no scripts, no sessions (those still
// open end), client IDs from 1 on, memory not full, the clock that of
// time.Now. What it answers from now on is what a new broker would answer.
func (b *Broker) Reset() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.clock, b.offset, b.full = nil, 0, false
	b.restart(nil)
}

// Restore makes the broker a server that was started again and loaded these
// data: sessions end, those that are blocked with nil; scripts are forgotten;
// client IDs begin at 1. The clock and the state of memory stay.
func (b *Broker) Restore(s *Snapshot) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.restart(s)
}

func (b *Broker) restart(s *Snapshot) {
	b.cutAll()
	if b.hadGuests { // both take long
		b.redis.FlushAll()
		b.redis.Seed(1)
		b.hadGuests = false
	}
	clear(b.keys)
	clear(b.waiting)
	clear(b.scripts.loaded)
	b.lastConn, b.commands, b.watchers, b.nextExpiry, b.ready = 0, 0, 0, 0, nil
	b.started = b.now()
	if s == nil {
		return
	}
	for _, key := range slices.Sorted(maps.Keys(s.keys)) {
		kept := s.keys[key]
		b.keys[key] = &object{cloneValue(kept.value), kept.expires}
		if kept.expires != 0 {
			b.noteExpiry(kept.expires)
		}
		_, isGuest := kept.value.(guest)
		b.hadGuests = b.hadGuests || isGuest
		switch kept.value { // nothing is there that could be of another type
		case guest{"list"}:
			_, _ = b.redis.Push(key, kept.members...)
		case guest{"set"}:
			_, _ = b.redis.SAdd(key, kept.members...)
		}
	}
}

func (s *stream) clone() *stream {
	c := *s
	c.entries = slices.Clone(s.entries) // their fields never change
	c.nodes = make([]*node, len(s.nodes))
	copies := make(map[*node]*node, len(s.nodes))
	for i, n := range s.nodes {
		copied := *n
		c.nodes[i], copies[n] = &copied, &copied
	}
	for i := range c.entries {
		c.entries[i].node = copies[c.entries[i].node]
	}
	c.groups = make(map[string]*group, len(s.groups))
	for name, g := range s.groups {
		c.groups[name] = g.clone()
	}
	return &c
}

func (g *group) clone() *group {
	c := *g
	c.members = make(map[string]*member, len(g.members))
	for name, m := range g.members {
		copied := *m
		c.members[name] = &copied
	}
	c.pending = make([]*pending, len(g.pending))
	for i, p := range g.pending {
		copied := *p
		copied.owner = c.members[p.owner.name]
		c.pending[i] = &copied
	}
	return &c
}
