//go:build unix

package command

import (
	"os"
	"syscall"
)

// terminate asks the group that leader leads to stop. That it is gone already is
// no failure, and there is no other that we could mend.
func terminate(leader *os.Process) { _ = syscall.Kill(-leader.Pid, syscall.SIGTERM) }

// kill ends the group.
func kill(leader *os.Process) { _ = syscall.Kill(-leader.Pid, syscall.SIGKILL) }
