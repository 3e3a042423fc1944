package redistest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// starter runs functions on one OS thread that lives as long as the test binary. The kernel sends Pdeathsig when the thread
// that forked ends, not the process; goroutines move between threads, and the runtime ends idle ones, so a server started from
// any goroutine could be killed in the middle of its test.
var starter = sync.OnceValue(func() chan<- func() {
	work := make(chan func())
	go serveStarts(work)
	return work
})

// serveStarts never returns. Its name is known to Leaks.
func serveStarts(work <-chan func()) {
	runtime.LockOSThread()
	for do := range work {
		do()
	}
}

// startTied starts cmd so that it dies with this process, however this process ends, in a process group of its own. release is
// called once the child has been reaped.
func startTied(cmd *exec.Cmd) (release func(), err error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	starter() <- func() { started <- cmd.Start() }
	return func() {}, <-started
}

// awaitStopped waits until the process is in the stopped state: SIGSTOP works asynchronously.
func awaitStopped(pid int, gone <-chan struct{}) error {
	deadline := time.Now().Add(stopTimeout)
	for time.Now().Before(deadline) {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			return err
		}
		// "pid (name) state ...": the name may hold anything, so look behind its last bracket.
		if i := bytes.LastIndexByte(stat, ')'); i >= 0 && i+2 < len(stat) && (stat[i+2] == 'T' || stat[i+2] == 't') {
			return nil
		}
		select {
		case <-gone:
			return os.ErrProcessDone
		case <-time.After(time.Millisecond):
		}
	}
	return errors.New("the process does not stop")
}
