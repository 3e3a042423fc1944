package stream

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDo(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	key := l.key + ":hash"
	do := func(args ...any) any {
		t.Helper()
		reply, err := l.conn.Do(l.ctx, key, args...)
		require.NoError(t, err)
		return reply
	}
	require.Equal(t, int64(2), do("HSET", key, "a", "1", "b", ""))
	require.Nil(t, do("HGET", key, "c"))
	require.Equal(t, "1", do("HGET", key, "a"))
	require.Equal(t, []any{"a", "1", "b", ""}, do("HGETALL", key), "a map is an array in either protocol")
	require.Equal(t, []any{"1", nil}, do("HMGET", key, "a", "c"))
	require.Equal(t, []any{int64(7), []any{"x", nil}}, do("EVAL", "return {7, {'x', false}}", 1, key))
	_, err := l.conn.Do(l.ctx, key, "INCR", key)
	require.Equal(t, "WRONGTYPE", Code(err))
	_, err = l.conn.Do(l.ctx, key, "EVALSHA", strings.Repeat("0", 40), 1, key)
	require.Equal(t, "NOSCRIPT", Code(err))
}

func TestValuesThatAreNone(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "$5\r\nab", "*2\r\n:1\r\n", "*9999999\r\n:1\r\n", strings.Repeat("*1\r\n", 50) + ":1\r\n", ":x\r\n"} {
		_, err := (&cursor{buf: []byte(bad)}).value(0)
		require.ErrorIs(t, err, errProtocol, "%q", bad)
	}
	_, err := (&cursor{buf: []byte("*1\r\n-ERR inside\r\n")}).value(0)
	require.ErrorContains(t, err, "inside")
}
