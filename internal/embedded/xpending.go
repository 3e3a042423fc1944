package embedded

import (
	"strconv"
	"strings"
)

func noKeyOrGroup(key, group string) failure {
	return failing("NOGROUP No such key '", key, "' or consumer group '", group, "'")
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

// A pendingRange is the long form of XPENDING.
type pendingRange struct {
	idle       int64
	start, end entryID
	count      int64
	consumer   []string // none or one
}

// xpending: XPENDING key group [[IDLE ms] start end count [consumer]]
func xpending(c *call) any {
	key, name, args := c.args[0], c.args[1], c.args[2:]
	var r pendingRange
	if len(args) > 0 {
		if fail := r.parse(args); fail != nil {
			return fail
		}
	}
	_, g, fail := c.b.group(key, name)
	switch {
	case fail != nil:
		return fail
	case g == nil:
		return noKeyOrGroup(key, name)
	case len(args) == 0:
		return g.summary()
	}
	return g.list(r, c.b.nowMillis())
}

// parse reads the count before the ends of the range, as Redis does, and
// passes over what comes after the consumer.
func (r *pendingRange) parse(args []string) any {
	if n := len(args); n < 3 || n > 6 {
		return badSyntax
	}
	var ok bool
	if strings.EqualFold(args[0], "idle") {
		if r.idle, ok = parseInt(args[1]); !ok {
			return badInt
		}
		if len(args) < 5 {
			return badSyntax
		}
		args = args[2:]
	}
	if r.count, ok = parseInt(args[2]); !ok {
		return badInt
	}
	var fail any
	if r.start, r.end, fail = parseRange(args[0], args[1]); fail != nil {
		return fail
	}
	if len(args) > 3 {
		r.consumer = args[3:4]
	}
	return nil
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

// list is the long form.
func (g *group) list(r pendingRange, now int64) []any {
	list := []any{}
	var owner *member
	if len(r.consumer) > 0 {
		if owner = g.members[r.consumer[0]]; owner == nil {
			return list
		}
	}
	for _, p := range g.pending[g.from(r.start):] {
		if int64(len(list)) >= r.count || p.id.compare(r.end) > 0 {
			break
		}
		age := now - p.delivered // below 0 when the clock was set back
		if owner != nil && p.owner != owner || r.idle != 0 && age < r.idle {
			continue
		}
		list = append(list, []any{p.id.String(), p.owner.name, max(0, age), p.deliveries})
	}
	return list
}
