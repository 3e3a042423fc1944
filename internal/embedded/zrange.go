package embedded

import (
	"slices"
	"strings"
)

// A zrangeRequest is a ZRANGE of any kind.
type zrangeRequest struct {
	key            string
	low, high      string
	by             string // "rank", "score" or "lex"
	reverse        bool
	withScores     bool
	offset, length int64 // LIMIT; a negative length is none
}

// zrangeAuto: ZRANGE key min max [BYSCORE|BYLEX] [REV] [LIMIT offset n] [WITHSCORES]
func zrangeAuto(c *call) any    { return zrangeRequest{}.run(c, true) }
func zrevrange(c *call) any     { return zrangeRequest{by: "rank", reverse: true}.run(c, false) }
func zrangeByScore(c *call) any { return zrangeBy(c, "score") }
func zrangeByLex(c *call) any   { return zrangeBy(c, "lex") }

func zrangeBy(c *call, by string) any {
	return zrangeRequest{by: by, reverse: strings.HasPrefix(c.name, "zrev")}.run(c, false)
}

func (r zrangeRequest) run(c *call, auto bool) any {
	r.key, r.low, r.high, r.length = c.args[0], c.args[1], c.args[2], -1
	if fail := r.parseOptions(c.args[3:], auto); fail != nil {
		return fail
	}
	if r.by == "" {
		r.by = "rank"
	}
	switch {
	case r.length != -1 && r.by == "rank":
		return failure("ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX")
	case r.withScores && r.by == "lex":
		return failure("ERR syntax error, WITHSCORES not supported in combination with BYLEX")
	}
	if r.reverse && r.by != "rank" {
		r.low, r.high = r.high, r.low
	}
	return r.answer(c)
}

func (r *zrangeRequest) parseOptions(args []string, auto bool) any {
	for ; len(args) > 0; args = args[1:] {
		switch option := strings.ToLower(args[0]); {
		case option == "withscores":
			r.withScores = true
		case option == "limit" && len(args) > 2:
			var ok, ok2 bool
			r.offset, ok = parseInt(args[1])
			r.length, ok2 = parseInt(args[2])
			if !ok || !ok2 {
				return badInt
			}
			args = args[2:]
		case option == "rev" && auto && !r.reverse:
			r.reverse = true
		case (option == "bylex" || option == "byscore") && auto && r.by == "":
			r.by = option[2:]
		default:
			return badSyntax
		}
	}
	return nil
}

// answer reads the ends of the range before it looks for the key, as Redis does.
func (r *zrangeRequest) answer(c *call) any {
	places := func(*sortedSet) (int, int) { return 0, 0 }
	switch r.by {
	case "rank":
		start, ok := parseInt(r.low)
		end, ok2 := parseInt(r.high)
		if !ok || !ok2 {
			return badInt
		}
		places = func(z *sortedSet) (int, int) {
			from, to, _ := clampRange(start, end, z.len())
			if r.reverse {
				return z.len() - to, z.len() - from
			}
			return from, to
		}
	case "score":
		low, high, fail := parseScoreRange(r.low, r.high)
		if fail != nil {
			return fail
		}
		places = func(z *sortedSet) (int, int) { return z.inScores(low, high) }
	case "lex":
		low, high, fail := parseLexRange(r.low, r.high)
		if fail != nil {
			return fail
		}
		places = func(z *sortedSet) (int, int) { return z.inLex(low, high, r.reverse) }
	}
	z, fail := lookup[*sortedSet](c.b, r.key)
	switch {
	case fail != nil:
		return fail
	case z == nil:
		return []any{}
	}
	from, to := places(z)
	list := slices.Clone(z.order[from:to])
	if r.reverse {
		slices.Reverse(list)
	}
	return scoredReply(c, r.limit(list), r.withScores, true)
}

func (r *zrangeRequest) limit(list []scored) []scored {
	if r.offset < 0 || r.offset > int64(len(list)) {
		return nil
	}
	list = list[r.offset:]
	if r.length >= 0 {
		list = list[:min(r.length, int64(len(list)))]
	}
	return list
}

// scoredReply lists members. With their scores it is flat in RESP2; in RESP3
// it is one of pairs where nested says so.
func scoredReply(c *call, members []scored, withScores, nested bool) any {
	list := make([]any, 0, len(members))
	for _, m := range members {
		switch {
		case !withScores:
			list = append(list, m.member)
		case nested && c.client != nil && c.client.resp3:
			list = append(list, []any{m.member, double(m.score)})
		default:
			list = append(list, m.member, double(m.score))
		}
	}
	return list
}

func zcount(c *call) any {
	low, high, fail := parseScoreRange(c.args[1], c.args[2])
	if fail != nil {
		return fail
	}
	return countRange(c, func(z *sortedSet) (int, int) { return z.inScores(low, high) })
}

func zlexCount(c *call) any {
	low, high, fail := parseLexRange(c.args[1], c.args[2])
	if fail != nil {
		return fail
	}
	return countRange(c, func(z *sortedSet) (int, int) { return z.inLex(low, high, false) })
}

func countRange(c *call, places func(z *sortedSet) (from, to int)) any {
	z, fail := lookup[*sortedSet](c.b, c.args[0])
	if z == nil {
		return orZero(fail)
	}
	from, to := places(z)
	return int64(to - from)
}

func zremRangeByRank(c *call) any {
	start, ok := parseInt(c.args[1])
	end, ok2 := parseInt(c.args[2])
	if !ok || !ok2 {
		return badInt
	}
	return removeRange(c, func(z *sortedSet) (int, int) {
		from, to, _ := clampRange(start, end, z.len())
		return from, to
	})
}

func zremRangeByScore(c *call) any {
	low, high, fail := parseScoreRange(c.args[1], c.args[2])
	if fail != nil {
		return fail
	}
	return removeRange(c, func(z *sortedSet) (int, int) { return z.inScores(low, high) })
}

func zremRangeByLex(c *call) any {
	low, high, fail := parseLexRange(c.args[1], c.args[2])
	if fail != nil {
		return fail
	}
	return removeRange(c, func(z *sortedSet) (int, int) { return z.inLex(low, high, false) })
}

func removeRange(c *call, places func(z *sortedSet) (from, to int)) any {
	z, fail := lookup[*sortedSet](c.b, c.args[0])
	if z == nil {
		return orZero(fail)
	}
	from, to := places(z)
	z.removeRange(from, to)
	c.b.dropEmpty(c.args[0], z)
	return int64(to - from)
}
