package producer_test

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/producer"
	"github.com/leat-io/leat/stream"
)

// FuzzConfig: New takes a configuration or says what is wrong with it; what it takes can be closed at once.
func FuzzConfig(f *testing.F) {
	f.Add("", 0, 0, 0, 0, 0, int64(0), int64(0))
	f.Add("%zz", -1, -1, -1, -1, -1, int64(-1), int64(-1))
	f.Add("a b\x00", 1<<62, 1<<62, 1<<62, 1<<62, 1<<62, int64(1<<62), int64(1<<62))
	f.Add("/s", 1, 1, 1, 1, 1, int64(1), int64(time.Millisecond))
	f.Fuzz(func(t *testing.T, source string, maxEvent, events, bytes, pending, pendingBytes int, linger, retry int64) {
		rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
		defer func() { require.NoError(t, rdb.Close()) }()
		conn := stream.Wrap(rdb)
		defer func() { require.NoError(t, conn.Close()) }()
		p, err := producer.New(conn, producer.Config{
			Source: source, MaxEventBytes: maxEvent, BatchEvents: events, BatchBytes: bytes, MaxPending: pending, MaxPendingBytes: pendingBytes,
			Linger: time.Duration(linger), RetryFor: time.Duration(retry),
		})
		if err != nil {
			return
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		require.NoError(t, p.Close(ctx))
	})
}
