package bare_test

import (
	"bytes"
	"context"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/bare"
	"github.com/leat-io/leat/internal/redistest"
)

// add publishes n numbered entries.
func (l *lab) add(n int) {
	l.t.Helper()
	require.NoError(l.t, l.dial().Publish(l.ctx, bare.Publishing{Key: l.key, N: n, Pairs: 1, Fields: number}))
}

// inOrder ends the context once n numbered entries came, and fails the test where
// they are not in order. Its handler may run in any goroutine.
func (l *lab) inOrder(n int) (context.Context, func(*bare.Entry)) {
	ctx, cancel := context.WithCancel(l.ctx)
	l.t.Cleanup(cancel)
	next := 0
	return ctx, func(e *bare.Entry) {
		if got := string(e.Value("n")); got != strconv.Itoa(next) || e.Value("m") != nil {
			l.t.Errorf("entry %d is %q", next, e.Fields)
		}
		if next++; next == n {
			cancel()
		}
	}
}

func TestConsumeHandlesAndAcknowledgesEveryEntry(t *testing.T) {
	t.Parallel()
	for _, slow := range []bool{false, true} {
		for _, n := range []int{1, 9, 10, 11, 20, 21, 995} {
			l := newLab(t)
			l.slow = slow
			l.add(n)
			ctx, handle := l.inOrder(n)
			c := l.dial()
			handled, acked, err := c.Consume(ctx, l.consuming(10, handle))
			require.NoError(t, err)
			require.Equal(t, n, handled)
			require.Equal(t, n, acked)
			require.Zero(t, l.pending())
			_, err = c.Do(l.ctx, "PING")
			require.NoError(t, err, "all replies were read")
		}
	}
}

func TestConsumeWaitsForEntries(t *testing.T) {
	t.Parallel()
	const n = 50
	for _, slow := range []bool{false, true} {
		l := newLab(t)
		l.slow = slow
		ctx, inOrder := l.inOrder(n)
		c, handled, done := l.dial(), make(chan struct{}), make(chan error)
		acked := 0
		go func() {
			var err error
			_, acked, err = c.Consume(ctx, l.consuming(3, func(e *bare.Entry) {
				inOrder(e)
				handled <- struct{}{}
			}))
			done <- err
		}()
		for i := range n { // none comes before the one before it is handled
			require.NoError(t, l.look.XAdd(l.ctx, &redis.XAddArgs{Stream: l.key, Values: []any{"n", i}}).Err())
			<-handled
		}
		require.NoError(t, <-done)
		require.Equal(t, n, acked)
		require.Zero(t, l.pending())
	}
}

func TestConsumeEntriesLargerThanTheBuffer(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	sizes := []int{0, 1, 100, 1 << 20, 0, 1 << 17, 1<<17 - 60, 3 << 20, 5}
	data := bytes.Repeat([]byte("0123456789abcde\n"), 3<<16)
	require.NoError(t, l.dial().Publish(l.ctx, bare.Publishing{
		Key: l.key, N: len(sizes), Pairs: 2,
		Fields: func(dst []byte, i int) []byte {
			return bare.AppendPair(bare.AppendPair(dst, "first", data[:sizes[i]]), "last", data[i:i+3])
		},
	}))
	ctx, cancel := context.WithCancel(l.ctx)
	defer cancel()
	i := 0
	_, acked, err := l.dial().Consume(ctx, l.consuming(2, func(e *bare.Entry) {
		require.Equal(t, 4, len(e.Fields))
		require.True(t, bytes.Equal(data[:sizes[i]], e.Value("first")), "data of entry %d", i)
		require.Equal(t, string(data[i:i+3]), string(e.Value("last")))
		if i++; i == len(sizes) {
			cancel()
		}
	}))
	require.NoError(t, err)
	require.Equal(t, len(sizes), acked)
}

// Until a batch is handled nothing of it is acknowledged; with the acknowledgement
// of a full batch the second read is asked for, and from then on two are under way.
func TestConsumeKeepsTwoReadsUnderWay(t *testing.T) {
	t.Parallel()
	const (
		read  = "$10\r\nXREADGROUP\r\n$5\r\nGROUP\r\n$1\r\ng\r\n$1\r\nc\r\n$5\r\nCOUNT\r\n$1\r\n1\r\n"
		wait  = "*11\r\n" + read + "$5\r\nBLOCK\r\n$3\r\n100\r\n$7\r\nSTREAMS\r\n$1\r\ns\r\n$1\r\n>\r\n"
		fetch = "*9\r\n" + read + "$7\r\nSTREAMS\r\n$1\r\ns\r\n$1\r\n>\r\n"
	)
	batch := func(id string) string {
		return "*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n" + id + "\r\n*2\r\n$1\r\nn\r\n$1\r\n1\r\n"
	}
	ack := func(id string) string { return "*4\r\n$4\r\nXACK\r\n$1\r\ns\r\n$1\r\ng\r\n$3\r\n" + id + "\r\n" }
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c := play(t, func(s *script) {
		if !s.expect(wait) {
			return
		}
		s.answer(batch("1-1"))
		s.expect(ack("1-1") + fetch + fetch)
		s.answer(":1\r\n" + batch("1-2"))
		s.expect(ack("1-2") + fetch)
		s.answer(batch("1-3"))
		s.expect(ack("1-3") + fetch)
		s.answer(":1\r\n*-1\r\n") // empty: nothing is asked for while a read is under way
		s.answer(":1\r\n*-1\r\n")
		s.expect(wait)
		cancel()
		s.answer(batch("1-4"))
		s.expect(ack("1-4"))
		s.answer(":0\r\n") // somebody else acknowledged it
	})
	handled, acked, err := c.Consume(ctx, bare.Consuming{Key: "s", Group: "g", Consumer: "c", Count: 1, Handle: func(*bare.Entry) {}})
	require.NoError(t, err)
	require.Equal(t, 4, handled)
	require.Equal(t, 3, acked)
}

