package embedded

import "strings"

const keyMustExist = failure("ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.")

func noGroupForKey(group, key string) failure {
	return failing("NOGROUP No such consumer group '", group, "' for key name '", key, "'")
}

// groupOptions are what comes after the ID in CREATE and SETID.
type groupOptions struct {
	mkstream bool
	read     int64 // entries-read, or unknownRead
}

// mostGroupWords bounds CREATE, whose options may stand twice.
const mostGroupWords = 7

// parseGroupOptions reads them; what is wrong about them goes before all else
// that may be wrong.
func parseGroupOptions(c *call, create bool) (o groupOptions, fail any) {
	o.read = unknownRead
	for args := c.args[4:]; len(args) > 0; args = args[1:] {
		switch option := strings.ToLower(args[0]); {
		case create && option == "mkstream":
			o.mkstream = true
		case option == "entriesread" && len(args) > 1:
			n, ok := parseInt(args[1])
			switch {
			case !ok:
				return o, badInt
			case n < -1:
				return o, failure("ERR value for ENTRIESREAD must be positive or -1")
			}
			o.read, args = n, args[1:]
		default:
			return o, badWords(c, "XGROUP")
		}
	}
	return o, nil
}

func badWords(c *call, of string) failure {
	return failing("ERR unknown subcommand or wrong number of arguments for '", c.args[0], "'. Try ", of, " HELP.")
}

func xgroupCreate(c *call) any {
	key, name := c.args[1], c.args[2]
	options, fail := parseGroupOptions(c, true)
	if fail != nil {
		return fail
	}
	s, fail := c.b.stream(key)
	switch {
	case fail != nil:
		return fail
	case s == nil && !options.mkstream:
		return keyMustExist
	case len(c.args) > mostGroupWords:
		return badWords(c, "XGROUP")
	}
	var last entryID
	if c.args[3] != "$" {
		var ok bool
		if last, ok = parseID(c.args[3], 0); !ok {
			return badID
		}
	} else if s != nil {
		last = s.last
	}
	if s == nil {
		s = newStream()
		c.b.put(key, s)
	}
	if s.groups[name] != nil {
		return failure("BUSYGROUP Consumer Group name already exists")
	}
	s.groups[name] = newGroup(last, options.read)
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
	options, fail := parseGroupOptions(c, false)
	if fail != nil {
		return fail
	}
	s, g, fail := xgroupTarget(c)
	switch {
	case fail != nil:
		return fail
	case len(c.args) > 6 || len(c.args) == 5:
		return badWords(c, "XGROUP")
	}
	last := s.last
	if c.args[3] != "$" {
		var ok bool
		if last, ok = parseEdge(c.args[3], 0); !ok {
			return badID
		}
	}
	g.last, g.read = last, options.read
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
	g.member(c.args[3], c.b.nowMillis())
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
