package stream

import (
	"context"
	"errors"
	"math"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/embedded"
	"github.com/leat-io/leat/internal/redistest"
)

// flow is one entry's way through a group, by commands, scripts and a reader:
// whatever kind of server it is, all of it must work.
func flow(t *testing.T, conn *Conn, key string) {
	t.Helper()
	ctx := testContext(t)
	g, err := conn.Group(key, "billing", DeadLetter{})
	require.NoError(t, err)
	_, err = g.Create(ctx, Oldest())
	require.NoError(t, err)
	_, errs := conn.Add(ctx, key, []Event{{ID: "1", Source: "s", Type: "t"}, {ID: "2", Source: "s", Type: "t"}})
	require.Equal(t, []error{nil, nil}, errs)
	r := g.Reader("me", false)
	defer func() { _ = r.Close() }()
	batch, err := r.Read(ctx, 10, time.Second)
	require.NoError(t, err)
	require.Len(t, batch, 2)
	require.NoError(t, g.Bury(ctx, "me", &batch[0], ReasonPermanent, "no", true))
	ok, err := g.AckFenced(ctx, "me", heldOf(batch[1:]))
	require.NoError(t, err)
	require.Equal(t, []bool{true}, ok)
	letters, _, err := g.Letters(ctx, ID{}, 10)
	require.NoError(t, err)
	require.Len(t, letters, 1)
	_, err = g.Redrive(ctx, letters[0])
	require.NoError(t, err)
	info, err := g.Info(ctx)
	require.NoError(t, err)
	require.Equal(t, 1, info.Waiting)
	require.NoError(t, r.Unblock(ctx))
}

func TestEveryKindOfServer(t *testing.T) {
	t.Parallel()
	kinds := map[string]func(t *testing.T) *Conn{
		"plain":  func(t *testing.T) *Conn { return dial(t, redistest.Shared(t).URL()) },
		"resp2":  func(t *testing.T) *Conn { return dial(t, redistest.Shared(t).URL()+"?protocol=2") },
		"db":     func(t *testing.T) *Conn { return dial(t, redistest.Shared(t).URL()+"/3") },
		"unix":   func(t *testing.T) *Conn { return dial(t, redistest.Start(t, redistest.Unix()).URL()) },
		"unixdb": func(t *testing.T) *Conn { return dial(t, redistest.Start(t, redistest.Unix()).URL()+"?db=2") },
		"tls": func(t *testing.T) *Conn {
			s := redistest.SharedTLS(t)
			return dial(t, s.URL(), WithCA(s.CAFile()), WithClientCert(s.CertFile(), s.KeyFile()))
		},
		"embedded": func(t *testing.T) *Conn {
			broker, err := embedded.Start(t.Context())
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, broker.Close()) })
			return dial(t, broker.URL())
		},
		"cluster":  func(t *testing.T) *Conn { return dial(t, redistest.SharedCluster(t).URL()) },
		"sentinel": func(t *testing.T) *Conn { return dial(t, redistest.SharedSentinel(t).URL()) },
	}
	for name, connect := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			flow(t, connect(t), redistest.Prefix(t)+"{x}orders")
		})
	}
}

func TestCustomDeadStreamOnACluster(t *testing.T) {
	t.Parallel()
	conn := dial(t, redistest.SharedCluster(t).URL())
	key := redistest.Prefix(t) + "orders"
	_, err := conn.Group(key, "g", DeadLetter{Stream: "elsewhere"})
	require.ErrorContains(t, err, "{"+key+"}", "the error says how to name it")
	g, err := conn.Group(key, "g", DeadLetter{Stream: "dead:{" + key + "}"})
	require.NoError(t, err)
	ctx := testContext(t)
	_, err = g.Create(ctx, Oldest())
	require.NoError(t, err)
	_, _, _, err = g.TakeDue(ctx, "me", 1)
	require.NoError(t, err)
}

