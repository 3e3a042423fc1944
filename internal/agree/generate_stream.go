package agree

import (
	"strconv"
)

func (g *Generator) xadd() []string {
	key := g.streamKey()
	return words("XADD", key, g.trimOptions(25), g.maybe(8, g.spell("NOMKSTREAM")), g.newID(key), g.fields())
}

// newID is above all others, mostly.
func (g *Generator) newID(key string) string {
	switch n := g.random.IntN(100); {
	case n < 35 && g.exact:
		return "*"
	case n < 80:
		if last := g.ask("XREVRANGE", key, "+", "-", "COUNT", "1"); len(last) > 0 {
			if ms, ok := cutID(last[0]); ok && (g.exact || ms < 1e12) {
				return strconv.FormatUint(ms+uint64(g.random.IntN(3)), 10) + g.pick("-*", "-*", "-5", "-9", "")
			}
		}
		return g.pick("3-*", "3-1", "4-0", "5")
	case n < 92:
		return g.id(key)
	case !g.exact:
		return g.pick("7-*", "8-*", "0-0", "x")
	}
	return g.oddID()
}

func (g *Generator) fields() []string {
	switch n := g.random.IntN(100); {
	case n < 3:
		return nil
	case n < 6:
		return g.values(3)
	case n < 60:
		return []string{"f", g.value()}
	}
	return g.values(2 * (1 + g.random.IntN(3)))
}

// trimOptions are MAXLEN or MINID, so often.
func (g *Generator) trimOptions(percent int) []string {
	if !g.chance(percent) {
		return nil
	}
	how := g.maybe(60, g.pick("~", "~", "="))
	var what []string
	if g.chance(60) {
		what = words(g.spell("MAXLEN"), how, g.number("0", "1", "2", "3", "5", "10"))
	} else {
		what = words(g.spell("MINID"), how, g.id("s"))
	}
	limit := g.maybe(15, g.spell("LIMIT"), g.number("0", "1", "2", "10", "100"))
	if g.chance(5) {
		return words(limit, what)
	}
	return words(what, limit)
}

func (g *Generator) xtrim() []string { return words("XTRIM", g.streamKey(), g.trimOptions(97)) }

func (g *Generator) xreadgroup() []string {
	key, group := g.target()
	from := ">"
	switch n := g.random.IntN(100); {
	case n < 12:
		from = g.readFrom(key)
	case n < 30:
		from = "0"
	}
	rest := []string{key, from}
	if g.chance(8) {
		rest = []string{key, g.streamKey(), from, g.pick(">", ">", "0", g.readFrom(key))}
	}
	return words("XREADGROUP", g.maybe(98, g.spell("GROUP"), group, g.consumer()), g.readOptions(), g.maybe(12, g.spell("NOACK")), g.spell("STREAMS"), rest)
}

// readOptions: the first client never blocks, so that somebody is there to
// wake the others.
func (g *Generator) readOptions() []string {
	var block []string
	if g.client > 0 && g.chance(25) {
		block = []string{g.spell("BLOCK"), g.number("0", "0", "20", "1000")}
		switch {
		case !g.exact:
			block[1] = "0"
		case g.newer:
			block[1] = g.pick("0", "20", "1000", "-1", "x")
		}
	}
	return words(g.maybe(50, g.spell("COUNT"), g.number("1", "2", "3", "10")), block)
}

func (g *Generator) xread() []string {
	key := g.streamKey()
	return words("XREAD", g.readOptions(), "STREAMS", key, g.pick("$", "0", g.readFrom(key), g.readFrom(key)))
}

// readFrom is no "+", which newer servers know.
func (g *Generator) readFrom(key string) string {
	if id := g.id(key); id != "+" || !g.newer {
		return id
	}
	return "0"
}

func (g *Generator) xack() []string {
	key, group := g.target()
	if rows := g.pendingRows(key, group); len(rows) > 0 && g.chance(70) {
		return words("XACK", key, group, rows[g.random.IntN(len(rows))].id)
	}
	return words("XACK", key, group, g.ids(key, 3))
}

func (g *Generator) xclaim() []string {
	key, group := g.target()
	ids := g.ids(key, 3)
	if rows := g.pendingRows(key, group); len(rows) > 0 && g.chance(70) {
		ids = append(ids, rows[g.random.IntN(len(rows))].id)
	}
	var idle []string
	switch g.random.IntN(5) {
	case 0:
		idle = []string{g.spell("IDLE"), g.number("0", "1000", "60000")}
	case 1:
		idle = []string{g.spell("TIME"), g.number("1000", "1699999990000", "99999999999999")}
	}
	return words("XCLAIM", key, group, g.consumer(), g.minIdle(), ids, idle, g.maybe(25, g.spell("RETRYCOUNT"), g.retries()),
		g.maybe(30, g.spell("FORCE")), g.maybe(40, g.spell("JUSTID")), g.maybe(8, g.spell("LASTID"), g.id(key)), g.maybe(2, g.pick("FOO", "IDLE")))
}

