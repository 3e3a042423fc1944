package redistest_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/leat-io/leat/internal/redistest"
)

func TestStartPlain(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	if !strings.HasPrefix(s.URL(), "redis://127.0.0.1:") {
		t.Errorf("URL %q", s.URL())
	}
	mustSet(t, dial(t, s), "k", "v")
	if got := get(t, s.Client(t), "k"); got != "v" {
		t.Errorf("got %q", got)
	}
}

func TestUnix(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t, redistest.Unix(), redistest.Password(`p" \ä`))
	if !strings.HasPrefix(s.URL(), "unix://") {
		t.Errorf("URL %q", s.URL())
	}
	mustSet(t, dial(t, s), "k", "v")
	if got := get(t, s.Client(t), "k"); got != "v" {
		t.Errorf("got %q", got)
	}
}

func TestPassword(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t, redistest.Password("p@ss/word"))
	mustSet(t, dial(t, s), "k", "v")
	anonymous := redis.NewClient(&redis.Options{Addr: s.Addr(), MaxRetries: -1})
	defer func() { _ = anonymous.Close() }()
	if err := anonymous.Ping(context.Background()).Err(); err == nil || !strings.Contains(err.Error(), "NOAUTH") {
		t.Errorf("without a password: %v", err)
	}
}

func TestACLUserIsLimited(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t, redistest.ACLUser("worker", "secret", "~orders* +@all -@dangerous"))
	c, ctx := dial(t, s), context.Background()
	mustSet(t, c, "orders", "v")
	for what, err := range map[string]error{
		"another key":         c.Set(ctx, "invoices", "v", 0).Err(),
		"a dangerous command": c.FlushAll(ctx).Err(),
	} {
		if err == nil || !strings.Contains(err.Error(), "NOPERM") {
			t.Errorf("%s: %v", what, err)
		}
	}
	mustSet(t, s.Client(t), "invoices", "v") // the admin client has all rights

	anonymous := redis.NewClient(&redis.Options{Addr: s.Addr(), MaxRetries: -1})
	defer func() { _ = anonymous.Close() }()
	if err := anonymous.Ping(ctx).Err(); err == nil || !strings.Contains(err.Error(), "NOAUTH") {
		t.Errorf("the default user is on: %v", err)
	}
}

func TestTLSWantsACertificate(t *testing.T) {
	t.Parallel()
	s, ctx := redistest.Start(t, redistest.TLS()), context.Background()
	if !strings.HasPrefix(s.URL(), "rediss://") {
		t.Errorf("URL %q", s.URL())
	}
	mustSet(t, dial(t, s), "k", "v")

	plain := redis.NewClient(&redis.Options{Addr: s.Addr(), MaxRetries: -1})
	defer func() { _ = plain.Close() }()
	if plain.Ping(ctx).Err() == nil {
		t.Error("a plain client was let in")
	}
	config := s.TLSConfig()
	config.Certificates = nil
	nameless := redis.NewClient(&redis.Options{Addr: s.Addr(), MaxRetries: -1, TLSConfig: config})
	defer func() { _ = nameless.Close() }()
	if nameless.Ping(ctx).Err() == nil {
		t.Error("a client without a certificate was let in")
	}
	strangers := redis.NewClient(&redis.Options{Addr: s.Addr(), MaxRetries: -1, TLSConfig: &tls.Config{
		MinVersion: tls.VersionTLS12, Certificates: s.TLSConfig().Certificates,
	}})
	defer func() { _ = strangers.Close() }()
	if strangers.Ping(ctx).Err() == nil {
		t.Error("the server's certificate is trusted without its CA")
	}
}

func TestTLSFiles(t *testing.T) {
	t.Parallel()
	s := redistest.SharedTLS(t)
	pair, err := tls.LoadX509KeyPair(s.CertFile(), s.KeyFile())
	if err != nil {
		t.Fatal(err)
	}
	ca, err := os.ReadFile(s.CAFile())
	if err != nil {
		t.Fatal(err)
	}
	config := s.TLSConfig()
	config.Certificates = []tls.Certificate{pair}
	if !config.RootCAs.AppendCertsFromPEM(ca) {
		t.Error("the CA file holds no certificate")
	}
	opts, err := redis.ParseURL(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	opts.TLSConfig = config
	c := redis.NewClient(opts)
	defer func() { _ = c.Close() }()
	ctx := context.Background()
	if err := c.Info(ctx, "server").Err(); err != nil {
		t.Error(err)
	}
	if err := c.ConfigGet(ctx, "maxmemory").Err(); err == nil {
		t.Error("the shared user may use CONFIG")
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t, redistest.Config("maxmemory", "32mb"), redistest.Config("save", "3600 1"))
	for key, want := range map[string]string{"maxmemory": "33554432", "save": "3600 1"} {
		if got := s.Client(t).ConfigGet(context.Background(), key).Val()[key]; got != want {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
}

func TestKilledServerLosesDataWithoutAOF(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	mustSet(t, s.Client(t), "k", "v")
	s.Kill()
	s.Restart()
	if got := get(t, s.Client(t), "k"); got != "" {
		t.Errorf("got %q", got)
	}
}

func TestAOFSurvives(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t, redistest.AOF("always"))
	address := s.URL()
	mustSet(t, s.Client(t), "k", "v")
	first := s.PID()
	s.Kill()
	if s.Running() {
		t.Error("it runs after Kill")
	}
	if err := s.Client(t).Ping(context.Background()).Err(); err == nil {
		t.Error("a dead server answers")
	}
	s.Restart()
	if s.PID() == first || s.URL() != address {
		t.Errorf("pid %d and %d, address %q and %q", first, s.PID(), address, s.URL())
	}
	mustSet(t, s.Client(t), "l", "w")
	s.Stop()
	s.Restart()
	if k, l := get(t, s.Client(t), "k"), get(t, s.Client(t), "l"); k != "v" || l != "w" {
		t.Errorf("got %q and %q", k, l)
	}
}

func TestPauseMakesPingTimeOut(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	c := s.Client(t)
	mustSet(t, c, "k", "v")
	s.Pause()
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	var timeout net.Error // the client sets the context's deadline on the connection
	if err := c.Ping(ctx).Err(); !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("a paused server: %v", err)
	}
	s.Resume()
	if got := get(t, c, "k"); got != "v" {
		t.Errorf("got %q", got)
	}
}

func TestStopWhilePaused(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	s.Pause()
	s.Stop()
	if s.Running() {
		t.Error("it runs after Stop")
	}
}

func TestSharedIsOneServer(t *testing.T) {
	t.Parallel()
	if a, b := redistest.Shared(t), redistest.Shared(t); a.PID() != b.PID() {
		t.Errorf("pids %d and %d", a.PID(), b.PID())
	}
}

func TestPrefix(t *testing.T) {
	t.Parallel()
	t.Run("Some {braces} and/ünicode in a name that goes on for longer than anyone reads", func(t *testing.T) {
		t.Parallel()
		a, b := redistest.Prefix(t), redistest.Prefix(t)
		if a == b {
			t.Errorf("twice %q", a)
		}
		if strings.ContainsAny(a, "{} /") || len(a) > 60 {
			t.Errorf("prefix %q", a)
		}
	})
}
