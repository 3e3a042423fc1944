package demo

import (
	"os/exec"
	"syscall"
)

// tie makes the child die with this process, however this process ends.
func tie(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
