package stream

import (
	"crypto/tls"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
)

// piped is a wire whose other end is the test's.
func piped(t testing.TB) (*wire, net.Conn) {
	t.Helper()
	near, far := net.Pipe()
	t.Cleanup(func() {
		_ = near.Close()
		_ = far.Close()
	})
	return &wire{net: near}, far
}

// soon is when a test gives up.
func soon() time.Time { return time.Now().Add(testTimeout) }

// TestRepliesBehindOneAnother that came in one piece are read one by one, and what is
// there of the next one is kept apart from what was handed out.
func TestRepliesBehindOneAnother(t *testing.T) {
	t.Parallel()
	w, far := piped(t)
	texts := []string{"one", strings.Repeat("x", headSize-20), strings.Repeat("y", 3*headSize), "", "last"}
	var all []byte
	for _, text := range texts {
		all = appendArg(all, text)
	}
	go func() { _, _ = far.Write(append(all, "$5\r\nhal"...)) }()
	var seen [][]byte
	for _, text := range texts {
		c, err := w.cursor(soon())
		require.NoError(t, err)
		got, ok, err := c.bytes()
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, text, string(got))
		w.done(c)
		if len(w.rest) > 0 {
			require.LessOrEqual(t, len(w.rest), cap(w.head))
			require.Same(t, &w.head[:1][0], &w.rest[0], "in a buffer that nobody else has")
		}
		seen = append(seen, got)
	}
	require.Len(t, seen, len(texts))
	require.NotEmpty(t, w.rest)
	c, err := w.cursor(soon())
	require.NoError(t, err)
	require.NoError(t, far.Close())
	_, _, err = c.bytes()
	require.ErrorIs(t, err, io.EOF)
}

// TestRefusals are told from other replies, of which nothing is taken away.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"-OOM no room\r\n": "OOM no room", "!6\r\nERR\r\nx\r\n": "ERR\r\nx", "-\r\n": "",
		":1\r\n": "", "$-1\r\n": "", "*1\r\n-ERR x\r\n": "", "+OK\r\n": "", "_\r\n": "",
	} {
		w, far := piped(t)
		go func() {
			for i := range raw {
				_, _ = far.Write([]byte(raw[i : i+1]))
			}
			_ = far.Close()
		}()
		c, err := w.cursor(soon())
		require.NoError(t, err)
		refused, err := c.refusal()
		require.NoError(t, err, "%q", raw)
		if raw[0] == '-' || raw[0] == '!' {
			require.Equal(t, ServerError(want), refused)
			require.Equal(t, len(raw), c.pos)
			continue
		}
		require.NoError(t, refused, "%q", raw)
		require.Zero(t, c.pos, "still to be read")
	}
	for _, raw := range []string{"", "-OOM no", "!6\r\nERR", "!x\r\n", "-OOM\n"} {
		w, far := piped(t)
		go func() {
			_, _ = far.Write([]byte(raw))
			_ = far.Close()
		}()
		c, err := w.cursor(soon())
		require.NoError(t, err)
		refused, err := c.refusal()
		require.NoError(t, refused)
		require.Equal(t, ClassUnknown, Classify(err), "%q: %v", raw, err)
	}
	_, err := (&cursor{}).refusal()
	require.ErrorIs(t, err, errProtocol)
}

func TestASilentConnectionEndsWithItsDeadline(t *testing.T) {
	t.Parallel()
	w, _ := piped(t)
	deadline := time.Now().Add(20 * time.Millisecond)
	require.Error(t, w.send([]byte("x"), deadline), "nobody takes it")
	c, err := w.cursor(deadline)
	require.NoError(t, err)
	_, err = c.refusal()
	require.Equal(t, "timeout", Label(err), "%v", err)
	require.NoError(t, w.net.Close())
	require.Error(t, w.send([]byte("x"), deadline))
	_, err = w.cursor(deadline)
	require.Error(t, err)
}

// TestWhatTLSSaysOfItself is no reason to close a connection, unless it is a farewell
// or nobody has asked for it.
func TestWhatTLSSaysOfItself(t *testing.T) {
	t.Parallel()
	s := redistest.SharedTLS(t)
	connect := func() (*wire, net.Conn) {
		conn, err := tls.Dial("tcp", s.Addr(), s.TLSConfig())
		require.NoError(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		require.Equal(t, uint16(tls.VersionTLS13), conn.ConnectionState().Version)
		return &wire{net: conn}, conn.NetConn()
	}
	ask := func(w *wire) { require.NoError(t, w.send([]byte("*1\r\n$4\r\nPING\r\n"), soon())) }
	w, socket := connect()
	eventually(t, func() bool { return !alive(socket) }) // the tickets of TLS 1.3
	require.True(t, alive(w.net), "of a connection that is encrypted it is not known what came")
	require.False(t, w.hungUp())
	require.True(t, alive(socket), "it was read")
	require.False(t, w.hungUp())
	ask(w)
	c, err := w.cursor(soon())
	require.NoError(t, err)
	refused, err := c.refusal()
	require.NoError(t, err)
	require.Equal(t, "NOAUTH", Code(refused), "and the connection is good")
	w.done(c)

	ask(w)
	eventually(t, func() bool { return !alive(socket) })
	require.True(t, w.hungUp(), "an answer that nobody waits for")

	w, socket = connect()
	eventually(t, func() bool { return !alive(socket) })
	require.False(t, w.hungUp())
	require.NoError(t, w.send([]byte("no command\r\n*1\r\n$x\r\n"), soon())) // the server hangs up
	eventually(t, func() bool { return w.hungUp() })
}
