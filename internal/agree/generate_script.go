package agree

import "strconv"

// leatScript calls one of leat's scripts as stream does, mostly about entries
// that are pending, at times with something else in one place.
func (g *Generator) leatScript() []string {
	s := g.scripts[g.random.IntN(len(g.scripts))]
	rows := g.pendingRows("s", "g")
	me := g.consumer()
	if len(rows) > 0 && g.chance(80) {
		me = rows[g.random.IntN(len(rows))].consumer
	}
	own, known := scriptArguments[s.Name]
	if !known {
		own = func(g *Generator, rows []row) []string { return words(g.tokens(rows, 3), g.values(2)) }
	}
	var mine []row
	for _, r := range rows {
		if r.consumer == me {
			mine = append(mine, r)
		}
	}
	if len(mine) > 0 && g.chance(85) {
		rows = mine
	}
	args := words("s", retryKey, failuresKey, deadKey, "g", me, own(g, rows))
	if g.chance(12) {
		args[g.random.IntN(len(args))] = g.pick(g.oddID(), g.number("7"), g.pick(allKeys...), g.value())
	}
	if g.chance(2) {
		args = args[:4+g.random.IntN(len(args)-4)]
	}
	loaded := g.ask("SCRIPT", "EXISTS", s.SHA)
	if len(loaded) == 1 && loaded[0] == "1" && g.chance(90) || g.chance(10) {
		return words("EVALSHA", s.SHA, "4", args)
	}
	return words("EVAL", s.Source, "4", args)
}

// tokens are IDs with their delivery counts, mostly right ones.
func (g *Generator) tokens(rows []row, most int) []string {
	var list []string
	for range 1 + g.random.IntN(most) {
		r := row{id: g.id("s"), deliveries: g.pick("1", "2", "3")}
		if len(rows) > 0 && g.chance(85) {
			r = rows[g.random.IntN(len(rows))]
		}
		if g.chance(6) {
			r.deliveries = g.number("1", "2")
		}
		list = append(list, r.id, r.deliveries)
	}
	return list
}

// scriptArguments has what comes after the group and the consumer.
var scriptArguments = map[string]func(g *Generator, rows []row) []string{
	"ack":     func(g *Generator, rows []row) []string { return g.tokens(rows, 4) },
	"extend":  func(g *Generator, rows []row) []string { return g.tokens(rows, 4) },
	"recover": func(g *Generator, rows []row) []string { return g.tokens(rows, 4) },
	"release": func(g *Generator, rows []row) []string { return words(g.pick("0", "0", "1"), g.tokens(rows, 4)) },
	"due":     func(g *Generator, _ []row) []string { return []string{g.number("1", "2", "100")} },
	"leave":   func(g *Generator, _ []row) []string { return []string{g.number("-1", "-1", "0", "1000")} },
	"fail": func(g *Generator, rows []row) []string {
		return words(g.tokens(rows, 1), g.delay(), g.value(), g.pick("park", "park", "keep"), g.number("1", "2"))
	},
	"dead": func(g *Generator, rows []row) []string {
		return words(g.tokens(rows, 1), "failed", g.value(), g.pick("0", "1"), g.number("0", "0", "1", "3"), g.values(2*g.random.IntN(3)))
	},
	"reclaim": func(g *Generator, rows []row) []string {
		return words(g.minIdle(), g.pick("0", "0-0", g.id("s")), g.number("1", "2", "10", "100"), g.latest())
	},
	"rebase":  func(g *Generator, _ []row) []string { return []string{g.bound("s", "-"), g.number("1", "2", "100")} },
	"redrive": func(g *Generator, rows []row) []string { return g.letter() },
	"restore": func(g *Generator, rows []row) []string {
		return words(g.pick("0", "0-0", g.id("s")), g.maybe(80, g.tokens(rows, 3)...))
	},
}

// delay is over at once or never where clocks cannot be held.
func (g *Generator) delay() string {
	if !g.exact {
		return g.pick("0", "100000000")
	}
	return g.number("0", "10", "1000", "60000")
}

// latest is the server's time after which nothing may be taken.
func (g *Generator) latest() string {
	if !g.exact {
		return g.number("0", "99999999999999")
	}
	return g.number("0", "0", strconv.FormatInt(start.UnixMilli(), 10), "1700000100000")
}

// letter names a dead letter and what it was, as the letter itself has it.
func (g *Generator) letter() []string {
	letters := g.idsOf(deadKey)
	if len(letters) == 0 || !g.exact {
		return words(g.id(deadKey), g.id("s"), g.values(2))
	}
	letter := g.pick(letters...)
	original := g.id("s")
	fields := g.ask("XRANGE", deadKey, letter, letter)
	for i := 0; i+1 < len(fields); i++ {
		if fields[i] == "leat-entry" {
			original = fields[i+1]
		}
	}
	return words(letter, original, g.values(2))
}
