package simulate

import (
	"cmp"
	"errors"
	"io"
	"maps"
	"net"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"
)

// network is what lies between processes and the server. Every connection is a pair
// of pipes whose chunks need a time that the seed decides; a process can be cut off
// from it, each way by itself.
type network struct {
	w     *world
	mu    sync.Mutex
	cuts  map[string]*cut // by process
	dials map[string]int
	all   map[*conn]struct{}
}

// cut is how a process is cut off. What is held back is not lost: a network that
// stands still delivers later, a process that is dead never reads it.
type cut struct {
	until time.Time // what is under way comes not before; zero for no cut
	dead  bool      // nothing leaves any more, and nothing comes
	slow  time.Duration
}

func newNetwork(w *world) *network {
	return &network{w: w, cuts: map[string]*cut{}, dials: map[string]int{}, all: map[*conn]struct{}{}}
}

// of is the cut of a process. Called with mu.
func (n *network) of(process string) *cut {
	c := n.cuts[process]
	if c == nil {
		c = &cut{}
		n.cuts[process] = c
	}
	return c
}

// hold keeps what a process sends, and what is sent to it, for that long.
func (n *network) hold(process string, d time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.of(process).until = time.Now().Add(d)
}

// delay makes everything of a process late; 0 ends that.
func (n *network) delay(process string, d time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.of(process).slow = d
}

// bury cuts a process off for good: it is dead, whatever its goroutines still do. The
// server sees its connections end.
func (n *network) bury(process string) {
	n.mu.Lock()
	n.of(process).dead = true
	n.mu.Unlock()
	for _, c := range n.open() {
		if c.process == process {
			c.fail(io.ErrClosedPipe)
		}
	}
}

// drop ends every connection, as a server that dies does; one after the other, so that
// what comes of it has an order.
func (n *network) drop() {
	for _, c := range n.open() {
		c.fail(syscall.ECONNRESET)
		time.Sleep(time.Microsecond)
	}
}

// open are the connections, in order.
func (n *network) open() []*conn {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.SortedFunc(maps.Keys(n.all), func(a, b *conn) int {
		return cmp.Or(cmp.Compare(a.process, b.process), cmp.Compare(a.number, b.number))
	})
}

// arrival is when a chunk that a process sends, or is sent, gets there.
func (n *network) arrival(c *conn, way *pipe) time.Time {
	n.mu.Lock()
	defer n.mu.Unlock()
	at := time.Now().Add(n.w.latency(c, way))
	cut := n.of(c.process)
	at = at.Add(cut.slow)
	if at.Before(cut.until) {
		at = cut.until.Add(n.w.latency(c, way))
	}
	if !at.After(way.last) {
		at = way.last.Add(time.Nanosecond) // a connection keeps its order
	}
	way.last = at
	return at
}

