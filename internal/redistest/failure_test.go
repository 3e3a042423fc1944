package redistest_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/leat-io/leat/internal/redistest"
)

// recorder is a testing.TB whose failures are looked at instead of counted.
type recorder struct {
	testing.TB
	failed   bool
	said     strings.Builder
	cleanups []func()
}

func (r *recorder) Helper() {}

func (r *recorder) Failed() bool { return r.failed }

func (r *recorder) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }

func (r *recorder) Logf(format string, args ...any) { fmt.Fprintf(&r.said, format, args...) }

func (r *recorder) Fatal(args ...any) {
	r.failed = true
	fmt.Fprint(&r.said, args...)
	runtime.Goexit()
}

func (r *recorder) Fatalf(format string, args ...any) { r.Fatal(fmt.Sprintf(format, args...)) }

// record runs test with a recorder, cleanups included, and returns it.
func record(t *testing.T, test func(testing.TB)) *recorder {
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			for i := len(r.cleanups) - 1; i >= 0; i-- {
				r.cleanups[i]()
			}
		}()
		test(r)
	}()
	<-done
	return r
}

func TestMissingServerSaysWhatToInstall(t *testing.T) {
	t.Parallel()
	r := record(t, func(t testing.TB) { redistest.Start(t, redistest.Binary("no-such-redis-server")) })
	if !r.failed || !strings.Contains(r.said.String(), "apt install redis-server") {
		t.Errorf("failed %v, said %q", r.failed, r.said.String())
	}
}

func TestFailedStartShowsTheLog(t *testing.T) {
	t.Parallel()
	r := record(t, func(t testing.TB) { redistest.Start(t, redistest.Config("no-such-directive", "1")) })
	if !r.failed || !strings.Contains(r.said.String(), "no-such-directive") {
		t.Errorf("failed %v, said %q", r.failed, r.said.String())
	}
}

func TestFailedTestShowsTheLog(t *testing.T) {
	t.Parallel()
	r := record(t, func(t testing.TB) {
		redistest.Start(t)
		t.Fatal("for a reason of its own")
	})
	if !strings.Contains(r.said.String(), "Ready to accept connections") {
		t.Errorf("said %q", r.said.String())
	}
}

func TestSharedServersMayNotBeDisturbed(t *testing.T) {
	t.Parallel()
	for name, disturb := range map[string]func(*redistest.Server){
		"kill": (*redistest.Server).Kill, "stop": (*redistest.Server).Stop, "restart": (*redistest.Server).Restart,
		"pause": (*redistest.Server).Pause, "resume": (*redistest.Server).Resume,
	} {
		if r := record(t, func(t testing.TB) { disturb(redistest.Shared(t)) }); !r.failed {
			t.Errorf("%s is allowed", name)
		}
	}
	if err := redistest.Shared(t).Client(t).Ping(context.Background()).Err(); err != nil {
		t.Error(err)
	}
}

func TestNothingIsLeftBehind(t *testing.T) {
	t.Parallel()
	var dir, addr string
	record(t, func(t testing.TB) {
		s := redistest.Start(t)
		dir, addr = s.Dir(), s.Addr()
	})
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("folder: %v", err)
	}
	if c, err := net.Dial("tcp", addr); err == nil {
		_ = c.Close()
		t.Error("the server still listens")
	}
}

// childVariable makes TestServerOfAKilledBinary start a server and wait to be killed.
const childVariable = "LEAT_REDISTEST_CHILD"

func TestServerDiesWithAKilledBinary(t *testing.T) {
	t.Parallel()
	if os.Getenv(childVariable) != "" {
		// The thread that runs this goroutine ends with it, which must not end the server.
		started := make(chan *redistest.Server)
		go func() {
			runtime.LockOSThread()
			started <- redistest.Start(t)
		}()
		s := <-started
		fmt.Fprintf(os.Stdout, "server %d %s\n", s.PID(), s.Dir())
		select {}
	}
	child := exec.Command(os.Args[0], "-test.run=^TestServerDiesWithAKilledBinary$")
	child.Env = append(os.Environ(), childVariable+"=1")
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var (
		pid int
		dir string
	)
	_, scanErr := fmt.Fscanf(out, "server %d %s\n", &pid, &dir)
	defer func() { _ = os.RemoveAll(dir) }() // a killed binary cannot
	alive := pid > 0 && syscall.Kill(pid, 0) == nil
	_ = child.Process.Kill()
	_ = child.Wait()
	if scanErr != nil || !alive {
		t.Fatalf("no server ran: pid %d, %v", pid, scanErr)
	}
	deadline := time.After(10 * time.Second)
	for syscall.Kill(pid, 0) == nil && !zombie(pid) {
		select {
		case <-deadline:
			t.Fatalf("server %d outlived the test binary", pid)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// zombie says whether the process is dead and waits for whoever adopted it; a container's first process may never reap.
func zombie(pid int) bool {
	out, err := exec.Command("ps", "-o", "stat=", "-p", fmt.Sprint(pid)).Output()
	return err == nil && strings.HasPrefix(strings.TrimSpace(string(out)), "Z")
}
