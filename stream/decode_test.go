package stream

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
)

// TestDecoderAgreesWithGoRedis reads the same random streams by our decoder and
// by go-redis' own, in both protocols.
func TestDecoderAgreesWithGoRedis(t *testing.T) {
	t.Parallel()
	s := redistest.Shared(t)
	for _, protocol := range []string{"2", "3"} {
		t.Run("RESP"+protocol, func(t *testing.T) {
			t.Parallel()
			conn := dial(t, s.URL()+"?protocol="+protocol)
			r := rand.New(rand.NewPCG(7, uint64(protocol[0])))
			for range 20 {
				compareDecoders(t, labOn(t, conn, s.Client(t), redistest.Prefix(t)+"s"), r)
			}
		})
	}
}

func compareDecoders(t *testing.T, l *lab, r *rand.Rand) {
	t.Helper()
	l.create()
	other := l.group("other", DeadLetter{})
	_, err := other.Create(l.ctx, Oldest())
	require.NoError(t, err)
	pipe := l.rdb.Pipeline()
	n := 1 + r.IntN(60)
	for range n {
		pipe.XAdd(l.ctx, &redis.XAddArgs{Stream: l.key, Values: randomFields(r)})
	}
	_, err = pipe.Exec(l.ctx)
	require.NoError(t, err)
	for seen := 0; seen < n; {
		count := 1 + r.IntN(20)
		batch := l.read("c", count)
		typed, err := l.rdb.XReadGroup(l.ctx, &redis.XReadGroupArgs{
			Group: "other", Consumer: "c", Streams: []string{l.key, ">"}, Count: int64(count), Block: -1,
		}).Result()
		require.NoError(t, err)
		require.Len(t, batch, len(typed[0].Messages))
		for i, m := range typed[0].Messages {
			require.Equal(t, m.ID, batch[i].EntryID.String())
			require.Len(t, batch[i].Fields(), len(m.Values))
			for _, f := range batch[i].Fields() {
				require.Equal(t, m.Values[string(f.Name)], string(f.Value))
			}
		}
		seen += len(batch)
	}
	require.Empty(t, l.read("c", 1))
}

// randomFields have names that are there once: go-redis' type keeps no others.
func randomFields(r *rand.Rand) []any {
	n := 1 + r.IntN(12)
	if r.IntN(20) == 0 {
		n = 500
	}
	seen := map[string]bool{}
	var out []any
	for len(out) < 2*n {
		name := randomBytes(r, 9)
		if seen[name] {
			continue
		}
		seen[name] = true
		out = append(out, name, randomBytes(r, 40))
	}
	return out
}

func randomBytes(r *rand.Rand, most int) string {
	var b strings.Builder
	for range r.IntN(most) {
		b.WriteByte("\r\n\x00\xff$*-:_0123456789abcdefghijklmnopqrstuvwxyz"[r.IntN(45)])
	}
	return b.String()
}
