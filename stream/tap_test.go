package stream

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"slices"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
)

// tapped makes a connection and asks the server for its name over what was found.
func tapped(t testing.TB, conn *Conn) (*wire, int64) {
	t.Helper()
	ctx := testContext(t)
	node, err := conn.node(ctx, conn.reads, "orders")
	require.NoError(t, err)
	w, err := conn.connectWire(ctx, node, true)
	require.NoError(t, err)
	return w, w.asksItsName(t)
}

// asksItsName is what the server calls the connection, by CLIENT ID sent over it.
func (w *wire) asksItsName(t testing.TB) int64 {
	t.Helper()
	deadline, _ := testContext(t).Deadline()
	require.NoError(t, w.send(appendArg(appendArg(appendCommand(nil, 2), "CLIENT"), "ID"), deadline))
	reply, err := w.cursor(deadline)
	require.NoError(t, err)
	id, err := reply.int()
	require.NoError(t, err)
	w.done(reply)
	return id
}

// TestConnectionsAreFound: each search finds the connection that its own text was
// sent over, many of them at once, whatever they go over.
func TestConnectionsAreFound(t *testing.T) {
	t.Parallel()
	for name, connect := range map[string]func(t *testing.T) *Conn{
		"plain":  func(t *testing.T) *Conn { return dial(t, redistest.Shared(t).URL()) },
		"resp2":  func(t *testing.T) *Conn { return dial(t, redistest.Shared(t).URL()+"?protocol=2") },
		"hooked": func(t *testing.T) *Conn { return dial(t, redistest.Shared(t).URL(), WithHook(wireHooks{})) },
		"unix":   func(t *testing.T) *Conn { return dial(t, redistest.Start(t, redistest.Unix()).URL()) },
		"tls": func(t *testing.T) *Conn {
			s := redistest.SharedTLS(t)
			return dial(t, s.URL(), WithCA(s.CAFile()), WithClientCert(s.CertFile(), s.KeyFile()))
		},
		"sentinel": func(t *testing.T) *Conn { return dial(t, redistest.SharedSentinel(t).URL()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := connect(t)
			const n = 30
			wires := make([]*wire, n)
			var work sync.WaitGroup
			for i := range wires {
				work.Go(func() {
					ctx := testContext(t)
					node, err := conn.node(ctx, conn.reads, "orders")
					if err == nil {
						wires[i], err = conn.connectWire(ctx, node, name != "tls")
					}
					if err != nil {
						t.Error(err)
					}
				})
			}
			work.Wait()
			names := map[int64]bool{}
			sockets := map[net.Conn]bool{}
			for _, w := range wires {
				require.NotNil(t, w)
				if name != "tls" { // the user there may not ask
					id := w.asksItsName(t)
					require.Equal(t, w.id, id, "go-redis and we talk over the same connection")
					names[id] = true
				}
				require.NotContains(t, sockets, w.net)
				sockets[w.net] = true
				require.True(t, alive(w.net))
				w.close()
			}
			if name != "tls" {
				require.Len(t, names, n)
			}
			require.Zero(t, conn.settings.taps.seeking.Load())
			require.Empty(t, conn.settings.taps.found)
		})
	}
}

// TestAConnectionOfOursIsNotGivenToOthers: what go-redis uses is another one.
func TestAConnectionOfOursIsNotGivenToOthers(t *testing.T) {
	t.Parallel()
	conn := dial(t, redistest.Shared(t).URL())
	w, id := tapped(t, conn)
	ctx := testContext(t)
	node, err := conn.node(ctx, conn.reads, "orders")
	require.NoError(t, err)
	for range 20 {
		other, err := node.ClientID(ctx).Result()
		require.NoError(t, err)
		require.NotEqual(t, id, other)
	}
	w.close()
	require.False(t, alive(w.net))
	for range 20 {
		other, err := node.ClientID(ctx).Result()
		require.NoError(t, err)
		require.NotEqual(t, id, other, "it is closed, not put back")
	}
}

