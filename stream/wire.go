package stream

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/redis/go-redis/v9"
)

// wire is a connection that go-redis has dialled, authenticated and, for sentinels
// and clusters, led to the right server, and that is then written and read by us:
// commands leave as bytes that are encoded once, replies are decoded while they
// come in. That is what the hot paths use (XREADGROUP, XACK, XADD); everything
// else goes through go-redis.
type wire struct {
	net   net.Conn
	owner *redis.Conn // go-redis' hold on the connection
	id    int64       // the server's name for it (CLIENT ID); 0 when it does not tell
	// rest is what was read beyond the last reply: the begin of the next one.
	rest []byte
	// head is where replies are read to first, used again and again; see cursor.
	head []byte
	idle time.Time // since when nobody uses it
}

// headSize is enough for an answer to a command, and for the begin of a batch.
const headSize = 16 << 10

// errNoWire says that a connection cannot be taken over: a hook answers in the
// server's place.
var errNoWire = errors.New("no network connection behind the go-redis client")

// connectWire makes a connection to node. That it failed always means that nothing
// was executed.
func (c *Conn) connectWire(ctx context.Context, node *redis.Client, withID bool) (*wire, error) {
	ctx, cancel := context.WithTimeout(ctx, c.settings.timeout)
	defer cancel()
	w := &wire{owner: node.EphemeralConn()}
	err := w.takeOver(ctx, &c.settings.taps)
	if err == nil && withID {
		w.id, err = w.owner.ClientID(ctx).Result()
		if Classify(err) == ClassRejected { // we may not ask
			err = nil
		}
	}
	if err == nil {
		return w, nil
	}
	w.close()
	c.reads.note(err)
	if Classify(err) == ClassUnknown { // it changes nothing: it can be sent again
		err = fmt.Errorf("%w: %w", errNoNode, err)
	}
	return nil, err
}

// takeOver lets go-redis connect, and finds the connection.
func (w *wire) takeOver(ctx context.Context, taps *taps) error {
	text := taps.seek()
	err := w.owner.Do(ctx, "PING", text).Err()
	w.net = taps.take(text)
	switch {
	case w.net != nil && Classify(err) == ClassRejected:
		return nil // a server that does not let us ask has seen the text all the same
	case err == nil && w.net == nil:
		return fmt.Errorf("%w: %w", errNoNode, errNoWire)
	}
	return err
}

// glance is how long a look at what TLS has to say may take, if it says nothing that
// matters. That is rare: servers say it with their first reply.
const glance = time.Millisecond

// hungUp tells whether the other side has closed the connection, as far as that can
// be seen without a round trip.
func (w *wire) hungUp() bool {
	if !alive(w.net) {
		return true
	}
	encrypted, ok := w.net.(interface{ NetConn() net.Conn })
	if !ok {
		return false
	}
	// Something may have come though nothing was asked. TLS has messages of its own, and
	// one of them is the other side's farewell: only TLS can read which it is.
	for range 3 {
		if alive(encrypted.NetConn()) {
			return false // nothing has come, or nothing is left of it
		}
		if w.net.SetReadDeadline(time.Now().Add(glance)) != nil {
			return true
		}
		var b [1]byte
		if _, err := w.net.Read(b[:]); !errors.Is(err, os.ErrDeadlineExceeded) {
			return true
		}
	}
	return true
}

// close gives the connection up.
func (w *wire) close() { _ = w.owner.Close() }

// send writes commands.
func (w *wire) send(commands []byte, deadline time.Time) error {
	if err := w.net.SetWriteDeadline(deadline); err != nil {
		return err
	}
	_, err := w.net.Write(commands)
	return err
}

// cursor begins to read replies, which have to be there by the deadline. What it
// reads is in a buffer that the next replies overwrite: what is kept has to be copied
// or, for a large reply, moved to a buffer of its own by grow.
func (w *wire) cursor(deadline time.Time) (*cursor, error) {
	if err := w.net.SetReadDeadline(deadline); err != nil {
		return nil, err
	}
	if w.head == nil {
		w.head = make([]byte, 0, headSize)
	}
	c := &cursor{buf: append(w.head[:0], w.rest...)} // rest may be a part of head: append moves it
	c.more = func(need int) error { return w.more(c, need) }
	w.rest = nil
	return c, nil
}

// more reads at least one byte behind what c has. When there is no place, c moves
// to a buffer twice as large; what it gave out stays in the old one.
func (w *wire) more(c *cursor, need int) error {
	if len(c.buf) == cap(c.buf) {
		grow(c, max(2*cap(c.buf), len(c.buf)+need), nil)
	}
	n, err := w.net.Read(c.buf[len(c.buf):cap(c.buf)])
	c.buf = c.buf[:len(c.buf)+n]
	if n > 0 {
		return nil // an error comes again
	}
	return err
}

// grow moves c to another buffer of that size at the least: that of m, if it is large
// enough, or a new one.
func grow(c *cursor, size int, m *Memory) {
	if m != nil && cap(m.raw) >= size {
		c.buf = append(m.raw[:0], c.buf...)
		return
	}
	if size = max(size, len(c.buf)); m != nil {
		size = roundUp(size)
	}
	c.buf = append(blank(size), c.buf...)
}

// done ends the reading: what came beyond is the begin of the next reply. It is copied,
// for the buffer is the batch's, which may be used again before that reply is read.
func (w *wire) done(c *cursor) { w.rest = append(w.head[:0], c.buf[c.pos:]...) }

// refusal is the next reply when it is an error of the server's; nil when it is
// none, and still to be read.
func (c *cursor) refusal() (refused, err error) {
	for c.pos >= len(c.buf) {
		if c.more == nil {
			return nil, c.fail("no reply")
		}
		if err := c.more(1); err != nil {
			return nil, err
		}
	}
	if kind := c.buf[c.pos]; kind != '-' && kind != '!' {
		return nil, nil
	}
	_, err = c.header()
	if _, ok := serverError(err); ok {
		return err, nil
	}
	return nil, err
}

// serverError is the text of a reply that is an error.
func serverError(err error) (text string, ok bool) {
	var reply ServerError
	ok = errors.As(err, &reply)
	return string(reply), ok
}
