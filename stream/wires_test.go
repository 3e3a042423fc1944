package stream

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
)

// held is a puppet that answers an XADD when it is let go, and counts those that
// wait.
type held struct {
	*puppet
	now, most atomic.Int32
	release   chan struct{}
}

func holdAnswers(t *testing.T) *held {
	t.Helper()
	h := &held{release: make(chan struct{})}
	h.puppet = startPuppet(t, func(c *puppetConn) {
		for c.next() != nil {
			n := h.now.Add(1)
			for most := h.most.Load(); n > most && !h.most.CompareAndSwap(most, n); {
				most = h.most.Load()
			}
			select {
			case <-h.release:
			case <-t.Context().Done():
				return
			}
			h.now.Add(-1)
			c.say("$3\r\n1-1\r\n")
		}
	})
	return h
}

// TestNoMoreConnectionsThanTheLimit: those who come later wait, until one is free or
// their context ends.
func TestNoMoreConnectionsThanTheLimit(t *testing.T) {
	t.Parallel()
	limit := wiresPerCPU * runtime.GOMAXPROCS(0)
	for name, opts := range bothWays {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := holdAnswers(t)
			conn := h.conn(t, append(opts, WithTimeout(testTimeout))...)
			ctx := testContext(t)
			errs := make(chan error, 3*limit)
			for range 2 * limit {
				go func() {
					_, err := conn.Add(ctx, "orders", simple(1))
					errs <- err[0]
				}()
			}
			eventually(t, func() bool { return int(h.now.Load()) == limit })

			impatient, cancel := context.WithTimeoutCause(ctx, 100*time.Millisecond, errors.New("enough"))
			defer cancel()
			_, late := conn.Add(impatient, "orders", simple(1))
			require.Equal(t, ClassCanceled, Classify(late[0]), "%v", late[0])
			require.ErrorContains(t, late[0], "enough")

			close(h.release)
			for range 2 * limit {
				require.NoError(t, <-errs)
			}
			require.LessOrEqual(t, int(h.most.Load()), limit)
			require.LessOrEqual(t, h.takenOver(), limit, "connections are used again")
			require.Empty(t, conn.busy(t))
		})
	}
}

// TestNoConnectionGetsFree: then nothing was sent.
func TestNoConnectionGetsFree(t *testing.T) {
	t.Parallel()
	for _, opts := range bothWays {
		p := answers(t, "$3\r\n1-1\r\n")
		conn := p.conn(t, append(opts, WithTimeout(100*time.Millisecond))...)
		node, err := conn.node(testContext(t), conn.reads, "orders")
		require.NoError(t, err)
		pool, err := conn.wires.pool(node)
		require.NoError(t, err)
		for range cap(pool.slots) {
			pool.slots <- struct{}{}
		}
		_, errs := conn.Add(testContext(t), "orders", simple(2))
		is(t, errs[0], ClassNotExecuted, "", "pool_timeout")
		require.ErrorIs(t, errs[1], redis.ErrPoolTimeout)
		require.Zero(t, p.takenOver())
		for range cap(pool.slots) {
			<-pool.slots
		}
	}
}

// TestConnectionsThatTheServerClosedAreNoticed before the next command is written
// to them: there is no outcome that would be unknown.
func TestConnectionsThatTheServerClosedAreNoticed(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(t *testing.T) (*redistest.Server, []Option){
		"tcp":  func(t *testing.T) (*redistest.Server, []Option) { return redistest.Start(t), nil },
		"unix": func(t *testing.T) (*redistest.Server, []Option) { return redistest.Start(t, redistest.Unix()), nil },
		"hooked": func(t *testing.T) (*redistest.Server, []Option) {
			return redistest.Start(t), []Option{WithHook(wireHooks{})}
		},
		"tls": func(t *testing.T) (*redistest.Server, []Option) {
			s := redistest.Start(t, redistest.TLS())
			return s, []Option{WithCA(s.CAFile()), WithClientCert(s.CertFile(), s.KeyFile())}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, opts := start(t)
			l := labOn(t, dial(t, s.URL(), opts...), s.Client(t), "orders")
			gone := map[string]func(){
				"killed": func() {
					require.NoError(t, l.rdb.ClientKillByFilter(l.ctx, "TYPE", "normal", "SKIPME", "yes").Err())
				},
				"restarted": s.Restart,
			}
			for _, hangUp := range gone {
				for range 3 {
					several(t, l, 8)
					hangUp()
					// All of them are idle by now, and all are closed.
					several(t, l, 8)
				}
			}
		})
	}
}

