package stream

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// taps finds, among the connections that go-redis has dialled, the one that a
// command was sent over. go-redis dials in the background and gives no access to
// what it dialled; so a PING with a text that nobody else sends goes out, and the
// connection that is asked to write that text is the one.
type taps struct {
	seeking atomic.Int32 // how many texts are looked for: 0 nearly always

	mu    sync.Mutex
	found map[string]net.Conn // by text; nil until it was seen
}

// seek begins to look for a new text.
func (t *taps) seek() (text string) {
	text = "leat:" + strconv.FormatUint(rand.Uint64(), 36) + strconv.FormatUint(rand.Uint64(), 36)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.found == nil {
		t.found = map[string]net.Conn{}
	}
	t.found[text] = nil
	t.seeking.Add(1)
	return text
}

// take ends the search; nil when the text was not sent over any connection.
func (t *taps) take(text string) net.Conn {
	t.mu.Lock()
	defer t.mu.Unlock()
	conn := t.found[text]
	delete(t.found, text)
	t.seeking.Add(-1)
	return conn
}

func (t *taps) see(conn net.Conn, written []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for text := range t.found {
		if bytes.Contains(written, []byte(text)) {
			t.found[text] = conn
		}
	}
}

// tap makes conn one that can be found.
func (t *taps) tap(conn net.Conn) net.Conn {
	plain := tap{conn, t}
	if sys, ok := conn.(syscall.Conn); ok {
		return &sysTap{plain, sys}
	}
	return &plain
}

type tap struct {
	net.Conn
	taps *taps
}

// Write passes on what is written, and shows it to those who look.
func (t *tap) Write(b []byte) (int, error) {
	if t.taps.seeking.Load() > 0 {
		t.taps.see(t.Conn, b)
	}
	n, err := t.Conn.Write(b)
	if err != nil {
		err = t.why(err)
	}
	return n, err
}

// lastWords is how long is waited at the most for what the other side has said, on a
// connection that has ended: in all likelihood it is there.
const lastWords = 100 * time.Millisecond

// why adds to the reason why nothing can be written what the other side has said. A
// server of TLS 1.3 looks at a client's certificate when the client takes the
// connection for made: who writes first learns no more than that it was closed.
func (t *tap) why(err error) error {
	encrypted, ok := t.Conn.(*tls.Conn)
	if !ok || errors.Is(err, os.ErrDeadlineExceeded) || encrypted.SetReadDeadline(time.Now().Add(lastWords)) != nil {
		return err
	}
	var b [1]byte
	var said *net.OpError
	if _, last := encrypted.Read(b[:]); errors.As(last, &said) && said.Op == "remote error" {
		return fmt.Errorf("%w: %w", err, last)
	}
	return err
}

// sysTap is a tap of a socket: go-redis looks whether a connection that was idle
// is still there, for which it needs the socket itself.
type sysTap struct {
	tap
	sys syscall.Conn
}

// SyscallConn is the socket's.
func (t *sysTap) SyscallConn() (syscall.RawConn, error) { return t.sys.SyscallConn() }
