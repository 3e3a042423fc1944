package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
)

// aviary is a canary that looks different in every encoding.
const aviary = `cA+n/A=r"Y &%é'`

// forms are how a secret may turn up: as it is, quoted, in a URL, in JSON, and encoded by itself or behind a user's name.
func forms(secret string) map[string]string {
	quoted, asJSON := strconv.Quote(secret), must(json.Marshal(secret))
	all := map[string]string{
		"plain": secret, "quoted": quoted[1 : len(quoted)-1], "JSON": string(asJSON[1 : len(asJSON)-1]), "hex": hex.EncodeToString([]byte(secret)),
		"query": url.QueryEscape(secret), "path": url.PathEscape(secret), "user info": url.UserPassword("", secret).String()[1:],
	}
	for _, before := range []string{"", "u", "us", "user:", "leat:", ":"} {
		for name, encoding := range map[string]*base64.Encoding{"base64": base64.StdEncoding, "base64 for URLs": base64.URLEncoding} {
			text := encoding.EncodeToString([]byte(before + secret))
			all[name+" behind "+before] = text[(len(before)*4+2)/3 : len(text)-4] // whatever is around it
		}
	}
	return all
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

// nowhere looks for the secret in all its forms.
func nowhere(t *testing.T, secret, text, what string) {
	t.Helper()
	for name, form := range forms(secret) {
		require.NotContains(t, text, form, "%s: the secret is there, %s", what, name)
	}
}

// ways are how a password gets to leat: what goes into the URL, further arguments, and the environment.
func ways(t *testing.T, at string, secret string) map[string]struct{ args, env []string } {
	t.Helper()
	scheme, host, _ := strings.Cut(at, "://")
	whole := scheme + "://" + url.UserPassword("leat", secret).String() + "@" + host
	passwordFile := file(t, "password", secret+"\n")
	return map[string]struct{ args, env []string }{
		"URL":         {[]string{"--redis", whole}, nil},
		"env":         {nil, []string{"LEAT_REDIS=" + whole}},
		"file":        {[]string{"--redis", scheme + "://leat@" + host, "--redis-password-file", passwordFile}, nil},
		"file by env": {nil, []string{"LEAT_REDIS=" + scheme + "://leat@" + host, "LEAT_REDIS_PASSWORD_FILE=" + passwordFile}},
	}
}

// everyLine are lines of leat that end by themselves, one for each command that connects.
func everyLine(t *testing.T) [][]string {
	t.Helper()
	events := file(t, "events.ndjson", "{\"a\":1}\n{}\n")
	return [][]string{
		{"publish", "s", "--data", "1"},
		{"publish", "s", "--file", events, "--output", "json"},
		{"groups", "s"},
		{"groups", "s", "--output", "json"},
		{"pending", "s", "--group", "g"},
		{"pending", "s", "--group", "g", "--output", "json"},
		{"dead", "list", "s", "--group", "g"},
		{"dead", "show", "s", "1-1", "--group", "g", "--output", "json"},
		{"dead", "redrive", "s", "1-1", "--group", "g"},
		{"dead", "redrive", "s", "--group", "g", "--all", "--output", "json"},
		{"bench", "--duration", "1s", "--memory", "4"},
		{"demo", "--events", "5", "--workers", "1", "--kill-after", "0", "--output", "json"},
		{"version", "--output", "json"},
		{"worker", "--help"},
		{"completion", "bash"},
	}
}

// TestNoCanaryInAnyOutput runs every command, with a password in its URL or by another way, against servers that let it in, refuse
// it, are away, or speak something else.
func TestNoCanaryInAnyOutput(t *testing.T) {
	t.Parallel()
	let := redistest.Start(t, redistest.ACLUser("leat", aviary, "~* &* +@all"))
	refuse := redistest.Start(t, redistest.ACLUser("leat", "another", "~* &* +@all"))
	secured := redistest.SharedTLS(t)
	web := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(web.Close)
	sentinel := "/m?sentinel_password=" + url.QueryEscape(aviary)
	for name, at := range map[string]string{
		"let in": "redis://" + let.Addr(), "refused": "redis://" + refuse.Addr(), "away": "redis://127.0.0.1:1",
		"away, cluster": "redis+cluster://127.0.0.1:1", "away, sentinel": "redis+sentinel://127.0.0.1:1" + sentinel,
		"no cluster": "redis+cluster://" + let.Addr(), "no sentinel": "redis+sentinel://" + let.Addr() + sentinel,
		"plain to TLS": "redis://" + secured.Addr(), "untrusted": "rediss://" + secured.Addr(),
		"no TLS": "rediss://" + web.Listener.Addr().String(), "no redis": "redis://" + web.Listener.Addr().String(),
		"no database": "redis://" + let.Addr() + "/99999", "no number": "redis://" + let.Addr() + "/x",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			quietWith(t, name, at)
			if name == "let in" {
				nowhere(t, aviary, everythingIn(t, let.Client(t)), "redis")
			}
		})
	}
}