func TestDialOptionErrors(t *testing.T) {
	t.Parallel()
	s := redistest.SharedTLS(t)
	empty := filepath.Join(t.TempDir(), "empty")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	for name, o := range map[string]Option{
		"no password file": WithPasswordFile(empty + "x"),
		"no CA file":       WithCA(empty + "x"),
		"empty CA file":    WithCA(empty),
		"no certificate":   WithClientCert(empty, empty),
		"wrong key":        WithClientCert(s.CertFile(), s.CAFile()),
		"timeout":          WithTimeout(0),
	} {
		_, err := Dial(testContext(t), s.URL(), o)
		require.Error(t, err, name)
		conn := Wrap(s.Client(t), o)
		require.Error(t, conn.Ping(testContext(t)), name)
	}
	_, err := Dial(testContext(t), redistest.Shared(t).URL(), WithCA(s.CAFile()))
	require.ErrorContains(t, err, "rediss")
}

func TestTLS(t *testing.T) {
	t.Parallel()
	s := redistest.SharedTLS(t)
	_, err := Dial(testContext(t), s.URL(), WithCA(s.CAFile()))
	require.Error(t, err, "the server wants a client certificate")
	require.Contains(t, strings.ToLower(err.Error()), "certificate", "the error says what is missing")
	_, err = Dial(testContext(t), s.URL(), WithClientCert(s.CertFile(), s.KeyFile()))
	require.ErrorContains(t, err, "certificate", "the server's certificate is not trusted")
	require.Equal(t, ClassNotExecuted, Classify(err))
	other := redistest.Start(t, redistest.TLS())
	_, err = Dial(testContext(t), s.URL(), WithCA(other.CAFile()), WithClientCert(s.CertFile(), s.KeyFile()))
	require.ErrorContains(t, err, "certificate")
}

// TestErrorsShowNoPassword provokes all kinds of failures to connect with a
// password in the URL or in a file.
func TestErrorsShowNoPassword(t *testing.T) {
	t.Parallel()
	tlsServer := redistest.SharedTLS(t)
	locked := redistest.Start(t, redistest.Password("other-secret"))
	plain := redistest.Shared(t)
	file := filepath.Join(t.TempDir(), "password")
	require.NoError(t, os.WriteFile(file, []byte(canary), 0o600))
	closed := closedPort(t)
	withPassword := func(scheme, addr string) string {
		return (&url.URL{Scheme: scheme, User: url.UserPassword("user", canary), Host: addr}).String()
	}
	cases := map[string]string{
		"unreachable":          withPassword("redis", closed),
		"unreachable tls":      withPassword("rediss", closed),
		"unreachable cluster":  withPassword("redis+cluster", closed),
		"unreachable sentinel": withPassword("redis+sentinel", closed) + "/m?sentinel_password=" + canary,
		"no such socket":       "unix://user:" + canary + "@" + filepath.Join(t.TempDir(), "none"),
		"wrong password":       withPassword("redis", locked.Addr()),
		"no password set":      withPassword("redis", plain.Addr()),
		"TLS to a plain one":   withPassword("rediss", plain.Addr()),
		"plain to a TLS one":   withPassword("redis", tlsServer.Addr()),
		"untrusted":            withPassword("rediss", tlsServer.Addr()),
		"no cluster":           withPassword("redis+cluster", plain.Addr()),
		"no sentinel":          withPassword("redis+sentinel", plain.Addr()) + "/m?sentinel_password=" + canary,
	}
	for name, raw := range cases {
		for _, opts := range [][]Option{nil, {WithPasswordFile(file)}} {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			_, err := Dial(ctx, raw, opts...)
			cancel()
			require.Error(t, err, name)
			for e := err; e != nil; e = errors.Unwrap(e) {
				require.NotContains(t, e.Error(), canary, name)
			}
			require.NotContains(t, Label(err), canary)
		}
	}
}

func closedPort(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	return l.Addr().String()
}

