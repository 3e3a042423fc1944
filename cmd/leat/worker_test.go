package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
)

// scene is a stream and a group of a test's own.
type scene struct {
	*testing.T
	server *redistest.Server
	rdb    *redis.Client
	stream string
}

func newScene(t *testing.T) *scene {
	t.Helper()
	server := redistest.Shared(t)
	return &scene{t, server, server.Client(t), redistest.Prefix(t) + "orders"}
}

func (s *scene) publish(eventType, data string, more ...string) {
	s.Helper()
	done(s.T, append([]string{"publish", s.stream, "--redis", s.server.URL(), "--type", eventType, "--data", data}, more...)...)
}

// worker starts leat worker; the sink comes last.
func (s *scene) worker(args ...string) *process {
	s.Helper()
	return call{}.start(s.T, append([]string{
		"worker", "--redis", s.server.URL(), "--stream", s.stream, "--group", "g",
		"--lease", "2s", "--backoff-min", "10ms", "--backoff-max", "50ms",
	}, args...)...)
}

// group is what leat groups says of the group.
func (s *scene) group() (g struct{ Consumers, Pending, Lag, Waiting, Dead int }) {
	s.Helper()
	var all []struct{ Consumers, Pending, Lag, Waiting, Dead int }
	require.NoError(s.T, json.Unmarshal([]byte(done(s.T, "groups", s.stream, "--redis", s.server.URL(), "--output", "json")), &all))
	require.Len(s.T, all, 1)
	return all[0]
}

// settled waits until the group has nothing left to do but so many dead letters.
func (s *scene) settled(dead int) {
	s.Helper()
	until(s.T, "all settled", func() bool {
		info, err := s.rdb.XInfoGroups(s.Context(), s.stream).Result()
		require.NoError(s.T, err)
		letters := s.rdb.XLen(s.Context(), "leat:{"+s.stream+"}:dead:g").Val()
		return len(info) == 1 && info[0].Pending == 0 && info[0].Lag == 0 && letters == int64(dead)
	})
}

// program is a shell script that notes what it was given in a folder.
func program(t *testing.T) (script, notes string) {
	t.Helper()
	notes = t.TempDir()
	return file(t, "program.sh", `
f="`+notes+`/$LEAT_ENTRY_ID"
cat > "$f.data"
echo "$LEAT_ID $LEAT_TYPE $LEAT_SUBJECT $LEAT_STREAM $LEAT_ATTEMPT $*" >> "$f.env"
case "$LEAT_TYPE" in
bad) echo "no good" >&2; exit 65;;
flaky) [ "$LEAT_ATTEMPT" -ge 3 ] || exit 75;;
slow) touch "$f.began"; while [ ! -e "`+notes+`/go" ]; do sleep 0.02; done;;
esac
`), notes
}

// noted is what files in the folder hold, in the order of the entries.
func noted(t *testing.T, notes, suffix string) (all []string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(notes, "*."+suffix))
	require.NoError(t, err)
	for _, path := range paths {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		all = append(all, string(content))
	}
	return all
}

func TestWorkerRunsACommand(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	script, notes := program(t)
	s.publish("good", "a\x01b", "--id", "1", "--subject", "sub")
	s.publish("flaky", "2", "--id", "2")
	s.publish("bad", "3", "--id", "3")
	w := s.worker("--command", "sh", script, "arg", "--", "-x", "--listen")
	s.settled(1)
	require.Equal(t, []string{"a\x01b", "2", "3"}, noted(t, notes, "data"))
	require.Equal(t, []string{
		"1 good sub " + s.stream + " 1 arg -x --listen\n",
		fmt.Sprintf("2 flaky  %s 1 arg -x --listen\n2 flaky  %[1]s 2 arg -x --listen\n2 flaky  %[1]s 3 arg -x --listen\n", s.stream),
		"3 bad  " + s.stream + " 1 arg -x --listen\n",
	}, noted(t, notes, "env"))
	w.drain()
	require.Empty(t, w.stdout.String())
	require.NotEmpty(t, w.log(), "every line is JSON")
	require.Contains(t, w.stderr.String(), "no good", "what a program says goes to the log")
	require.Equal(t, 1, s.group().Dead)
	consumers, err := s.rdb.XInfoConsumers(t.Context(), s.stream, "g").Result()
	require.NoError(t, err)
	for _, c := range consumers {
		require.Equal(t, "leat:parked", c.Name, "a worker that drained leaves no name behind")
	}
}

func TestWorkerCommandAfterDashes(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	notes := t.TempDir()
	s.publish("t", "1")
	w := s.worker("--command", "sh", "--", "-c", "echo $0 $1 > "+notes+"/1.args", "-x", "--group")
	s.settled(0)
	w.drain()
	require.Equal(t, []string{"-x --group\n"}, noted(t, notes, "args"))
}

func TestWorkerSettingsFromTheEnvironment(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	script, notes := program(t)
	s.publish("t", "1")
	w := call{env: []string{
		"STREAM=" + s.stream, "LEAT_GROUP=g", "LEAT_REDIS=" + s.server.URL(), "LEAT_COMMAND=sh", "LEAT_LOG_LEVEL=error",
	}}.start(t, "worker", script)
	s.settled(0)
	w.drain()
	require.Len(t, noted(t, notes, "data"), 1)
	require.Empty(t, w.stderr.String(), "--log-level error")
}

