//go:build unix && !linux

package command

import (
	"os/exec"
	"syscall"
)

// tie makes the program the leader of a group.
func tie(cmd *exec.Cmd) (untie func()) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return func() {}
}

// wait reaps the program and then kills what is left of its group, whose number
// stays taken for as long as something is left. If nothing is, the number would
// have to come round again within pipeGrace to hit another group.
func (p *process) wait() error {
	err := p.cmd.Wait()
	p.finish()
	return err
}
