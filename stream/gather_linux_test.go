package stream

import (
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// watched is a connection that looks, whenever a deadline is set for reading, at how
// many bytes are waited for.
type watched struct {
	*net.TCPConn
	t     *testing.T
	waits chan int // those that are more than one
	once  sync.Once
}

func (w *watched) waitsFor() (bytes int) {
	raw, err := w.SyscallConn()
	assert.NoError(w.t, err)
	assert.NoError(w.t, raw.Control(func(fd uintptr) {
		bytes, err = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVLOWAT)
	}))
	assert.NoError(w.t, err)
	return bytes
}

func (w *watched) SetReadDeadline(at time.Time) error {
	if bytes := w.waitsFor(); bytes > 1 {
		w.once.Do(func() { w.waits <- bytes })
	}
	return w.TCPConn.SetReadDeadline(at)
}

// gathering is a puppet that answers a pipeline of n commands in two pieces, the second
// when the rest is waited for, and the connection to it.
func gathering(t *testing.T, n int, first, rest string, told func(bytes int)) (*Conn, func() *watched) {
	t.Helper()
	waits := make(chan int, 1)
	p := startPuppet(t, func(c *puppetConn) {
		for range n {
			c.next()
		}
		c.say(first)
		select {
		case bytes := <-waits:
			told(bytes)
		case <-t.Context().Done():
		}
		c.say(rest)
		c.next() // to hang up would be an answer as well
	})
	var socket *watched
	conn := through(t, p.listener.Addr().String(), func(conn net.Conn) net.Conn {
		socket = &watched{TCPConn: conn.(*net.TCPConn), t: t, waits: waits} //nolint:errcheck,forcetypeassert // it was dialled as one
		return socket
	}, WithTimeout(5*time.Second))
	return conn, func() *watched { return socket }
}

// TestRepliesOfAPipelineAreWaitedForTogether looks at the socket: how often somebody was
// woken cannot be seen.
func TestRepliesOfAPipelineAreWaitedForTogether(t *testing.T) {
	t.Parallel()
	const n, first, reply = 1_000, 100, "$15\r\n1700000000000-0\r\n"
	conn, socket := gathering(t, n, strings.Repeat(reply, first), strings.Repeat(reply, n-first), func(bytes int) {
		assert.Equal(t, len(reply)*(n-first)/5*4, bytes)
	})
	_, errs := conn.Add(testContext(t), "s", simple(n))
	require.Equal(t, make([]error, n), errs)
	assert.Equal(t, 1, socket().waitsFor(), "what comes next is read as it comes")
}

// TestRepliesThatTurnOutShorterAreNotWaitedFor: how long a reply will be is a guess.
//
// The mutation that this test is for: a wait for the replies expected that lasts as long
// as the connection's timeout.
func TestRepliesThatTurnOutShorterAreNotWaitedFor(t *testing.T) {
	t.Parallel()
	const n = 1_000
	refusal := "-OOM " + strings.Repeat("x", 400) + "\r\n"
	conn, _ := gathering(t, n, refusal, strings.Repeat("$3\r\n1-1\r\n", n-1), func(int) {})
	ids, errs := conn.Add(testContext(t), "s", simple(n))
	require.ErrorContains(t, errs[0], "OOM")
	require.Equal(t, make([]error, n-1), errs[1:])
	assert.Equal(t, ID{Ms: 1, Seq: 1}, ids[n-1])
}
