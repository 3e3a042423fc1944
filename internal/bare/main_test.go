package bare_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/bare"
	"github.com/leat-io/leat/internal/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }

// patience bounds a test that hangs. It decides none that passes.
const patience = time.Minute

// lab is a stream with a group that only one test uses.
type lab struct {
	t     *testing.T
	ctx   context.Context //nolint:containedctx // the test's
	addr  string
	key   string
	look  *redis.Client
	slow  bool // connections give a byte at a time
	group string
}

func newLab(t *testing.T) *lab {
	t.Helper()
	server := redistest.Shared(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	l := &lab{t: t, ctx: ctx, addr: server.Addr(), key: redistest.Prefix(t) + "s", look: server.Client(t), group: "g"}
	require.NoError(t, l.look.XGroupCreateMkStream(ctx, l.key, l.group, "0").Err())
	return l
}

func (l *lab) dial() *bare.Conn {
	l.t.Helper()
	var c *bare.Conn
	if l.slow {
		nc, err := new(net.Dialer).DialContext(l.ctx, "tcp", l.addr)
		require.NoError(l.t, err)
		c = bare.New(dribble{nc})
	} else {
		var err error
		c, err = bare.Dial(l.ctx, bare.Config{Addr: l.addr})
		require.NoError(l.t, err)
	}
	l.t.Cleanup(func() { _ = c.Close() })
	return c
}

// pending is how many entries are delivered and not acknowledged.
func (l *lab) pending() int {
	l.t.Helper()
	p, err := l.look.XPending(l.ctx, l.key, l.group).Result()
	require.NoError(l.t, err)
	return int(p.Count)
}

// consuming is what the tests' consumers have in common.
func (l *lab) consuming(count int, handle func(*bare.Entry)) bare.Consuming {
	return bare.Consuming{Key: l.key, Group: l.group, Consumer: "c", Count: count, Block: 10 * time.Millisecond, Handle: handle}
}

// dribble is a connection that gives a byte at a time.
type dribble struct{ net.Conn }

func (d dribble) Read(b []byte) (int, error) {
	if len(b) > 1 {
		b = b[:1]
	}
	return d.Conn.Read(b)
}

// script plays a server's part on one end of a pipe: it expects what a client sends,
// to the byte, and answers.
type script struct {
	t    *testing.T
	conn net.Conn
}

// play runs a script beside the test, on the other end of the connection.
func play(t *testing.T, part func(*script)) *bare.Conn {
	t.Helper()
	client, server := net.Pipe()
	require.NoError(t, server.SetDeadline(time.Now().Add(patience)))
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer server.Close()
		part(&script{t, server})
	}()
	t.Cleanup(func() {
		_ = client.Close()
		<-done
	})
	return bare.New(client)
}

// expect reads as much as want is long, and tells whether it is that.
func (s *script) expect(want string) bool {
	got := make([]byte, len(want))
	for n := 0; n < len(got); {
		read, err := s.conn.Read(got[n:])
		n += read
		if err != nil {
			s.t.Errorf("client sent %q, then: %v; want %q", got[:n], err, want)
			return false
		}
	}
	if string(got) != want {
		s.t.Errorf("client sent %q, want %q", got, want)
	}
	return string(got) == want
}

func (s *script) answer(reply string) {
	if _, err := s.conn.Write([]byte(reply)); err != nil {
		s.t.Errorf("answer %q: %v", reply, err)
	}
}
