package embedded

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func silent(t testing.TB) *Broker {
	t.Helper()
	b, err := NewSilent()
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, b.Close()) })
	return b
}

// say sends a line of words to a session and shows the reply as it came, with
// one space for each end of line.
func say(s *Session, line string) string {
	return strings.TrimSuffix(strings.ReplaceAll(string(s.Do(words(line))), "\r\n", " "), " ")
}

// TestSilentInBubbles: one broker serves one bubble after the other; blocked
// clients are served, time out on the bubble's clock, are unblocked and hang up.
func TestSilentInBubbles(t *testing.T) {
	t.Parallel()
	b := silent(t)
	for range 3 {
		synctest.Test(t, func(t *testing.T) {
			b.Reset()
			writer, reader, begin := b.Open(), b.Open(), time.Now()
			assert.EqualValues(t, 2, reader.ID())
			assert.Equal(t, "+OK", say(writer, "XGROUP CREATE s g 0 MKSTREAM"))
			answers := make(chan string)
			block := func(ms int) {
				go func() { answers <- say(reader, fmt.Sprintf("XREADGROUP GROUP g c BLOCK %d STREAMS s >", ms)) }()
				synctest.Wait()
			}

			block(0)
			assert.Equal(t, fmt.Sprintf("$14 %d-0", begin.UnixMilli()), say(writer, "XADD s * f v"))
			assert.Equal(t, fmt.Sprintf("*1 *2 $1 s *1 *2 $14 %d-0 *2 $1 f $1 v", begin.UnixMilli()), <-answers)

			block(1500)
			assert.Equal(t, "*-1", <-answers)
			assert.Equal(t, 1500*time.Millisecond, time.Since(begin))

			block(0)
			assert.Equal(t, ":1", say(writer, "CLIENT UNBLOCK 2 ERROR"))
			assert.Equal(t, "-UNBLOCKED client unblocked via CLIENT UNBLOCK", <-answers)

			block(0)
			reader.Close()
			assert.Empty(t, <-answers)
			assert.Equal(t, ":0", say(writer, "CLIENT UNBLOCK 2"))
			assert.Nil(t, reader.Do([]string{"PING"}))
			assert.Equal(t, "+OK", say(writer, "QUIT"))
			assert.Nil(t, writer.Do([]string{"PING"}))
		})
	}
}

// fill gives a broker a key of every type, a group with pending entries and
// a script, and returns its digest.
func fill(s *Session) string {
	for _, line := range strings.Split(strings.TrimSpace(`
		XADD s 1-1 f v
		XADD s 1-2 f v
		XADD s 1-3 f v
		XDEL s 1-1
		XGROUP CREATE s g 0
		XGROUP CREATE s h $
		XREADGROUP GROUP g a COUNT 1 STREAMS s >
		XREADGROUP GROUP g b STREAMS s >
		XCLAIM s g b 0 1-3 RETRYCOUNT 7
		SET text v
		SET lease v PX 100000
		HSET h a 1 b 2
		ZADD z 1 a 2.5 b
		RPUSH l a b a
		SADD set a b
		SCRIPT LOAD `+"`return 7`"), "\n") {
		say(s, strings.TrimSpace(line))
	}
	return digest(s)
}

func digest(s *Session) string {
	var all strings.Builder
	for _, line := range []string{
		"XRANGE s - +", "XINFO STREAM s", "XINFO GROUPS s", "XINFO CONSUMERS s g", "XPENDING s g - + 10", "XPENDING s g", "GET text", "PTTL lease", "HGETALL h",
		"ZRANGE z 0 -1 WITHSCORES", "LRANGE l 0 -1", "SMEMBERS set", "DBSIZE", "SCRIPT EXISTS 59b6ab2fbe0ee4b25733de0f62e6cda4899ef8e9",
	} {
		all.WriteString(line + ": " + say(s, line) + "\n")
	}
	return all.String()
}

func TestSnapshotAndReset(t *testing.T) {
	t.Parallel()
	b := silent(t)
	synctest.Test(t, func(t *testing.T) { // the clock stands still
		b.Reset()
		s := b.Open()
		empty := digest(s)
		full := fill(s)
		kept := b.Snapshot()
		for _, line := range []string{"XADD s 9-9 f v", "XACK s g 1-2", "XGROUP DESTROY s h", "DEL text lease", "HSET h a 5", "ZREM z a", "RPUSH l z", "SREM set a", "XREADGROUP GROUP g new STREAMS s 0"} {
			say(s, line)
		}
		require.NotEqual(t, full, digest(s))
		for range 2 { // what was restored may change again
			b.Restore(kept)
			assert.Nil(t, s.Do([]string{"PING"}), "the server went down")
			s = b.Open()
			assert.EqualValues(t, 1, s.ID())
			assert.Equal(t, strings.Replace(full, "e9: *1 :1", "e9: *1 :0", 1), digest(s))
			say(s, "XGROUP DESTROY s g")
		}
		b.Reset()
		s = b.Open()
		assert.Equal(t, empty, digest(s))
		assert.Equal(t, full, fill(s), "the same again")
	})
}

