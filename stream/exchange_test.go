package stream

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
)

// bothWays are the ways that commands go: past go-redis, and inside hooks.
var bothWays = map[string][]Option{"plain": nil, "hooked": {WithHook(wireHooks{})}}

func TestAddsAreAnsweredInOrder(t *testing.T) {
	t.Parallel()
	for name, l := range aheadLabs(t) {
		const n = 5000
		events := simple(n)
		events[7].Data = bytes.Repeat([]byte{0, 0xff, '\r', '\n'}, 1<<18)
		ids, errs := l.conn.Add(l.ctx, l.key, events)
		require.Equal(t, make([]error, n), errs, name)
		entries, err := l.rdb.XRange(l.ctx, l.key, "-", "+").Result()
		require.NoError(t, err)
		require.Len(t, entries, n)
		for i, e := range entries {
			require.Equal(t, ids[i].String(), e.ID)
			require.Equal(t, events[i].ID, e.Values["id"])
		}
		require.Equal(t, string(events[7].Data), entries[7].Values["data"])
		acked, err := l.g.Ack(l.ctx, idsOf(l.read("me", n)))
		require.NoError(t, err)
		require.Equal(t, n, acked)
	}
}

func TestAddsOfNothing(t *testing.T) {
	t.Parallel()
	conn := dial(t, redistest.Shared(t).URL())
	ids, errs := conn.Add(testContext(t), "s", nil)
	require.Empty(t, ids)
	require.Empty(t, errs)
	conn.AddAll(testContext(t), &Adds{}, nil, nil)
	_, errs = conn.Add(testContext(t), "", simple(2))
	require.ErrorIs(t, errs[0], ErrStreamName)
	require.ErrorIs(t, errs[1], ErrStreamName)
}

// answers is a puppet that answers each command with the next of the replies, and
// hangs up in place of "".
func answers(t *testing.T, replies ...string) *puppet {
	t.Helper()
	left := make(chan string, len(replies))
	for _, reply := range replies {
		left <- reply
	}
	return startPuppet(t, func(c *puppetConn) {
		for c.next() != nil {
			select {
			case reply := <-left:
				if reply == "" {
					return
				}
				c.say(reply)
			default:
				return
			}
		}
	})
}

// TestSomeOfAPipelineAreRefused: each command has its own answer.
func TestSomeOfAPipelineAreRefused(t *testing.T) {
	t.Parallel()
	for name, opts := range bothWays {
		p := answers(t, "$3\r\n1-1\r\n", "-OOM no room\r\n", "+1-2\r\n", "!11\r\nERR \r\n\r\nbad\r\n", "$3\r\n1-3\r\n",
			"-WRONGTYPE no stream\r\n", "$3\r\n1-4\r\n", "$3\r\n1-5\r\n")
		conn := p.conn(t, opts...)
		ids, errs := conn.Add(testContext(t), "orders", simple(7))
		require.Equal(t, []ID{{1, 1}, {}, {1, 2}, {}, {1, 3}, {}, {1, 4}}, ids, name)
		for _, i := range []int{0, 2, 4, 6} {
			require.NoError(t, errs[i], name)
		}
		is(t, errs[1], ClassNotExecuted, "OOM", "oom")
		is(t, errs[3], ClassRejected, "ERR", "err")
		is(t, errs[5], ClassRejected, "WRONGTYPE", "wrongtype")
		require.ErrorContains(t, errs[5], "add to stream orders: WRONGTYPE no stream")
		ids, errs = conn.Add(testContext(t), "orders", simple(1))
		require.Equal(t, []error{nil}, errs)
		require.Equal(t, []ID{{1, 5}}, ids)
		require.Equal(t, 1, p.takenOver(), "the connection is good")
	}
}

func TestAllOfAPipelineAreRefused(t *testing.T) {
	t.Parallel()
	for _, l := range aheadLabs(t) {
		require.NoError(t, l.rdb.Set(l.ctx, l.key+"x", "no stream", 0).Err())
		_, errs := l.conn.Add(l.ctx, l.key+"x", simple(1000))
		for _, err := range errs {
			is(t, err, ClassRejected, "WRONGTYPE", "wrongtype")
		}
		g, err := l.conn.Group(l.key+"x", "g", DeadLetter{})
		require.NoError(t, err)
		_, err = g.Ack(l.ctx, []ID{{1, 1}})
		is(t, err, ClassRejected, "WRONGTYPE", "wrongtype")
		require.NotErrorIs(t, err, ErrUnknownOutcome)
	}
}

