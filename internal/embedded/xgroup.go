package embedded

import (
	"strconv"
	"strings"
)

const keyMustExist = failure("ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.")

func noGroupForKey(group, key string) failure {
	return failure("NOGROUP No such consumer group '" + group + "' for key name '" + key + "'")
}

func unknownSubcommand(c *call, of string) failure {
	return failure("ERR unknown subcommand '" + c.args[0] + "'. Try " + of + " HELP.")
}

// A subcommand is one of XGROUP or XINFO; arity counts both words of the name.
type subcommand struct {
	run   func(c *call) any
	arity int
}

func runSubcommand(c *call, table map[string]subcommand, of string) any {
	name := strings.ToLower(c.args[0])
	sub, ok := table[name]
	n := len(c.args) + 1
	switch {
	case !ok:
		return unknownSubcommand(c, of)
	case (sub.arity >= 0 && n != sub.arity) || (sub.arity < 0 && n < -sub.arity):
		return wrongArity(strings.ToLower(of) + "|" + name)
	}
	return sub.run(c)
}

func xgroup(c *call) any {
	return runSubcommand(c, map[string]subcommand{
		"create":         {xgroupCreate, -5},
		"setid":          {xgroupSetID, -5},
		"destroy":        {xgroupDestroy, 4},
		"createconsumer": {xgroupCreateConsumer, 5},
		"delconsumer":    {xgroupDelConsumer, 5},
	}, "XGROUP")
}

// groupPlace reads what CREATE and SETID have in common after the group:
// an ID or $, and the options.
func groupPlace(sub string, args []string, s *stream) (last entryID, read int64, mkstream bool, fail any) {
	read = unknownRead
	for rest := args[1:]; len(rest) > 0; rest = rest[1:] {
		switch {
		case strings.EqualFold(rest[0], "mkstream"):
			mkstream = true
		case strings.EqualFold(rest[0], "entriesread") && len(rest) > 1:
			n, err := strconv.ParseInt(rest[1], 10, 64)
			switch {
			case err != nil:
				return last, read, mkstream, badInt
			case n < -1:
				return last, read, mkstream, failure("ERR value for ENTRIESREAD must be positive or -1")
			}
			read, rest = n, rest[1:]
		default:
			return last, read, mkstream, failure("ERR unknown subcommand or wrong number of arguments for '" + sub + "'. Try XGROUP HELP.")
		}
	}
	if args[0] == "$" {
		if s != nil {
			last = s.last
		}
		return last, read, mkstream, nil
	}
	last, ok := parseID(args[0], 0)
	if !ok {
		return last, read, mkstream, badID
	}
	return last, read, mkstream, nil
}

func xgroupCreate(c *call) any {
	key, name := c.args[1], c.args[2]
	s, wrong := c.b.stream(key)
	last, read, mkstream, fail := groupPlace(c.args[0], c.args[3:], s)
	if fail != nil {
		return fail
	}
	if wrong != nil {
		return wrong
	}
	if s == nil {
		if !mkstream {
			return keyMustExist
		}
		if s, fail = c.b.createStream(key); fail != nil {
			return fail
		}
	}
	if s.groups[name] != nil {
		return failure("BUSYGROUP Consumer Group name already exists")
	}
	s.groups[name] = newGroup(last, read)
	return okReply
}

// xgroupTarget finds the stream and group that the other subcommands need.
func xgroupTarget(c *call) (*stream, *group, any) {
	s, g, fail := c.b.group(c.args[1], c.args[2])
	switch {
	case fail != nil:
		return nil, nil, fail
	case s == nil:
		return nil, nil, keyMustExist
	case g == nil:
		return s, nil, noGroupForKey(c.args[2], c.args[1])
	}
	return s, g, nil
}

func xgroupSetID(c *call) any {
	s, g, fail := xgroupTarget(c)
	if fail != nil {
		return fail
	}
	last, read, _, fail := groupPlace(c.args[0], c.args[3:], s)
	if fail != nil {
		return fail
	}
	g.last, g.read = last, read
	return okReply
}

func xgroupDestroy(c *call) any {
	s, g, fail := xgroupTarget(c)
	switch {
	case s == nil:
		return fail
	case g == nil:
		return int64(0)
	}
	delete(s.groups, c.args[2])
	c.b.signal(c.args[1]) // those who wait for this group must hear of it
	return int64(1)
}

func xgroupCreateConsumer(c *call) any {
	_, g, fail := xgroupTarget(c)
	if fail != nil {
		return fail
	}
	if g.members[c.args[3]] != nil {
		return int64(0)
	}
	g.member(c.args[3], nowMillis())
	return int64(1)
}

func xgroupDelConsumer(c *call) any {
	_, g, fail := xgroupTarget(c)
	if fail != nil {
		return fail
	}
	m := g.members[c.args[3]]
	if m == nil {
		return int64(0)
	}
	return g.forget(m)
}
