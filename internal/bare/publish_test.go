package bare_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/bare"
	"github.com/leat-io/leat/internal/redistest"
)

// number is an entry of one field: its number.
func number(dst []byte, i int) []byte { return bare.AppendPair(dst, "n", strconv.Itoa(i)) }

func TestPublishAddsEveryEntryInOrder(t *testing.T) {
	t.Parallel()
	for _, slow := range []bool{false, true} {
		for _, n := range []int{0, 1, 6, 7, 8, 14, 15, 100} {
			l := newLab(t)
			l.slow = slow
			require.NoError(t, l.dial().Publish(l.ctx, bare.Publishing{
				Key: l.key, N: n, Pipeline: 7, Pairs: 2,
				Fields: func(dst []byte, i int) []byte { return bare.AppendPair(number(dst, i), "", []byte("\r\n\x00ü")) },
			}))
			entries, err := l.look.XRange(l.ctx, l.key, "-", "+").Result()
			require.NoError(t, err)
			require.Len(t, entries, n)
			for i, e := range entries {
				require.Equal(t, map[string]any{"n": strconv.Itoa(i), "": "\r\n\x00ü"}, e.Values)
			}
		}
	}
}

func TestPublishCountsWhatIsRefused(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	require.NoError(t, l.look.Set(l.ctx, l.key, "a string", 0).Err())
	for _, l.slow = range []bool{false, true} {
		c := l.dial()
		err := c.Publish(l.ctx, bare.Publishing{Key: l.key, N: 1_000, Pipeline: 300, Pairs: 1, Fields: number})
		var reply bare.ServerError
		require.ErrorAs(t, err, &reply)
		require.True(t, strings.HasPrefix(string(reply), "WRONGTYPE "), reply)
		require.ErrorContains(t, err, "publish 1000 entries to "+l.key+": 1000 of them were refused: WRONGTYPE")
		_, err = c.Do(l.ctx, "PING")
		require.NoError(t, err, "all replies were read")
	}
}

// Pipelines are written before any is answered, but no more than 16; each that is
// answered makes room for one.
func TestPublishKeepsPipelinesUnderWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		c, written, done := bare.New(client), 0, make(chan error)
		go func() {
			done <- c.Publish(t.Context(), bare.Publishing{Key: "s", N: 50, Pipeline: 2, Pairs: 1, Fields: number})
		}()
		go func() {
			in := make([]byte, 1<<10)
			for {
				n, err := server.Read(in)
				if err != nil {
					return
				}
				written += bytes.Count(in[:n], []byte("XADD"))
			}
		}()
		answer := func(replies string) {
			_, err := server.Write([]byte(replies))
			require.NoError(t, err)
			synctest.Wait()
		}
		synctest.Wait()
		require.Equal(t, 32, written)
		answer("$3\r\n1-0\r\n")
		require.Equal(t, 32, written)
		answer("-OOM not now\r\n$3\r\n1-2")
		require.Equal(t, 34, written)
		answer("\r\n" + strings.Repeat("$3\r\n1-3\r\n", 47))
		require.Equal(t, 50, written)
		require.EqualError(t, <-done, "publish 50 entries to s: 1 of them were refused: OOM not now")
		require.NoError(t, client.Close())
	})
}

// When replies make no sense the writer stops, even where nobody reads what it
// writes; and when nothing can be written, nobody waits for replies.
func TestPublishEndsWhenOneDirectionFails(t *testing.T) {
	t.Parallel()
	c := play(t, func(s *script) {
		_, _ = s.conn.Read(make([]byte, 1))
		s.answer("nonsense\r\n")
		_, _ = s.conn.Read(make([]byte, 1)) // keeps the connection until the client closes it
		<-s.t.Context().Done()
	})
	publishing := bare.Publishing{Key: "s", N: 50, Pipeline: 2, Pairs: 1, Fields: number}
	require.ErrorIs(t, c.Publish(t.Context(), publishing), bare.ErrProtocol)
	require.ErrorIs(t, c.Publish(t.Context(), publishing), bare.ErrUnusable)

	client, server := net.Pipe()
	defer server.Close()
	mute := bare.New(writesFail{client})
	defer mute.Close()
	require.ErrorIs(t, mute.Publish(t.Context(), publishing), errMute)
}

var errMute = errors.New("nothing can be written")

type writesFail struct{ net.Conn }

func (writesFail) Write([]byte) (int, error) { return 0, errMute }

func TestPublishToAServerThatDies(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	c, err := bare.Dial(t.Context(), bare.Config{Addr: server.Addr()})
	require.NoError(t, err)
	defer c.Close()
	publishing := bare.Publishing{Key: "s", N: 100_000_000, Pairs: 1, Fields: func(dst []byte, i int) []byte {
		if i == 50_000 {
			server.Kill()
		}
		return number(dst, i)
	}}
	require.ErrorContains(t, c.Publish(t.Context(), publishing), "publish 100000000 entries to s: ")
	require.ErrorIs(t, c.Publish(t.Context(), publishing), bare.ErrUnusable)
}

func TestPublishEndsWithItsContext(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	ctx, cancel := context.WithCancel(l.ctx)
	err := l.dial().Publish(ctx, bare.Publishing{Key: l.key, N: 1 << 40, Pairs: 1, Fields: func(dst []byte, i int) []byte {
		if i == 10_000 {
			cancel()
		}
		return number(dst, i)
	}})
	require.ErrorIs(t, err, context.Canceled)
}