// TestAConnectionIsLostInTheMiddleOfThePipeline: what was answered is known, at
// whatever byte it ends.
func TestAConnectionIsLostInTheMiddleOfThePipeline(t *testing.T) {
	t.Parallel()
	const reply = "$3\r\n1-1\r\n"
	all := reply + "-OOM x\r\n" + reply
	ends := []int{len(reply), len(all) - len(reply), len(all)}
	for name, opts := range bothWays {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var cut atomic.Int64
			p := startPuppet(t, func(c *puppetConn) {
				for range 3 {
					if c.next() == nil {
						return
					}
				}
				c.say(all[:cut.Load()])
			})
			conn := p.conn(t, opts...)
			for n := range len(all) {
				cut.Store(int64(n))
				ids, errs := conn.Add(testContext(t), "orders", simple(3))
				for i, end := range ends {
					switch {
					case n < end:
						is(t, errs[i], ClassUnknown, "", "eof")
						require.Zero(t, ids[i])
					case i == 1:
						is(t, errs[i], ClassNotExecuted, "OOM", "oom")
					default:
						require.NoError(t, errs[i])
						require.Equal(t, ID{1, 1}, ids[i])
					}
				}
				require.Equal(t, n+1, p.takenOver(), "a connection that is lost is not used again")
			}
			require.Empty(t, conn.busy(t))
		})
	}
}

// busy are the servers to which connections are in use.
func (c *Conn) busy(t testing.TB) (nodes []string) {
	t.Helper()
	c.wires.mu.Lock()
	defer c.wires.mu.Unlock()
	for node, p := range c.wires.pools {
		if len(p.slots) > 0 {
			nodes = append(nodes, fmt.Sprintf("%s: %d", node.Options().Addr, len(p.slots)))
		}
	}
	return nodes
}

// TestAnAnswerOfAnotherKind: what a command did that is answered with what it never
// gives is not known, nor whose answer comes next on that connection.
func TestAnAnswerOfAnotherKind(t *testing.T) {
	t.Parallel()
	for _, reply := range []string{"$1\r\nx\r\n", "$-1\r\n", "_\r\n", "*0\r\n", "*1\r\n-OOM x\r\n", "x\r\n", "\r\n", "$600000000\r\n"} {
		for name, opts := range bothWays {
			p := answers(t, "$3\r\n1-1\r\n", reply, "$3\r\n1-2\r\n", "$3\r\n1-3\r\n")
			conn := p.conn(t, opts...)
			ids, errs := conn.Add(testContext(t), "orders", simple(3))
			require.NoError(t, errs[0], name)
			require.Equal(t, ID{1, 1}, ids[0])
			require.Equal(t, ClassUnknown, Classify(errs[1]), "%q: %v", reply, errs[1])
			if len(opts) == 0 {
				require.Equal(t, ClassUnknown, Classify(errs[2]), "%q: %v", reply, errs[2])
			}
		}
	}
	for _, reply := range []string{"*0\r\n", "$1\r\nx\r\n", "_\r\n", "+OK\r\n"} {
		for _, opts := range bothWays {
			p := answers(t, reply, ":2\r\n")
			g := p.group(t, opts...)
			_, err := g.Ack(testContext(t), []ID{{1, 1}, {1, 2}})
			is(t, err, ClassUnknown, "", "protocol")
			n, err := g.Ack(testContext(t), []ID{{1, 1}, {1, 2}})
			require.NoError(t, err)
			require.Equal(t, 2, n)
		}
	}
}

// TestMoreAnswersThanCommands: the answer too many must not become that of the next
// command, whether it comes at once or later.
func TestMoreAnswersThanCommands(t *testing.T) {
	t.Parallel()
	for name, opts := range bothWays {
		for _, extra := range []string{"$3\r\n6-6\r\n", "-", "\r\n", ">1\r\n+x\r\n"} {
			p := startPuppet(t, func(c *puppetConn) {
				for c.next() != nil {
					if c.no == 1 {
						c.say("$3\r\n1-1\r\n" + extra)
					} else {
						c.say("$3\r\n2-2\r\n")
					}
				}
			})
			conn := p.conn(t, opts...)
			ids, errs := conn.Add(testContext(t), "orders", simple(1))
			require.Equal(t, []error{nil}, errs)
			require.Equal(t, []ID{{1, 1}}, ids)
			ids, errs = conn.Add(testContext(t), "orders", simple(1))
			require.Equal(t, []error{nil}, errs, "%s %q", name, extra)
			require.Equal(t, []ID{{2, 2}}, ids, "%s %q", name, extra)
			require.Equal(t, 2, p.takenOver())
		}
	}
}

