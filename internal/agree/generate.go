package agree

import (
	"math/rand/v2"
	"slices"
	"time"
)

// A Generator makes a random sequence that follows from its seed and from
// what the model answers to its questions.
type Generator struct {
	random  *rand.Rand
	scripts []Script
	exact   bool // clocks may be moved, and times may be part of commands
	newer   bool // the server is not of the model's version
	left    int
	opening int // operations that have made something to work with
	ask     Asker
	client  int
	timed   bool        // some key may end
	queue   []Operation // to come next, whatever else is drawn
}

// NewGenerator makes the sequence of a seed for a lab: some 50 to 300 operations.
func NewGenerator(seed uint64, scripts []Script, lab *Lab) *Generator {
	random := rand.New(rand.NewPCG(seed, 0x1ea7))
	g := &Generator{random: random, scripts: scripts, exact: lab.Exact(), newer: lab.Newer(), left: 50 + random.IntN(250)}
	g.scripts = slices.DeleteFunc(slices.Clone(scripts), func(s Script) bool {
		// leave goes by idle consumers (see known.go). redrive makes entries whose IDs
		// are a clock's, rebase looks for those that were delivered in this very moment.
		return g.newer && s.Name == "leave" || !g.exact && (s.Name == "redrive" || s.Name == "rebase" || scriptArguments[s.Name] == nil)
	})
	return g
}

// A choice is one kind of operation and how often it is drawn.
type choice struct {
	weight int
	make   func(g *Generator) []string
}

// choices is filled by init, since some of them draw from it again.
var choices, inTransaction []choice

func init() {
	streams := []choice{
		{130, (*Generator).xadd},
		{120, (*Generator).xreadgroup},
		{50, (*Generator).xack},
		{70, (*Generator).xclaim},
		{50, (*Generator).xautoclaim},
		{60, (*Generator).xpending},
		{40, (*Generator).xdel},
		{30, (*Generator).xtrim},
		{50, (*Generator).xgroup},
		{40, (*Generator).xinfo},
		{40, (*Generator).xrange},
		{20, (*Generator).xread},
		{10, (*Generator).xlen},
		{10, (*Generator).xsetid},
	}
	plain := []choice{
		{40, (*Generator).hash},
		{50, (*Generator).sortedSet},
		{50, (*Generator).text},
		{50, (*Generator).generic},
		{15, (*Generator).guest},
	}
	scripts := []choice{
		{160, (*Generator).leatScript},
		{40, (*Generator).smallScript},
		{12, (*Generator).scriptCommand},
	}
	others := []choice{
		{40, (*Generator).moveClock},
		{12, (*Generator).memory},
		{25, (*Generator).unblock},
		{6, (*Generator).hello},
		{6, (*Generator).broken},
		{30, (*Generator).transaction},
	}
	inTransaction = append(append(append(inTransaction, streams...), plain...), scripts...)
	choices = append(append(choices, inTransaction...), others...)
}

// Next draws an operation.
func (g *Generator) Next(model Asker) (Operation, bool) {
	if g.left == 0 && len(g.queue) == 0 {
		return Operation{}, false
	}
	g.ask = model
	if len(g.queue) > 0 {
		o := g.queue[0]
		g.queue = g.queue[1:]
		return o, true
	}
	g.left--
	if g.opening < len(openings) && g.chance(95) {
		g.opening++
		return Operation{Args: openings[g.opening-1]}, true
	}
	g.opening = len(openings)
	g.client = g.random.IntN(Clients)
	args := g.draw(choices)
	if len(args) == 0 {
		return g.Next(model)
	}
	if args[0] == moved {
		d, _ := time.ParseDuration(args[1])
		return Operation{Clock: d}, true
	}
	return g.operation(g.client, args), true
}

// operation remembers which script it was that args have in full.
func (g *Generator) operation(client int, args []string) Operation {
	o := Operation{Client: client, Args: args}
	for _, s := range g.scripts {
		if slices.Contains(args, s.Source) || slices.Contains(args, s.SHA) {
			o.Script = s.Name
		}
	}
	return o
}

// openings give most sequences something to work with.
var openings = [][]string{
	{"XGROUP", "CREATE", "s", "g", "0", "MKSTREAM"},
	{"XADD", "s", "1-1", "f", "v"},
	{"XADD", "s", "1-2", "f", "v", "f", "w"},
	{"XADD", "s", "2-0", "a", "1", "b", "2"},
	{"XREADGROUP", "GROUP", "g", "a", "COUNT", "2", "STREAMS", "s", ">"},
	{"XGROUP", "CREATE", "s", "h", "0"},
	{"XGROUP", "CREATE", "t", "g", "$", "MKSTREAM"},
	{"XADD", "t", "1-1", "f", "v"},
}

func (g *Generator) draw(from []choice) []string {
	total := 0
	for _, c := range from {
		total += c.weight
	}
	n := g.random.IntN(total)
	for _, c := range from {
		if n -= c.weight; n < 0 {
			return c.make(g)
		}
	}
	return nil
}

// chance is true so often of a hundred times.
func (g *Generator) chance(percent int) bool { return g.random.IntN(100) < percent }

func (g *Generator) pick(list ...string) string { return list[g.random.IntN(len(list))] }

// maybe gives words with a chance, else none.
func (g *Generator) maybe(percent int, words ...string) []string {
	if g.chance(percent) {
		return words
	}
	return nil
}

// spell gives an option in capitals, mostly.
func (g *Generator) spell(option string) string {
	if g.chance(5) {
		return string(option[0]|0x20) + option[1:]
	}
	return option
}

// words puts a command together of words and lists of words.
func words(parts ...any) []string {
	var list []string
	for _, part := range parts {
		switch part := part.(type) {
		case string:
			list = append(list, part)
		case []string:
			list = append(list, part...)
		}
	}
	return list
}
