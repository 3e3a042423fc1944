package bare

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

const (
	// readBuffer holds what one read brings: a few hundred entries of the usual
	// size. It grows when one entry is larger than half of it.
	readBuffer = 128 << 10
	// minRead is the room below which a read is not worth its system call: what is
	// not parsed yet is moved to the front of the buffer first.
	minRead = readBuffer / 4
)

// ErrUnusable is wrapped by the errors of a connection that failed before in the
// middle of a reply, or whose context ended there: what comes next on it belongs to
// nobody. Dial another one.
var ErrUnusable = errors.New("connection is not usable any more")

// Conn is one connection. It is not safe for concurrent use.
type Conn struct {
	nc   net.Conn
	in   []byte // what is in in[r:w] has been read and not parsed
	r, w int
	out  []byte // the command, or pipeline of commands, being encoded

	mu     sync.Mutex
	broken error // the first failure; guarded by mu
}

// New speaks on a connection that somebody else opened, and closes it with Close.
func New(nc net.Conn) *Conn {
	return &Conn{nc: nc, in: make([]byte, readBuffer)}
}

// Close closes the connection. What is on its way is lost.
func (c *Conn) Close() error { return c.nc.Close() }

// begin makes the end of ctx interrupt reads and writes, grace later, until end is
// called with the outcome of the work. end gives that outcome back, with the end of
// ctx as its reason where that is what it was.
func (c *Conn) begin(ctx context.Context, grace time.Duration) (end func(error) error, err error) {
	if broken := c.failure(); broken != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnusable, broken)
	}
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		_ = c.nc.SetDeadline(time.Now().Add(grace))
		close(interrupted)
	})
	return func(err error) error {
		if stop() {
			return err
		}
		<-interrupted
		// Work that came to its end all the same leaves nothing on its way.
		_ = c.nc.SetDeadline(time.Time{})
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() {
			err = fmt.Errorf("%w (%w)", context.Cause(ctx), err)
		}
		return err
	}, nil
}

// fail makes the connection unusable, and gives the failure that did so first: what
// comes after it follows from it.
func (c *Conn) fail(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.broken == nil {
		c.broken = err
	}
	return c.broken
}

// failure is why the connection is not usable, nil when it is.
func (c *Conn) failure() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.broken
}

// flush writes what has been encoded.
func (c *Conn) flush() error {
	_, err := c.nc.Write(c.out)
	c.out = c.out[:0]
	if err != nil {
		return c.fail(err)
	}
	return nil
}

// fill reads more behind what is not parsed yet. Slices into the buffer are not
// valid after it.
func (c *Conn) fill() error {
	if len(c.in)-c.w < minRead {
		c.makeRoom()
	}
	n, err := c.nc.Read(c.in[c.w:])
	c.w += n
	if n > 0 {
		return nil // an error comes again with the next read
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF // nobody reads unless a reply is due
	}
	return c.fail(err)
}

func (c *Conn) makeRoom() {
	target := c.in
	if c.w-c.r > len(c.in)/2 {
		target = make([]byte, 2*len(c.in))
	}
	c.w = copy(target, c.in[c.r:c.w])
	c.r, c.in = 0, target
}

// next parses what comes next with parse, which gets what has been read and tells
// how many bytes it took. It is called again with more as long as that is none. A
// [ServerError] leaves the connection as it is, any other error makes it unusable.
func (c *Conn) next(parse func(b []byte) (int, error)) error {
	for {
		n, err := parse(c.in[c.r:c.w])
		c.r += n
		if err != nil {
			if !isServerError(err) {
				err = c.fail(err)
			}
			return err
		}
		if n > 0 {
			return nil
		}
		if err := c.fill(); err != nil {
			return err
		}
	}
}
