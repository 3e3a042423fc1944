package embedded

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
)

// A server is the broker or a real Redis: the tests of this file hold for both.
func onBoth(t *testing.T, test func(t *testing.T, addr string)) {
	t.Run("embedded", func(t *testing.T) {
		t.Parallel()
		test(t, start(t).Addr())
	})
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		genuine := redistest.Start(t)
		if v := dial(t, genuine.Addr()).do("INFO", "server"); !isRedis70(v) {
			t.Skipf("the broker is compared with Redis 7.0, this machine's redis-server is another: %.60s", v)
		}
		test(t, genuine.Addr())
	})
}

// blockedIn waits until n clients are blocked.
func blockedIn(t *testing.T, w *wire, n int) {
	t.Helper()
	want := fmt.Sprintf(`blocked_clients:%d\r`, n)
	require.Eventually(t, func() bool { return strings.Contains(w.do("INFO", "clients"), want) }, answerWithin, time.Millisecond)
}

func TestBlockedRead(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		wake [][]string
		want string
	}{
		"XADD": {[][]string{{"XADD", "s", "5-1", "f", "v"}}, `[["s" [["5-1" ["f" "v"]]]]]`},
		"XADD twice in MULTI": {
			[][]string{{"MULTI"}, {"XADD", "s", "5-1", "f", "v"}, {"XADD", "s", "5-2", "f", "v"}, {"EXEC"}},
			`[["s" [["5-1" ["f" "v"]] ["5-2" ["f" "v"]]]]]`,
		},
		"XADD in a script": {[][]string{{"EVAL", "redis.call('XADD', 's', '5-1', 'f', 'v')", "0"}}, `[["s" [["5-1" ["f" "v"]]]]]`},
		"XGROUP SETID":     {[][]string{{"XGROUP", "SETID", "s", "g", "0"}, {"XADD", "s", "5-1", "f", "v"}}, `[["s" [["1-1" ["f" "v"]] ["5-1" ["f" "v"]]]]]`},
		"XGROUP DESTROY":   {[][]string{{"XGROUP", "DESTROY", "s", "g"}}, "-NOGROUP the consumer group this client was blocked on no longer exists"},
		"DEL":              {[][]string{{"DEL", "s"}}, "-UNBLOCKED the stream key no longer exists"},
		"UNLINK":           {[][]string{{"UNLINK", "s"}}, "-UNBLOCKED the stream key no longer exists"},
		"FLUSHALL":         {[][]string{{"FLUSHALL"}}, "-UNBLOCKED the stream key no longer exists"},
		"RENAME":           {[][]string{{"RENAME", "s", "t"}}, "-UNBLOCKED the stream key no longer exists"},
		"SET":              {[][]string{{"SET", "s", "v"}}, "-UNBLOCKED the stream key no longer exists"},
		"PEXPIRE":          {[][]string{{"PEXPIRE", "s", "1"}}, "-UNBLOCKED the stream key no longer exists"},
		"DEL in a script":  {[][]string{{"EVAL", "redis.call('DEL', 's')", "0"}}, "-UNBLOCKED the stream key no longer exists"},
		"DEL and XADD": {
			[][]string{{"MULTI"}, {"DEL", "s"}, {"XADD", "s", "1-1", "f", "v"}, {"EXEC"}},
			"-NOGROUP the consumer group this client was blocked on no longer exists",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, addr string) {
				reader, other := dial(t, addr), dial(t, addr)
				require.Equal(t, "+OK", other.do("XGROUP", "CREATE", "s", "g", "0", "MKSTREAM"))
				other.do("XADD", "s", "1-1", "f", "v")
				other.do("XREADGROUP", "GROUP", "g", "first", "STREAMS", "s", ">")
				reader.send("XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "s", ">")
				blockedIn(t, other, 1)
				for _, args := range c.wake {
					other.do(args...)
				}
				assert.Equal(t, c.want, reader.receive())
				assert.Equal(t, "+PONG", reader.do("PING"), "the connection is good for more")
			})
		})
	}
}

func TestUnblock(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, addr string) {
		reader, other := dial(t, addr), dial(t, addr)
		id := strings.TrimPrefix(reader.do("CLIENT", "ID"), ":")
		require.Equal(t, "+OK", other.do("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM"))
		assert.Equal(t, ":0", other.do("CLIENT", "UNBLOCK", id), "not blocked")
		for mode, want := range map[string]string{"TIMEOUT": "nilarray", "ERROR": "-UNBLOCKED client unblocked via CLIENT UNBLOCK"} {
			reader.send("XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "s", ">")
			blockedIn(t, other, 1)
			assert.Equal(t, ":1", other.do("CLIENT", "UNBLOCK", id, mode))
			assert.Equal(t, want, reader.receive())
		}
		other.do("XADD", "s", "1-1", "f", "v")
		assert.Equal(t, `[:0 nil nil nilarray]`, other.do("XPENDING", "s", "g"), "nobody reads any more")
	})
}