// TestALateAnswerIsNobodysElse: a connection on which an answer may still come is
// given up.
func TestALateAnswerIsNobodysElse(t *testing.T) {
	t.Parallel()
	for _, opts := range bothWays {
		p := startPuppet(t, func(c *puppetConn) {
			for args := c.next(); args != nil; args = c.next() {
				if c.no == 1 {
					c.next()
					_, _ = c.in.Peek(1) // until the client has lost its patience
					c.say("$3\r\n1-1\r\n")
				} else {
					c.say("$3\r\n2-2\r\n")
				}
			}
		})
		conn := p.conn(t, opts...)
		ctx, cancel := context.WithTimeout(testContext(t), 100*time.Millisecond)
		began := time.Now()
		_, errs := conn.Add(ctx, "orders", simple(2))
		require.Less(t, time.Since(began), defaultTimeout, "the context's deadline counts")
		cancel()
		is(t, errs[0], ClassUnknown, "", "timeout")
		is(t, errs[1], ClassUnknown, "", "timeout")
		ids, errs := conn.Add(testContext(t), "orders", simple(1))
		require.Equal(t, []error{nil}, errs)
		require.Equal(t, []ID{{2, 2}}, ids)
	}
}

// TestASentCommandIsWaitedFor: a context that is canceled takes nothing back.
func TestASentCommandIsWaitedFor(t *testing.T) {
	t.Parallel()
	for _, opts := range bothWays {
		ctx, cancel := context.WithCancel(testContext(t))
		p := startPuppet(t, func(c *puppetConn) {
			if c.next() != nil {
				cancel()
				c.say(":1\r\n")
			}
			assert.Nil(t, c.next())
		})
		g := p.group(t, opts...)
		if len(opts) == 0 { // hooks see that their context has ended
			n, err := g.Ack(ctx, []ID{{1, 1}})
			require.NoError(t, err)
			require.Equal(t, 1, n)
		}
		cancel()
		_, err := g.Ack(ctx, []ID{{1, 1}})
		require.Equal(t, ClassCanceled, Classify(err), "%v", err)
		require.NoError(t, g.conn.Close())
	}
}

// TestACommandThatCannotBeWritten: how far it came is not known.
func TestACommandThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	s := redistest.Shared(t)
	for _, part := range []int{0, 30, 1 << 20} {
		var left atomic.Int32
		conn := through(t, s.Addr(), func(c net.Conn) net.Conn { return failing{c, "XADD", &left, part} })
		l := labOn(t, conn, s.Client(t), redistest.Prefix(t)+"orders")
		for range 3 {
			_, errs := conn.Add(l.ctx, l.key, simple(2))
			for _, err := range errs {
				require.ErrorIs(t, err, errNoWrite)
				require.Equal(t, ClassUnknown, Classify(err), "%v", err)
			}
		}
		require.Empty(t, conn.busy(t))
		left.Store(100)
		_, errs := conn.Add(l.ctx, l.key, simple(2))
		require.Equal(t, make([]error, 2), errs)
	}
}

// gulping is a connection whose reads bring no more than one line.
type gulping struct {
	net.Conn
	size int
}

func (g gulping) Read(b []byte) (int, error) { return g.Conn.Read(b[:min(g.size, len(b))]) }

// TestAReplicaRefusesAWholePipeline: that other connections are made when a server
// turns out to be a replica does not cut the one on which it goes on to say so.
func TestAReplicaRefusesAWholePipeline(t *testing.T) {
	t.Parallel()
	const refusal = "-READONLY You can't write against a read only replica.\r\n"
	for name, opts := range bothWays {
		p := startPuppet(t, func(c *puppetConn) {
			for c.next() != nil {
				c.say(refusal)
			}
		})
		conn := through(t, p.listener.Addr().String(), func(c net.Conn) net.Conn { return gulping{c, len(refusal)} }, opts...)
		for range 2 {
			_, errs := conn.Add(testContext(t), "orders", simple(20))
			for i, err := range errs {
				require.Equal(t, ClassNotExecuted, Classify(err), "%s %d: %v", name, i, err)
			}
		}
	}
}

// TestNoTimeIsLeftToSend: time that went by before a command was sent is none in
// which its outcome became unknown.
func TestNoTimeIsLeftToSend(t *testing.T) {
	t.Parallel()
	s := redistest.Shared(t)
	const timeout = time.Second
	conn := wrapOptions(t, &redis.Options{Dialer: func(ctx context.Context, _, _ string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.Addr())
		if err == nil { // a server that is far away
			timer := time.NewTimer(timeout * 6 / 10)
			defer timer.Stop()
			<-timer.C
		}
		return conn, err
	}}, WithTimeout(timeout))
	node, err := conn.node(testContext(t), conn.reads, "orders")
	require.NoError(t, err)
	pool, err := conn.wires.pool(node)
	require.NoError(t, err)
	for range cap(pool.slots) {
		pool.slots <- struct{}{}
	}
	free := time.AfterFunc(timeout*6/10, func() { <-pool.slots })
	defer free.Stop()
	key := redistest.Prefix(t) + "orders"
	_, errs := conn.Add(testContext(t), key, simple(1))
	added := 0
	if errs[0] == nil { // the slot was free before it was asked for: a slow machine
		added = 1
	} else {
		require.Equal(t, ClassNotExecuted, Classify(errs[0]), "%v", errs[0])
	}
	require.EqualValues(t, added, s.Client(t).Exists(testContext(t), key).Val())
}
