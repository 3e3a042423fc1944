package process

import (
	"errors"
	"fmt"
	"os/exec"
	"syscall"
	"time"
)

// pipeTimeout is how long a process's output may stay open behind it, should a
// process that it started hold it.
const pipeTimeout = 2 * time.Second

// Process is one that was started.
type Process struct {
	cmd     *exec.Cmd
	release func()
}

// Start starts cmd in a process group of its own, which a ^C of the terminal does not
// reach: when this process ends, however it does, Linux kills cmd. Where cmd has a
// context, its end kills the whole group. Wait has to be called.
func Start(cmd *exec.Cmd) (*Process, error) {
	p := &Process{cmd: cmd}
	if cmd.Cancel != nil {
		cmd.Cancel = p.Kill
	}
	cmd.WaitDelay = pipeTimeout
	var err error
	if p.release, err = start(cmd); err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	return p, nil
}

// PID is the process's ID.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Wait waits until the process has ended, as exec.Cmd's does. Call it once.
func (p *Process) Wait() error {
	defer p.release()
	return p.cmd.Wait()
}

// Kill ends the process and its group. It must not be called when Wait has returned:
// the ID may be another's by then.
func (p *Process) Kill() error {
	err := syscall.Kill(-p.PID(), syscall.SIGKILL)
	if errors.Is(err, syscall.ESRCH) {
		return nil
	}
	return err
}
