package embedded

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
)

// fullMemory is sent to both with their memory full.
const fullMemory = `
	XADD s 1-2 f v
	XADD s
	GET k
	SET k v
	APPEND k v
	XGROUP CREATE s h 0
	XGROUP CREATE s h
	XGROUP FOO
	XGROUP CREATECONSUMER s g c
	XGROUP SETID s g 0
	XGROUP DELCONSUMER s g nobody
	XSETID s 3-3
	XREADGROUP GROUP g c STREAMS s >
	XCLAIM s g d 0 1-1 JUSTID
	XAUTOCLAIM s g d 0 0 JUSTID
	HSET h a
	HSET h a b
	HDEL h a
	ZADD z 1 a
	ZREM z a
	LPUSH l a
	SADD set a
	DEL nokey
	EXPIRE k 100
	RENAME k k2
	SCRIPT LOAD ` + "`return 1`" + `
	EVAL ` + "`return redis.call('SET', 'k', 'v')`" + ` 0
	EVAL ` + "`return redis.pcall('SET', 'k', 'v')`" + ` 0
	EVAL ` + "`redis.call('DEL', 'nokey') return redis.call('SET', 'k', 'v')`" + ` 0
	EVAL ` + "`redis.pcall('XCLAIM', 'nokey', 'g', 'a', 0, '1-1') return redis.call('HSET', 'h2', 'a', 'b')`" + ` 0
	EVAL ` + "`redis.pcall('SET', 'k', 'v') return redis.call('SET', 'k', 'v')`" + ` 0
	EVAL ` + "`redis.pcall('DEL') return redis.pcall('SET', 'k', 'v')`" + ` 0
	EVAL ` + "`return redis.call('XGROUP', 'CREATE', 's', 'h', '0')`" + ` 0
	EVAL ` + "`local ok, e = pcall(redis.call, 'SET', 'k', 'v') return {tostring(ok), e}`" + ` 0
	EVAL_RO ` + "`return redis.call('SET', 'k', 'v')`" + ` 0
	EVAL ` + "`#!lua\nreturn 1`" + ` 0
	EVAL ` + "`#!lua flags=no-writes\nreturn 1`" + ` 0
	EVAL ` + "`#!lua flags=allow-oom\nreturn redis.call('SET', 'k', 'v')`" + ` 0
	EVAL_RO ` + "`#!lua flags=allow-oom\nreturn 1`" + ` 0
	MULTI
	GET k
	XACK s g 1-1
	EXEC
	MULTI
	MULTI
	DISCARD
	MULTI
	DISCARD
	WATCH k
	UNWATCH`

// queuedBefore is sent while there is memory, and EXEC when there is none.
var queuedBefore = []string{"SET k v", "XACK s g 1-1", "EVAL `return redis.call('SET', 'k', 'v')` 0", "EVAL `#!lua\nreturn 1` 0"}

func TestFullMemorySameAsRedis(t *testing.T) {
	t.Parallel()
	genuine := redistest.Start(t)
	theirs, operator := dial(t, genuine.Addr()), dial(t, genuine.Addr())
	if v := theirs.do("INFO", "server"); !isRedis70(v) {
		t.Skipf("the broker is compared with Redis 7.0, this machine's redis-server is another: %.60s", v)
	}
	b := start(t)
	ours := dial(t, b.Addr())
	fill := func(full bool) {
		b.SetMemoryFull(full)
		most := "0"
		if full {
			most = "1"
		}
		require.Equal(t, "+OK", operator.do("CONFIG", "SET", "maxmemory", most))
	}
	both := func(line string) {
		args := words(line)
		assert.Equal(t, mask(theirs.do(args...), false), mask(ours.do(args...), false), line)
	}
	for _, line := range []string{"XADD s 1-1 f v", "XGROUP CREATE s g 0", "SET k v"} {
		both(line)
	}
	fill(true)
	for _, line := range strings.Split(strings.TrimSpace(fullMemory), "\n\t") {
		both(line)
	}
	for _, line := range queuedBefore {
		fill(false)
		both("MULTI")
		both(line)
		fill(true)
		both("EXEC")
	}
	fill(false)
	both("SET k v")
}
