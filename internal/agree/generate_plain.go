package agree

import "strings"

func (g *Generator) hash() []string {
	key := g.key("h1", "h1", failuresKey)
	field := func() string { return g.pick("a", "b", "n", "1-1", "1-2", "") }
	switch g.random.IntN(12) {
	case 0, 1, 2:
		return words(g.pick("HSET", "HSET", "HMSET"), key, field(), g.value(), g.maybe(40, field(), g.value()), g.maybe(3, "odd"))
	case 3:
		return words("HSETNX", key, field(), g.value())
	case 4:
		return words("HGET", key, field())
	case 5:
		return words("HMGET", key, field(), field())
	case 6:
		return words("HDEL", key, field(), g.maybe(40, field()))
	case 7:
		return words(g.pick("HLEN", "HGETALL", "HKEYS", "HVALS"), key, g.maybe(2, "more"))
	case 8:
		return words("HEXISTS", key, field())
	case 9, 10:
		return words("HINCRBY", key, g.pick("n", "n", "a"), g.number("1", "5", "-3"))
	}
	return words("HSTRLEN", key, field())
}

func (g *Generator) score() string {
	if g.chance(8) {
		if g.newer { // the others are read by other means since Redis 8
			return g.pick("x", "nan", "inf", "-inf", "+inf")
		}
		return g.pick("x", "", "nan", "inf", "-inf", "+inf", " 1", "1e400", "1e-400", "-0", "0x10", "1_0")
	}
	return g.pick("0", "1", "2", "2.5", "-3", "0.1", "1e21", "1700000000000", "1700000000000.5", "3")
}

func (g *Generator) member() string { return g.pick("a", "b", "c", "d", "1-1", "1-2", "") }

func (g *Generator) sortedSet() []string {
	key := g.key("z1", "z1", "z1", retryKey)
	if !g.exact && key == retryKey {
		key = "z1" // times are nothing to count with there
	}
	switch g.random.IntN(14) {
	case 0, 1, 2, 3:
		return words("ZADD", key, g.maybe(15, g.pick("NX", "XX")), g.maybe(12, g.pick("GT", "LT")), g.maybe(15, "CH"), g.maybe(8, "INCR"), g.score(), g.member(), g.maybe(40, g.score(), g.member()), g.maybe(2, "odd"))
	case 4:
		return words("ZINCRBY", key, g.score(), g.member())
	case 5:
		return words("ZREM", key, g.member(), g.maybe(40, g.member()))
	case 6:
		return words(g.pick("ZSCORE", "ZRANK", "ZREVRANK"), key, g.member())
	case 7:
		return words("ZMSCORE", key, g.member(), g.member())
	case 8:
		return words("ZCARD", key)
	case 9:
		return words(g.pick("ZCOUNT", "ZREMRANGEBYSCORE"), key, g.scoreBound("-inf"), g.scoreBound("+inf"))
	case 10:
		return words(g.pick("ZPOPMIN", "ZPOPMAX"), key, g.maybe(40, g.number("0", "1", "2")))
	case 11:
		return words(g.pick("ZREMRANGEBYRANK", "ZREVRANGE"), key, g.number("0", "1", "-2"), g.number("0", "1", "-1"))
	}
	return g.zrange(key)
}

func (g *Generator) zrange(key string) []string {
	limit := g.maybe(30, g.spell("LIMIT"), g.number("0", "1", "2"), g.number("1", "2", "-1"))
	scores := g.maybe(40, g.spell("WITHSCORES"))
	switch g.random.IntN(6) {
	case 0, 1:
		return words("ZRANGEBYSCORE", key, g.scoreBound("-inf"), g.scoreBound("+inf"), scores, limit)
	case 2:
		return words("ZREVRANGEBYSCORE", key, g.scoreBound("+inf"), g.scoreBound("-inf"), scores, limit)
	case 3:
		return words("ZRANGE", key, g.scoreBound("-inf"), g.scoreBound("+inf"), g.maybe(90, g.spell("BYSCORE")), g.maybe(20, "REV"), limit, scores)
	case 4:
		return words(g.pick("ZRANGEBYLEX", "ZLEXCOUNT", "ZREMRANGEBYLEX"), key, g.pick("-", "[a", "(b", "x"), g.pick("+", "[c", "(c", "-"))
	}
	return words("ZRANGE", key, g.number("0", "1", "-2"), g.number("0", "1", "-1"), g.maybe(20, "REV"), scores, g.maybe(5, "BYLEX"))
}

func (g *Generator) scoreBound(edge string) string {
	switch n := g.random.IntN(10); {
	case n < 4:
		return edge
	case n < 5:
		return "(" + g.score()
	}
	return g.score()
}

