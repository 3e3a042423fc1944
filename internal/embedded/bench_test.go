package embedded

import (
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

func BenchmarkXAdd(b *testing.B) {
	rdb := clientOf(b, start(b))
	for b.Loop() {
		require.NoError(b, rdb.XAdd(b.Context(), &redis.XAddArgs{Stream: "s", Values: []string{"f", "v"}}).Err())
	}
}

func BenchmarkXAddPipelined(b *testing.B) {
	rdb := clientOf(b, start(b))
	pipe, n := rdb.Pipeline(), 0
	for b.Loop() {
		pipe.XAdd(b.Context(), &redis.XAddArgs{Stream: "s", Values: []string{"f", "v"}})
		if n++; n%100 == 0 {
			_, err := pipe.Exec(b.Context())
			require.NoError(b, err)
		}
	}
}

// BenchmarkFencedAck is a script of the kind that settles a delivery.
func BenchmarkFencedAck(b *testing.B) {
	rdb := clientOf(b, start(b))
	require.NoError(b, rdb.XGroupCreateMkStream(b.Context(), "s", "g", "0").Err())
	script := redis.NewScript(`local id = redis.call('XADD', KEYS[1], '*', 'f', 'v')
redis.call('XREADGROUP', 'GROUP', 'g', 'a', 'STREAMS', KEYS[1], '>')
local p = redis.call('XPENDING', KEYS[1], 'g', id, id, 1)
if #p == 1 and p[1][2] == ARGV[1] then return redis.call('XACK', KEYS[1], 'g', id) end
return redis.error_reply('LOST it')`)
	for b.Loop() {
		require.NoError(b, script.Run(b.Context(), rdb, []string{"s"}, "a").Err())
	}
}
