package main

import (
	"encoding/json"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
)

// benchReport is what --output json has to have.
type benchReport struct {
	Redis  string
	TLS    bool
	Server struct {
		Version  string
		Embedded bool
	}
	Settings struct{ Payload, Concurrency, Prefetch, Rounds, Memory int }
	Rates    []struct {
		Work  string
		Share float64
		Leat  benchFigure
		Bare  benchFigure
	}
	Latencies []struct {
		Interval string
		Leat     benchQuantiles
		Bare     benchQuantiles
	}
	Findings []struct{ ID, Kind, Says, Because string }
	Seconds  float64
}

type benchFigure struct {
	PerSecond float64 `json:"per_second"`
}

type benchQuantiles struct {
	P50  float64 `json:"p50_ms"`
	P99  float64 `json:"p99_ms"`
	P999 float64 `json:"p999_ms"`
}

// benchOutcome decodes stdout, which must be one object with all figures.
func benchOutcome(t *testing.T, r result) (b benchReport) {
	t.Helper()
	require.Equal(t, 0, r.code, r.stderr)
	require.Empty(t, r.stderr, "stderr is no terminal")
	d := json.NewDecoder(strings.NewReader(r.stdout))
	require.NoError(t, d.Decode(&b), "%q", r.stdout)
	require.False(t, d.More(), "more than one object: %q", r.stdout)
	var works, intervals []string
	for _, rate := range b.Rates {
		works = append(works, rate.Work)
		require.Positive(t, rate.Leat.PerSecond)
		require.Positive(t, rate.Bare.PerSecond)
		require.Positive(t, rate.Share)
	}
	require.Equal(t, []string{"publish", "consume a backlog", "end to end"}, works)
	for _, l := range b.Latencies {
		intervals = append(intervals, l.Interval)
		for _, q := range []benchQuantiles{l.Leat, l.Bare} {
			require.Positive(t, q.P50)
			require.Positive(t, q.P99)
			require.Positive(t, q.P999)
		}
	}
	require.Equal(t, []string{"round trip (PING)", "publish to stored", "publish to handled"}, intervals)
	require.NotEmpty(t, b.Findings)
	for _, f := range b.Findings {
		require.NotEmpty(t, f.ID)
		require.Contains(t, []string{"bound", "warning", "note"}, f.Kind)
		require.NotEmpty(t, f.Says)
		require.NotEmpty(t, f.Because)
	}
	require.Positive(t, b.Seconds)
	return b
}

func TestBenchJSON(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	c := call{env: []string{"LEAT_DURATION=1s", "LEAT_PAYLOAD=64", "LEAT_STREAM_PREFIX=mine:", "LEAT_REDIS=" + server.URL()}}
	b := benchOutcome(t, c.leat(t, "bench", "--output", "json", "--concurrency", "4", "--prefetch", "500", "--memory", "8"))
	require.Equal(t, server.URL(), b.Redis)
	require.NotEmpty(t, b.Server.Version)
	require.False(t, b.Server.Embedded)
	require.Equal(t, 64, b.Settings.Payload)
	require.Equal(t, 4, b.Settings.Concurrency)
	require.Equal(t, 500, b.Settings.Prefetch)
	require.Equal(t, 8<<20, b.Settings.Memory)
	keys, err := server.Client(t).Keys(t.Context(), "*").Result()
	require.NoError(t, err)
	require.Empty(t, keys)
}

func TestBenchText(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	r := leat(t, "bench", "--redis", server.URL(), "--duration", "1s", "--memory", "8")
	require.Equal(t, 0, r.code, r.stderr)
	require.Empty(t, r.stderr)
	for _, line := range []string{
		`redis://127\.0\.0\.1:\d+: \w+ [\d.]+, standalone, no appendonly, 0 replicas`,
		`publish +[\d,]+ +[\d,]+ +\d+ %`, `consume a backlog +[\d,]+ +[\d,]+ +\d+ %`, `end to end +[\d,]+ +[\d,]+ +\d+ %`,
		`round trip \(PING\) +leat +[\d.]+`, `publish to stored at [\d,]+/s +leat`, `publish to handled at [\d,]+/s +leat`, `bare protocol +[\d.]+`,
		`what bounds it`, `because: `, `change: `, `- events are kept in memory alone \(durability level D0\)`,
	} {
		require.Regexp(t, `(?m)^\s*`+line, r.stdout)
	}
	require.NotContains(t, r.stdout, "\x1b")
}

