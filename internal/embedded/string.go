package embedded

import (
	"math"
	"strconv"
	"strings"
)

var stringCommands = map[string]*command{
	"get":      {run: get, arity: 2, flags: readonly, firstKey: 1},
	"set":      {run: set, arity: -3, flags: write | denyOOM, firstKey: 1},
	"setnx":    {run: setNX, arity: 3, flags: write | denyOOM, firstKey: 1},
	"setex":    {run: func(c *call) any { return setFor(c, 1000) }, arity: 4, flags: write | denyOOM, firstKey: 1},
	"psetex":   {run: func(c *call) any { return setFor(c, 1) }, arity: 4, flags: write | denyOOM, firstKey: 1},
	"getset":   {run: getSet, arity: 3, flags: write | denyOOM, firstKey: 1},
	"getdel":   {run: getDel, arity: 2, flags: write, firstKey: 1},
	"getex":    {run: getEx, arity: -2, flags: write, firstKey: 1},
	"mget":     {run: mget, arity: -2, flags: readonly, firstKey: 1},
	"mset":     {run: mset, arity: -3, flags: write | denyOOM, firstKey: 1},
	"msetnx":   {run: mset, arity: -3, flags: write | denyOOM, firstKey: 1},
	"strlen":   {run: strLen, arity: 2, flags: readonly, firstKey: 1},
	"append":   {run: appendTo, arity: 3, flags: write | denyOOM, firstKey: 1},
	"getrange": {run: getRange, arity: 4, flags: readonly, firstKey: 1},
	"substr":   {run: getRange, arity: 4, flags: readonly, firstKey: 1},
	"incr":     {run: func(c *call) any { return increment(c, 1) }, arity: 2, flags: write | denyOOM, firstKey: 1},
	"decr":     {run: func(c *call) any { return increment(c, -1) }, arity: 2, flags: write | denyOOM, firstKey: 1},
	"incrby":   {run: incrementBy, arity: 3, flags: write | denyOOM, firstKey: 1},
	"decrby":   {run: decrementBy, arity: 3, flags: write | denyOOM, firstKey: 1},
}

// orNull answers with a string, or for a key that is missing or of another type.
func orNull(t *text, fail any) any {
	switch {
	case fail != nil:
		return fail
	case t == nil:
		return null{}
	}
	return t.s
}

func get(c *call) any { return orNull(lookup[*text](c.b, c.args[0])) }

// setOptions are the options of SET and GETEX.
type setOptions struct {
	nx, xx, get, keepTTL, persist bool
	unit                          string // EX, PX, EXAT or PXAT, in lower case
	time                          string
}

// parseSetOptions refuses the options that exclude each other, and those
// of the other command.
func parseSetOptions(args []string, forSet bool) (o setOptions, fail any) {
	for i := 0; i < len(args); i++ {
		option := strings.ToLower(args[i])
		switch {
		case option == "nx" && forSet && !o.xx:
			o.nx = true
		case option == "xx" && forSet && !o.nx:
			o.xx = true
		case option == "get" && forSet:
			o.get = true
		case option == "keepttl" && forSet && o.unit == "":
			o.keepTTL = true
		case option == "persist" && !forSet && o.unit == "":
			o.persist = true
		case (option == "ex" || option == "px" || option == "exat" || option == "pxat") &&
			!o.keepTTL && !o.persist && (o.unit == "" || o.unit == option) && i+1 < len(args):
			o.unit, o.time = option, args[i+1]
			i++
		default:
			return o, badSyntax
		}
	}
	return o, nil
}

// expiry works out the time at which the key ends; 0 is never.
func (o setOptions) expiry(c *call) (int64, any) {
	if o.unit == "" {
		return 0, nil
	}
	when, ok := parseInt(o.time)
	switch {
	case !ok:
		return 0, badInt
	case when <= 0:
		return 0, badExpireTime(c.name)
	}
	if o.unit[0] == 'e' {
		if when > math.MaxInt64/1000 {
			return 0, badExpireTime(c.name)
		}
		when *= 1000
	}
	if !strings.HasSuffix(o.unit, "at") {
		if when += c.b.nowMillis(); when <= 0 {
			return 0, badExpireTime(c.name)
		}
	}
	return when, nil
}

// set: SET key value [NX|XX] [GET] [KEEPTTL|EX s|PX ms|EXAT s|PXAT ms]
func set(c *call) any {
	options, fail := parseSetOptions(c.args[2:], true)
	if fail != nil {
		return fail
	}
	when, fail := options.expiry(c)
	if fail != nil {
		return fail
	}
	key := c.args[0]
	var answer any = okReply
	if options.get {
		old, wrong := lookup[*text](c.b, key)
		if wrong != nil {
			return wrong
		}
		answer = orNull(old, nil)
	}
	if found := c.b.find(key) != nil; options.nx && found || options.xx && !found {
		if options.get {
			return answer
		}
		return null{}
	}
	if options.keepTTL {
		c.b.overwrite(key, &text{c.args[1]})
	} else {
		c.b.put(key, &text{c.args[1]})
	}
	if when != 0 {
		c.b.expireAt(c.b.keys[key], when)
	}
	return answer
}