// retries are few with newer servers, to which scripts send large numbers in
// other forms.
func (g *Generator) retries() string {
	if g.newer {
		return g.pick("0", "1", "7", "x", "-1")
	}
	return g.number("0", "1", "7")
}

// minIdle is met by all or by none where clocks cannot be held.
func (g *Generator) minIdle() string {
	if !g.exact {
		return g.number("0", "0", "1000000000")
	}
	return g.number("0", "0", "0", "10", "1000", "60000")
}

func (g *Generator) xautoclaim() []string {
	key, group := g.target()
	start := "0"
	if g.chance(40) {
		start = g.id(key)
	}
	return words("XAUTOCLAIM", key, group, g.consumer(), g.minIdle(), start, g.maybe(60, g.spell("COUNT"), g.number("1", "2", "3", "100")), g.maybe(60, g.spell("JUSTID")), g.maybe(1, "FOO"))
}

func (g *Generator) xpending() []string {
	key, group := g.target()
	if g.chance(25) {
		return words("XPENDING", key, group)
	}
	return words("XPENDING", key, group, g.maybe(30, g.spell("IDLE"), g.minIdle()), g.bound(key, "-"), g.bound(key, "+"), g.number("1", "2", "10", "100"), g.maybe(30, g.consumer()), g.maybe(1, "more"))
}

// bound is one end of a range, mostly the given one.
func (g *Generator) bound(key, edge string) string {
	switch n := g.random.IntN(100); {
	case n < 50:
		return edge
	case n < 85:
		return g.id(key)
	}
	return "(" + g.id(key)
}

func (g *Generator) xrange() []string {
	key := g.streamKey()
	count := g.maybe(40, g.spell("COUNT"), g.number("1", "2", "10"))
	if g.chance(40) {
		return words("XREVRANGE", key, g.bound(key, "+"), g.bound(key, "-"), count)
	}
	return words("XRANGE", key, g.bound(key, "-"), g.bound(key, "+"), count, g.maybe(1, "COUNT"))
}

func (g *Generator) xdel() []string {
	key := g.streamKey()
	return words("XDEL", key, g.ids(key, 3))
}

func (g *Generator) xlen() []string { return words("XLEN", g.streamKey()) }

// xsetid never sets an ID below one that was given out: Redis 7.0 then adds
// entries in front of what it remembers of deleted ones, and loses its way among
// them (7.2 refuses that).
func (g *Generator) xsetid() []string {
	key := g.streamKey()
	info := g.ask("XINFO", "STREAM", key)
	id := g.pick("x", "-", "+", "")
	for i := 0; i+1 < len(info); i++ {
		if info[i] != "last-generated-id" {
			continue
		}
		last := info[i+1]
		ids := g.idsOf(key)
		switch ms, _ := cutID(last); {
		case g.chance(40):
			id = last
		case len(ids) > 1 && ids[len(ids)-1] == last && g.chance(40):
			id = ids[0] // refused
		case ms < 1e18:
			id = strconv.FormatUint(ms+1+uint64(g.random.IntN(3)), 10) + g.pick("", "-0", "-3")
		}
	}
	return words("XSETID", key, id, g.maybe(30, g.spell("ENTRIESADDED"), g.number("1", "5", "50")), g.maybe(30, g.spell("MAXDELETEDID"), g.id(key)))
}

func (g *Generator) xgroup() []string {
	key, group := g.target()
	place := g.pick("0", "0", "$", g.id(key))
	read := g.maybe(15, g.spell("ENTRIESREAD"), g.number("0", "1", "2", "5"))
	switch n := g.random.IntN(100); {
	case n < 35:
		return words("XGROUP", g.spell("CREATE"), key, group, place, g.maybe(50, g.spell("MKSTREAM")), read)
	case n < 50:
		return words("XGROUP", g.spell("SETID"), key, group, place, read)
	case n < 54:
		return words("XGROUP", g.spell("DESTROY"), key, group)
	case n < 84 && !g.newer:
		return words("XGROUP", g.spell("CREATECONSUMER"), key, group, g.consumer())
	case n < 96:
		return words("XGROUP", g.spell("DELCONSUMER"), key, group, g.consumer())
	}
	return words("XGROUP", g.pick("FOO", "CREATE", "DESTROY", "SETID"), g.maybe(80, key), g.maybe(70, group), g.maybe(50, place), g.maybe(40, "MKSTREAM", "MKSTREAM", "MKSTREAM"))
}

func (g *Generator) xinfo() []string {
	key, group := g.target()
	switch n := g.random.IntN(100); {
	case n < 35:
		return words("XINFO", "STREAM", key)
	case n < 65:
		return words("XINFO", "GROUPS", key)
	case n < 96:
		return words("XINFO", "CONSUMERS", key, group)
	}
	return words("XINFO", g.pick("FOO", "STREAM", "GROUPS", "CONSUMERS"), g.maybe(50, key), g.maybe(30, "more"))
}