func TestWorkerPostsToAWebhook(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	type request struct {
		id, stream, auth, extra, body, contentType string
	}
	var mu sync.Mutex
	seen := map[string][]request{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		kind := r.Header.Get("Ce-Type")
		seen[kind] = append(seen[kind], request{
			r.Header.Get("Ce-Id"), r.Header.Get("Leat-Stream"), r.Header.Get("Authorization"), r.Header.Get("X-Extra"),
			string(body), r.Header.Get("Content-Type"),
		})
		switch {
		case kind == "bad":
			w.WriteHeader(http.StatusUnprocessableEntity)
		case kind == "flaky" && len(seen[kind]) < 3:
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	defer server.Close()
	s.publish("good", `{"a":1}`, "--id", "1")
	s.publish("flaky", "2", "--id", "2")
	s.publish("bad", "3", "--id", "3")
	w := s.worker("--webhook", server.URL+"/hook", "--webhook-header", "X-Extra: a, b",
		"--webhook-header-file", file(t, "headers", "Authorization: Bearer CANARY\n\n"))
	s.settled(1)
	w.drain()
	mu.Lock()
	require.Equal(t, []request{{"1", s.stream, "Bearer CANARY", "a, b", `{"a":1}`, "application/json"}}, seen["good"])
	require.Len(t, seen["flaky"], 3)
	require.Len(t, seen["bad"], 1)
	mu.Unlock()
	require.NotContains(t, w.stderr.String(), "CANARY")

	s.publish("good", `{"a":2}`, "--id", "4")
	w = s.worker("--webhook", server.URL, "--webhook-mode", "structured")
	s.settled(1)
	w.drain()
	mu.Lock()
	defer mu.Unlock()
	require.Len(t, seen[""], 1, "in structured mode the attributes are in the body")
	require.JSONEq(t, `{"id":"4","type":"good","data":{"a":2}}`, onlyKeys(t, seen[""][0].body, "id", "type", "data"))
}

func TestWorkerDrains(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	script, notes := program(t)
	for i := range 5 {
		s.publish("slow", fmt.Sprint(i))
	}
	w := s.worker("--command", "sh", script, "--concurrency", "2", "--prefetch", "2") // flags may follow
	until(t, "two begun", func() bool { return len(noted(t, notes, "began")) == 2 })
	w.signal(syscall.SIGTERM)
	w.logged("consumer drains")
	require.NoError(t, os.WriteFile(filepath.Join(notes, "go"), nil, 0o600))
	require.Equal(t, 0, w.wait(), w.stderr)
	require.Len(t, noted(t, notes, "data"), 2, "what has not begun does not begin any more")
	w = s.worker("--command", "sh", script)
	s.settled(0)
	w.drain()
	for _, line := range noted(t, notes, "env") {
		require.Equal(t, 1, strings.Count(line, "\n"), "what had finished is not handled again: %s", line)
		require.Contains(t, line, " 1 ", "a hand-over is no attempt")
	}
	require.Len(t, noted(t, notes, "data"), 5)
}

func TestSecondSignalEndsAtOnce(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	script, notes := program(t)
	defer os.WriteFile(filepath.Join(notes, "go"), nil, 0o600) //nolint:errcheck // so that the program ends
	s.publish("slow", "1")
	w := s.worker("--command", "sh", script)
	until(t, "one begun", func() bool { return len(noted(t, notes, "began")) == 1 })
	w.signal(syscall.SIGINT)
	w.logged("consumer drains")
	began := time.Now()
	w.signal(syscall.SIGTERM)
	require.Equal(t, 1, w.wait())
	require.Less(t, time.Since(began), 5*time.Second)
}

func TestWorkerHealth(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	server.Stop()
	w := call{}.start(t, "worker", "--redis", server.URL(), "--stream", "s", "--group", "g", "--listen", "127.0.0.1:0", "--command", "true")
	address := w.logged("answers health checks")["address"]
	transport := &http.Transport{DisableKeepAlives: true}
	get := func(path string) (int, string) {
		resp, err := (&http.Client{Transport: transport}).Get(fmt.Sprintf("http://%s/%s", address, path))
		require.NoError(t, err)
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return resp.StatusCode, string(body)
	}
	code, body := get("readyz")
	require.Equal(t, 503, code)
	require.Equal(t, "redis has not been reached yet\n", body)
	code, _ = get("livez")
	require.Equal(t, 200, code)
	w.logged("redis cannot be reached, will be tried again")
	server.Restart()
	until(t, "ready", func() bool { code, _ := get("readyz"); return code == 200 })
	server.Stop()
	until(t, "not ready", func() bool { code, _ := get("readyz"); return code == 503 })
	code, _ = get("livez")
	require.Equal(t, 200, code, "a restart would not bring Redis back")
	w.signal(syscall.SIGTERM)
	require.Equal(t, 0, w.wait(), w.stderr)
}

func TestWorkerEndsWhileItWaitsForRedis(t *testing.T) {
	t.Parallel()
	w := call{}.start(t, "worker", "--redis", "redis://127.0.0.1:1", "--stream", "s", "--group", "g", "--command", "true")
	w.logged("redis cannot be reached, will be tried again")
	w.drain()
}

func TestWorkerEndsWhereRedisRefuses(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	require.NoError(t, s.rdb.Set(t.Context(), s.stream, "no stream", 0).Err())
	w := s.worker("--command", "true")
	require.Equal(t, 1, w.wait())
	require.Contains(t, w.logged("worker ends")["error"], "WRONGTYPE")

	taken := httptest.NewServer(nil)
	defer taken.Close()
	w = s.worker("--listen", taken.Listener.Addr().String(), "--command", "true")
	require.Equal(t, 1, w.wait())
	require.Contains(t, w.logged("worker ends")["error"], "address already in use")
}

func TestEmbeddedBroker(t *testing.T) {
	t.Parallel()
	require.Regexp(t, `^\d+-\d+\n$`, done(t, "publish", "s", "--redis", "embedded:", "--data", "1"))
	w := call{}.start(t, "worker", "--redis", "embedded:", "--stream", "s", "--group", "g", "--command", "true")
	w.logged("consumer runs")
	w.drain()
}
