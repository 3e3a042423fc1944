package embedded

// streamParity is about entries of streams.
var streamParity = map[string]string{
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
}
