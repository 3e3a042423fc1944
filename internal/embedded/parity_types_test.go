package embedded

// typesParity is about the other types, and keys of every type.
var typesParity = map[string]string{
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
}