func TestConsumeWithoutAGroup(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.group = "nobody"
	for _, l.slow = range []bool{false, true} {
		c := l.dial()
		_, _, err := c.Consume(l.ctx, l.consuming(10, nil))
		require.ErrorContains(t, err, "consume "+l.key+" as c of group nobody: NOGROUP")
		_, err = c.Do(l.ctx, "PING")
		require.NoError(t, err, "nothing was under way")
	}
}

// An error with more replies under way leaves them unread, and the connection
// cannot be used any more.
func TestConsumeWhenTheGroupGoes(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.add(1_000)
	c, look, n := l.dial(), l.dial(), 0
	_, _, err := c.Consume(l.ctx, l.consuming(10, func(*bare.Entry) {
		if n++; n == 500 {
			_, err := look.Do(l.ctx, "XGROUP", "DESTROY", l.key, l.group)
			require.NoError(t, err)
		}
	}))
	require.ErrorContains(t, err, "NOGROUP")
	_, err = c.Do(l.ctx, "PING")
	require.ErrorIs(t, err, bare.ErrUnusable)
}

func TestConsumeFromAServerThatDies(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	c, err := bare.Dial(t.Context(), bare.Config{Addr: server.Addr()})
	require.NoError(t, err)
	defer c.Close()
	_, err = c.Do(t.Context(), "XGROUP", "CREATE", "s", "g", "0", "MKSTREAM")
	require.NoError(t, err)
	require.NoError(t, c.Publish(t.Context(), bare.Publishing{Key: "s", N: 10_000, Pairs: 1, Fields: number}))
	n := 0
	handled, acked, err := c.Consume(t.Context(), bare.Consuming{Key: "s", Group: "g", Consumer: "c", Handle: func(*bare.Entry) {
		if n++; n == 2_500 {
			server.Kill()
		}
	}})
	require.ErrorContains(t, err, "consume s as c of group g: ")
	require.GreaterOrEqual(t, handled, 2_500)
	require.LessOrEqual(t, acked, handled)
	_, _, err = c.Consume(t.Context(), bare.Consuming{Key: "s", Group: "g", Consumer: "c"})
	require.ErrorIs(t, err, bare.ErrUnusable)
}

func TestConsumeRefusesWhatIsNoReply(t *testing.T) {
	t.Parallel()
	for _, reply := range []string{
		"+OK\r\n", ":1\r\n", "$-1\r\n", "hello\r\n", "*2\r\n", "*-2\r\n", "*1\r\n*3\r\n", "*99999999999\r\n", "*1\r\n*2\r\n*0\r\n",
		"*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*1\r\n", "*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n$-1\r\n",
		"*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n1-1\r\n*1\r\n", "*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\nnn\r\n",
		"*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n1-1\r\n*2\r\n-ERR\r\n",
	} {
		c := play(t, func(s *script) {
			_, _ = s.conn.Read(make([]byte, 1_000))
			s.answer(reply)
		})
		_, _, err := c.Consume(t.Context(), bare.Consuming{Handle: func(*bare.Entry) {}})
		require.ErrorIs(t, err, bare.ErrProtocol, reply)
		_, err = c.Do(t.Context(), "PING")
		require.ErrorIs(t, err, bare.ErrUnusable, reply)
	}
}

func TestPlainCommands(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	for _, l.slow = range []bool{false, true} {
		c := l.dial()
		do := func(args ...string) bare.Value {
			t.Helper()
			v, err := c.Do(l.ctx, args...)
			require.NoError(t, err)
			return v
		}
		require.Equal(t, bare.Value{Text: "PONG"}, do("PING"))
		require.Equal(t, bare.Value{Null: true}, do("GET", l.key+"nothing"))
		require.Equal(t, bare.Value{Int: -7}, do("EVAL", "return -7", "0"))
		require.Equal(t, bare.Value{}, do("ECHO", ""))
		require.Equal(t, bare.Value{Null: true}, do("BLPOP", l.key+"nothing", "0.001"))
		require.Equal(t, bare.Value{Array: []bare.Value{{Int: 1}, {Text: "-ERR no"}, {}, {Array: []bare.Value{{Text: "OK"}}}}},
			do("EVAL", "return {1, redis.error_reply('ERR no'), {}, {redis.status_reply('OK')}}", "0"))
		require.True(t, strings.HasPrefix(do("INFO", "server").Text, "# Server\r\nredis_version:"))

		_, err := c.Do(l.ctx, "XGROUP", "CREATE", l.key, l.group, "0")
		require.EqualError(t, err, "XGROUP: BUSYGROUP Consumer Group name already exists")
		_, err = c.Do(l.ctx, "PING")
		require.NoError(t, err)
	}
}
