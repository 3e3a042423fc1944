package agree

import (
	"strconv"
	"strings"
	"time"
)

// moved is what stands for the command in a step of the clock.
const moved = "<clock>"

// moveClock moves it on mostly, and back at times: not where keys end by it,
// since what is over for the model may still be there in the server, which
// removes it when somebody asks for it.
func (g *Generator) moveClock() []string {
	if !g.exact {
		return nil
	}
	d := time.Duration(1+g.random.IntN(30)) * time.Millisecond
	switch n := g.random.IntN(20); {
	case n < 8: // to the very end of times that commands name
		d = []time.Duration{time.Millisecond, 10 * time.Millisecond, 50 * time.Millisecond, time.Second, time.Minute}[g.random.IntN(5)]
	case n < 12:
		d *= 100
	case n < 14 && !g.timed:
		d = -d * 10
	}
	return []string{moved, d.String()}
}

func (g *Generator) memory() []string {
	return []string{"CONFIG", "SET", "maxmemory", g.pick("0", "0", "0", "1")}
}

func (g *Generator) unblock() []string {
	return words("CLIENT", "UNBLOCK", g.pick(clientWord(1), clientWord(2), clientWord(3), clientWord(1), "x"), g.maybe(40, g.pick("ERROR", "TIMEOUT", "FOO")))
}

// hello changes the protocol; HELLO itself tells of the server, so that only
// errors can be compared.
func (g *Generator) hello() []string { return []string{"HELLO", g.pick("2", "3", "3", "9", "x")} }

// broken commands are none.
func (g *Generator) broken() []string {
	switch g.random.IntN(5) {
	case 0:
		return []string{"NOSUCH", "a", "b"}
	case 1:
		return []string{"XADD"}
	case 2:
		return []string{"xack", "s"}
	case 3:
		return []string{"EVAL", "return 1", g.pick("x", "-1", "5")}
	}
	return []string{g.pick("EXEC", "DISCARD", "PING", "ECHO", "TIME", "UNWATCH")}
}

// transaction queues a few commands and mostly executes them.
func (g *Generator) transaction() []string {
	client := g.client
	for range 1 + g.random.IntN(5) {
		if args := g.inner(); len(args) > 0 {
			g.queue = append(g.queue, g.operation(client, args))
		}
		if g.chance(15) { // another client comes in between
			if other := g.random.IntN(Clients); other != client {
				g.queue = append(g.queue, Operation{Client: other, Args: g.xack()})
			}
		}
	}
	g.client = client
	g.queue = append(g.queue, Operation{Client: client, Args: []string{g.pick("EXEC", "EXEC", "EXEC", "EXEC", "DISCARD")}})
	return []string{"MULTI"}
}

// inner draws a command for a transaction or a script, where replies whose
// order is chance could not be told.
func (g *Generator) inner() []string {
	args := g.draw(inTransaction)
	o := Operation{Args: args}
	if _, blocks := o.blocks(); o.anyOrder() || blocks && g.newer {
		return nil
	}
	return args
}

func (g *Generator) scriptCommand() []string {
	s := g.scripts[g.random.IntN(len(g.scripts))]
	switch g.random.IntN(5) {
	case 0:
		return words("SCRIPT", "FLUSH", g.maybe(20, g.pick("SYNC", "FOO")))
	case 1:
		return words("SCRIPT", "EXISTS", s.SHA, strings.ToUpper(s.SHA), "x")
	case 2:
		return words("SCRIPT", g.pick("LOAD", "FOO"), s.Source, g.maybe(5, "more"))
	}
	return words("SCRIPT", "LOAD", s.Source)
}

// smallScripts try what scripts may do around commands.
var smallScripts = []string{
	"return redis.call(unpack(ARGV))",
	"return redis.call(unpack(ARGV))",
	"return redis.pcall(unpack(ARGV))",
	"local r = redis.pcall(unpack(ARGV)) return type(r)",
	"local ok, e = pcall(redis.call, unpack(ARGV)) return {tostring(ok), type(e)}",
	"redis.call('SET', 'k', 'v') return redis.call(unpack(ARGV))",
	"redis.pcall(unpack(ARGV)) redis.call('HSET', 'h1', 'a', '1') return redis.call('XLEN', 's')",
	"local n = 0 for i = 1, 120 do redis.call('XADD', 't', i + 1000 .. '-1', 'f', i) n = n + 1 end return n",
	"for i = 1, 40 do redis.call('XADD', 't', '1700000000000-*', 'f', string.rep('x', i * #ARGV * 7 % 271), i, -i) end return redis.call('XTRIM', 't', 'MAXLEN', '~', #ARGV * 5)",
	"return {redis.call('TIME')[1], redis.call('TYPE', 's').ok, #redis.call('KEYS', '*')}",
	"#!lua flags=no-writes\nreturn redis.call(unpack(ARGV))",
	"#!lua flags=allow-oom\nreturn redis.call(unpack(ARGV))",
	"#!lua\nreturn redis.call(unpack(ARGV))",
	"return redis.error_reply('MY error')",
	"error('boom')",
	"return {1, 2.9, 'x', false, {ok = 'fine'}}",
}

func (g *Generator) smallScript() []string {
	args := g.inner()
	// Newer servers refuse some XSETIDs, and a script may keep that to itself.
	swallowed := len(args) > 0 && g.newer && strings.EqualFold(args[0], "XSETID")
	if len(args) == 0 || strings.HasPrefix(args[0], "EVAL") || len(args) > 100 || swallowed {
		args = []string{"XLEN", "s"}
	}
	source := g.pick(smallScripts...)
	if !g.exact && strings.Contains(source, "TIME") {
		source = smallScripts[0]
	}
	return words(g.pick("EVAL", "EVAL", "EVAL", "EVAL_RO"), source, "0", args)
}

// cutID gives the first part of an ID; ok is false for what is none.
func cutID(id string) (ms uint64, ok bool) {
	left, _, ok := strings.Cut(id, "-")
	ms, err := strconv.ParseUint(left, 10, 64)
	return ms, ok && err == nil
}
