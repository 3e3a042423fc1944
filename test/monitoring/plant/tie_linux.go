package plant

import (
	"os/exec"
	"syscall"
)

// tie makes the process die with its parent, however that dies.
func tie(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