// TestServedInOrder: of two clients that wait, the first gets the entry and
// the other goes on waiting; the time it names then ends its wait.
func TestServedInOrder(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, addr string) {
		first, second, other := dial(t, addr), dial(t, addr), dial(t, addr)
		require.Equal(t, "+OK", other.do("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM"))
		first.send("XREADGROUP", "GROUP", "g", "a", "BLOCK", "0", "NOACK", "STREAMS", "s", ">")
		blockedIn(t, other, 1)
		second.send("XREADGROUP", "GROUP", "g", "b", "BLOCK", "1500", "STREAMS", "s", ">")
		blockedIn(t, other, 2)
		other.do("XADD", "s", "1-1", "f", "v")
		assert.Equal(t, `[["s" [["1-1" ["f" "v"]]]]]`, first.receive())
		assert.Equal(t, "nilarray", second.receive())
		assert.Equal(t, `[:0 nil nil nilarray]`, other.do("XPENDING", "s", "g"), "NOACK leaves nothing pending")
	})
}

// TestWokenByWhatIsGone: Redis 7.0 looks at the last ID when it wakes a client,
// so that what was trimmed or deleted in the same step is answered with nothing.
func TestWokenByWhatIsGone(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, addr string) {
		reader, other := dial(t, addr), dial(t, addr)
		require.Equal(t, "+OK", other.do("XGROUP", "CREATE", "s", "g", "0", "MKSTREAM"))
		reader.send("XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "s", ">")
		blockedIn(t, other, 1)
		other.do("XADD", "s", "MAXLEN", "0", "5-1", "f", "v")
		assert.Equal(t, `[["s" []]]`, reader.receive())
		assert.Contains(t, other.do("XINFO", "CONSUMERS", "s", "g"), `"name" "c" "pending" :0`)
		reader.send("XREAD", "BLOCK", "0", "STREAMS", "s", "$")
		blockedIn(t, other, 1)
		other.do("EVAL", "for i = 1, 1500 do redis.call('XADD', 's', '6-' .. i, 'f', 'v') end", "0")
		assert.Equal(t, 1000, strings.Count(reader.receive(), `"6-`), "no COUNT is one of 1000")
	})
}

// TestDeadClientGetsNothing: what comes after a blocked client hung up is
// left for the living.
func TestDeadClientGetsNothing(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, addr string) {
		dead, other := dial(t, addr), dial(t, addr)
		require.Equal(t, "+OK", other.do("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM"))
		dead.send("XREADGROUP", "GROUP", "g", "dead", "BLOCK", "0", "STREAMS", "s", ">")
		blockedIn(t, other, 1)
		require.NoError(t, dead.conn.Close())
		blockedIn(t, other, 0)
		other.do("XADD", "s", "1-1", "f", "v")
		assert.Equal(t, `[["s" [["1-1" ["f" "v"]]]]]`, other.do("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">"))
	})
}

// TestTimePasses: idle times grow, minimum idle times are kept, TTLs end.
func TestTimePasses(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, addr string) {
		w := dial(t, addr)
		w.do("XADD", "s", "1-1", "f", "v")
		w.do("XGROUP", "CREATE", "s", "g", "0")
		w.do("XREADGROUP", "GROUP", "g", "a", "STREAMS", "s", ">")
		w.do("SET", "lease", "x", "PX", "700")
		assert.Equal(t, `["0-0" [] []]`, w.do("XAUTOCLAIM", "s", "g", "b", "1000", "0", "JUSTID"))
		assert.Equal(t, `[]`, w.do("XCLAIM", "s", "g", "b", "1000", "1-1", "JUSTID"))
		require.Eventually(t, func() bool { return w.do("XPENDING", "s", "g", "IDLE", "1000", "-", "+", "1") != "[]" }, answerWithin, time.Millisecond)
		assert.Equal(t, `["0-0" ["1-1"] []]`, w.do("XAUTOCLAIM", "s", "g", "b", "1000", "0", "JUSTID"))
		assert.Equal(t, `[]`, w.do("XPENDING", "s", "g", "IDLE", "1000", "-", "+", "1"), "the claim reset the idle time")
		require.Eventually(t, func() bool { return w.do("EXISTS", "lease") == ":0" }, answerWithin, time.Millisecond)
	})
}
