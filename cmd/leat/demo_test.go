package main

import (
	"encoding/json"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
)

// demoSummary is what --output json has to have.
type demoSummary struct {
	Published, Handled, Duplicates, Reclaimed, Dead, Lost, Redelivered, Held int
	Seconds, P50ms                                                           float64
	Stream                                                                   string
}

// demoOutcome decodes stdout, which must be one object whose first members are the
// ones that are fixed.
func demoOutcome(t *testing.T, stdout string) (s demoSummary) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(stdout))
	require.NoError(t, d.Decode(&s), "%q", stdout)
	require.False(t, d.More(), "more than one object: %q", stdout)
	keys := regexp.MustCompile(`"(\w+)":`).FindAllStringSubmatch(stdout, 7)
	var first []string
	for _, k := range keys {
		first = append(first, k[1])
	}
	require.Equal(t, []string{"published", "handled", "duplicates", "reclaimed", "dead", "lost", "seconds"}, first)
	return s
}

// shortDemo is a demo of three seconds.
func shortDemo(more ...string) []string {
	return append([]string{"demo", "--events", "300", "--kill-after", "1s", "--output", "json"}, more...)
}

func requireNothingLost(t *testing.T, r result) demoSummary {
	t.Helper()
	require.Equal(t, 0, r.code, r.stderr)
	s := demoOutcome(t, r.stdout)
	require.Equal(t, 300, s.Published)
	require.Equal(t, 299, s.Handled)
	require.Equal(t, 1, s.Dead)
	require.Equal(t, 0, s.Lost)
	require.Positive(t, s.Held)
	require.GreaterOrEqual(t, s.Reclaimed, s.Held)
	require.Greater(t, s.Seconds, 1.0)
	require.Regexp(t, `worker \d \(pid \d+\) killed while holding \d+ entr`, r.stderr)
	require.Regexp(t, `reclaimed \d+ of them after`, r.stderr)
	require.NotContains(t, r.stderr, "\x1b", "stderr is no terminal")
	return s
}

func TestDemo(t *testing.T) {
	t.Parallel()
	requireNothingLost(t, leat(t, shortDemo()...))
}

func TestDemoOnARealRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	requireNothingLost(t, call{env: []string{"LEAT_REDIS=" + server.URL()}}.leat(t, shortDemo()...))
	keys, err := server.Client(t).Keys(t.Context(), "*").Result()
	require.NoError(t, err)
	require.Empty(t, keys)
}

// The workers are told the way to Redis, its password and certificates, without
// anybody else seeing it.
func TestDemoOverTLS(t *testing.T) {
	t.Parallel()
	server := redistest.SharedTLS(t)
	r := leat(t, shortDemo("--redis", server.URL(), "--redis-ca", server.CAFile(), "--redis-cert", server.CertFile(), "--redis-key", server.KeyFile())...)
	requireNothingLost(t, r)
	require.NotContains(t, r.stdout+r.stderr, "shared-secret")
}

func TestDemoText(t *testing.T) {
	t.Parallel()
	r := leat(t, "demo", "--events", "100", "--kill-after", "0")
	require.Equal(t, 0, r.code, r.stderr)
	for _, line := range []string{
		`published +100`, `handled +99`, `handled more than once +0`, `redelivered +2`, `reclaimed +0`, `dead-lettered +1`, `lost +0`,
		`publish to ack, p50 +\d+`, `publish to ack, p99 +\d+`, `S2[BC]_\w+_L2A  permanent: footprint: the ring is not closed`,
	} {
		require.Regexp(t, `(?m)^\s*`+line, r.stdout)
	}
	require.NotContains(t, r.stdout, "\x1b")
}

