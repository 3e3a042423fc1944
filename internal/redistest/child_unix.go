//go:build unix && !linux

package redistest

import (
	"fmt"
	"os/exec"
	"syscall"
)

// watch reads a line or the end of its input; at the end of input, which comes when the test binary dies, it kills the group.
const watch = `read -r done || kill -9 -"$1" 2>/dev/null`

// startTied starts cmd, in a process group of its own, and beside it a shell that kills that group when this process dies,
// however it dies. release lets the shell go; it is called once the child has been reaped.
func startTied(cmd *exec.Cmd) (release func(), err error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	watcher := exec.Command("/bin/sh", "-c", watch, "watch", fmt.Sprint(cmd.Process.Pid))
	watcher.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // ^C in the terminal must not end the watcher first
	input, err := watcher.StdinPipe()
	if err == nil {
		err = watcher.Start()
	}
	if err != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		return nil, fmt.Errorf("start the watcher: %w", err)
	}
	return func() {
		_, _ = input.Write([]byte("done\n"))
		_ = watcher.Wait()
	}, nil
}

// awaitStopped has nothing to ask the state of a process here; a signal that a process sends to a child of its own is seen by
// the child before it runs any further code.
func awaitStopped(int, <-chan struct{}) error { return nil }
