package embedded

// oddParity has what random sequences have found (internal/agree): arguments
// that nobody sends on purpose, and the order in which they are refused.
var oddParity = map[string]string{
	"odd numbers": `
		XADD s 1-1 f v
		XADD s 1-2 f v
		XGROUP CREATE s g 0
		XRANGE s - + COUNT +1
		XRANGE s - + COUNT 01
		XRANGE s - + COUNT -0
		XRANGE s - + COUNT 1 COUNT 2
		XTRIM s MAXLEN +1
		XREAD COUNT +1 STREAMS s 0
		XREAD COUNT -1 STREAMS s 0
		XPENDING s g - + +1
		XCLAIM s g a +5 1-1
		XCLAIM s g a 0 1-1 RETRYCOUNT 01
		XAUTOCLAIM s g a 01 0
		XAUTOCLAIM s g a 0 0 COUNT 1000000000000000000
		XAUTOCLAIM s g a 0 0 COUNT 500000000000000000
		XREADGROUP GROUP g a BLOCK +1 STREAMS s 0
		INCRBY n +1
		INCRBY n 01
		SET n 01
		INCR n
		HINCRBY h f +1
		EXPIRE s 01`,

	"odd ids": `
		XADD s 01-1 f v
		XADD s +2-1 f v
		XADD s ` + "` 3-1`" + ` f v
		XADD s 4-1-1 f v
		XADD s 4-01 f v
		XADD s -05 f v
		XADD s 5- f v
		XADD s - f v
		XADD t 0-* f v
		XADD t 1e3 f v
		XADD t 11111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111 f v
		XRANGE t ( +
		XRANGE t (- +
		XACK t g (1-1
		XDEL nokey x
		XDEL t x
		XGROUP CREATE t g -
		XGROUP CREATE t g 0
		XGROUP SETID t g -
		XGROUP SETID t g +
		XGROUP SETID t g (1
		XGROUP SETID t g 0
		XREADGROUP GROUP g c STREAMS t 18446744073709551615-18446744073709551615
		XREADGROUP GROUP g c STREAMS t 18446744073709551615-18446744073709551614
		XPENDING t g`,

	"odd options": `
		XADD s MAXLEN 1 MINID 2 * f v
		XADD s LIMIT 5 * f v
		XADD s LIMIT 0 1-1 f v
		XADD s LIMIT 5 MAXLEN ~ 10 1-2 f v
		XADD s NOMKSTREAM NOMKSTREAM NOMKSTREAM NOMKSTREAM
		XADD s NOMKSTREAM MAXLEN 5 1-3 f v
		XADD s MAXLEN
		XADD s x
		XADD s x f
		XTRIM s LIMIT 5
		XTRIM s LIMIT 0 MAXLEN 5
		XTRIM s MAXLEN 5 MAXLEN 5
		XTRIM s MAXLEN ~ 5 LIMIT -1
		XTRIM s MAXLEN ~ 0 LIMIT 1
		XSETID s 9-9 ENTRIESADDED 1
		XSETID s 9-9 ENTRIESADDED -1
		XSETID s 9-9 MAXDELETEDID 10-0
		XSETID s 9-9 MAXDELETEDID 0-0
		XSETID s 9-9 FOO
		XSETID nokey x
		XSETID s 9-9 ENTRIESADDED 20 MAXDELETEDID 3-0
		~XINFO STREAM s
		XGROUP CREATE s g 0 ENTRIESREAD -2
		XGROUP CREATE s g 0 ENTRIESREAD
		XGROUP CREATE s g 0 MKSTREAM MKSTREAM MKSTREAM
		XGROUP CREATE s g 0 MKSTREAM MKSTREAM MKSTREAM MKSTREAM
		XGROUP CREATE nokey g x
		XGROUP SETID s g 0 MKSTREAM
		XGROUP SETID nokey g x FOO
		XPENDING s nog x y z
		XPENDING s nog x y 1
		XPENDING s g IDLE x
		XPENDING s g IDLE 1 - +
		XPENDING s g - + 1 a b c
		XINFO STREAM s more
		XINFO STREAM
		EXPIRE s 100 FOO
		EXPIRE s 100 NX XX
		EXPIRE s 100 GT LT
		EXPIRE s 9223372036854775807
		SET k v EX 10 PX 10
		SET k v EX 0
		SET k v NX XX
		SET k v KEEPTTL EX 5
		GETEX k NX
		FLUSHALL FOO`,

	// A name that came from a client ends an error's text at its first zero byte.
	"zero bytes": "XPENDING `a\x00b` g\nXREADGROUP GROUP `g\x00h` c STREAMS `s\x00` >\nXGROUP CREATECONSUMER `x\x00` g c\nXADD s 1-1 f v\nXGROUP DELCONSUMER s `g\x00` c\n" +
		"XCLAIM s g a 0 `F\x00`\nXGROUP CREATE s g 0\nXCLAIM s g a 0 1-1 `F\x00OO`\nEVAL `return redis.error_reply(ARGV[1])` 0 `MY err\x00or`\nEVAL `return {ok = ARGV[1]}` 0 `fi\x00ne`\nXACK s g `1-1\x005`\nXADD s `1-5\x00-` f v",

	// Below a tombstone nothing is certain, above all of them everything is.
	"lag behind tombstones": `
		XADD s 1-1 f v
		XADD s 1-2 f v
		XADD s 1-3 f v
		XGROUP CREATE s g 0
		XDEL s 1-1
		XREADGROUP GROUP g a COUNT 1 STREAMS s >
		XINFO GROUPS s
		XDEL s 1-2
		XADD s 1-4 f v
		XREADGROUP GROUP g a COUNT 1 STREAMS s >
		XINFO GROUPS s
		XGROUP CREATE s h 1-2
		XGROUP CREATE s i 1-3
		XINFO GROUPS s`,

	"nodes by bytes": `
		EVAL ` + "`for i = 1, 60 do redis.call('XADD', KEYS[1], i .. '-0', 'name', string.rep('x', i * 9), i, -i, 'n' .. i, i * 100000) end`" + ` 1 s
		XTRIM s MAXLEN ~ 50
		XTRIM s MAXLEN ~ 40
		XTRIM s MINID ~ 30
		XDEL s 40 41 42 43 44 45 46 47 48 49 50
		XTRIM s MAXLEN ~ 9
		XTRIM s MAXLEN 5
		XADD s 61 a b
		XTRIM s MINID ~ 60
		XTRIM s MAXLEN ~ 0`,

	"scores": `
		ZADD z 0.1 a 1e21 b -0 c inf d -inf e
		ZRANGE z 0 -1 WITHSCORES
		ZSCORE z a
		ZINCRBY z -0 new
		ZADD z 0x10 h
		ZADD z nan x
		ZADD z 1_0 x
		ZADD z 1e400 x
		ZADD z 1e-400 x
		ZADD z INCR inf e
		ZADD z NX GT 1 a
		ZADD z INCR 1 a 2 b
		ZADD z CH 5 a 6 new2
		ZADD z odd
		ZCOUNT z ` + "` 1`" + ` +inf
		ZCOUNT z (1 1e400
		ZRANGEBYSCORE z 1 1e-400
		ZRANGE z 0 1 BYSCORE REV
		ZRANGE z (5 (0 BYSCORE REV LIMIT 0 -1
		ZRANGE z 0 1 LIMIT 0 1
		ZRANGE z - + BYLEX WITHSCORES
		ZRANGE z - + BYLEX
		ZREVRANGE z 0 1 WITHSCORES
		ZREVRANGEBYSCORE z +inf -inf WITHSCORES LIMIT 1 2
		ZRANK z a
		ZREVRANK z a
		ZRANK z nobody
		ZPOPMIN z
		ZPOPMAX z 2
		ZPOPMIN z -1
		ZPOPMIN nokey 5
		ZADD same 0 a 0 b 0 c 0 d
		ZRANGEBYLEX same [b (d
		ZREVRANGEBYLEX same + (a
		ZLEXCOUNT same - (c
		ZRANGEBYLEX same b d
		ZREMRANGEBYLEX same [a [b
		ZREMRANGEBYRANK same 0 0
		ZREMRANGEBYSCORE same -inf +inf
		EXISTS same`,

	"texts and hashes": `
		SET k 5 GET
		SET k v GET
		SET k w XX GET
		SET k x NX GET
		SETNX k y
		GETSET k z
		APPEND k zz
		STRLEN k
		GETRANGE k 0 -2
		GETRANGE k -1 -5
		GETDEL k
		MSET a 1 b 2
		MSET a 1 b
		MSETNX b 3 c 4
		MSETNX c 3 d 4
		MGET a b c nokey
		DECRBY a -9223372036854775808
		DECR a
		INCRBY a 9223372036854775807
		INCRBY a 9223372036854775807
		SETEX k 0 v
		SETEX k 100 v
		~TTL k
		SET k v KEEPTTL
		~TTL k
		SET k v
		TTL k
		PSETEX k 100000 v
		GETEX k PERSIST
		TTL k
		EXPIRE k -1
		EXISTS k
		HSET h z 1 a 2 m 3
		HGETALL h
		HSET h a 9
		HDEL h z
		HSET h z 5
		HKEYS h
		HVALS h
		HMSET h a
		HMSET h a 1
		HINCRBY h a text
		HSET h t text
		HINCRBY h t 1
		HINCRBY h a 9223372036854775807
		HSTRLEN h t
		HSETNX h t x
		HGET a b
		LPUSH h x
		SADD h x
		GEOADD h 1 1 x
		SETBIT a 7 1
		GET a
		BITCOUNT a
		SADD set x y
		SUNIONSTORE a set
		TYPE a
		HSET set f v
		ZUNIONSTORE set 1 z
		TYPE set
		RENAME a b
		TYPE b
		SCARD b
		RENAME nokey x
		RENAMENX b h
		RPUSH l a b
		RENAME l l2
		LRANGE l2 0 -1
		EXPIRE l2 100
		~TTL l2
		RENAME l2 l
		~TTL l
		SET l text
		LRANGE l 0 -1
		TTL l
		KEYS h?
		KEYS [a-b]
		KEYS \*
		SCAN 0 MATCH h TYPE hash`,
}
