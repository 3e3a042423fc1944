package embedded

// A commandFlag says what COMMAND INFO and scripts need to know.
type commandFlag int

const (
	write commandFlag = 1 << iota
	readonly
	noScript
)

// A command is one that the broker itself carries out. Arity counts the name;
// a negative one is the least number of words. firstKey is its place, 0 none.
type command struct {
	run      func(c *call) any
	arity    int
	flags    commandFlag
	firstKey int
}

// commands is filled by init: some of the commands look into it themselves.
var commands map[string]command

func init() {
	commands = map[string]command{
		"xadd":       {xadd, -5, write, 1},
		"xlen":       {xlen, 2, readonly, 1},
		"xrange":     {xrange, -4, readonly, 1},
		"xrevrange":  {xrevrange, -4, readonly, 1},
		"xdel":       {xdel, -3, write, 1},
		"xtrim":      {xtrim, -4, write, 1},
		"xsetid":     {xsetid, -3, write, 1},
		"xgroup":     {xgroup, -2, write, 2},
		"xread":      {xread, -4, readonly, 0},
		"xreadgroup": {xreadgroup, -7, write, 0},
		"xack":       {xack, -4, write, 1},
		"xpending":   {xpending, -3, readonly, 1},
		"xclaim":     {xclaim, -6, write, 1},
		"xautoclaim": {xautoclaim, -6, write, 1},
		"xinfo":      {xinfo, -2, readonly, 2},

		"eval":       {eval, -3, noScript, 0},
		"eval_ro":    {evalReadOnly, -3, noScript, 0},
		"evalsha":    {evalsha, -3, noScript, 0},
		"evalsha_ro": {evalshaReadOnly, -3, noScript, 0},
		"script":     {script, -2, noScript, 0},

		"multi":   {multi, 1, noScript, 0},
		"exec":    {execQueued, 1, noScript, 0},
		"discard": {discard, 1, noScript, 0},
		"watch":   {watch, -2, noScript, 1},
		"unwatch": {unwatch, 1, noScript, 0},

		"hello":   {hello, -1, noScript, 0},
		"client":  {client, -2, noScript, 0},
		"cluster": {cluster, -2, 0, 0},
		"role":    {role, 1, noScript, 0},
		"select":  {selectDB, 2, 0, 0},
		"quit":    {quit, -1, noScript, 0},
		"command": {commandCommand, -1, 0, 0},
		"config":  {config, -2, noScript, 0},
		"info":    {info, -1, 0, 0},
	}
}