// dial connects a process to the server, which is there or is not.
func (n *network) dial(process string) (net.Conn, error) {
	c := &conn{net: n, process: process, ended: make(chan struct{}), deadline: newDeadline()}
	n.mu.Lock()
	dead, until := n.of(process).dead, n.of(process).until
	n.dials[process]++
	c.number = n.dials[process]
	n.mu.Unlock()
	if wait := time.Until(until); wait > 0 {
		time.Sleep(wait + n.w.latency(c, &c.up)) // the one that asked first need not be the first
	}
	if dead || n.w.server.down() {
		return nil, &net.OpError{Op: "dial", Net: "sim", Err: syscall.ECONNREFUSED}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	c.up.chunks, c.down.chunks = make(chan chunk, 64), make(chan chunk, 64)
	n.all[c] = struct{}{}
	go n.w.server.serve(c)
	return c, nil
}

// chunk is bytes on their way.
type chunk struct {
	bytes []byte
	at    time.Time // when they get there
}

// pipe is one way of a connection.
type pipe struct {
	chunks chan chunk
	count  uint64
	last   time.Time // when the chunk before gets there
	rest   []byte    // of what has got there, not read yet
}

// conn is a connection as its process sees it.
type conn struct {
	net      *network
	process  string
	number   int
	up, down pipe // to the server, and back
	deadline *deadline

	once  sync.Once
	ended chan struct{}
	why   error
}

// fail ends the connection, for both sides.
func (c *conn) fail(why error) {
	c.once.Do(func() {
		c.why = why
		close(c.ended)
		c.net.mu.Lock()
		delete(c.net.all, c)
		c.net.mu.Unlock()
	})
}

// Write sends bytes, which get there later.
func (c *conn) Write(b []byte) (int, error) {
	select {
	case <-c.ended:
		return 0, c.gone()
	default:
	}
	c.net.mu.Lock()
	dead := c.net.of(c.process).dead
	c.net.mu.Unlock()
	if dead {
		return len(b), nil // nobody gets it
	}
	c.net.w.watch.sent(c.process, b)
	c.up.chunks <- chunk{append([]byte(nil), b...), c.net.arrival(c, &c.up)}
	return len(b), nil
}

func (c *conn) gone() error {
	if errors.Is(c.why, io.EOF) {
		return io.EOF
	}
	return &net.OpError{Op: "read", Net: "sim", Err: c.why}
}

// Read gets what has come from the server.
func (c *conn) Read(b []byte) (int, error) {
	for len(c.down.rest) == 0 {
		got, err := c.next()
		if err != nil {
			return 0, err
		}
		c.down.rest = got
	}
	n := copy(b, c.down.rest)
	c.down.rest = c.down.rest[n:]
	return n, nil
}

// next waits for the next chunk. What was sent before the connection ended comes.
func (c *conn) next() ([]byte, error) {
	expired := c.deadline.channel()
	var got chunk
	select {
	case got = <-c.down.chunks:
	default:
		select {
		case got = <-c.down.chunks:
		case <-c.ended:
			return nil, c.gone()
		case <-expired:
			return nil, os.ErrDeadlineExceeded
		}
	}
	timer := time.NewTimer(time.Until(got.at))
	defer timer.Stop()
	select {
	case <-timer.C:
		return got.bytes, nil
	case <-expired:
		c.down.rest = nil
		c.fail(syscall.ETIMEDOUT) // nobody reads on where a reply was given up
		return nil, os.ErrDeadlineExceeded
	case <-c.ended:
		if errors.Is(c.why, io.EOF) {
			return got.bytes, nil
		}
		return nil, c.gone()
	}
}

// Close hangs up.
func (c *conn) Close() error {
	c.fail(net.ErrClosed)
	return nil
}

// LocalAddr is of no use to anybody.
func (c *conn) LocalAddr() net.Addr { return address(c.process) }

// RemoteAddr is the server.
func (c *conn) RemoteAddr() net.Addr { return address("server") }

// SetDeadline bounds reads; writes never wait.
func (c *conn) SetDeadline(t time.Time) error { return c.SetReadDeadline(t) }

// SetReadDeadline bounds reads from now on.
func (c *conn) SetReadDeadline(t time.Time) error {
	c.deadline.set(t)
	return nil
}

// SetWriteDeadline has no effect: writes never wait.
func (c *conn) SetWriteDeadline(time.Time) error { return nil }

type address string

func (a address) Network() string { return "sim" }
func (a address) String() string  { return string(a) }

// deadline is a point in time that can be moved while somebody waits for it.
type deadline struct {
	mu      sync.Mutex
	timer   *time.Timer
	expired chan struct{}
}

func newDeadline() *deadline { return &deadline{expired: make(chan struct{})} }

func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil && !d.timer.Stop() {
		select {
		case <-d.expired:
			d.expired = make(chan struct{})
		default:
			d.expired = make(chan struct{}) // its timer closes the one before
		}
	}
	d.timer = nil
	if t.IsZero() {
		return
	}
	expired := d.expired
	d.timer = time.AfterFunc(time.Until(t), func() { close(expired) })
}

func (d *deadline) channel() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.expired
}
