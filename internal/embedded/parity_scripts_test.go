package embedded

// parity holds the commands that are sent to both servers, by topic.
var parity = map[string]string{
	"xadd": `
		XADD s 1-1 f v
		XADD s 1-1 f v
		XADD s 0-0 f v
		XADD s 5 a 1 a 2 b
		XADD s 5 a 1 a 2
		XADD s 5-* a 1
		XADD s 7-* a 1
		XADD s 3-* a 1
		XADD s x f v
		XADD s x-* f v
		XADD s - f v
		XADD s *
		XADD s * f
		XADD
		XADD missing NOMKSTREAM * f v
		EXISTS missing
		XADD s NOMKSTREAM * f v
		XADD s MAXLEN 2 * f v
		XLEN s
		XADD s MAXLEN = 1 * f v
		XADD s MAXLEN ~ 1000 * f v
		XADD s MAXLEN ~ 1000 LIMIT 5 * f v
		XADD s MAXLEN 1000 LIMIT 5 * f v
		XADD s MAXLEN x * f v
		XADD s MAXLEN -1 * f v
		XADD s MINID 9 * f v
		XADD s MINID ~ 9 * f v
		XLEN s
		SET str v
		XADD str * f v
		XLEN str
		XLEN nokey
		XLEN a b
		TYPE s
		TYPE nokey
		EXISTS s nokey s
		XADD top 18446744073709551615-18446744073709551615 f v
		XADD top * f v
		~XINFO STREAM s
		DEL s str
		EXISTS s
		XADD s 1-1 f v
		XRANGE s - +`,

	"xrange": `
		XADD s 1-1 f 1
		XADD s 1-2 f 2 f 2b
		XADD s 2-1 f 3
		XADD s 3-1 f 4
		XRANGE s - +
		XRANGE s - + COUNT 2
		XRANGE s - + COUNT 0
		XRANGE s - + COUNT -1
		XRANGE s - + COUNT x
		XRANGE s - + CONT 1
		XRANGE s - + COUNT
		XRANGE s 1 1
		XRANGE s (1-1 (3-1
		XRANGE s (1-1 2
		XRANGE s (x 2
		XRANGE s x +
		XRANGE s + -
		XRANGE s (18446744073709551615-18446744073709551615 +
		XRANGE s - (0-0
		XREVRANGE s + -
		XREVRANGE s + - COUNT 1
		XREVRANGE s 2 1-2
		XREVRANGE s (3-1 -
		XRANGE nokey - +
		XRANGE nokey - + COUNT 0
		XRANGE s -
		SET str v
		XRANGE str - +
		XDEL s 1-2 9-9 1-2
		XDEL s x
		XDEL nokey 1-1
		XDEL str 1-1
		XLEN s
		XTRIM s MAXLEN 1
		XTRIM s MAXLEN ~ 0
		XTRIM s MINID 9
		XTRIM s FOO 9
		XTRIM s MAXLEN
		XTRIM s MAXLEN 1 x
		XTRIM nokey MAXLEN 1
		XLEN s
		EXISTS s
		XSETID s 2-0
		XSETID s 9-0
		XSETID nokey 9-0
		XADD s 8-0 f v
		~XINFO STREAM s`,

	"xgroup": `
		XGROUP CREATE s g 0
		XGROUP CREATE s g 0 MKSTREAM
		XGROUP CREATE s g 0 MKSTREAM
		XGROUP CREATE s g2 x
		XGROUP CREATE s g2 $ ENTRIESREAD 5
		XGROUP CREATE s g3 1-1 FOO
		XGROUP CREATE s
		XGROUP FOO s
		XGROUP
		XLEN s
		TYPE s
		XINFO STREAM s
		XINFO GROUPS s
		XGROUP CREATECONSUMER s g c
		XGROUP CREATECONSUMER s g c
		XGROUP CREATECONSUMER s nog c
		XGROUP CREATECONSUMER nokey g c
		XADD s 1-1 f v
		XADD s 1-2 f v
		XREADGROUP GROUP g c STREAMS s >
		XGROUP DELCONSUMER s g c
		XGROUP DELCONSUMER s g c
		XGROUP DELCONSUMER s nog c
		XGROUP DELCONSUMER nokey g c
		XPENDING s g
		XGROUP SETID s g 0
		XGROUP SETID s nog 0
		XREADGROUP GROUP g d COUNT 1 STREAMS s >
		XINFO GROUPS s
		XGROUP SETID s g $
		XINFO GROUPS s
		XGROUP DESTROY s g
		XGROUP DESTROY s g
		XGROUP DESTROY nokey g
		XINFO GROUPS s
		XINFO GROUPS nokey
		XINFO STREAM nokey
		XINFO CONSUMERS nokey g
		XINFO CONSUMERS s nog
		XINFO FOO s
		XINFO STREAM
		SET str v
		XGROUP CREATE str g 0
		XGROUP CREATE str g 0 MKSTREAM
		XINFO STREAM str
		XINFO GROUPS str`,

	"xread": `
		XREAD STREAMS s 0
		XADD s 1-1 f v
		XADD s 1-2 f v g w
		XADD t 2-1 f v
		XREAD STREAMS s 0
		XREAD COUNT 1 STREAMS s t 0 0
		XREAD STREAMS s t nokey 1-1 $ 0
		XREAD STREAMS s $
		XREAD STREAMS s x
		XREAD STREAMS s >
		XREAD STREAMS s t 0
		XREAD COUNT x STREAMS s 0
		XREAD COUNT 1
		XREAD BLOCK 10 STREAMS s $
		XREAD BLOCK x STREAMS s $
		XREAD BLOCK -1 STREAMS s $
		XREAD FOO 1 STREAMS s $
		XREAD GROUP g c STREAMS s 0`,

	"xreadgroup": `
		XREADGROUP GROUP g c STREAMS s >
		XADD s 1-1 f v
		XREADGROUP GROUP g c STREAMS s >
		XREADGROUP GROUP g c BLOCK 10 STREAMS s >
		XGROUP CREATE s g 0
		XREADGROUP GROUP g c STREAMS s $
		XREADGROUP GROUP g c STREAMS s x
		XREADGROUP COUNT 1 NOACK STREAMS s >
		XREADGROUP GROUP g c COUNT 1
		XADD s 1-2 f v
		XADD s 1-3 f v
		XADD s 1-4 f v
		XADD s 1-5 f v
		XREADGROUP GROUP g c COUNT 2 STREAMS s >
		XREADGROUP GROUP g c STREAMS s 0
		XREADGROUP GROUP g c COUNT 1 STREAMS s 1-1
		XREADGROUP GROUP g other STREAMS s 0
		XREADGROUP GROUP g d COUNT 1 NOACK STREAMS s >
		XPENDING s g
		~XPENDING s g - + 10
		XINFO GROUPS s
		~XINFO CONSUMERS s g
		XREADGROUP GROUP g c COUNT 0 STREAMS s >
		XREADGROUP GROUP g c STREAMS s >
		XREADGROUP GROUP g e STREAMS s >
		XREADGROUP GROUP g f BLOCK 10 STREAMS s >
		~XINFO CONSUMERS s g
		XDEL s 1-1
		XREADGROUP GROUP g c STREAMS s 0
		XACK s g 1-1 1-1 1-2 9-9
		XACK s g x
		XACK s g 1-4 x
		XACK s nog 1-1
		XACK nokey g 1-1
		XACK s g
		XPENDING s g
		XGROUP SETID s g 0
		XREADGROUP GROUP g z STREAMS s >
		XPENDING s g
		XINFO GROUPS s
		XADD t 1-1 f v
		XGROUP CREATE t g 0
		XREADGROUP GROUP g c STREAMS s t > >
		XREADGROUP GROUP g c STREAMS s t 0 >
		XREADGROUP GROUP g c STREAMS s nokey > >
		SET str v
		XREADGROUP GROUP g c STREAMS str >
		XACK str g 1-1`,

	"xpending": `
		XADD s 1-1 f v
		XADD s 1-2 f v
		XADD s 1-3 f v
		XPENDING s g
		XPENDING nokey g
		XGROUP CREATE s g 0
		XPENDING s g
		XPENDING s g - + 10
		XREADGROUP GROUP g b COUNT 1 STREAMS s >
		XREADGROUP GROUP g a COUNT 2 STREAMS s >
		XPENDING s g
		~XPENDING s g - + 10
		~XPENDING s g - + 1
		~XPENDING s g - + 0
		~XPENDING s g - + -1
		~XPENDING s g (1-1 + 10
		~XPENDING s g 1-2 1-2 1
		~XPENDING s g 1-9 + 1
		~XPENDING s g - + 10 a
		XPENDING s g - + 10 nobody
		XPENDING s g IDLE 100000 - + 10
		~XPENDING s g IDLE 0 - + 10
		~XPENDING s g IDLE 0 - + 10 b
		XPENDING s g IDLE x - + 10
		XPENDING s g IDLE 0
		XPENDING s g -
		XPENDING s g - + x
		XPENDING s g x + 1
		~XPENDING s g - + 1 a b
		XPENDING s nog - + 1
		XDEL s 1-1
		XPENDING s g
		~XPENDING s g - + 10
		XACK s g 1-1
		XPENDING s g`,

	"xclaim": `
		XADD s 1-1 f v
		XADD s 1-2 f v
		XADD s 1-3 f v
		XADD s 1-4 f v
		XGROUP CREATE s g 0
		XREADGROUP GROUP g a COUNT 3 STREAMS s >
		XCLAIM s g b 0 1-1
		~XPENDING s g - + 10
		XCLAIM s g b 0 1-1 1-2 JUSTID
		XPENDING s g
		XCLAIM s g c 100000 1-1
		XCLAIM s g c 0 9-9
		XCLAIM s g c 0 1-4
		XCLAIM s g c 0 1-4 FORCE
		XCLAIM s g c 0 9-9 FORCE
		XCLAIM s g c 0 1-3 RETRYCOUNT 7
		XCLAIM s g c 0 1-2 IDLE 50000 JUSTID
		XPENDING s g IDLE 49000 - + 10 nobody
		~XPENDING s g IDLE 49000 - + 10
		XCLAIM s g c 0 1-2 TIME 1000 RETRYCOUNT 0 JUSTID
		~XPENDING s g IDLE 10000000 - + 10
		XCLAIM s g c 0 1-2 TIME 99999999999999 JUSTID
		XPENDING s g IDLE 1000 - + 10
		XCLAIM s g c 0 1-2 LASTID 1-2 JUSTID
		XDEL s 1-1
		XCLAIM s g c 0 1-1 1-2 JUSTID
		XPENDING s g
		XCLAIM s g c 0 1-1 FORCE
		XCLAIM s g c x 1-1
		XCLAIM s g c -5 1-2 JUSTID
		XCLAIM s g c 0 1-2 FOO
		XCLAIM s g c 0 1-2 IDLE x
		XCLAIM s g c 0 1-2 RETRYCOUNT -1
		XCLAIM s g c 0 1-2 IDLE
		XCLAIM s nog c 0 1-2
		XCLAIM nokey g c 0 1-2
		XCLAIM s g c 0
		XCLAIM s g c 0 x
		~XINFO CONSUMERS s g
		XINFO GROUPS s
		XREADGROUP GROUP g a STREAMS s >
		XACK s g 1-1 1-2 1-3 1-4
		XCLAIM s g a 0 1-2 FORCE JUSTID
		~XPENDING s g - + 10`,

	"xclaim counts": `
		XADD s 1-1 f v
		XADD s 1-2 f v
		XGROUP CREATE s g 0
		XREADGROUP GROUP g a STREAMS s >
		EVAL ` + "`redis.call('XCLAIM', KEYS[1], 'g', 'b', 0, '1-1') redis.call('XCLAIM', KEYS[1], 'g', 'b', 0, '1-2', 'JUSTID') local r = {} for _, p in ipairs(redis.call('XPENDING', KEYS[1], 'g', '-', '+', 10)) do r[#r+1] = {p[1], p[2], p[4]} end return r`" + ` 1 s
		EVAL ` + "`redis.call('XCLAIM', KEYS[1], 'g', 'b', 0, '1-1', 'RETRYCOUNT', 9) redis.call('XACK', KEYS[1], 'g', '1-2') redis.call('XCLAIM', KEYS[1], 'g', 'c', 0, '1-2', 'FORCE', 'JUSTID') local r = {} for _, p in ipairs(redis.call('XPENDING', KEYS[1], 'g', '-', '+', 10)) do r[#r+1] = {p[1], p[2], p[4]} end return r`" + ` 1 s
		EVAL ` + "`redis.call('XACK', KEYS[1], 'g', '1-2') redis.call('XCLAIM', KEYS[1], 'g', 'c', 0, '1-2', 'FORCE') return redis.call('XPENDING', KEYS[1], 'g', '1-2', '1-2', 1)[1][4]`" + ` 1 s
		EVAL ` + "`redis.call('XREADGROUP', 'GROUP', 'g', 'b', 'STREAMS', KEYS[1], '0') return redis.call('XPENDING', KEYS[1], 'g', '1-1', '1-1', 1)[1][4]`" + ` 1 s
		EVAL ` + "`redis.call('XAUTOCLAIM', KEYS[1], 'g', 'z', 0, '0') return redis.call('XPENDING', KEYS[1], 'g', '1-1', '1-1', 1)[1][4]`" + ` 1 s
		EVAL ` + "`redis.call('XAUTOCLAIM', KEYS[1], 'g', 'z', 0, '0', 'JUSTID') return redis.call('XPENDING', KEYS[1], 'g', '1-1', '1-1', 1)[1][4]`" + ` 1 s`,

	"xautoclaim": `
		XADD s 1-1 f v
		XADD s 1-2 f v
		XADD s 1-3 f v
		XADD s 1-4 f v
		XADD s 1-5 f v
		XAUTOCLAIM s g b 0 0
		XGROUP CREATE s g 0
		XAUTOCLAIM s g b 0 0
		XREADGROUP GROUP g a STREAMS s >
		XAUTOCLAIM s g b 0 0 COUNT 2
		XAUTOCLAIM s g b 0 1-3 COUNT 2 JUSTID
		XAUTOCLAIM s g b 0 1-5 COUNT 2 JUSTID
		XAUTOCLAIM s g b 0 (1-4 JUSTID
		XAUTOCLAIM s g b 0 1-9 JUSTID
		XAUTOCLAIM s g b 0 - JUSTID
		XAUTOCLAIM s g nobody 100000 0 JUSTID
		~XINFO CONSUMERS s g
		XDEL s 1-2 1-4
		XAUTOCLAIM s g c 0 0 COUNT 2 JUSTID
		XPENDING s g
		XAUTOCLAIM s g c 0 0 COUNT 10
		XPENDING s g
		XDEL s 1-1 1-3 1-5
		XAUTOCLAIM s g c 100000 0 COUNT 1
		XAUTOCLAIM s g c 100000 0
		XAUTOCLAIM s g c 0 0 COUNT 0
		XAUTOCLAIM s g c 0 0 COUNT x
		XAUTOCLAIM s g c 0 0 COUNT -1
		XAUTOCLAIM s g c x 0
		XAUTOCLAIM s g c 0 x
		XAUTOCLAIM s g c 0 0 FOO
		XAUTOCLAIM s g c 0
		XAUTOCLAIM nokey g c 0 0
		SET str v
		XAUTOCLAIM str g c 0 0`,

	// Whole nodes only: 100 entries, or 4,096 bytes.
	"approximate trim": `
		EVAL ` + "`for i = 1, 350 do redis.call('XADD', KEYS[1], i .. '-0', 'f', i) end`" + ` 1 s
		XTRIM s MAXLEN ~ 260
		XTRIM s MAXLEN ~ 249
		XTRIM s MAXLEN ~ 10 LIMIT 150
		XTRIM s MINID ~ 299
		XTRIM s MINID ~ 301
		XTRIM s MAXLEN ~ 0
		EVAL ` + "`local r = {} for i = 1, 250 do redis.call('XADD', KEYS[1], 'MAXLEN', '~', 100, 1000 + i .. '-*', 'f', i) r[i] = redis.call('XLEN', KEYS[1]) end return r`" + ` 1 t
		EVAL ` + "`for i = 1, 20 do redis.call('XADD', KEYS[1], i .. '-0', 'f', string.rep('x', 1500)) end return redis.call('XTRIM', KEYS[1], 'MAXLEN', '~', 10)`" + ` 1 big
		EVAL ` + "`for i = 1, 12000 do redis.call('XADD', KEYS[1], i .. '-0', 'f', i) end return {redis.call('XTRIM', KEYS[1], 'MAXLEN', '~', 0), redis.call('XTRIM', KEYS[1], 'MAXLEN', '~', 0, 'LIMIT', 0)}`" + ` 1 many`,

	// Two are idle enough, forty are not, so the scan ends before it has COUNT.
	"xautoclaim scan": `
		EVAL ` + "`for i = 1, 42 do redis.call('XADD', KEYS[1], i .. '-0', 'f', i) end redis.call('XGROUP', 'CREATE', KEYS[1], 'g', '0') redis.call('XREADGROUP', 'GROUP', 'g', 'a', 'STREAMS', KEYS[1], '>') redis.call('XCLAIM', KEYS[1], 'g', 'a', 0, '1-0', '42-0', 'IDLE', 90000, 'JUSTID')`" + ` 1 s
		XAUTOCLAIM s g b 60000 0 COUNT 2 JUSTID
		XAUTOCLAIM s g b 60000 21-0 COUNT 2 JUSTID
		XAUTOCLAIM s g b 60000 41-0 COUNT 2 JUSTID
		XAUTOCLAIM s g b 60000 0 COUNT 1 JUSTID
		XPENDING s g`,

	"lag": `
		XGROUP CREATE s g 0 MKSTREAM
		XINFO GROUPS s
		XADD s 1-1 f v
		XADD s 1-2 f v
		XADD s 1-3 f v
		XADD s 1-4 f v
		XGROUP CREATE s mid 1-2
		XGROUP CREATE s end $
		XINFO GROUPS s
		XREADGROUP GROUP g a COUNT 2 STREAMS s >
		XREADGROUP GROUP mid a COUNT 1 STREAMS s >
		XINFO GROUPS s
		XDEL s 1-1
		XINFO GROUPS s
		XDEL s 1-3
		XINFO GROUPS s
		XREADGROUP GROUP g a COUNT 2 STREAMS s >
		XREADGROUP GROUP mid a COUNT 2 STREAMS s >
		XINFO GROUPS s
		XADD s 2-1 f v
		XINFO GROUPS s
		XTRIM s MAXLEN 1
		XINFO GROUPS s
		XREADGROUP GROUP end a NOACK STREAMS s >
		XINFO GROUPS s
		XTRIM s MAXLEN 0
		XINFO GROUPS s
		~XINFO STREAM s`,

	"zset hash": `
		ZADD z 1 a 2 b
		ZADD z NX 5 a 3 c
		ZADD z XX 6 a 7 d
		ZADD z GT 1 a 9 b
		ZADD z XX CH 1 a
		ZADD z NX XX 1 a
		ZADD z INCR 1 a
		ZADD z 1700000000000.5 big
		ZADD z x a
		ZSCORE z big
		ZSCORE z a
		ZSCORE z nope
		ZSCORE nokey a
		ZMSCORE z a nope b
		ZCARD z
		ZCARD nokey
		ZRANGEBYSCORE z -inf +inf
		ZRANGEBYSCORE z -inf 1700000000001 LIMIT 0 2
		ZRANGEBYSCORE z -inf +inf WITHSCORES LIMIT 1 2
		ZRANGEBYSCORE z (2 3
		ZRANGE z 0 -1 WITHSCORES
		ZRANGE z 0 5 BYSCORE LIMIT 0 1
		ZRANGE nokey 0 -1
		ZCOUNT z -inf 5
		ZREM z a nope
		ZREM nokey a
		ZINCRBY z 2 c
		ZRANGEBYSCORE z x y
		ZADD s2 1
		HSET h a 1 b 2
		HSET h a 2
		HINCRBY h n 5
		HINCRBY h b -3
		HSET h s text
		HGET h a
		HGET h nope
		HGET nokey a
		HMGET h a nope b
		HDEL h a nope
		HLEN h
		HEXISTS h b
		%HGETALL h
		HSETNX h b 1
		HDEL h b n s
		EXISTS h
		TYPE z
		ZADD h2 1 a
		HGET h2 a
		SET k v NX
		SET k v NX
		SET k v2 XX GET
		GET k
		GET nokey
		INCR n
		DEL k nokey n
		SET k v PX 100000
		~PTTL k
		~TTL k
		PEXPIRE k 50000
		PTTL nokey
		PERSIST k
		TTL k
		RENAME k k2
		RENAME nokey x
		UNLINK k2
		SADD set a b
		SISMEMBER set a
		SCARD set
		SREM set a
		LPUSH l a b
		RPOP l
		LLEN l
		LRANGE l 0 -1`,

	"keys of streams": `
		XADD s 1-1 f v
		XGROUP CREATE s g 0
		RENAME s t
		EXISTS s t
		XRANGE t - +
		XINFO GROUPS t
		XADD s 5-1 x y
		XRANGE s - +
		RENAME s t
		XRANGE t - +
		TYPE t
		PEXPIRE t 100000
		~PTTL t
		XADD t 6-1 x y
		~PTTL t
		DBSIZE
		KEYS *
		SCAN 0
		GET t
		HSET t a b
		ZADD t 1 a
		SET t str
		XLEN t
		DEL t
		XADD t 1-1 f v
		UNLINK t
		XLEN t
		XADD t 1-1 f v
		FLUSHALL
		XLEN t
		XADD t 1-1 f v
		XLEN t
		FLUSHDB
		DBSIZE`,

	"multi": `
		MULTI
		XADD s 1-1 f v
		XGROUP CREATE s g 0
		XREADGROUP GROUP g c BLOCK 0 STREAMS s >
		XREADGROUP GROUP g c BLOCK 0 STREAMS s >
		SET k v
		GET k
		HGET k a
		XACK s g 1-1
		EVAL ` + "`return {redis.call('GET', KEYS[1]), 1, false}`" + ` 1 k
		EXEC
		EXEC
		DISCARD
		MULTI
		MULTI
		nosuch x
		GET k
		EXEC
		MULTI
		XADD s
		EXEC
		MULTI
		SET k w
		DISCARD
		GET k
		WATCH k
		MULTI
		GET k
		EXEC
		WATCH k
		SET k other
		MULTI
		GET k
		EXEC
		WATCH k
		SET k other
		UNWATCH
		MULTI
		WATCH k
		GET k
		EXEC
		WATCH s
		XADD s 2-1 f v
		MULTI
		XLEN s
		EXEC
		MULTI
		EXEC`,

	"server": `
		PING
		PING hi
		ECHO hi
		~TIME
		nosuch
		nosuch a b
		SELECT 0
		SELECT x
		CLIENT GETNAME
		CLIENT SETNAME worker-1
		CLIENT GETNAME
		CLIENT SETNAME ` + "`a b`" + `
		CLIENT FOO
		CLIENT
		~CLIENT ID
		CLIENT UNBLOCK 999999
		CLIENT UNBLOCK 999999 ERROR
		CLIENT UNBLOCK 999999 FOO
		CLIENT UNBLOCK x
		COMMAND INFO nosuch xnack xackdel
		CONFIG GET maxmemory-policy
		CONFIG GET appendonly
		CONFIG GET nosuch
		CONFIG GET stream-node-max-entries
		CONFIG FOO
		INFO nosuch
		~HELLO
		~HELLO 2
		HELLO 9
		HELLO x
		WAIT 0 10
		CLUSTER INFO
		ROLE
		ROLE x
		EVAL_RO ` + "`return redis.call('GET', KEYS[1])`" + ` 1 k
		EVAL_RO ` + "`return redis.call('SET', KEYS[1], 'v')`" + ` 1 k
		EVAL_RO ` + "`return redis.pcall('XADD', KEYS[1], '*', 'f', 'v')`" + ` 1 k
		EVAL ` + "`return 1`" + ` x
		EVAL ` + "`return 1`" + ` -1
		EVAL ` + "`return 1`" + ` 2 k
		EVAL ` + "`return 1`" + `
		SCRIPT EXISTS abc
		SCRIPT FOO
		SCRIPT LOAD ` + "`return 7`" + `
		EVALSHA eb2de64130ae8ba6d7da5eb1d8ed8da18ecbf9e5 0
		SCRIPT FLUSH
		EVALSHA eb2de64130ae8ba6d7da5eb1d8ed8da18ecbf9e5 0
		SCRIPT FLUSH SYNC
		SCRIPT FLUSH FOO
		SCRIPT LOAD`,

	"resp3": `
		~HELLO 3
		XADD s 1-1 f v
		XGROUP CREATE s g 0
		XREADGROUP GROUP g c STREAMS s >
		XREADGROUP GROUP g c STREAMS s >
		XREAD STREAMS s 0
		XRANGE s - +
		XINFO STREAM s
		XINFO GROUPS s
		~XINFO CONSUMERS s g
		XPENDING s g
		XPENDING s nog
		~XPENDING s g - + 1
		XCLAIM s g d 0 1-1
		XAUTOCLAIM s g d 0 0
		XREADGROUP GROUP g d STREAMS s 0
		XADD nokey NOMKSTREAM * f v
		GET nokey
		HSET h a 1
		HGETALL h
		ZADD z 1.5 a
		ZSCORE z a
		ZRANGE z 0 -1
		HMGET h a b
		CONFIG GET appendonly
		MULTI
		XREADGROUP GROUP g c STREAMS s >
		HGETALL h
		XREAD STREAMS s 0
		EXEC
		EVAL ` + "`return {redis.call('HGETALL', KEYS[1]), redis.call('XREAD', 'STREAMS', KEYS[2], '0'), false}`" + ` 2 h s
		~HELLO 2
		XREAD STREAMS s 0
		XINFO GROUPS s`,
}