func (g *Generator) text() []string {
	key := g.key("k", "k", "k2")
	switch g.random.IntN(14) {
	case 0, 1, 2:
		return words("SET", key, g.value(), g.maybe(20, g.pick("NX", "XX")), g.maybe(15, "GET"), g.timeOption(25), g.maybe(5, "KEEPTTL"))
	case 3, 4:
		return words("GET", key)
	case 5:
		return words("SETNX", key, g.value())
	case 6:
		return words(g.pick("INCR", "DECR"), key)
	case 7:
		return words(g.pick("INCRBY", "DECRBY"), key, g.number("1", "5", "-3"))
	case 8:
		return words("APPEND", key, g.value())
	case 9:
		return words(g.pick("STRLEN", "GETDEL"), key)
	case 10:
		return words("GETRANGE", key, g.number("0", "1", "-2"), g.number("0", "3", "-1"))
	case 11:
		return words(g.pick("MSET", "MSETNX"), key, g.value(), g.maybe(50, "k2", g.value()), g.maybe(3, "odd"))
	case 12:
		return words("MGET", key, g.key("k", "k2"))
	}
	return g.textWithTime(key)
}

func (g *Generator) textWithTime(key string) []string {
	switch g.random.IntN(3) {
	case 0:
		return words("GETSET", key, g.value())
	case 1:
		return words("GETEX", key, g.timeOption(60), g.maybe(20, "PERSIST"))
	}
	return words(g.pick("SETEX", "PSETEX"), key, g.seconds(), g.value())
}

// seconds are many where keys' times must not run out by themselves.
func (g *Generator) seconds() string {
	g.timed = true
	if !g.exact {
		return g.pick("1000", "100000")
	}
	return g.number("1", "50", "1000", "100000")
}

func (g *Generator) timeOption(percent int) []string {
	if !g.chance(percent) {
		return nil
	}
	if g.exact && g.chance(30) {
		g.timed = true
		return []string{g.pick("PXAT", "EXAT"), g.number("1700000001", "1700000000500", "1")}
	}
	return []string{g.spell(g.pick("EX", "PX")), g.seconds() + g.pick("", "000")}
}

// generic commands leave the streams' times alone: when one with a blocked
// client ends is up to the server.
func (g *Generator) generic() []string {
	key := g.pick(allKeys...)
	timed := g.key("k", "k", "k2", "h1", "z1", failuresKey)
	if strings.HasPrefix(timed, "s") || timed == "t" || timed == deadKey {
		timed = "k"
	}
	switch n := g.random.IntN(100); {
	case n < 5:
		return words(g.pick("DEL", "UNLINK"), key, g.maybe(30, g.pick(allKeys...)))
	case n < 24:
		return words("EXISTS", key, g.maybe(40, g.pick(allKeys...)))
	case n < 40:
		return words("TYPE", key)
	case n < 60:
		return words(g.pick("EXPIRE", "PEXPIRE"), timed, g.seconds(), g.maybe(20, g.pick("NX", "XX", "GT", "LT", "FOO")), g.maybe(5, "XX"))
	case n < 66 && g.exact:
		g.timed = true
		return words(g.pick("EXPIREAT", "PEXPIREAT"), timed, g.number("1700000001", "1700000000500", "1"))
	case n < 80:
		return words(g.pick("TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME"), timed)
	case n < 88:
		return words("PERSIST", timed)
	case n < 94:
		return words(g.pick("RENAME", "RENAME", "RENAMENX"), g.pick("k", "k2", "h1", "z1", "l1", "set1", "t", "nokey"), g.pick("k", "k2", "h1", "z1", "l1", "t"))
	case n < 95:
		return words(g.pick("FLUSHALL", "FLUSHDB"), g.maybe(30, g.pick("SYNC", "FOO")))
	}
	return words("KEYS", g.pick("*", "l*", "[ks]", "?", "leat:{s}:*", `\k`, "[^k]"))
}

// guest commands are of types that the model has not made itself.
func (g *Generator) guest() []string {
	list, set := g.key("l1"), g.key("set1")
	switch g.random.IntN(7) {
	case 0:
		return words(g.pick("LPUSH", "RPUSH"), list, "a", g.maybe(50, "b"))
	case 1:
		return words(g.pick("LPOP", "RPOP"), list)
	case 2:
		return words("LRANGE", list, "0", "-1")
	case 3:
		return words("LLEN", list)
	case 4:
		return words("SADD", set, g.pick("a", "b", "c"), g.maybe(50, "d"))
	case 5:
		return words("SREM", set, g.pick("a", "b", "c"))
	}
	return words(g.pick("SMEMBERS", "SCARD"), set)
}
