package embedded

import (
	"slices"
	"strings"
)

// Commands for keys of every type.

var genericCommands = map[string]*command{
	"del":       {run: del, arity: -2, flags: write, firstKey: 1},
	"unlink":    {run: del, arity: -2, flags: write, firstKey: 1},
	"exists":    {run: exists, arity: -2, flags: readonly, firstKey: 1},
	"touch":     {run: exists, arity: -2, flags: readonly, firstKey: 1},
	"type":      {run: typeOf, arity: 2, flags: readonly, firstKey: 1},
	"rename":    {run: rename, arity: 3, flags: write, firstKey: 1},
	"renamenx":  {run: renameNX, arity: 3, flags: write, firstKey: 1},
	"keys":      {run: keysLike, arity: 2, flags: readonly},
	"scan":      {run: scan, arity: -2, flags: readonly},
	"dbsize":    {run: dbSize, arity: 1, flags: readonly},
	"randomkey": {run: randomKey, arity: 1, flags: readonly},
	"flushall":  {run: flushAll, arity: -1, flags: write},
	"flushdb":   {run: flushAll, arity: -1, flags: write},

	"expire":      {run: func(c *call) any { return expire(c, 1000, true) }, arity: -3, flags: write, firstKey: 1},
	"pexpire":     {run: func(c *call) any { return expire(c, 1, true) }, arity: -3, flags: write, firstKey: 1},
	"expireat":    {run: func(c *call) any { return expire(c, 1000, false) }, arity: -3, flags: write, firstKey: 1},
	"pexpireat":   {run: func(c *call) any { return expire(c, 1, false) }, arity: -3, flags: write, firstKey: 1},
	"ttl":         {run: func(c *call) any { return timeLeft(c, 1000, true) }, arity: 2, flags: readonly, firstKey: 1},
	"pttl":        {run: func(c *call) any { return timeLeft(c, 1, true) }, arity: 2, flags: readonly, firstKey: 1},
	"expiretime":  {run: func(c *call) any { return timeLeft(c, 1000, false) }, arity: 2, flags: readonly, firstKey: 1},
	"pexpiretime": {run: func(c *call) any { return timeLeft(c, 1, false) }, arity: 2, flags: readonly, firstKey: 1},
	"persist":     {run: persist, arity: 2, flags: write, firstKey: 1},
}

func del(c *call) any {
	var n int64
	for _, key := range c.args {
		if c.b.find(key) != nil && c.b.remove(key) {
			n++
		}
	}
	return n
}

func exists(c *call) any {
	var n int64
	for _, key := range c.args {
		if c.b.find(key) != nil {
			n++
		}
	}
	return n
}

func typeOf(c *call) any {
	o := c.b.find(c.args[0])
	if o == nil {
		return status("none")
	}
	return status(o.kind())
}

func rename(c *call) any {
	if c.b.find(c.args[0]) == nil {
		return noSuchKey
	}
	if c.args[0] != c.args[1] {
		c.b.move(c.args[0], c.args[1])
	}
	return okReply
}

func renameNX(c *call) any {
	switch {
	case c.b.find(c.args[0]) == nil:
		return noSuchKey
	case c.b.find(c.args[1]) != nil:
		return int64(0)
	}
	c.b.move(c.args[0], c.args[1])
	return int64(1)
}

func keysLike(c *call) any {
	list := []any{}
	for _, key := range c.b.sortedKeys() {
		if globMatch(c.args[0], key) {
			list = append(list, key)
		}
	}
	return list
}

// scan: SCAN cursor [MATCH pattern] [COUNT n] [TYPE type]. All keys come at
// once, so that the cursor is 0 from the start.
func scan(c *call) any {
	if cursor, ok := parseUnsigned(c.args[0]); !ok {
		return failure("ERR invalid cursor")
	} else if cursor != 0 {
		return []any{"0", []any{}}
	}
	pattern, kind := "*", ""
	for args := c.args[1:]; len(args) > 0; args = args[2:] {
		if len(args) == 1 {
			return badSyntax
		}
		switch strings.ToLower(args[0]) {
		case "match":
			pattern = args[1]
		case "type":
			kind = strings.ToLower(args[1])
		case "count":
			if n, ok := parseInt(args[1]); !ok {
				return badInt
			} else if n < 1 {
				return badSyntax
			}
		default:
			return badSyntax
		}
	}
	list := []any{}
	for _, key := range c.b.sortedKeys() {
		if globMatch(pattern, key) && (kind == "" || c.b.keys[key].kind() == kind) {
			list = append(list, key)
		}
	}
	return []any{"0", list}
}

func dbSize(c *call) any {
	c.b.dropExpired(c.b.nowMillis())
	return int64(len(c.b.keys))
}

// randomKey gives the first one: any is as good as another.
func randomKey(c *call) any {
	keys := c.b.sortedKeys()
	if len(keys) == 0 {
		return null{}
	}
	return keys[0]
}

func flushAll(c *call) any {
	if n := len(c.args); n > 1 || n == 1 && !slices.Contains([]string{"sync", "async"}, strings.ToLower(c.args[0])) {
		return badSyntax
	}
	c.b.flush()
	return okReply
}

// globMatch says whether s is like a pattern of *, ?, [abc], [^a-z] and \.
func globMatch(pattern, s string) bool {
	for pattern != "" {
		switch {
		case pattern[0] == '*':
			for i := len(s); i >= 0; i-- {
				if globMatch(pattern[1:], s[i:]) {
					return true
				}
			}
			return false
		case s == "":
			return false
		case pattern[0] == '[':
			ok, rest := globClass(pattern[1:], s[0])
			if !ok {
				return false
			}
			pattern, s = rest, s[1:]
			continue
		case pattern[0] == '\\' && len(pattern) > 1:
			pattern = pattern[1:]
			fallthrough
		default:
			if pattern[0] != '?' && pattern[0] != s[0] {
				return false
			}
		}
		pattern, s = pattern[1:], s[1:]
	}
	return s == ""
}

// globClass compares with what follows a [ and returns what is behind the ].
func globClass(class string, c byte) (match bool, rest string) {
	class, not := strings.CutPrefix(class, "^")
	for class != "" && class[0] != ']' {
		switch {
		case class[0] == '\\' && len(class) > 1:
			match = match || class[1] == c
			class = class[2:]
		case len(class) > 2 && class[1] == '-':
			low, high := min(class[0], class[2]), max(class[0], class[2])
			match = match || low <= c && c <= high
			class = class[3:]
		default:
			match = match || class[0] == c
			class = class[1:]
		}
	}
	return match != not, strings.TrimPrefix(class, "]")
}