func TestBenchOfTheEmbeddedBroker(t *testing.T) {
	t.Parallel()
	b := benchOutcome(t, leat(t, "bench", "--redis", "embedded:", "--duration", "1s", "--memory", "8", "--output", "json"))
	require.True(t, b.Server.Embedded)
	require.Equal(t, "embedded", b.Findings[0].ID)
}

func TestBenchOverTLS(t *testing.T) {
	t.Parallel()
	server := redistest.SharedTLS(t)
	r := leat(t, "bench", "--redis", server.URL(), "--redis-ca", server.CAFile(), "--redis-cert", server.CertFile(), "--redis-key", server.KeyFile(),
		"--duration", "1s", "--memory", "8", "--stream-prefix", redistest.Prefix(t), "--output", "json")
	require.True(t, benchOutcome(t, r).TLS)
	require.NotContains(t, r.stdout+r.stderr, "shared-secret")
}

// Ctrl-C, a SIGTERM and a closed terminal leave no key.
func TestBenchInterrupted(t *testing.T) {
	t.Parallel()
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(s.String(), func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			client := server.Client(t)
			p := call{}.start(t, "bench", "--redis", server.URL())
			until(t, "events are published", func() bool { return len(client.Keys(t.Context(), "leat-bench:*").Val()) > 0 })
			p.signal(s)
			require.Equal(t, 1, p.wait())
			require.Empty(t, p.stdout.String())
			require.Equal(t, "leat: bench interrupted: its keys are deleted\n", p.stderr.String())
			keys, err := client.Keys(t.Context(), "*").Result()
			require.NoError(t, err)
			require.Empty(t, keys)
		})
	}
}

func TestBenchOfAFullRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Config("maxmemory", "1"))
	r := leat(t, "bench", "--redis", server.URL(), "--duration", "1s")
	require.Equal(t, 1, r.code)
	require.Empty(t, r.stdout)
	require.Contains(t, r.stderr, "leat: redis has too little memory to spare")
	require.Equal(t, 1, strings.Count(r.stderr, "\n"), r.stderr)
}

func TestBenchWithoutItsRedis(t *testing.T) {
	t.Parallel()
	r := leat(t, "bench", "--redis", "redis://user:CANARY@127.0.0.1:1")
	require.Equal(t, 1, r.code)
	require.Empty(t, r.stdout)
	require.Equal(t, 1, strings.Count(r.stderr, "\n"), r.stderr)
	require.Contains(t, r.stderr, "leat: connect to redis://127.0.0.1:1")
	require.NotContains(t, r.stderr, "CANARY")
}

func TestBenchBadUsage(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"duration 10ms":             {"--duration", "10ms"},
		"--duration is 0s":          {"--duration", "0"},
		`invalid argument "soon"`:   {"--duration", "soon"},
		"payload 7":                 {"--payload", "7"},
		"--payload is 0":            {"--payload", "0"},
		"concurrency -1":            {"--concurrency", "-1"},
		"--concurrency is 0":        {"--concurrency", "0"},
		"prefetch -1":               {"--prefetch", "-1"},
		"rate -5":                   {"--rate", "-5"},
		"--memory is 0":             {"--memory", "0"},
		"memory -1048576 bytes":     {"--memory", "-1"},
		"to 1 TiB":                  {"--memory", "9000000000000000000"},
		"two backlogs":              {"--memory", "1", "--payload", "100000"},
		"--stream-prefix is empty":  {"--stream-prefix", ""},
		"stream prefix":             {"--stream-prefix", "{}"},
		"want text or json":         {"--output", "yaml"},
		"--redis-cert":              {"--redis-cert", "x"},
		"neither a password":        {"--redis", "embedded:", "--redis-password-file", "x"},
		"scheme":                    {"--redis", "http://127.0.0.1"},
		`unexpected argument "now"`: {"now"},
		"unknown flag: --quick":     {"--quick"},
	} {
		r := leat(t, append([]string{"bench"}, args...)...)
		require.Equal(t, 2, r.code, "%q: %s", args, r.stderr)
		require.Contains(t, r.stderr, want)
		require.Contains(t, r.stderr, "leat bench --help")
		require.Empty(t, r.stdout)
	}
}