// several adds over as many connections at once as it gets, and wants no error.
func several(t *testing.T, l *lab, n int) {
	t.Helper()
	errs := make(chan error, n)
	for range n {
		go func() {
			_, err := l.conn.Add(l.ctx, l.key, simple(1))
			_, ackErr := l.g.Ack(l.ctx, []ID{{1, 1}})
			errs <- errors.Join(err[0], ackErr)
		}()
	}
	for range n {
		require.NoError(t, <-errs)
	}
}

// TestAConnectionThatIsGood is used again and again, whatever TLS says of itself
// in between.
func TestAConnectionThatIsGood(t *testing.T) {
	t.Parallel()
	tlsServer := redistest.Start(t, redistest.TLS())
	plain := redistest.Start(t)
	for _, max := range []uint16{0, tls.VersionTLS12, tls.VersionTLS13} {
		o, s := redis.Options{}, plain
		if max > 0 {
			s = tlsServer
			o.TLSConfig = s.TLSConfig()
			o.TLSConfig.MaxVersion = max
		}
		l, name := namedLab(t, s, o)
		for range 100 {
			require.NoError(t, add(l))
			_, err := l.g.Ack(l.ctx, []ID{{1, 1}})
			require.NoError(t, err)
		}
		require.LessOrEqual(t, connectionsNamed(l, name), 2, "one for what we write, one for all else")
	}
}

// TestNothingIsLeftAfterClose, calls under way or not.
func TestNothingIsLeftAfterClose(t *testing.T) {
	t.Parallel()
	for _, opts := range bothWays {
		l, name := namedLab(t, redistest.Start(t), redis.Options{}, opts...)
		several(t, l, 8)
		r := l.g.Reader("me", false)
		l.add(3)
		_, err := r.ReadAhead(l.ctx, 1, 0, func(int) int { return 1 })
		require.NoError(t, err)
		require.Positive(t, connectionsNamed(l, name))

		var work sync.WaitGroup
		for range 3 * wiresPerCPU * runtime.GOMAXPROCS(0) {
			work.Go(func() {
				for l.ctx.Err() == nil && !errors.Is(add(l), redis.ErrClosed) {
				}
			})
		}
		eventually(t, func() bool { return l.rdb.XLen(l.ctx, l.key).Val() > 50 })
		require.NoError(t, l.conn.Close())
		work.Wait()
		require.NoError(t, r.Close())
		eventually(t, func() bool { return connectionsNamed(l, name) == 0 })
		is(t, add(l), ClassRejected, "", "other")
		_, err = r.Read(l.ctx, 1, 0)
		is(t, err, ClassRejected, "", "other")
	}
}

// TestCloseEndsCallsUnderWay: who waits for an answer, and who waits for a connection.
func TestCloseEndsCallsUnderWay(t *testing.T) {
	t.Parallel()
	h := holdAnswers(t)
	defer close(h.release)
	limit := wiresPerCPU * runtime.GOMAXPROCS(0)
	conn := h.conn(t, WithTimeout(testTimeout))
	errs := make(chan error, 2*limit)
	for range 2 * limit {
		go func() {
			_, err := conn.Add(testContext(t), "orders", simple(1))
			errs <- err[0]
		}()
	}
	eventually(t, func() bool { return int(h.now.Load()) == limit })
	began := time.Now()
	require.NoError(t, conn.Close())
	unknown := 0
	for range 2 * limit {
		err := <-errs
		require.Error(t, err)
		if errors.Is(err, ErrUnknownOutcome) {
			unknown++
		} else {
			require.Equal(t, ClassRejected, Classify(err), "%v", err)
		}
	}
	require.Equal(t, limit, unknown, "those whose command was sent")
	require.Less(t, time.Since(began), testTimeout/2)
	require.Empty(t, conn.busy(t))
}

