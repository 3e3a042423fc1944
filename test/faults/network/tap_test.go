package network_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/internal/streamtest"
	"github.com/leat-io/leat/test/faults/network"
)

// tap is a tap before the shared server.
func tap(t *testing.T) *network.Tap {
	t.Helper()
	tap, err := network.NewTap(redistest.Shared(t).Addr())
	require.NoError(t, err)
	t.Cleanup(tap.Close)
	return tap
}

func TestExactlyOneReplyIsLost(t *testing.T) {
	t.Parallel()
	tap, past := tap(t), redistest.Shared(t).Client(t)
	through, key := dial(t, tap.Addr(), nil), redistest.Prefix(t)+"orders"
	tap.Plan(network.Nth("xadd", 3, network.Lose()))
	for i := 1; i <= 6; i++ {
		require.NoError(t, through.Ping(t.Context()).Err(), "another command does not count")
		err := through.XAdd(t.Context(), &redis.XAddArgs{Stream: key, Values: []any{"n", i}}).Err()
		if i == 3 {
			require.ErrorIs(t, err, io.EOF)
		} else {
			require.NoError(t, err)
		}
		require.EqualValues(t, i, past.XLen(t.Context(), key).Val(), "all are carried out, also the one whose reply is lost")
	}
	require.Equal(t, 1, tap.Faults())
	require.GreaterOrEqual(t, tap.Replies(), 12)
}

// Replies in front of the lost one arrive, though all were asked for together, and all are carried out.
func TestALostReplyInAPipeline(t *testing.T) {
	t.Parallel()
	tap, past := tap(t), redistest.Shared(t).Client(t)
	key := redistest.Prefix(t) + "n"
	tap.Plan(network.Nth("incr", 4, network.Lose()))
	require.Equal(t, ":1\r\n:2\r\n:3\r\n", raw(t, tap.Addr(), slices.Repeat([]string{"INCR " + key}, 4)...))
	require.Equal(t, "4", past.Get(t.Context(), key).Val())
}

// raw sends commands, each as it is typed, and returns all that comes back until the connection ends.
func raw(t *testing.T, addr string, commands ...string) string {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", addr)
	require.NoError(t, err)
	defer conn.Close()
	for _, command := range commands {
		words := strings.Fields(command)
		fmt.Fprintf(conn, "*%d\r\n", len(words))
		for _, word := range words {
			fmt.Fprintf(conn, "$%d\r\n%s\r\n", len(word), word)
		}
	}
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(streamtest.Patience)))
	all, err := io.ReadAll(conn)
	require.NoError(t, err)
	return string(all)
}

func TestAReplyIsCutAtAByte(t *testing.T) {
	t.Parallel()
	tap := tap(t)
	const whole = "$10\r\n0123456789\r\n"
	for k := range len(whole) + 3 {
		tap.Plan(network.Nth("echo", 2, network.Cut(k)))
		got := raw(t, tap.Addr(), "PING", "ECHO 0123456789", "ECHO 0123456789", "PING")
		require.Equal(t, "+PONG\r\n"+whole+whole[:min(k, len(whole))], got)
	}
}

// Every kind of reply goes through as it is, and is one reply.
func TestEveryKindOfReply(t *testing.T) {
	t.Parallel()
	key := redistest.Prefix(t)
	commands := []string{"CLIENT SETNAME tap"}
	for _, kind := range []string{
		"string", "integer", "double", "null", "array", "set", "map", "attrib", "verbatim", "true", "false", "bignum",
	} {
		commands = append(commands, "DEBUG PROTOCOL "+kind)
	}
	commands = append(commands,
		"ECHO "+strings.Repeat("x", 200_000),
		"GET "+key+"missing", "NOSUCHCOMMAND", "EVAL return{1,{2,{}},'x',false} 0",
		"XADD "+key+"s 1-1 a 1 b 2", "XADD "+key+"s 2-1 a 3", "XRANGE "+key+"s - +", "XREAD STREAMS "+key+"s 0",
		"XREAD STREAMS "+key+"none 0", "DEL "+key+"s",
	)
	for _, protocol := range []string{"2", "3"} {
		t.Run("RESP"+protocol, func(t *testing.T) {
			tap := tap(t)
			all := append(append([]string{"HELLO " + protocol}, commands...), "QUIT")
			through := raw(t, tap.Addr(), all...)
			past := raw(t, redistest.Shared(t).Addr(), all...)
			// In HELLO's own reply is the number of the connection.
			require.Equal(t, behindHello(past), behindHello(through))
			require.Equal(t, len(all), tap.Replies())
		})
	}
}

