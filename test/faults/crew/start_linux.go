package crew

import (
	"os/exec"
	"runtime"
	"sync"
	"syscall"
)

// forker starts processes from one thread that lives until close: the kernel sends the signal that ends the children when the
// thread that forked ends, not when the process does, and threads of the Go runtime come and go.
type forker struct {
	work chan func()
	done sync.WaitGroup
}

func newForker() *forker {
	f := &forker{work: make(chan func())}
	f.done.Go(func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		for do := range f.work {
			do()
		}
	})
	return f
}

// start starts cmd so that it dies with this process.
func (f *forker) start(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	f.work <- func() { started <- cmd.Start() }
	return <-started
}

// close ends the thread's duty. No child may be left.
func (f *forker) close() {
	close(f.work)
	f.done.Wait()
}
