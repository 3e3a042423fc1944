package embedded

import (
	"maps"
	"slices"
	"strings"
)

func xinfoStream(c *call) any {
	s, fail := c.b.stream(c.args[1])
	switch {
	case fail != nil:
		return fail
	case s == nil:
		return noSuchKey
	case len(c.args) > 2 && strings.EqualFold(c.args[2], "full"):
		return failure("ERR XINFO STREAM FULL is not supported by the embedded broker")
	case len(c.args) > 2:
		return badWords(c, "XINFO")
	}
	var first, last any = null{}, null{}
	if n := len(s.entries); n > 0 {
		first, last = entryReply(&s.entries[0]), entryReply(&s.entries[n-1])
	}
	return pairs{
		"length", int64(len(s.entries)),
		"radix-tree-keys", int64(len(s.nodes)),
		"radix-tree-nodes", int64(len(s.nodes)) + 1, // there is no radix tree here
		"last-generated-id", s.last.String(),
		"max-deleted-entry-id", s.maxDeleted.String(),
		"entries-added", s.added,
		"recorded-first-entry-id", s.first().String(),
		"groups", int64(len(s.groups)),
		"first-entry", first,
		"last-entry", last,
	}
}

func xinfoGroups(c *call) any {
	s, fail := c.b.stream(c.args[1])
	switch {
	case fail != nil:
		return fail
	case s == nil:
		return noSuchKey
	}
	list := []any{}
	for _, name := range slices.Sorted(maps.Keys(s.groups)) {
		g := s.groups[name]
		var read any = null{}
		if g.read != unknownRead {
			read = g.read
		}
		list = append(list, pairs{
			"name", name,
			"consumers", int64(len(g.members)),
			"pending", int64(len(g.pending)),
			"last-delivered-id", g.last.String(),
			"entries-read", read,
			"lag", s.lag(g),
		})
	}
	return list
}

func xinfoConsumers(c *call) any {
	s, g, fail := c.b.group(c.args[1], c.args[2])
	switch {
	case fail != nil:
		return fail
	case s == nil:
		return noSuchKey
	case g == nil:
		return noGroupForKey(c.args[2], c.args[1])
	}
	list, now := []any{}, c.b.nowMillis()
	for _, name := range g.memberNames() {
		m := g.members[name]
		list = append(list, pairs{"name", name, "pending", m.count, "idle", max(0, now-m.seen)})
	}
	return list
}
