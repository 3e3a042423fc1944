package stream

import (
	"crypto/tls"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
)

// terminator speaks TLS for a server that does not, by whatever certificate it has at the time.
type terminator struct {
	addr string
	cert atomic.Pointer[tls.Certificate]
	said atomic.Int64 // bytes that clients have said inside of TLS

	mu    sync.Mutex
	conns []net.Conn
}

func terminate(t *testing.T, upstream string, cert tls.Certificate) *terminator {
	t.Helper()
	x := &terminator{}
	x.cert.Store(&cert)
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return x.cert.Load(), nil },
	})
	require.NoError(t, err)
	x.addr = listener.Addr().String()
	var all sync.WaitGroup
	t.Cleanup(func() {
		require.NoError(t, listener.Close())
		x.hangUp()
		all.Wait()
	})
	all.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", upstream)
			if err != nil {
				_ = client.Close()
				continue
			}
			x.mu.Lock()
			x.conns = append(x.conns, client, server)
			x.mu.Unlock()
			all.Go(func() { _, _ = io.Copy(client, server); _ = client.Close() })
			all.Go(func() {
				defer server.Close()
				for b := make([]byte, 4096); ; {
					n, err := client.Read(b)
					x.said.Add(int64(n))
					if _, bad := server.Write(b[:n]); err != nil || bad != nil {
						return
					}
				}
			})
		}
	})
	return x
}

func (x *terminator) hangUp() {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, conn := range x.conns {
		_ = conn.Close()
	}
	x.conns = nil
}

// replace hangs up, and answers by another certificate from now on.
func (x *terminator) replace(cert tls.Certificate) {
	x.cert.Store(&cert)
	x.hangUp()
	x.said.Store(0)
}

// TestAnotherServerInItsPlace: who was let in once is not believed the next time. Every connection verifies, those that we make
// ourselves for adding and reading as much as those of go-redis, and says nothing to who is not the server.
func TestAnotherServerInItsPlace(t *testing.T) {
	t.Parallel()
	trusted, other := newAuthority(t), newAuthority(t)
	good, bad := trusted.issue(loopbackOnly()), other.issue(loopbackOnly())
	s := redistest.Shared(t)
	x := terminate(t, s.Addr(), good)
	l := labOn(t, dial(t, "rediss://"+x.addr, WithCA(trusted.file)), s.Client(t), redistest.Prefix(t)+"orders").create()
	r := l.g.Reader("me", false)
	calls := map[string]func() error{
		"add": func() error {
			_, errs := l.conn.Add(l.ctx, l.key, []Event{{ID: "1", Source: "s", Type: "t"}})
			return errs[0]
		},
		"read":    func() error { _, err := r.Read(l.ctx, 1, 50*time.Millisecond); return err },
		"script":  func() error { _, err := l.g.Reclaim(l.ctx, "me", Reclaiming{Lease: time.Hour, Limit: 1}); return err },
		"inspect": func() error { _, err := l.conn.Groups(l.ctx, l.key); return err },
		"ping":    func() error { return l.conn.Ping(l.ctx) },
	}
	for name, call := range calls {
		require.NoError(t, call(), name)
	}
	require.Positive(t, x.said.Load())

	x.replace(bad)
	for name, call := range calls {
		var err error
		require.Eventually(t, func() bool { // the first one may meet a connection that was closed under it
			if err = call(); err == nil {
				t.Errorf("%s: it was believed", name)
				return true
			}
			return strings.Contains(err.Error(), "certificate signed by unknown authority")
		}, 20*time.Second, time.Millisecond, name)
		require.Equal(t, ClassNotExecuted, Classify(err), name)
	}
	require.Zero(t, x.said.Load(), "nobody has said anything to it")

	x.replace(good)
	for name, call := range calls {
		require.Eventually(t, func() bool { return call() == nil }, 20*time.Second, time.Millisecond, name)
	}
	require.NoError(t, r.Close())
}