func TestPasswordFileIsReadAtEachConnection(t *testing.T) {
	t.Parallel()
	ctx := testContext(t)
	s := redistest.Start(t, redistest.Password("first"))
	file := filepath.Join(t.TempDir(), "password")
	require.NoError(t, os.WriteFile(file, []byte(" first\n"), 0o600))
	conn := dial(t, "redis://:wrong@"+s.Addr(), WithPasswordFile(file))
	require.NoError(t, conn.Ping(ctx))

	admin := s.Client(t)
	require.NoError(t, admin.ConfigSet(ctx, "requirepass", "second").Err())
	require.NoError(t, conn.Ping(ctx), "a connection that is there stays good")
	require.NoError(t, os.WriteFile(file, []byte("second\n"), 0o600))
	require.NoError(t, admin.ClientKillByFilter(ctx, "TYPE", "normal", "SKIPME", "yes").Err())
	eventually(t, func() bool { return conn.Ping(ctx) == nil })

	require.NoError(t, os.Remove(file))
	require.NoError(t, admin.ClientKillByFilter(ctx, "TYPE", "normal", "SKIPME", "yes").Err())
	eventually(t, func() bool { return errors.Is(conn.Ping(ctx), os.ErrNotExist) })
}

func TestConnBasics(t *testing.T) {
	t.Parallel()
	s := redistest.Shared(t)
	conn := dial(t, s.URL(), WithTimeout(3*time.Second))
	require.Equal(t, 3*time.Second, conn.Timeout())
	require.Equal(t, s.URL(), conn.String())
	ctx, cancel := context.WithCancelCause(testContext(t))
	cancel(errors.New("why"))
	err := conn.Ping(ctx)
	require.Equal(t, ClassCanceled, Classify(err))
	require.ErrorContains(t, err, "why")
	require.NoError(t, conn.Close())
	require.NoError(t, conn.Close(), "closing again does nothing")
	err = conn.Ping(testContext(t))
	require.ErrorIs(t, err, redis.ErrClosed)
	require.Equal(t, ClassRejected, Classify(err))
}

func TestDeadlineFor(t *testing.T) {
	t.Parallel()
	require.Equal(t, slack, deadlineFor(0))
	require.Equal(t, time.Second+slack, deadlineFor(time.Second))
	require.Equal(t, time.Duration(math.MaxInt64), deadlineFor(math.MaxInt64))
}

// silentDial is a network that swallows every attempt to connect.
type silentDial struct{}

func (silentDial) DialHook(redis.DialHook) redis.DialHook {
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
}
func (silentDial) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }
func (silentDial) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func TestNoConnectionIsNotAnUnknownOutcome(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{"redis://127.0.0.1:1", "redis+cluster://127.0.0.1:1"} {
		_, err := Dial(testContext(t), raw, WithTimeout(2*time.Second), WithHook(silentDial{}))
		require.Equal(t, ClassNotExecuted, Classify(err), "%s: nothing was sent: %v", raw, err)
	}
}

// TestSentinelsWithAPassword: sentinels that want one of their own get it from the file, and the user may do no more than the README of
// deploy/acl says.
func TestSentinelsWithAPassword(t *testing.T) {
	t.Parallel()
	group := redistest.StartSentinel(t)
	ctx := testContext(t)
	for _, s := range group.Sentinels() {
		rdb := s.Client(t)
		require.NoError(t, rdb.Do(ctx, "ACL", "SETUSER", "watch", "on", ">"+canary, "+sentinel|get-master-addr-by-name").Err())
		require.NoError(t, rdb.Do(ctx, "ACL", "SETUSER", "default", "off").Err())
	}
	file := func(password string) Option {
		path := filepath.Join(t.TempDir(), "password")
		require.NoError(t, os.WriteFile(path, []byte(password), 0o600))
		return WithSentinelPasswordFile(path)
	}
	as := group.URL() + "?sentinel_username=watch"
	dial(t, as, file(canary+"\n"))
	dial(t, as+"&sentinel_password=another", file(canary))
	for name, open := range map[string]func() (*Conn, error){
		"another password": func() (*Conn, error) { return Dial(ctx, as, file("another")) },
		"none":             func() (*Conn, error) { return Dial(ctx, group.URL()) },
		"no file":          func() (*Conn, error) { return Dial(ctx, as, WithSentinelPasswordFile("/nonexistent")) },
		"no sentinels":     func() (*Conn, error) { return Dial(ctx, "redis://127.0.0.1:1", file(canary)) },
	} {
		_, err := open()
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), canary)
	}
}