// TestSilentIsDeterministic: the same commands get the same bytes, whatever
// happened before, scripts, sets and errors included.
func TestSilentIsDeterministic(t *testing.T) {
	t.Parallel()
	b := silent(t)
	run := func() (all string) {
		synctest.Test(t, func(*testing.T) {
			b.Reset()
			s := b.Open()
			all = fill(s)
			for _, line := range []string{
				"SADD set c d e f g h i j k", "SPOP set", "SRANDMEMBER set", "SMEMBERS set", "KEYS *", "SCAN 0", "RANDOMKEY", "HGETALL h", "COMMAND", "COMMAND INFO xadd xgroup set",
				"CONFIG GET *", "CLIENT LIST", "EVAL `local t = {} for k, v in pairs({a = 1, b = 2, c = 3, [7] = 4}) do t[#t + 1] = tostring(k) .. v end return t` 0",
				"EVAL `return redis.call('NOSUCH')` 0", "INFO stats",
			} {
				all += say(s, line) + "\n"
			}
		})
		return all
	}
	first := run()
	for range 20 {
		if !assert.Equal(t, first, run()) {
			return
		}
	}
}

// TestSilentSessionsAtOnce: clients of a bubble may call at the same time.
func TestSilentSessionsAtOnce(t *testing.T) {
	t.Parallel()
	b := silent(t)
	synctest.Test(t, func(t *testing.T) {
		b.Reset()
		setup := b.Open()
		say(setup, "XGROUP CREATE s g 0 MKSTREAM")
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				reader := b.Open()
				for range 50 {
					say(reader, "XREADGROUP GROUP g c COUNT 1 BLOCK 0 STREAMS s >")
				}
			})
			all.Go(func() {
				writer := b.Open()
				for range 50 {
					say(writer, "XADD s * f v")
					say(writer, "EVAL `redis.call('INCR', KEYS[1])` 1 n")
				}
			})
		}
		all.Wait()
		assert.Equal(t, "$3 200", say(setup, "GET n"))
		assert.Equal(t, "*4 :200", say(setup, "XPENDING s g")[:7])
	})
}

// TestBegin: a command that blocks gives something to poll.
func TestBegin(t *testing.T) {
	t.Parallel()
	b := silent(t)
	reader, writer := b.Open(), b.Open()
	reply, blocked := reader.Begin(words("XREAD BLOCK 0 STREAMS s $"))
	require.Nil(t, reply)
	_, done := blocked.Poll()
	assert.False(t, done)
	reply, none := writer.Begin(words("XADD s 1-1 f v"))
	assert.Nil(t, none)
	assert.Equal(t, "$3\r\n1-1\r\n", string(reply))
	reply, done = blocked.Poll()
	assert.True(t, done)
	assert.Contains(t, string(reply), "1-1")

	_, blocked = reader.Begin(words("XREAD BLOCK 1 STREAMS s $"))
	assert.Equal(t, "*-1\r\n", string(blocked.Wait()))
	_, blocked = reader.Begin(words("XREAD BLOCK 0 STREAMS s $"))
	b.Reset()
	assert.Nil(t, blocked.Wait())
	assert.Nil(t, reader.Do(nil))
}

// TestRareCommandsOfOwnTypes: miniredis is lent what it works on, and what it
// makes is taken back.
func TestRareCommandsOfOwnTypes(t *testing.T) {
	t.Parallel()
	s := silent(t).Open()
	for _, step := range [][2]string{
		{"HSET h b 1 a 2 c 3", ":3"},
		{"HINCRBYFLOAT h a 0.5", "$3 2.5"},
		{"HGETALL h", "*6 $1 b $1 1 $1 a $3 2.5 $1 c $1 3"},
		{"ZADD z 1 a 2 b", ":2"},
		{"ZADD y 5 b", ":1"},
		{"ZUNIONSTORE h 2 z y", ":2"},
		{"TYPE h", "+zset"},
		{"ZRANGE h 0 -1 WITHSCORES", "*4 $1 a $1 1 $1 b $1 7"},
		{"SET k v EX 100", "+OK"},
		{"SETRANGE k 3 x", ":4"},
		{"TTL k", ":100"},
		{"GET k", "$4 v\x00\x00x"},
		{"XADD s 1-1 f v", "$3 1-1"},
		{"SADD s x", "-WRONGTYPE Operation against a key holding the wrong kind of value"},
		{"XLEN s", ":1"},
		{"RPUSH l s z k", ":3"}, // members that are keys
		{"LRANGE l 0 -1", "*3 $1 s $1 z $1 k"},
		{"XLEN s", ":1"},
		{"ZCARD z", ":2"},
		{"GET l", "-WRONGTYPE Operation against a key holding the wrong kind of value"},
		{"EXPIRE l 100", ":1"},
		{"RENAME l s", "+OK"},
		{"TTL s", ":100"},
		{"LLEN s", ":3"},
		{"XADD s 1-1 f v", "-WRONGTYPE Operation against a key holding the wrong kind of value"},
		{"LPOP s 3", "*3 $1 s $1 z $1 k"},
		{"EXISTS s l", ":0"},
	} {
		assert.Equal(t, step[1], say(s, step[0]), step[0])
	}
}
