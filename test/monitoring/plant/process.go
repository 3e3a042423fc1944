package plant

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// binary builds leat as users have it, once, beside the test binary, whose folder go
// test removes.
var binary = sync.OnceValues(func() (string, error) {
	test, err := os.Executable()
	if err != nil {
		return "", err
	}
	path := filepath.Join(filepath.Dir(test), "leat.tested")
	build := exec.Command("go", "build", "-race=false", "-o", path, "github.com/leat-io/leat/cmd/leat")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build leat: %w\n%s", err, out)
	}
	return path, nil
})

// Leat is the path of the leat binary that the plant runs.
func Leat(t testing.TB) string {
	t.Helper()
	path, err := binary()
	require.NoError(t, err)
	return path
}

// Run runs leat to its end, on the plant's server, and returns what it printed; it has
// to succeed.
func (p *Plant) Run(args ...string) string {
	p.T.Helper()
	cmd := exec.CommandContext(p.T.Context(), Leat(p.T), args...)
	cmd.Env = p.environment()
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		p.T.Fatalf("leat %q: %v\n%s", args, err, exit.Stderr)
	}
	require.NoError(p.T, err)
	return string(out)
}

func (p *Plant) environment() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + p.T.TempDir(), "LEAT_REDIS=" + p.Server.URL()}
}

// Process is a leat that runs until it is told to stop, and that Prometheus scrapes.
type Process struct {
	p    *Plant
	name string
	args []string
	cmd  *exec.Cmd
	said *text
	gone chan struct{} // closed when it has been reaped
}

// Worker starts `leat worker` for a group of a stream. Redis is asked anew for each
// scrape.
func (p *Plant) Worker(name, stream, group string, args ...string) *Process {
	p.T.Helper()
	return p.Start(name, append([]string{"worker", "--stream", stream, "--group", group, "--metrics-ttl", "100ms"}, args...)...)
}

// Start starts a leat that serves metrics: args begin with the command. It returns when
// it answers; Prometheus knows it as instance name.
func (p *Plant) Start(name string, args ...string) *Process {
	p.T.Helper()
	proc := &Process{p: p, name: name, args: append(args[:len(args):len(args)], "--listen", "127.0.0.1:0")}
	p.T.Cleanup(func() {
		if p.T.Failed() {
			p.T.Logf("leat %q\n%.8000s", proc.args, proc.said)
		}
		proc.end(syscall.SIGKILL)
	})
	proc.launch()
	return proc
}

// launch starts the process and tells Prometheus where it answers.
func (proc *Process) launch() {
	t := proc.p.T
	t.Helper()
	proc.said, proc.gone = &text{}, make(chan struct{})
	proc.cmd = exec.Command(Leat(t), proc.args...)
	proc.cmd.Env, proc.cmd.Stderr = proc.p.environment(), proc.said
	require.NoError(t, fork(proc.cmd, proc.gone))
	var address string
	proc.p.Until("leat "+proc.args[0]+" "+proc.name+" answers", func() bool {
		select {
		case <-proc.gone:
			t.Fatalf("leat %q has ended:\n%s", proc.args, proc.said)
		default:
		}
		address = proc.logged("answers health checks", "address")
		return address != ""
	})
	proc.p.Prometheus.Add(proc.name, address)
}

// logged is a field of the log's first line with that message, "" before there is one.
func (proc *Process) logged(msg, field string) string {
	for line := range strings.Lines(proc.said.String()) {
		var l map[string]any
		if json.Unmarshal([]byte(line), &l) == nil && l["msg"] == msg {
			value, _ := l[field].(string)
			return value
		}
	}
	return ""
}

// Kill ends it by SIGKILL. Prometheus goes on trying to scrape it until Restart or
// Forget.
func (proc *Process) Kill() { proc.end(syscall.SIGKILL) }

// Drain tells it to stop, as Kubernetes does, and waits for its end.
func (proc *Process) Drain() { proc.end(syscall.SIGTERM) }

// Forget makes Prometheus scrape it no more.
func (proc *Process) Forget() { proc.p.Prometheus.Remove(proc.name) }

// Restart ends it by SIGKILL where it runs, and starts it again under the same name.
func (proc *Process) Restart() {
	proc.p.T.Helper()
	proc.Kill()
	proc.launch()
}

// Pause makes it stand still (SIGSTOP) until Resume.
func (proc *Process) Pause() { proc.signal(syscall.SIGSTOP) }

// Resume lets it go on.
func (proc *Process) Resume() { proc.signal(syscall.SIGCONT) }

func (proc *Process) signal(sig syscall.Signal) {
	if err := proc.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		proc.p.T.Errorf("send %v to %s: %v", sig, proc.name, err)
	}
}

// end sends a signal and waits until the process is gone.
func (proc *Process) end(sig syscall.Signal) {
	if proc.cmd == nil || proc.cmd.Process == nil {
		return
	}
	proc.signal(sig)
	if sig != syscall.SIGKILL {
		proc.signal(syscall.SIGCONT) // one that stands still sees no other signal
	}
	timer := time.NewTimer(Patience)
	defer timer.Stop()
	select {
	case <-proc.gone:
	case <-timer.C:
		proc.p.T.Errorf("%s does not end of %v", proc.name, sig)
		proc.signal(syscall.SIGKILL)
		<-proc.gone
	}
}

// fork starts cmd from a thread of its own that lives as long as the process: where the
// process is tied to its parent it is in truth tied to that thread.
func fork(cmd *exec.Cmd, gone chan<- struct{}) error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		tie(cmd)
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait()
			close(gone)
		}
	}()
	return <-started
}

// text is written by a process and read by a test at the same time.
type text struct {
	mu sync.Mutex
	b  []byte
}

// Write takes all.
func (t *text) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, p...)
	return len(p), nil
}

// String is what was written.
func (t *text) String() string {
	if t == nil {
		return ""
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.b)
}
