package embedded

// serverParity is about the server, transactions and protocols.
var serverParity = map[string]string{
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
