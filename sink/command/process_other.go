//go:build !unix

package command

import (
	"os"
	"os/exec"
)

func tie(*exec.Cmd) (untie func()) { return func() {} }

// wait has no group to look after.
func (p *process) wait() error {
	err := p.cmd.Wait()
	p.finish()
	return err
}

// terminate ends the program at once: there is no signal that asks.
func terminate(program *os.Process) { kill(program) }

// kill ends the program; that it has ended is no failure.
func kill(program *os.Process) { _ = program.Kill() }
