package embedded

import (
	"maps"
	"strings"
)

// A commandFlag says what COMMAND INFO, scripts and a full memory need to know.
type commandFlag int

const (
	write commandFlag = 1 << iota
	readonly
	noScript
	denyOOM // refused while memory is full
)

// A command is one that the broker itself carries out. Arity counts the name;
// a negative one is the least number of words. firstKey is its place, 0 none.
// One that has subcommands is nothing but them; their arity counts both words.
type command struct {
	run      func(c *call) any
	arity    int
	flags    commandFlag
	firstKey int
	subs     map[string]*command
}

// commands is filled by init: some of the commands look into it themselves.
var commands map[string]*command

func init() {
	commands = map[string]*command{
		"eval":       {run: eval, arity: -3, flags: noScript},
		"eval_ro":    {run: evalReadOnly, arity: -3, flags: noScript},
		"evalsha":    {run: evalsha, arity: -3, flags: noScript},
		"evalsha_ro": {run: evalshaReadOnly, arity: -3, flags: noScript},
		"script": {arity: -2, flags: noScript, subs: map[string]*command{
			"load":   {run: scriptLoad, arity: 3, flags: noScript},
			"exists": {run: scriptExists, arity: -3, flags: noScript},
			"flush":  {run: scriptFlush, arity: -2, flags: noScript},
			"kill":   {run: scriptKill, arity: 2, flags: noScript},
		}},

		"multi":   {run: multi, arity: 1, flags: noScript},
		"exec":    {run: execQueued, arity: 1, flags: noScript},
		"discard": {run: discard, arity: 1, flags: noScript},
		"watch":   {run: watch, arity: -2, flags: noScript, firstKey: 1},
		"unwatch": {run: unwatch, arity: 1, flags: noScript},

		"hello":   {run: hello, arity: -1, flags: noScript},
		"client":  {arity: -2, flags: noScript, subs: clientCommands},
		"cluster": {run: cluster, arity: -2},
		"role":    {run: role, arity: 1, flags: noScript},
		"select":  {run: selectDB, arity: 2},
		"quit":    {run: quit, arity: -1, flags: noScript},
		"command": {run: commandCommand, arity: -1},
		"config": {arity: -2, flags: noScript, subs: map[string]*command{
			"get":       {run: configGet, arity: -3, flags: noScript},
			"set":       {run: configSet, arity: -4, flags: noScript},
			"resetstat": {run: configResetStat, arity: 2, flags: noScript},
		}},
		"info": {run: info, arity: -1},
		"time": {run: timeNow, arity: 1},
	}
	for _, table := range []map[string]*command{streamCommands, genericCommands, stringCommands, hashCommands, sortedSetCommands} {
		maps.Copy(commands, table)
	}
	for name := range commands {
		lowerNames[name], lowerNames[strings.ToUpper(name)] = name, name
	}
}

// lowerNames has the names of commands as they are mostly spelled.
var lowerNames = map[string]string{}

func lowered(word string) string {
	if name, ok := lowerNames[word]; ok {
		return name
	}
	return strings.ToLower(word)
}

var streamCommands = map[string]*command{
	"xadd":       {run: xadd, arity: -5, flags: write | denyOOM, firstKey: 1},
	"xlen":       {run: xlen, arity: 2, flags: readonly, firstKey: 1},
	"xrange":     {run: xrange, arity: -4, flags: readonly, firstKey: 1},
	"xrevrange":  {run: xrevrange, arity: -4, flags: readonly, firstKey: 1},
	"xdel":       {run: xdel, arity: -3, flags: write, firstKey: 1},
	"xtrim":      {run: xtrim, arity: -4, flags: write, firstKey: 1},
	"xsetid":     {run: xsetid, arity: -3, flags: write | denyOOM, firstKey: 1},
	"xread":      {run: xread, arity: -4, flags: readonly},
	"xreadgroup": {run: xreadgroup, arity: -7, flags: write},
	"xack":       {run: xack, arity: -4, flags: write, firstKey: 1},
	"xpending":   {run: xpending, arity: -3, flags: readonly, firstKey: 1},
	"xclaim":     {run: xclaim, arity: -6, flags: write, firstKey: 1},
	"xautoclaim": {run: xautoclaim, arity: -6, flags: write, firstKey: 1},
	"xgroup": {arity: -2, firstKey: 2, subs: map[string]*command{
		"create":         {run: xgroupCreate, arity: -5, flags: write | denyOOM, firstKey: 2},
		"setid":          {run: xgroupSetID, arity: -5, flags: write, firstKey: 2},
		"destroy":        {run: xgroupDestroy, arity: 4, flags: write, firstKey: 2},
		"createconsumer": {run: xgroupCreateConsumer, arity: 5, flags: write | denyOOM, firstKey: 2},
		"delconsumer":    {run: xgroupDelConsumer, arity: 5, flags: write, firstKey: 2},
	}},
	"xinfo": {arity: -2, firstKey: 2, subs: map[string]*command{
		"stream":    {run: xinfoStream, arity: -3, flags: readonly, firstKey: 2},
		"groups":    {run: xinfoGroups, arity: 3, flags: readonly, firstKey: 2},
		"consumers": {run: xinfoConsumers, arity: 4, flags: readonly, firstKey: 2},
	}},
}

// accepts says whether so many words, the name included, can be right.
func (own *command) accepts(words int) bool {
	if own.arity < 0 {
		return words >= -own.arity
	}
	return words == own.arity
}

// resolve finds the command that a call names, with its subcommand. It is nil
// when miniredis has to carry the call out; what no such call can be is refused.
func (b *Broker) resolve(c *call) (*command, any) {
	own, ok := commands[c.name]
	switch {
	case ok && own.subs != nil && len(c.args) > 0:
		sub, known := own.subs[strings.ToLower(c.args[0])]
		switch {
		case !known:
			return nil, unknownSubcommand(c, strings.ToUpper(c.name))
		case !sub.accepts(len(c.args) + 1):
			return nil, wrongArity(c.name + "|" + strings.ToLower(c.args[0]))
		}
		return sub, nil
	case ok && (own.subs != nil || !own.accepts(len(c.args)+1)):
		return nil, wrongArity(c.name)
	case ok:
		return own, nil
	case notOurs[c.name]:
		return nil, failing("ERR '", c.name, "' is not supported by the embedded broker")
	case !b.isGuest(c.name):
		return nil, unknownCommand(c)
	}
	return nil, nil
}

func unknownSubcommand(c *call, of string) failure {
	return failing("ERR unknown subcommand '", c.args[0], "'. Try ", of, " HELP.")
}
