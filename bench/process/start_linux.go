package process

import (
	"os/exec"
	"runtime"
	"syscall"
)

// start starts cmd on a thread that lives until release is called: the kernel sends
// Pdeathsig when the thread that forked ends, not the process, and goroutines move
// between threads.
func start(cmd *exec.Cmd) (release func(), err error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	started, over := make(chan error), make(chan struct{})
	go func() {
		// It is not unlocked, so the thread ends with this goroutine.
		runtime.LockOSThread()
		started <- cmd.Start()
		<-over
	}()
	err = <-started
	if err != nil {
		close(over)
	}
	return func() { close(over) }, err
}
