package embedded

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
)

// luaCases are run one after the other, on both servers, with KEYS s, h, z
// and ARGV one, 2. Before them stand a stream s with the entries 1-1 to 1-3,
// a group g, and 1-1 and 1-2 pending under a.
var luaCases = []string{
	// values both ways
	`return 1`, `return 1.9`, `return -1.9`, `return 'x'`, `return true`, `return false`, `return nil`, `return {}`,
	`return {1, 'x', false, true, {2, {3}}}`, `return {1, nil, 3}`, `return {ok = 'fine'}`, `return {err = 'MY error'}`, ``,
	`return KEYS`, `return ARGV`, `return {#KEYS, #ARGV, KEYS[9] == nil}`,
	`return redis.status_reply('DONE')`, `return redis.error_reply('MY error')`, `return redis.error_reply('oneword')`,
	`return redis.error_reply('-MY error')`, `return redis.sha1hex('x')`, `return {redis.LOG_WARNING, redis.LOG_DEBUG}`,
	`redis.log(redis.LOG_DEBUG, 'x')`, `return redis.call('PING')`, `return redis.call('PING').ok`,
	`return type(redis.call('GET', 'nokey'))`, `return tostring(redis.call('GET', 'nokey'))`, `return 2^53`,
	`redis.call('SET', 'n', 2^53) return redis.call('GET', 'n')`, `redis.call('SET', 'n', 0.1) return redis.call('GET', 'n')`,
	`redis.call('SET', 'n', 1700000000123) return redis.call('GET', 'n')`, `redis.call('SET', 'n', -3) return redis.call('GET', 'n')`,
	`redis.call('SET', 'n', 1e300) return redis.call('GET', 'n')`, `redis.call('SET', 'n', 1e21) return redis.call('GET', 'n')`,
	`return redis.call('INCRBY', 'n2', 5) + 1`,
	// errors
	`return redis.call('HGET', KEYS[1], 'a')`, `return redis.pcall('HGET', KEYS[1], 'a')`, `return redis.pcall('HGET', KEYS[1], 'a').err`,
	`return redis.pcall('HGET', KEYS[1], 'a')['ok'] == nil`, `return redis.call('NOSUCH')`, `return redis.pcall('NOSUCH')`,
	`return redis.call('XLEN')`, `return redis.pcall('XLEN')`, `return redis.call()`, `return redis.call('SET', 'k', {})`, `return redis.pcall('SET', 'k', {})`,
	`return redis.call('EVAL', 'return 1', 0)`, `return redis.call('MULTI')`, `return redis.call('CLIENT', 'ID')`,
	`local ok, e = pcall(redis.call, 'HGET', KEYS[1], 'a') return {tostring(ok), type(e), e}`,
	`local ok, e = pcall(function() error('x') end) return {tostring(ok), e}`, `local ok, a, b = pcall(function() return 1, 2 end) return {tostring(ok), a, b}`,
	`local ok, e = pcall(error, {code = 7}) return {type(e), e.code}`,
	`error('boom')`, `error({err = 'MY error'})`, "\n\nerror('third line')", `return nosuch`, `newglobal = 1`,
	`return redis.call('XREADGROUP', 'GROUP', 'nog', 'c', 'STREAMS', KEYS[1], '>')`, `return redis.call('XADD', KEYS[1], '1-1', 'f', 'v')`,
	`return redis.pcall('xreadgroup', 'GROUP', 'g', 'c', 'BLOCK', 0, 'STREAMS', KEYS[1], '>')`, `return redis.call('XGROUP', 'CREATE', KEYS[1], 'g', '0')`,
	`if redis.call('EXISTS', KEYS[1]) == 1 then return redis.error_reply('LEATFENCED lost 1-1') end`,
	// streams
	`return redis.call('XPENDING', KEYS[1], 'g')`, `return redis.call('XPENDING', KEYS[1], 'nobody')`, `return redis.call('XPENDING', 's0', 'g')`,
	`local p = redis.call('XPENDING', KEYS[1], 'g', '1-1', '1-1', 1) return {#p, p[1][1], p[1][2], type(p[1][3]), p[1][4]}`,
	`return #redis.call('XPENDING', KEYS[1], 'g', '9-9', '9-9', 1)`, `return redis.call('XPENDING', KEYS[1], 'g', 'IDLE', 999999, '-', '+', 5)`,
	`return redis.call('XCLAIM', KEYS[1], 'g', 'b', 0, '1-1', '1-2', 'JUSTID')`, `return redis.call('XCLAIM', KEYS[1], 'g', 'b', 0, '1-1')`,
	`return redis.call('XCLAIM', KEYS[1], 'g', 'b', 0, '9-9')`, `return redis.call('XRANGE', KEYS[1], '1-2', '1-2')[1][2]`,
	`return redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 2)`, `return redis.call('XRANGE', KEYS[1], '9', '9')`, `return redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)`,
	`return redis.call('XADD', KEYS[1], '2-1', 'f', 'v', 'f', 'w', 'n', 12)`, `return redis.call('XADD', 'nokey', 'NOMKSTREAM', '*', 'f', 'v')`,
	`return redis.call('XDEL', KEYS[1], '1-1')`, `return redis.call('XREADGROUP', 'GROUP', 'g', 'b', 'STREAMS', KEYS[1], '0')`,
	`local r = redis.call('XREADGROUP', 'GROUP', 'g', 'b', 'STREAMS', KEYS[1], '0') return tostring(r[1][2][1][2])`,
	`return redis.call('XREADGROUP', 'GROUP', 'g', 'c', 'COUNT', 1, 'STREAMS', KEYS[1], '>')`, `return redis.call('XAUTOCLAIM', KEYS[1], 'g', 'c', 0, '0', 'COUNT', 9, 'JUSTID')`,
	`return tostring(redis.call('XREAD', 'STREAMS', 'nokey', '0'))`, `return redis.call('XACK', KEYS[1], 'g', '1-1', '1-2')`, `return redis.call('XLEN', KEYS[1])`,
	`return redis.call('XINFO', 'GROUPS', KEYS[1])`, `return redis.call('XINFO', 'STREAM', KEYS[1])`, `local c = redis.call('XINFO', 'CONSUMERS', KEYS[1], 'g') return {#c, c[1][1], c[1][2], c[1][3], c[1][4], c[1][5]}`,
	`return redis.call('XGROUP', 'DELCONSUMER', KEYS[1], 'g', 'b')`, `return redis.call('XTRIM', KEYS[1], 'MINID', '1-3')`, `return redis.call('TYPE', KEYS[1])`, `return redis.call('TYPE', KEYS[1]).ok`, `return redis.call('TYPE', KEYS[1])['ok'] == 'stream'`,
	// other types
	`return {redis.call('ZADD', KEYS[3], 5, 'a', '7.5', 'b'), redis.call('ZSCORE', KEYS[3], 'b'), redis.call('ZSCORE', KEYS[3], 'x')}`,
	`return redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', 6, 'LIMIT', 0, 10)`, `return redis.call('ZRANGE', KEYS[3], 0, -1, 'WITHSCORES')`, `return redis.call('ZMSCORE', KEYS[3], 'a', 'x')`,
	`return {redis.call('ZADD', KEYS[3], 'GT', 'CH', 6, 'a'), redis.call('ZREM', KEYS[3], 'a'), redis.call('ZCARD', KEYS[3])}`,
	`return {redis.call('HINCRBY', KEYS[2], 'n', 1), redis.call('HSET', KEYS[2], 'a', 'b'), redis.call('HMGET', KEYS[2], 'n', 'x', 'a'), redis.call('HDEL', KEYS[2], 'n'), redis.call('HLEN', KEYS[2])}`,
	`return redis.call('HGETALL', KEYS[2])`, `return redis.call('SET', 'p', 'v', 'PX', 100000, 'NX')`, `return redis.call('SET', 'p', 'v', 'NX')`, `return tostring(redis.call('SET', 'p', 'v', 'NX'))`,
	`local t = redis.call('TIME') return {#t, #t[1], tonumber(t[1]) > 1700000000, tonumber(t[2]) < 1000000}`, `return redis.call('EXISTS', KEYS[1], 'nokey')`, `return redis.call('DEL', KEYS[2], 'nokey')`,
	// the language
	`return {unpack({1, 2, 3})}`, `local t = {} for i = 1, 5000 do t[i] = i end return #{unpack(t)}`,
	`local t = {} for i = 1, 6000, 2 do t[i] = 'f' .. i t[i + 1] = i end redis.call('HSET', 'wide', unpack(t)) return redis.call('HLEN', 'wide')`,
	`return {string.match('1700-12', '^(%d+)%-(%d+)$')}`, `return string.format('%s|%d|%05.1f|%q|%x', 'a', 3, 2.25, 'q', 255)`,
	`return table.concat({'a', 'b', 3}, ',')`, `return {string.find('hello', 'l', 1, true)}`, `return (string.gsub('a-b', '-', '+'))`, `return ('x'):rep(3)`,
	`local t = {3, 1, 2} table.sort(t) table.insert(t, 9) table.remove(t, 1) return t`, `return {tonumber('12'), tonumber('x') == nil, tostring(12), tostring(1.5), math.floor(2.7), math.max(1, 5)}`,
	`return tostring(1e13)`, `return 'n=' .. 123456789012`, `local a, b = ('1-2'):match('(%d+)-(%d+)') return {a, b}`, `return select('#', 1, nil, 3)`, `return {next({}) == nil, type(next)}`,
	`local s = 0 for k, v in pairs({a = 1, b = 2}) do s = s + v end return s`, `return loadstring('return 5')()`, `return {type(require), type(dofile), type(print)}`, `return type(os)`,
	// libraries
	`return cjson.encode({1, 2, {a = 'b'}})`, `return cjson.encode({})`, `return cjson.encode('a/"\\\n\1é')`, `return cjson.encode({a = cjson.null})`, `return cjson.encode(1.5) .. cjson.encode(100) .. cjson.encode(true)`,
	`return cjson.encode(1700000000123)`, `return cjson.decode('{"a":[1,2,{"b":null}],"c":"x"}').a[2]`, `return tostring(cjson.decode('[null]')[1] == cjson.null)`, `return cjson.decode('"\\u00e9"')`, `return cjson.decode('[1.5]')[1] * 2`,
	`return (pcall(cjson.decode, '{bad'))`, `return type(cjson.null)`,
	`return struct.pack('>I4hB', 1, -2, 255)`, `return {struct.unpack('>I4hB', struct.pack('>I4hB', 1, -2, 255))}`, `return struct.pack('<ic3sx', -1, 'abc', 'zz')`, `return {struct.unpack('<ic3s', struct.pack('<ic3s', -1, 'abc', 'zz'))}`,
	`return struct.size('>I4hB')`, `return tostring(select(1, struct.unpack('d', struct.pack('d', 1.25))))`, `return {struct.unpack('>l', struct.pack('>l', -5))}`, `return {struct.unpack('Bc0', struct.pack('Bc0', 2, 'hi'))}`,
	`return {bit.band(7, 12), bit.bor(1, 8), bit.bxor(5, 1), bit.bnot(0), bit.lshift(1, 31), bit.rshift(-1, 28), bit.arshift(-16, 2), bit.rol(1, 33), bit.tobit(4294967295)}`, `return bit.tohex(255)`,
	"#!lua flags=no-writes\nreturn redis.call('XLEN', KEYS[1])", "#!lua flags=no-writes\nreturn redis.call('SET', KEYS[1], 'x')",
}

func TestLuaSameAsRedis(t *testing.T) {
	t.Parallel()
	genuine := redistest.Start(t)
	if v := dial(t, genuine.Addr()).do("INFO", "server"); !isRedis70(v) {
		t.Skipf("the broker is compared with Redis 7.0, this machine's redis-server is another: %.60s", v)
	}
	ours, theirs := dial(t, start(t).Addr()), dial(t, genuine.Addr())
	for _, w := range []*wire{ours, theirs} {
		for _, id := range []string{"1-1", "1-2", "1-3"} {
			require.Equal(t, `"`+id+`"`, w.do("XADD", "s", id, "f", "v"))
		}
		require.Equal(t, "+OK", w.do("XGROUP", "CREATE", "s", "g", "0"))
		w.do("XREADGROUP", "GROUP", "g", "a", "COUNT", "2", "STREAMS", "s", ">")
	}
	for _, source := range luaCases {
		args := []string{"EVAL", source, "3", "s", "h", "z", "one", "2"}
		want, got := mask(theirs.do(args...), false), mask(ours.do(args...), false)
		assert.Equal(t, want, got, source)
	}
}
