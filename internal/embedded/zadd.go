package embedded

import (
	"math"
	"slices"
	"strings"
)

var sortedSetCommands = map[string]*command{
	"zadd":             {run: zadd, arity: -4, flags: write | denyOOM, firstKey: 1},
	"zincrby":          {run: zincrBy, arity: 4, flags: write | denyOOM, firstKey: 1},
	"zrem":             {run: zrem, arity: -3, flags: write, firstKey: 1},
	"zscore":           {run: zscore, arity: 3, flags: readonly, firstKey: 1},
	"zmscore":          {run: zmscore, arity: -3, flags: readonly, firstKey: 1},
	"zcard":            {run: zcard, arity: 2, flags: readonly, firstKey: 1},
	"zrank":            {run: zrank, arity: 3, flags: readonly, firstKey: 1},
	"zrevrank":         {run: zrank, arity: 3, flags: readonly, firstKey: 1},
	"zcount":           {run: zcount, arity: 4, flags: readonly, firstKey: 1},
	"zlexcount":        {run: zlexCount, arity: 4, flags: readonly, firstKey: 1},
	"zpopmin":          {run: zpop, arity: -2, flags: write, firstKey: 1},
	"zpopmax":          {run: zpop, arity: -2, flags: write, firstKey: 1},
	"zrange":           {run: zrangeAuto, arity: -4, flags: readonly, firstKey: 1},
	"zrevrange":        {run: zrevrange, arity: -4, flags: readonly, firstKey: 1},
	"zrangebyscore":    {run: zrangeByScore, arity: -4, flags: readonly, firstKey: 1},
	"zrevrangebyscore": {run: zrangeByScore, arity: -4, flags: readonly, firstKey: 1},
	"zrangebylex":      {run: zrangeByLex, arity: -4, flags: readonly, firstKey: 1},
	"zrevrangebylex":   {run: zrangeByLex, arity: -4, flags: readonly, firstKey: 1},
	"zremrangebyrank":  {run: zremRangeByRank, arity: 4, flags: write, firstKey: 1},
	"zremrangebyscore": {run: zremRangeByScore, arity: 4, flags: write, firstKey: 1},
	"zremrangebylex":   {run: zremRangeByLex, arity: 4, flags: write, firstKey: 1},
}

const (
	badFloat = failure("ERR value is not a valid float")
	badScore = failure("ERR resulting score is not a number (NaN)")
)

// zaddOptions are what stands in front of ZADD's scores.
type zaddOptions struct{ nx, xx, gt, lt, changed, incr bool }

// zadd: ZADD key [NX|XX] [GT|LT] [CH] [INCR] score member ...
func zadd(c *call) any {
	var o zaddOptions
	args := c.args[1:]
options:
	for ; len(args) > 0; args = args[1:] {
		switch strings.ToLower(args[0]) {
		case "nx":
			o.nx = true
		case "xx":
			o.xx = true
		case "gt":
			o.gt = true
		case "lt":
			o.lt = true
		case "ch":
			o.changed = true
		case "incr":
			o.incr = true
		default:
			break options
		}
	}
	switch {
	case len(args) == 0 || len(args)%2 != 0:
		return badSyntax
	case o.nx && o.xx:
		return failure("ERR XX and NX options at the same time are not compatible")
	case o.gt && o.nx, o.lt && o.nx, o.gt && o.lt:
		return failure("ERR GT, LT, and/or NX options at the same time are not compatible")
	case o.incr && len(args) > 2:
		return failure("ERR INCR option supports a single increment-element pair")
	}
	return o.run(c, args)
}

func zincrBy(c *call) any { return zaddOptions{incr: true}.run(c, c.args[1:]) }

// run adds pairs of a score and a member.
func (o zaddOptions) run(c *call, args []string) any {
	list := make([]scored, 0, len(args)/2)
	for i := 0; i < len(args); i += 2 {
		score, ok := parseFloat(args[i])
		if !ok {
			return badFloat
		}
		list = append(list, scored{args[i+1], score})
	}
	z, fail := lookup[*sortedSet](c.b, c.args[0])
	if fail != nil {
		return fail
	}
	if z == nil && !o.xx {
		z = newSortedSet()
		c.b.put(c.args[0], z)
	}
	var added, updated int64
	var last any = null{}
	if z != nil {
		for _, m := range list {
			old, there := z.scores[m.member]
			if o.incr && there {
				m.score += old
			}
			switch {
			case math.IsNaN(m.score):
				return badScore
			case there && (o.nx || o.gt && m.score <= old || o.lt && m.score >= old), !there && o.xx:
				continue
			case !there:
				added++
			case m.score != old:
				updated++
			}
			last = double(m.score)
			if !there || m.score != old {
				z.set(m.member, m.score)
			}
		}
	}
	switch {
	case o.incr:
		return last
	case o.changed:
		return added + updated
	}
	return added
}

func zrem(c *call) any {
	z, fail := lookup[*sortedSet](c.b, c.args[0])
	if z == nil {
		return orZero(fail)
	}
	var n int64
	for _, member := range c.args[1:] {
		if z.remove(member) {
			n++
		}
	}
	c.b.dropEmpty(c.args[0], z)
	return n
}

func (b *Broker) dropEmpty(key string, z *sortedSet) {
	if z.len() == 0 {
		b.remove(key)
	}
}

// score is a member's, or null.
func (z *sortedSet) score(member string) any {
	if z != nil {
		if score, ok := z.scores[member]; ok {
			return double(score)
		}
	}
	return null{}
}

func zscore(c *call) any {
	z, fail := lookup[*sortedSet](c.b, c.args[0])
	if fail != nil {
		return fail
	}
	return z.score(c.args[1])
}

func zmscore(c *call) any {
	z, fail := lookup[*sortedSet](c.b, c.args[0])
	if fail != nil {
		return fail
	}
	list := make([]any, len(c.args)-1)
	for i, member := range c.args[1:] {
		list[i] = z.score(member)
	}
	return list
}

func zcard(c *call) any {
	z, fail := lookup[*sortedSet](c.b, c.args[0])
	if z == nil {
		return orZero(fail)
	}
	return int64(z.len())
}

func zrank(c *call) any {
	z, fail := lookup[*sortedSet](c.b, c.args[0])
	switch {
	case fail != nil:
		return fail
	case z == nil || z.rank(c.args[1]) < 0:
		return null{}
	case c.name == "zrevrank":
		return int64(z.len() - 1 - z.rank(c.args[1]))
	}
	return int64(z.rank(c.args[1]))
}

// zpop: ZPOPMIN and ZPOPMAX key [count]
func zpop(c *call) any {
	count, nested := int64(1), false
	switch {
	case len(c.args) > 2:
		return badSyntax
	case len(c.args) == 2:
		n, ok := parseInt(c.args[1])
		if !ok || n < 0 {
			return failure("ERR value is out of range, must be positive")
		}
		count, nested = n, true
	}
	z, fail := lookup[*sortedSet](c.b, c.args[0])
	switch {
	case fail != nil:
		return fail
	case z == nil || count == 0:
		return []any{}
	}
	n := int(min(count, int64(z.len())))
	from, reverse := 0, false
	if c.name == "zpopmax" {
		from, reverse = z.len()-n, true
	}
	got := append([]scored{}, z.order[from:from+n]...)
	z.removeRange(from, from+n)
	c.b.dropEmpty(c.args[0], z)
	if reverse {
		slices.Reverse(got)
	}
	return scoredReply(c, got, true, nested)
}
