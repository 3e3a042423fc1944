package embedded

// claimParity is about taking entries over.
var claimParity = map[string]string{
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

	"xautoclaim scan": `
		EVAL ` + "`for i = 1, 42 do redis.call('XADD', KEYS[1], i .. '-0', 'f', i) end redis.call('XGROUP', 'CREATE', KEYS[1], 'g', '0') redis.call('XREADGROUP', 'GROUP', 'g', 'a', 'STREAMS', KEYS[1], '>') redis.call('XCLAIM', KEYS[1], 'g', 'a', 0, '1-0', '42-0', 'IDLE', 90000, 'JUSTID')`" + ` 1 s
		XAUTOCLAIM s g b 60000 0 COUNT 2 JUSTID
		XAUTOCLAIM s g b 60000 21-0 COUNT 2 JUSTID
		XAUTOCLAIM s g b 60000 41-0 COUNT 2 JUSTID
		XAUTOCLAIM s g b 60000 0 COUNT 1 JUSTID
		XPENDING s g`,
}