// TestNoConnectionBehindAHook: a hook that answers in the server's place leaves
// nothing to take over, which is no unknown outcome.
func TestNoConnectionBehindAHook(t *testing.T) {
	t.Parallel()
	for name, hook := range map[string]func(cmd redis.Cmder) error{
		"answers": func(redis.Cmder) error { return nil },
		"refuses": func(redis.Cmder) error { return io.EOF },
	} {
		s := redistest.Shared(t)
		conn := wrapOptions(t, &redis.Options{Addr: s.Addr()}, WithHook(wireHooks{
			process: func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error {
				if isCommand(cmd, "ping") {
					return hook(cmd)
				}
				return next(ctx, cmd)
			},
		}))
		l := labOn(t, conn, s.Client(t), redistest.Prefix(t)+"orders")
		for range 3 {
			err := add(l)
			require.Equal(t, ClassNotExecuted, Classify(err), "%s: %v", name, err)
			require.ErrorIs(t, err, errNoNode)
			if name == "answers" {
				require.ErrorIs(t, err, errNoWire)
			}
			_, err = l.g.Reader("me", false).Read(l.ctx, 1, 0)
			require.Equal(t, ClassNotExecuted, Classify(err), "%s: %v", name, err)
		}
		require.Zero(t, l.rdb.Exists(l.ctx, l.key).Val())
		require.Empty(t, conn.busy(t))
		require.Zero(t, conn.settings.taps.seeking.Load())
		require.Empty(t, conn.settings.taps.found)
	}
}

// TestAUserWhoMayNotAsk: a server that refuses a PING has seen its text all the same,
// and one that does not tell a connection's name serves it none the less.
func TestAUserWhoMayNotAsk(t *testing.T) {
	t.Parallel()
	for _, rules := range []string{"+@all -ping", "+@all -client|id", "+@all -client", "+@all -ping -client"} {
		s := redistest.Start(t, redistest.ACLUser("u", "p", "~* &* "+rules))
		o, err := redis.ParseURL(s.URL())
		require.NoError(t, err)
		for _, protocol := range []int{2, 3} {
			o.Protocol = protocol
			l := labOn(t, wrapOptions(t, o), s.Client(t), redistest.Prefix(t)+"orders").create()
			require.NoError(t, add(l))
			r := reader(l, false)
			batch, err := r.Read(l.ctx, 10, 0)
			require.NoError(t, err, rules)
			require.Len(t, batch, 1)
			n, err := l.g.Ack(l.ctx, idsOf(batch))
			require.NoError(t, err)
			require.Equal(t, 1, n)
			require.Equal(t, rules == "+@all -ping", r.clientID != 0, rules)
			require.NoError(t, r.Unblock(l.ctx))
		}
	}
}

// TestARefusedCertificateIsNamed: the server has hung up, as a client of TLS 1.3 learns
// when it writes, and has said why before.
func TestARefusedCertificateIsNamed(t *testing.T) {
	t.Parallel()
	s := redistest.SharedTLS(t)
	config := s.TLSConfig()
	config.Certificates, config.GetClientCertificate = nil, nil
	var ts taps
	for range 20 {
		conn, err := tls.Dial("tcp", s.Addr(), config)
		require.NoError(t, err)
		tapped := ts.tap(conn)
		eventually(t, func() bool {
			_, err = tapped.Write([]byte("*1\r\n$4\r\nPING\r\n"))
			return err != nil
		})
		require.ErrorContains(t, err, "certificate required")
		require.Equal(t, ClassUnknown, Classify(err), "it is a write that failed all the same")
		require.NoError(t, conn.NetConn().Close())
	}
}

// TestASearchSeesEveryWrite of connections that are tapped, and none of others.
func TestASearchSeesEveryWrite(t *testing.T) {
	t.Parallel()
	var ts taps
	conns := make([]net.Conn, 3)
	for i := range conns {
		near, far := net.Pipe()
		defer near.Close()
		defer far.Close()
		go io.Copy(io.Discard, far) //nolint:errcheck // until it is closed
		conns[i] = near
	}
	texts := []string{ts.seek(), ts.seek(), ts.seek()}
	require.Len(t, slices.Compact(slices.Sorted(slices.Values(texts))), 3, "no text is sought twice")
	for i, text := range texts[:2] {
		_, err := ts.tap(conns[i]).Write([]byte("*2\r\n$4\r\nPING\r\n" + text + "\r\n"))
		require.NoError(t, err)
	}
	_, err := ts.tap(conns[2]).Write([]byte("leat:nobody"))
	require.NoError(t, err)
	require.Same(t, conns[0], ts.take(texts[0]), "the connection itself, not the tap")
	require.Same(t, conns[1], ts.take(texts[1]))
	require.Nil(t, ts.take(texts[2]), "it was sent over none")
	require.Zero(t, ts.seeking.Load())
	require.Empty(t, ts.found)
}
