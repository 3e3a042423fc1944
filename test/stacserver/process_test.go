package stacserver

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// said is what a process has printed.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *said) count(what string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Count(s.text.String(), what)
}

// tail is the end of it, for a failure.
func (s *said) tail() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := s.text.String()
	return text[max(0, len(text)-4000):]
}

// watch ends a server when whoever has its standard input is gone, even when that was killed.
const watch = `"$@" </dev/null & server=$!; cat >/dev/null; kill -INT $server 2>/dev/null; wait $server`

// serve runs a server until the test ends. A user is who it runs as, nil for oneself.
func serve(t *testing.T, user *syscall.Credential, env []string, program string, args ...string) *said {
	t.Helper()
	cmd := exec.CommandContext(context.Background(), "sh", append([]string{"-c", watch, "sh", program}, args...)...)
	output := &said{}
	cmd.Stdout, cmd.Stderr, cmd.Env = output, output, append(os.Environ(), env...)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: user, Setpgid: true}
	cmd.WaitDelay = 10 * time.Second
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s said:\n%s", program, output.tail())
		}
	})
	return output
}

// run runs a program to its end and returns what it printed on standard output.
func run(t *testing.T, user *syscall.Credential, env []string, program string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	var complaints bytes.Buffer
	cmd.Stderr, cmd.Env, cmd.Dir = &complaints, append(os.Environ(), env...), "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: user}
	output, err := cmd.Output()
	require.NoError(t, err, "%s %v: %s %s", program, args, output, complaints.String())
	return output
}

// freePort is one that nobody listens on now.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	return port
}

// answers waits until somebody listens there.
func answers(t *testing.T, address string, log *said) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err == nil {
			_ = conn.Close()
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("nobody listens on %s: %s", address, log.tail())
		case <-time.After(50 * time.Millisecond):
		}
	}
}
