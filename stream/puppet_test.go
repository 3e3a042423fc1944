package stream

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

// puppet is a server whose every byte is the test's: by itself it answers only what
// a connection begins with.
type puppet struct {
	listener net.Listener
	serve    func(c *puppetConn)

	mu    sync.Mutex
	conns []net.Conn
	taken int // connections that were taken over from go-redis
	over  bool
	work  sync.WaitGroup
}

// puppetConn is one connection to a puppet.
type puppetConn struct {
	net.Conn
	puppet *puppet
	in     *bufio.Reader
	no     int // the how manieth connection that was taken over; 0 none
}

// startPuppet runs serve for each connection, until the test has ended.
func startPuppet(t testing.TB, serve func(c *puppetConn)) *puppet {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &puppet{listener: l, serve: serve}
	p.work.Go(p.accept)
	t.Cleanup(func() {
		_ = l.Close()
		p.hangUp()
		p.work.Wait()
	})
	return p
}

func (p *puppet) accept() {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		p.conns = append(p.conns, conn)
		over := p.over
		p.mu.Unlock()
		if over {
			_ = conn.Close()
			continue
		}
		p.work.Go(func() {
			defer conn.Close()
			p.serve(&puppetConn{Conn: conn, puppet: p, in: bufio.NewReader(conn)})
			// Closed with something unread, what was sent could be lost on the way.
			if tcp, ok := conn.(*net.TCPConn); ok {
				_ = tcp.CloseWrite()
			}
			_, _ = io.Copy(io.Discard, conn)
		})
	}
}

// hangUp ends all connections, and those that come later.
func (p *puppet) hangUp() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over = true
	for _, conn := range p.conns {
		_ = conn.Close()
	}
}

// takenOver is how many connections were taken over from go-redis.
func (p *puppet) takenOver() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.taken
}

// conn is a Conn to the puppet; nothing is sent yet.
func (p *puppet) conn(t testing.TB, opts ...Option) *Conn {
	t.Helper()
	return wrapOptions(t, &redis.Options{Addr: p.listener.Addr().String()}, opts...)
}

// group is a group of a stream on the puppet.
func (p *puppet) group(t testing.TB, opts ...Option) *Group {
	t.Helper()
	g, err := p.conn(t, opts...).Group("orders", "billing", DeadLetter{})
	require.NoError(t, err)
	return g
}

// wrapOptions is a Conn with go-redis' options, as a program gives them that has a
// client of its own.
func wrapOptions(t testing.TB, o *redis.Options, opts ...Option) *Conn {
	t.Helper()
	rdb := redis.NewClient(o)
	conn := Wrap(rdb, opts...)
	t.Cleanup(func() {
		require.NoError(t, conn.Close())
		require.NoError(t, rdb.Close())
	})
	return conn
}

// through is a Conn whose connections to addr are what wrap makes of them: no hook
// is between, so that it goes the same way as any other.
func through(t testing.TB, addr string, wrap func(net.Conn) net.Conn, opts ...Option) *Conn {
	t.Helper()
	return wrapOptions(t, &redis.Options{Dialer: func(ctx context.Context, _, _ string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
		if err != nil {
			return nil, err
		}
		return wrap(conn), nil
	}}, opts...)
}

// next is the next command that is not part of a connection's begin; nil when the
// client has hung up.
func (c *puppetConn) next() []string {
	for {
		args, err := c.read()
		if err != nil {
			return nil
		}
		switch strings.ToUpper(args[0]) {
		case "HELLO":
			c.say("%1\r\n$5\r\nproto\r\n:3\r\n")
		case "CLIENT":
			c.say(fmt.Sprintf(":%d\r\n", 1000+c.no))
		case "PING":
			c.puppet.mu.Lock()
			c.puppet.taken++
			c.no = c.puppet.taken
			c.puppet.mu.Unlock()
			c.say(string(appendArg(nil, args[1])))
		default:
			return args
		}
	}
}

func (c *puppetConn) read() ([]string, error) {
	n, err := c.length('*')
	if err != nil {
		return nil, err
	}
	args := make([]string, n)
	for i := range args {
		size, err := c.length('$')
		if err != nil {
			return nil, err
		}
		b := make([]byte, size+2)
		if _, err := io.ReadFull(c.in, b); err != nil {
			return nil, err
		}
		args[i] = string(b[:size])
	}
	return args, nil
}

func (c *puppetConn) length(kind byte) (int, error) {
	line, err := c.in.ReadString('\n')
	if err != nil {
		return 0, err
	}
	if line[0] != kind {
		return 0, fmt.Errorf("no command: %q", line)
	}
	return strconv.Atoi(strings.TrimSpace(line[1:]))
}

// say sends as it is. A client that is gone hears nothing.
func (c *puppetConn) say(text string) { _, _ = io.WriteString(c, text) }

// wireHooks are hooks of a test, each of them only if it is there.
type wireHooks struct {
	process  func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error
	pipeline func(ctx context.Context, cmds []redis.Cmder, next redis.ProcessPipelineHook) error
}

func (wireHooks) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h wireHooks) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	if h.process == nil {
		return next
	}
	return func(ctx context.Context, cmd redis.Cmder) error { return h.process(ctx, cmd, next) }
}

func (h wireHooks) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	if h.pipeline == nil {
		return next
	}
	return func(ctx context.Context, cmds []redis.Cmder) error { return h.pipeline(ctx, cmds, next) }
}

// isCommand tells whether a command is of that name.
func isCommand(cmd redis.Cmder, name string) bool { return strings.EqualFold(cmd.Name(), name) }

// simple are n events that are told apart by their ID.
func simple(n int) []Event {
	events := make([]Event, n)
	for i := range events {
		events[i] = Event{ID: strconv.Itoa(i), Source: "s", Type: "t"}
	}
	return events
}
