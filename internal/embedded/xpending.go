package embedded

import (
	"strconv"
	"strings"
)

func noKeyOrGroup(key, group string) failure {
	return failure("NOGROUP No such key '" + key + "' or consumer group '" + group + "'")
}

func xack(c *call) any {
	ids, ok := parseIDs(c.args[2:])
	_, g, fail := c.b.group(c.args[0], c.args[1])
	switch {
	case fail != nil:
		return fail
	case g == nil:
		return int64(0)
	case !ok:
		return badID
	}
	var n int64
	for _, id := range ids {
		if g.settle(id) {
			n++
		}
	}
	return n
}

// xpending: XPENDING key group [[IDLE ms] start end count [consumer]]
func xpending(c *call) any {
	key, name, args := c.args[0], c.args[1], c.args[2:]
	if n := len(args); n != 0 && (n < 3 || n > 6) {
		return badSyntax
	}
	var idle int64
	if len(args) > 0 && strings.EqualFold(args[0], "idle") {
		if len(args) < 5 {
			return badSyntax
		}
		n, err := strconv.ParseInt(args[1], 10, 64)
		if err != nil {
			return badInt
		}
		idle, args = n, args[2:]
	}
	var start, end entryID
	var count int64
	if len(args) > 0 {
		var fail any
		if start, end, fail = parseRange(args[0], args[1]); fail != nil {
			return fail
		}
		n, err := strconv.ParseInt(args[2], 10, 64)
		if err != nil {
			return badInt
		}
		count = n
	}
	_, g, fail := c.b.group(key, name)
	switch {
	case fail != nil:
		return fail
	case g == nil:
		return noKeyOrGroup(key, name)
	case len(args) == 0:
		return g.summary()
	case len(args) > 3:
		m := g.members[args[3]]
		if m == nil {
			return []any{}
		}
		return g.list(start, end, count, idle, m)
	}
	return g.list(start, end, count, idle, nil)
}

func (g *group) summary() any {
	if len(g.pending) == 0 {
		return []any{int64(0), null{}, null{}, nullArray{}}
	}
	owners := []any{}
	for _, name := range g.memberNames() {
		if n := g.members[name].count; n > 0 {
			owners = append(owners, []any{name, strconv.FormatInt(n, 10)})
		}
	}
	return []any{int64(len(g.pending)), g.pending[0].id.String(), g.pending[len(g.pending)-1].id.String(), owners}
}

// list is the long form; owner nil means all of them.
func (g *group) list(start, end entryID, count, idle int64, owner *member) []any {
	list, now := []any{}, nowMillis()
	for _, p := range g.pending[g.from(start):] {
		if int64(len(list)) >= count || p.id.compare(end) > 0 {
			break
		}
		age := max(0, now-p.delivered)
		if (owner != nil && p.owner != owner) || age < idle {
			continue
		}
		list = append(list, []any{p.id.String(), p.owner.name, age, p.deliveries})
	}
	return list
}