// TestANameThatLeadsToAnotherMaster: the server turns out to be a replica, and the
// name leads to another one by then.
func TestANameThatLeadsToAnotherMaster(t *testing.T) {
	t.Parallel()
	for name, opts := range bothWays {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			old, promoted := redistest.Start(t), redistest.Start(t)
			var addr atomic.Pointer[string]
			point := func(s *redistest.Server) {
				at := s.Addr()
				addr.Store(&at)
			}
			point(old)
			conn := wrapOptions(t, &redis.Options{Dialer: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, "tcp", *addr.Load())
			}}, opts...)
			l := labOn(t, conn, old.Client(t), "orders").create()
			after := labOn(t, dial(t, promoted.URL()), promoted.Client(t), "orders").create()
			several(t, l, 8)
			r := reader(l, false)
			batch, err := r.Read(l.ctx, 8, 0)
			require.NoError(t, err)

			require.NoError(t, l.rdb.Do(l.ctx, "REPLICAOF", "127.0.0.1", "1").Err())
			point(promoted)
			_, err = l.g.Ack(l.ctx, idsOf(batch))
			is(t, err, ClassNotExecuted, "READONLY", "readonly")
			several(t, l, 8)
			require.EqualValues(t, 8, after.rdb.XLen(l.ctx, l.key).Val())
			eventually(t, func() bool {
				batch, err = r.Read(l.ctx, 10, 0) // its connection was closed, or leads to the replica
				return err == nil
			})
			require.Len(t, batch, 8)
			require.Len(t, after.pending(), 8)
		})
	}
}

// TestEachKeyGoesToItsNode, and each node has its own connections.
func TestEachKeyGoesToItsNode(t *testing.T) {
	t.Parallel()
	cluster := redistest.SharedCluster(t)
	for _, opts := range bothWays {
		conn := dial(t, cluster.URL(), opts...)
		prefix := redistest.Prefix(t)
		ctx := testContext(t)
		nodes := map[string]bool{}
		for _, key := range strings.Split("abcdefghijklmnopqrst", "") {
			key = prefix + key
			master := cluster.MasterFor(key)
			rdb := master.Client(t)
			ids, errs := conn.Add(ctx, key, simple(3))
			require.Equal(t, make([]error, 3), errs)
			entries, err := rdb.XRange(ctx, key, "-", "+").Result()
			require.NoError(t, err, "MOVED, were it another node")
			require.Len(t, entries, 3)
			l := labOn(t, conn, rdb, key).create()
			r := reader(l, false)
			batch, err := r.ReadAhead(ctx, 2, 0, func(int) int { return 2 })
			require.NoError(t, err)
			rest, err := r.Read(ctx, 2, 0)
			require.NoError(t, err)
			require.Equal(t, ids, append(idsOf(batch), idsOf(rest)...))
			n, err := l.g.Ack(ctx, ids)
			require.NoError(t, err)
			require.Equal(t, 3, n)
			nodes[master.Addr()] = true
		}
		require.Len(t, poolsOf(conn), len(nodes))
		require.Greater(t, len(nodes), 1)
	}
}

// poolsOf are the connections that nobody uses, by server.
func poolsOf(conn *Conn) (idle [][]*wire) {
	conn.wires.mu.Lock()
	defer conn.wires.mu.Unlock()
	for _, p := range conn.wires.pools {
		idle = append(idle, slices.Clone(p.idle))
	}
	return idle
}

// age is as if nobody had used any connection for long, but for the last used.
func age(conn *Conn, but int) {
	conn.wires.mu.Lock()
	defer conn.wires.mu.Unlock()
	for _, p := range conn.wires.pools {
		p.used = p.used.Add(-2 * idleFor)
		for _, w := range p.idle[:len(p.idle)-but] {
			w.idle = w.idle.Add(-2 * idleFor)
		}
	}
}

// TestServersThatNobodyTalksToAreForgotten, with their connections.
func TestServersThatNobodyTalksToAreForgotten(t *testing.T) {
	t.Parallel()
	l, name := namedLab(t, redistest.Start(t), redis.Options{})
	several(t, l, 8)
	before := poolsOf(l.conn)
	require.Len(t, before, 1)
	if n := len(before[0]); n > 1 { // slow as it may be, it takes its turns
		age(l.conn, 1)
		require.NoError(t, add(l))
		require.Equal(t, [][]*wire{before[0][n-1:]}, poolsOf(l.conn), "the last used is used again, the others are closed")
	}
	age(l.conn, 0)
	require.NoError(t, add(l))
	after := poolsOf(l.conn)
	require.Len(t, after, 1)
	require.Len(t, after[0], 1, "a new one, the others were idle for too long")
	require.NotContains(t, before[0], after[0][0])
	eventually(t, func() bool { return connectionsNamed(l, name) <= 2 })
	age(l.conn, 0)
	other := redis.NewClient(&redis.Options{})
	defer other.Close()
	_, err := l.conn.wires.pool(other)
	require.NoError(t, err)
	require.Len(t, poolsOf(l.conn), 1, "the other one's")
	eventually(t, func() bool { return connectionsNamed(l, name) <= 1 })
	require.NoError(t, add(l), "it is remembered when it is needed")
}