func behindHello(replies string) string {
	_, rest, _ := strings.Cut(replies, "+OK\r\n")
	return rest
}

func TestAHangingConnection(t *testing.T) {
	t.Parallel()
	tap, past := tap(t), redistest.Shared(t).Client(t)
	through, key := dial(t, tap.Addr(), nil), redistest.Prefix(t)+"n"
	tap.Plan(network.Nth("incr", 1, network.Hang()))
	timesOut(t, func(ctx context.Context) error { return through.Incr(ctx, key).Err() })
	require.Equal(t, "1", past.Get(t.Context(), key).Val())
	require.EqualValues(t, 2, through.Incr(t.Context(), key).Val(), "another connection is as good as ever")
}

func TestLateRepliesKeepTheirOrder(t *testing.T) {
	t.Parallel()
	tap := tap(t)
	through, key := dial(t, tap.Addr(), nil), redistest.Prefix(t)+"n"
	tap.Plan(network.Nth("incr", 2, network.Late(100*time.Millisecond)))
	start := time.Now()
	cmds, err := through.Pipelined(t.Context(), func(p redis.Pipeliner) error {
		for range 5 {
			p.Incr(t.Context(), key)
		}
		return nil
	})
	require.NoError(t, err)
	for i, cmd := range cmds {
		incr, ok := cmd.(*redis.IntCmd)
		require.True(t, ok)
		require.EqualValues(t, i+1, incr.Val())
	}
	require.GreaterOrEqual(t, time.Since(start), 100*time.Millisecond)
}

func TestDelayedRequests(t *testing.T) {
	t.Parallel()
	const d = 200 * time.Millisecond
	for dir, least := range map[network.Direction]time.Duration{network.Requests: d, network.Both: 2 * d} {
		t.Run(dir.String(), func(t *testing.T) {
			t.Parallel()
			tap, past := tap(t), redistest.Shared(t).Client(t)
			through, key := dial(t, tap.Addr(), nil), redistest.Prefix(t)+"n"
			require.NoError(t, through.Ping(t.Context()).Err())
			tap.Delay(dir, d)
			start := time.Now()
			done := make(chan error, 1)
			go func() { done <- through.Incr(t.Context(), key).Err() }()
			streamtest.Eventually(t, func() bool { return past.Exists(t.Context(), key).Val() == 1 }, "it is carried out")
			require.GreaterOrEqual(t, time.Since(start), d)
			require.NoError(t, <-done)
			require.GreaterOrEqual(t, time.Since(start), least)
		})
	}
}

func TestDelayedReplies(t *testing.T) {
	t.Parallel()
	tap, past := tap(t), redistest.Shared(t).Client(t)
	through, key := dial(t, tap.Addr(), nil), redistest.Prefix(t)+"n"
	require.NoError(t, through.Ping(t.Context()).Err())
	tap.Delay(network.Replies, time.Hour)
	done := make(chan error, 1)
	go func() { done <- through.Incr(t.Context(), key).Err() }()
	streamtest.Eventually(t, func() bool { return past.Exists(t.Context(), key).Val() == 1 }, "it is carried out")
	require.Empty(t, done, "and the reply is on its way")
	require.NoError(t, through.Close())
	require.Error(t, <-done)
}

// outcomes is which of 300 commands on a tap fail.
func outcomes(t *testing.T, seed uint64) (failed []int) {
	t.Helper()
	tap := tap(t)
	tap.Plan(network.Random(seed, 0.05, network.Lose(), network.Cut(3)))
	c := dial(t, tap.Addr(), nil)
	for i := range 300 {
		if c.Ping(t.Context()).Err() != nil {
			failed = append(failed, i)
		}
	}
	require.Len(t, failed, tap.Faults())
	return failed
}

func TestTheSameSeedDoesTheSame(t *testing.T) {
	t.Parallel()
	first := outcomes(t, 1)
	require.Greater(t, len(first), 3)
	require.Less(t, len(first), 50)
	require.Equal(t, first, outcomes(t, 1))
	require.False(t, slices.Equal(first, outcomes(t, 2)))
}

func TestATapWithoutAServer(t *testing.T) {
	t.Parallel()
	tap, err := network.NewTap("127.0.0.1:1")
	require.NoError(t, err)
	require.Error(t, dial(t, tap.Addr(), nil).Ping(t.Context()).Err())
	tap.Close()
	tap.Close()
}