// Lost events are told, and are exit code 1.
func TestDemoThatLoses(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	p := call{}.start(t, shortDemo("--redis", server.URL())...)
	killed := regexp.MustCompile(`worker (\d+) \(pid \d+\) killed while holding [1-9]`)
	until(t, "a worker is killed", func() bool { return killed.MatchString(p.stderr.String()) })
	client := server.Client(t)
	streams, err := client.Keys(t.Context(), "leat-demo:*").Result()
	require.NoError(t, err)
	require.Len(t, streams, 1)
	rows, err := client.XPendingExt(t.Context(), &redis.XPendingExtArgs{
		Stream: streams[0], Group: "demo", Start: "-", End: "+", Count: 100, Consumer: "worker-" + killed.FindStringSubmatch(p.stderr.String())[1],
	}).Result()
	require.NoError(t, err)
	require.NotEmpty(t, rows)
	for _, row := range rows {
		require.NoError(t, client.XAck(t.Context(), streams[0], "demo", row.ID).Err())
	}
	require.Equal(t, 1, p.wait())
	s := demoOutcome(t, p.stdout.String())
	require.Positive(t, s.Lost)
	require.Equal(t, s.Published, s.Handled+s.Dead+s.Lost)
	require.Contains(t, p.stderr.String(), "leat: events were lost: "+strconv.Itoa(s.Lost)+" of 300")
}

// Ctrl-C, a SIGTERM and a closed terminal end all processes and leave no key.
func TestDemoInterrupted(t *testing.T) {
	t.Parallel()
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGKILL} {
		t.Run(s.String(), func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			p := call{}.start(t, "demo", "--redis", server.URL())
			pids := workersOf(t, p)
			p.signal(s)
			code := p.wait()
			for _, pid := range pids {
				until(t, "the worker is gone", func() bool { return syscall.Kill(pid, 0) == syscall.ESRCH })
			}
			require.Empty(t, p.stdout.String())
			if s == syscall.SIGKILL { // can clean up nothing but its children
				return
			}
			require.Equal(t, 1, code)
			require.Contains(t, p.stderr.String(), "leat: demo interrupted")
			keys, err := server.Client(t).Keys(t.Context(), "*").Result()
			require.NoError(t, err)
			require.Empty(t, keys)
		})
	}
}

// workersOf are the process IDs of a demo's workers, once some work is done.
func workersOf(t *testing.T, p *process) (pids []int) {
	t.Helper()
	up := regexp.MustCompile(`workers are up: pid ([\d, ]+)\n`)
	until(t, "the workers are up", func() bool { return up.MatchString(p.stderr.String()) })
	for one := range strings.SplitSeq(up.FindStringSubmatch(p.stderr.String())[1], ", ") {
		pid, err := strconv.Atoi(one)
		require.NoError(t, err)
		require.NoError(t, syscall.Kill(pid, 0))
		if runtime.GOOS == "linux" {
			// Its orders, with the way to Redis in them, are not for all to see.
			require.True(t, strings.HasSuffix(mustRead(t, "/proc/"+one+"/cmdline"), "\x00demo-worker\x00"))
		}
		pids = append(pids, pid)
	}
	require.Len(t, pids, 3)
	return pids
}

func TestDemoWithoutItsRedis(t *testing.T) {
	t.Parallel()
	r := leat(t, "demo", "--redis", "redis://user:CANARY@127.0.0.1:1")
	require.Equal(t, 1, r.code)
	require.Empty(t, r.stdout)
	require.Equal(t, 1, strings.Count(r.stderr, "\n"), r.stderr)
	require.Contains(t, r.stderr, "leat: connect to redis://127.0.0.1:1")
	require.Contains(t, r.stderr, "--redis embedded:")
	require.NotContains(t, r.stderr, "CANARY")
}

func TestDemoBadUsage(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"0 events":                  {"--events", "0"},
		"-1 events":                 {"--events", "-1"},
		"2000000 events":            {"--events", "2000000"},
		"0 workers":                 {"--workers", "0"},
		"65 workers":                {"--workers", "65"},
		"kill after -1s":            {"--kill-after", "-1s"},
		"keep":                      {"--keep"},
		"want text or json":         {"--output", "yaml"},
		"--redis-cert":              {"--redis-cert", "x"},
		`unexpected argument "now"`: {"now"},
	} {
		r := leat(t, append([]string{"demo"}, args...)...)
		require.Equal(t, 2, r.code, "%q: %s", args, r.stderr)
		require.Contains(t, r.stderr, want)
		require.Contains(t, r.stderr, "leat demo --help")
		require.Empty(t, r.stdout)
	}
}
