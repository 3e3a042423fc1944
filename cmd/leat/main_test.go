package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
)

// binary is leat as users have it.
var binary string

func TestMain(m *testing.M) {
	test, err := os.Executable()
	if err != nil {
		panic(err)
	}
	// Beside the test binary: go test removes that folder.
	binary = filepath.Join(filepath.Dir(test), "leat.tested")
	build := exec.Command("go", "build", "-race=false", "-ldflags", "-X main.version=v0.1.2-test -X main.commit=abc123", "-o", binary, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build leat: %v\n%s", err, out)
		os.Exit(1)
	}
	redistest.Main(m)
}

// patience is how long a test waits for what should happen at once.
const patience = 30 * time.Second

// call is one run of leat: the environment beside PATH and HOME, and stdin.
type call struct {
	env   []string
	stdin io.Reader
}

type result struct {
	code           int
	stdout, stderr string
}

// leat runs the binary to its end.
func leat(t *testing.T, args ...string) result {
	t.Helper()
	return call{}.leat(t, args...)
}

func (c call) leat(t *testing.T, args ...string) result {
	t.Helper()
	p := c.start(t, args...)
	code := p.wait()
	return result{code, p.stdout.String(), p.stderr.String()}
}

// done runs leat, which must succeed, and returns what it printed.
func done(t *testing.T, args ...string) string {
	t.Helper()
	r := leat(t, args...)
	require.Equal(t, 0, r.code, "leat %q: %s", args, r.stderr)
	return r.stdout
}

// process is a running leat.
type process struct {
	t              *testing.T
	cmd            *exec.Cmd
	stdout, stderr *buffer
	ended          chan struct{}
}

func (c call) start(t *testing.T, args ...string) *process {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	p := &process{t: t, cmd: exec.CommandContext(ctx, binary, args...), stdout: &buffer{}, stderr: &buffer{}, ended: make(chan struct{})}
	// Tests of all packages run side by side: the default port is for those that are about it.
	p.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "LEAT_LISTEN=none"}, c.env...)
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = c.stdin, p.stdout, p.stderr
	p.cmd.WaitDelay = time.Second
	require.NoError(t, p.cmd.Start())
	go func() {
		defer close(p.ended)
		_ = p.cmd.Wait()
		cancel()
	}()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("leat %q\nstdout: %.2000s\nstderr: %.4000s", args, p.stdout, p.stderr)
		}
		_ = p.cmd.Process.Kill()
		<-p.ended
	})
	return p
}

// wait waits for the end: the exit code, -1 for a signal.
func (p *process) wait() int {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(2 * patience):
		p.t.Fatalf("leat %q does not end", p.cmd.Args[1:])
	}
	return p.cmd.ProcessState.ExitCode()
}

// signal sends a signal.
func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	require.NoError(p.t, p.cmd.Process.Signal(s))
}

// drain tells it to stop, as Kubernetes does, and wants exit code 0.
func (p *process) drain() {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	require.Equal(p.t, 0, p.wait(), "%s", p.stderr)
}

// logged waits for a line of the log with that message and returns it.
func (p *process) logged(msg string) (line map[string]any) {
	p.t.Helper()
	until(p.t, "log line "+msg, func() bool {
		for _, line = range p.log() {
			if line["msg"] == msg {
				return true
			}
		}
		return false
	})
	return line
}

// log is stderr, every line of which must be JSON.
func (p *process) log() (lines []map[string]any) {
	p.t.Helper()
	whole := p.stderr.String()
	whole = whole[:strings.LastIndex(whole, "\n")+1]
	for one := range strings.Lines(whole) {
		var line map[string]any
		require.NoError(p.t, json.Unmarshal([]byte(one), &line), "%s", one)
		lines = append(lines, line)
	}
	return lines
}

// until waits for something to become true.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !holds(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("waited %s in vain: %s", patience, what)
		}
	}
}

// buffer is written by a process and read by a test at the same time.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// file writes a file for the test.
func file(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// onlyKeys is a JSON object cut down to some of its members.
func onlyKeys(t *testing.T, object string, keys ...string) string {
	t.Helper()
	var all, some map[string]any
	require.NoError(t, json.Unmarshal([]byte(object), &all))
	some = map[string]any{}
	for _, key := range keys {
		some[key] = all[key]
	}
	out, err := json.Marshal(some)
	require.NoError(t, err)
	return string(out)
}

func mustRead(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(content)
}

func writeFile(path string) error { return os.WriteFile(path, nil, 0o600) }

// answering is the URL of a webhook that always answers so.
func answering(t *testing.T, status int) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	t.Cleanup(server.Close)
	return server.URL
}
