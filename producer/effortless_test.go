package producer_test

import (
	"bytes"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
)

// effortless is the address of a server that stores nothing: it takes each XADD
// that it sees the name of for one, and confirms it. What a client can do at the
// most is measured with it.
func effortless(t testing.TB) (addr string) {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, listener.Close()) })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go confirmAll(conn)
		}
	}()
	return listener.Addr().String()
}

// confirmAll answers until the client hangs up. It refuses what is no XADD, except
// for PING: that is how a client of an old server begins.
func confirmAll(conn net.Conn) {
	defer conn.Close()
	command, confirmation := []byte("XADD\r\n"), []byte(replyID)
	keep := len(command) - 1 // of each read, so that a name that was cut is seen
	buf := make([]byte, keep+256<<10)
	var answer []byte
	for {
		n, err := conn.Read(buf[keep:])
		if err != nil {
			return
		}
		text := buf[:keep+n]
		answer = answer[:0]
		for range bytes.Count(text, command) {
			answer = append(answer, confirmation...)
		}
		switch {
		case len(answer) > 0:
		case bytes.Contains(bytes.ToUpper(text), []byte("PING")):
			answer = append(answer, "+PONG\r\n"...)
		case bytes.Contains(text, []byte("\r\nHELLO\r\n")), bytes.Contains(text, []byte("\r\nhello\r\n")):
			answer = append(answer, "-ERR unknown command\r\n"...)
		}
		if _, err := conn.Write(answer); err != nil {
			return
		}
		copy(buf, text[len(text)-keep:])
	}
}
