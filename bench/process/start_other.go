//go:build unix && !linux

package process

import (
	"os/exec"
	"syscall"
)

// start has nothing here that ties a process to this one; Kill and the caller's
// context have to end it.
func start(cmd *exec.Cmd) (release func(), err error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return func() {}, cmd.Start()
}
