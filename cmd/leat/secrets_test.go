package main

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
)

const canary = "cAnArY-7f3"

// lines of leat that talk to Redis, and end by themselves when it refuses them.
var talkative = [][]string{
	{"publish", "s", "--data", "1"},
	{"groups", "s"},
	{"pending", "s", "--group", "g"},
	{"dead", "list", "s", "--group", "g"},
	{"dead", "show", "s", "1-1", "--group", "g", "--output", "json"},
	{"dead", "redrive", "s", "--group", "g", "--all"},
}

func noCanary(t *testing.T, r result) {
	t.Helper()
	require.NotContains(t, r.stdout, canary)
	require.NotContains(t, r.stderr, canary)
}

func TestNoSecretIsPrintedWhenRedisIsAway(t *testing.T) {
	t.Parallel()
	for _, u := range []string{
		"redis://:" + canary + "@127.0.0.1:1", "redis://user:" + canary + "@127.0.0.1:1/0",
		"rediss://user:" + canary + "@127.0.0.1:1", "unix://user:" + canary + "@/nonexistent/socket",
		"redis+cluster://user:" + canary + "@127.0.0.1:1", "redis+sentinel://user:" + canary + "@127.0.0.1:1/m?sentinel_password=" + canary,
		// Mistyped ones.
		"redis://user:%zz" + canary + "@127.0.0.1:1", "redis://user:" + canary + "/x@127.0.0.1:1", "http://user:" + canary + "@127.0.0.1",
		"redis://user:" + canary + "@127.0.0.1:port", "user:" + canary + "@127.0.0.1:1", "redis://user:" + canary + " @127.0.0.1:1/x",
	} {
		t.Run(u, func(t *testing.T) {
			t.Parallel()
			for _, args := range talkative[:2] {
				r := leat(t, append(args, "--redis", u)...)
				require.NotEqual(t, 0, r.code)
				require.Equal(t, 1, strings.Count(r.stderr, "\n"), "one line: %s", r.stderr)
				noCanary(t, r)
				r = call{env: []string{"LEAT_REDIS=" + u}}.leat(t, args...)
				require.NotEqual(t, 0, r.code)
				noCanary(t, r)
			}
		})
	}
}

func TestNoSecretIsPrintedWhenRedisRefusesIt(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Password("another"))
	u := "redis://:" + canary + "@" + server.Addr()
	for _, args := range talkative {
		r := leat(t, append(args, "--redis", u)...)
		require.Equal(t, 1, r.code, "%q", args)
		require.Contains(t, r.stderr, "WRONGPASS")
		noCanary(t, r)
	}
	// A password that will be refused again is no reason to wait.
	r := leat(t, "worker", "--redis", u, "--stream", "s", "--group", "g", "--log-level", "debug", "--command", "true")
	require.Equal(t, 1, r.code)
	require.Contains(t, r.stderr, "WRONGPASS")
	noCanary(t, r)

	right := leat(t, "groups", "s", "--redis", "redis://"+server.Addr(), "--redis-password-file", file(t, "password", "another\n"))
	require.Contains(t, right.stderr, "no such key", "the password of the file was taken")
}

func TestNoSecretOfAWorkerIsLogged(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	server := redistest.Start(t, redistest.Password(canary))
	s.server, s.rdb = server, server.Client(t)
	s.publish("t", "1")
	w := s.worker("--log-level", "debug", "--webhook", "http://user:"+canary+"@127.0.0.1:1/"+canary+"?key="+canary,
		"--webhook-header", "X-Key: "+canary, "--max-attempts", "2")
	s.settled(1)
	w.drain()
	noCanary(t, result{0, w.stdout.String(), w.stderr.String()})
	noCanary(t, leat(t, "dead", "list", s.stream, "--group", "g", "--redis", server.URL(), "--output", "json"))
}

func TestNoSecretIsPrintedOfBadUsage(t *testing.T) {
	t.Parallel()
	worker := []string{"worker", "--stream", "s", "--group", "g", "--redis", "redis://127.0.0.1:1"}
	for _, args := range [][]string{
		{"redis://user:" + canary + "@127.0.0.1"},
		{"groups", "s", "redis://user:" + canary + "@127.0.0.1"},
		{"--rediss=redis://user:" + canary + "@127.0.0.1", "groups", "s"},
		append(worker, "--webhook", "https://user:"+canary+"%zz@example.org/"),
		append(worker, "--webhook", "ftp://user:"+canary+"@example.org/"),
		append(worker, "--webhook", "http://x", "--webhook-header", canary),
		append(worker, "--webhook", "http://x", "--webhook-header", "X: a\x01"+canary),
		append(worker, "--webhook", "http://x", "--webhook-header-file", file(t, "headers", "X: 1\n"+canary)),
		append(worker, "--webhook", "http://x", "--webhook-token-file", file(t, "token", canary+"\n"+canary)),
	} {
		r := leat(t, args...)
		require.Equal(t, 2, r.code, "%q: %s", args, r.stderr)
		noCanary(t, r)
	}
}

func TestTLSAndACLByFlags(t *testing.T) {
	t.Parallel()
	server := redistest.SharedTLS(t)
	u, err := url.Parse(server.URL())
	require.NoError(t, err)
	password, _ := u.User.Password()
	u.User = url.User(u.User.Username())
	on := []string{
		"--redis", u.String(), "--redis-password-file", file(t, "password", password+"\n"),
		"--redis-ca", server.CAFile(), "--redis-cert", server.CertFile(), "--redis-key", server.KeyFile(),
	}
	name := redistest.Prefix(t) + "orders"
	done(t, append([]string{"publish", name, "--data", "1"}, on...)...)
	notes := t.TempDir()
	w := call{}.start(t, append(append([]string{"worker", "--stream", name, "--group", "g"}, on...), "--command", "sh", "--", "-c", "touch "+notes+"/1.done")...)
	until(t, "it is handled", func() bool { return len(noted(t, notes, "done")) == 1 })
	w.drain()
	require.Contains(t, done(t, append([]string{"groups", name}, on...)...), "\ng ")

	r := leat(t, "groups", name, "--redis", server.URL(), "--redis-ca", server.CAFile())
	require.Equal(t, 1, r.code, "without a client certificate")
	r = leat(t, append([]string{"groups", name}, on[:4]...)...)
	require.Equal(t, 1, r.code)
	require.Contains(t, r.stderr, "certificate", "without the authority")
	r = leat(t, "groups", name, "--redis", strings.Replace(server.URL(), "rediss", "redis", 1), "--redis-ca", server.CAFile())
	require.Equal(t, 1, r.code)
	require.Contains(t, r.stderr, "not a rediss one")
	require.NotContains(t, r.stderr, password)
}

// stream tests what the password does; here, that the flag and its variable lead to it.
func TestSentinelPasswordFile(t *testing.T) {
	t.Parallel()
	password := file(t, "password", canary)
	r := leat(t, "groups", "s", "--redis", "redis://127.0.0.1:1", "--redis-sentinel-password-file", password)
	require.Equal(t, 1, r.code)
	require.Contains(t, r.stderr, "not a redis+sentinel one")
	noCanary(t, r)
	r = call{env: []string{"LEAT_REDIS_SENTINEL_PASSWORD_FILE=/nonexistent"}}.leat(t, "groups", "s", "--redis", "redis+sentinel://127.0.0.1:1/m")
	require.Equal(t, 1, r.code)
	require.Contains(t, r.stderr, "password of the sentinels: read redis password file: open /nonexistent")
	r = leat(t, "groups", "s", "--redis", "embedded:", "--redis-sentinel-password-file", password)
	require.Equal(t, 2, r.code)
}