// quietWith runs every line with the password in the URL, and the first one, and a worker, in every other way.
func quietWith(t *testing.T, name, at string) {
	t.Helper()
	lines := everyLine(t)
	for way, how := range ways(t, at, aviary) {
		if way != "URL" {
			lines = lines[:1]
		}
		for _, line := range lines {
			r := call{env: how.env}.leat(t, append(line, how.args...)...)
			nowhere(t, aviary, r.stdout+r.stderr, fmt.Sprintf("%s by %s: %q", name, way, line))
		}
		lines = everyLine(t)
		w := call{env: how.env}.start(t, append([]string{"worker", "--stream", "s", "--group", "g", "--log-level", "debug", "--command", "env"}, how.args...)...)
		until(t, "it has said something", func() bool { return strings.Contains(w.stderr.String(), "\n") })
		_ = w.cmd.Process.Signal(os.Interrupt) // it may have ended
		w.wait()
		nowhere(t, aviary, w.stdout.String()+w.stderr.String(), name+": worker by "+way)
	}
}

// everythingIn is all that Redis stores, and what it has noted of its clients.
func everythingIn(t *testing.T, rdb *redis.Client) string {
	t.Helper()
	ctx := t.Context()
	var all bytes.Buffer
	for _, key := range rdb.Keys(ctx, "*").Val() {
		fmt.Fprintln(&all, key)
		switch rdb.Type(ctx, key).Val() {
		case "stream":
			fmt.Fprintln(&all, rdb.XRange(ctx, key, "-", "+").Val())
		case "hash":
			fmt.Fprintln(&all, rdb.HGetAll(ctx, key).Val())
		case "zset":
			fmt.Fprintln(&all, rdb.ZRange(ctx, key, 0, -1).Val())
		default:
			fmt.Fprintln(&all, rdb.Get(ctx, key).Val())
		}
	}
	fmt.Fprintln(&all, rdb.ClientList(ctx).Val())
	return all.String()
}

// TestNoCanaryOfAWorker: the passwords of Redis and of a webhook, its headers and its token, through every way in which a try
// can end: what is logged, kept with the entry, in a dead letter and shown of it has none of them.
func TestNoCanaryOfAWorker(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.server = redistest.Start(t, redistest.ACLUser("leat", aviary, "~* &* +@all"))
	s.rdb = s.server.Client(t)
	const token, header, query = "tOkEn+/=1", "hEaDeR 2", "qUeRy&3"
	hostile := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		said := fmt.Sprint(r.Header, r.URL, r.RequestURI) // a receiver that shows all that it was sent
		switch r.Header.Get("Ce-Type") {
		case "redirect":
			w.Header().Set("Location", "https://"+strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")+".example.org/"+url.PathEscape(said))
			w.WriteHeader(307)
		case "refused":
			w.WriteHeader(422)
			fmt.Fprint(w, said)
		case "hang up":
			panic(http.ErrAbortHandler)
		case "garbage":
			if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
				fmt.Fprintf(conn, "%s\r\n%s\r\n", said, said)
				_ = conn.Close()
			}
		default:
			w.WriteHeader(500)
			fmt.Fprint(w, said)
		}
	}))
	t.Cleanup(hostile.Close)
	for _, kind := range []string{"redirect", "refused", "hang up", "garbage", "failed"} {
		s.publish(kind, "1")
	}
	hook := hostile.URL + "/" + url.PathEscape(query) + "?key=" + url.QueryEscape(query)
	w := call{env: []string{"HTTP_PROXY=", "LEAT_WEBHOOK_HEADER=X-Key: " + header}}.start(t, "worker", "--redis", s.server.URL(), "--stream", s.stream, "--group", "g", "--lease", "2s",
		"--backoff-min", "10ms", "--backoff-max", "50ms", "--max-attempts", "2", "--log-level", "debug", "--webhook", hook, "--webhook-token-file", file(t, "token", token))
	s.settled(5)
	w.drain()
	shown := w.stdout.String() + w.stderr.String() + everythingIn(t, s.rdb)
	on := []string{s.stream, "--group", "g", "--redis", s.server.URL()}
	shown += done(t, append([]string{"dead", "list"}, on...)...) + done(t, append([]string{"dead", "list", "--output", "json"}, on...)...)
	for _, secret := range []string{aviary, token, header, query} {
		nowhere(t, secret, shown, "a worker")
	}
	require.Contains(t, shown, "422")
}

// TestNoCanaryInTheProcessList: a demo's workers are processes of their own, whose arguments everybody can read.
func TestNoCanaryInTheProcessList(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.ACLUser("leat", aviary, "~* &* +@all"))
	p := call{}.start(t, "demo", "--redis", "redis://leat@"+server.Addr(), "--redis-password-file", file(t, "password", aviary), "--workers", "2", "--events", "100", "--kill-after", "2s")
	demo := strconv.Itoa(p.cmd.Process.Pid)
	// Tests beside this one run workers with a password among the arguments, as one may.
	ours := func(process string) bool {
		status, err := os.ReadFile(filepath.Join(process, "status"))
		return err == nil && (filepath.Base(process) == demo || bytes.Contains(status, []byte("PPid:\t"+demo+"\n")))
	}
	seen := 0
	until(t, "workers", func() bool {
		lists, err := filepath.Glob("/proc/[0-9]*/cmdline")
		require.NoError(t, err)
		if len(lists) == 0 {
			seen = 3 // not on this system
		}
		for _, list := range lists {
			args, err := os.ReadFile(list)
			if err == nil && bytes.HasPrefix(args, []byte(binary)) && ours(filepath.Dir(list)) {
				nowhere(t, aviary, string(args), list)
				seen++
			}
		}
		return seen >= 3
	})
	require.Equal(t, 0, p.wait(), p.stderr)
	nowhere(t, aviary, p.stdout.String()+p.stderr.String(), "demo")
}