func setNX(c *call) any {
	if c.b.find(c.args[0]) != nil {
		return int64(0)
	}
	c.b.put(c.args[0], &text{c.args[1]})
	return int64(1)
}

func setFor(c *call, unit int64) any {
	options := setOptions{unit: "px", time: c.args[1]}
	if unit != 1 {
		options.unit = "ex"
	}
	when, fail := options.expiry(c)
	if fail != nil {
		return fail
	}
	c.b.put(c.args[0], &text{c.args[2]})
	c.b.expireAt(c.b.keys[c.args[0]], when)
	return okReply
}

func getSet(c *call) any {
	old, fail := lookup[*text](c.b, c.args[0])
	if fail == nil {
		c.b.put(c.args[0], &text{c.args[1]})
	}
	return orNull(old, fail)
}

func getDel(c *call) any {
	old, fail := lookup[*text](c.b, c.args[0])
	if old != nil {
		c.b.remove(c.args[0])
	}
	return orNull(old, fail)
}

// getEx: GETEX key [PERSIST|EX s|PX ms|EXAT s|PXAT ms]
func getEx(c *call) any {
	options, fail := parseSetOptions(c.args[1:], false)
	if fail != nil {
		return fail
	}
	t, fail := lookup[*text](c.b, c.args[0])
	if t == nil {
		return orNull(nil, fail)
	}
	when, fail := options.expiry(c)
	if fail != nil {
		return fail
	}
	o := c.b.keys[c.args[0]]
	switch {
	case when != 0 && when <= c.b.nowMillis():
		c.b.remove(c.args[0])
	case when != 0:
		c.b.expireAt(o, when)
	case options.persist:
		o.expires = 0
	}
	return t.s
}

func mget(c *call) any {
	list := make([]any, len(c.args))
	for i, key := range c.args {
		t, _ := lookup[*text](c.b, key)
		list[i] = orNull(t, nil)
	}
	return list
}

// mset: MSET and MSETNX
func mset(c *call) any {
	if len(c.args)%2 != 0 {
		return wrongArity(c.name)
	}
	var answer any = okReply
	if c.name == "msetnx" {
		answer = int64(1)
		for i := 0; i < len(c.args); i += 2 {
			if c.b.find(c.args[i]) != nil {
				return int64(0)
			}
		}
	}
	for i := 0; i < len(c.args); i += 2 {
		c.b.put(c.args[i], &text{c.args[i+1]})
	}
	return answer
}

func strLen(c *call) any {
	t, fail := lookup[*text](c.b, c.args[0])
	if t == nil {
		return orZero(fail)
	}
	return int64(len(t.s))
}

func appendTo(c *call) any {
	t, fail := lookup[*text](c.b, c.args[0])
	if fail != nil {
		return fail
	}
	if t == nil {
		t = &text{}
		c.b.put(c.args[0], t)
	}
	t.s += c.args[1]
	return int64(len(t.s))
}

func getRange(c *call) any {
	start, ok := parseInt(c.args[1])
	end, ok2 := parseInt(c.args[2])
	if !ok || !ok2 {
		return badInt
	}
	t, fail := lookup[*text](c.b, c.args[0])
	switch {
	case fail != nil:
		return fail
	case t == nil, start < 0 && end < 0 && start > end:
		return ""
	}
	n := int64(len(t.s))
	if end < 0 {
		end = max(n+end, 0)
	}
	from, to, ok := clampRange(start, end, len(t.s))
	if !ok {
		return ""
	}
	return t.s[from:to]
}

func incrementBy(c *call) any {
	n, ok := parseInt(c.args[1])
	if !ok {
		return badInt
	}
	return increment(c, n)
}

func decrementBy(c *call) any {
	n, ok := parseInt(c.args[1])
	switch {
	case !ok:
		return badInt
	case n == math.MinInt64:
		return failure("ERR decrement would overflow")
	}
	return increment(c, -n)
}

func increment(c *call, by int64) any {
	t, fail := lookup[*text](c.b, c.args[0])
	if fail != nil {
		return fail
	}
	old := int64(0)
	if t != nil {
		var ok bool
		if old, ok = parseInt(t.s); !ok {
			return badInt
		}
	}
	n, fail := add(old, by)
	if fail != nil {
		return fail
	}
	c.b.overwrite(c.args[0], &text{strconv.FormatInt(n, 10)})
	return n
}

// add is for INCR and HINCRBY, which refuse to overflow.
func add(n, by int64) (int64, any) {
	if by < 0 && n < math.MinInt64-by || by > 0 && n > math.MaxInt64-by {
		return 0, failure("ERR increment or decrement would overflow")
	}
	return n + by, nil
}
