package redistest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// process is one run of a server. Its methods accept nil: a server that never ran.
type process struct {
	cmd  *exec.Cmd
	gone chan struct{} // closed when the process has been reaped
	err  error         // of Wait; read after gone
}

// startProcess runs name with args, appending what it prints to the file at logPath.
func startProcess(logPath, name string, args ...string) (*process, error) {
	log, err := os.OpenFile(logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }() // the child has its own copy

	cmd := exec.Command(name, args...)
	cmd.Stdout, cmd.Stderr = log, log
	release, err := startTied(cmd)
	if err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, gone: make(chan struct{})}
	go p.reap(release)
	return p, nil
}

// reap waits for the end of the process. Its name is known to Leaks.
func (p *process) reap(release func()) {
	p.err = p.cmd.Wait()
	release()
	close(p.gone)
}

func (p *process) pid() int {
	if p == nil {
		return 0
	}
	return p.cmd.Process.Pid
}

func (p *process) running() bool {
	if p == nil {
		return false
	}
	select {
	case <-p.gone:
		return false
	default:
		return true
	}
}

// end sends sig and waits until the process is gone. SIGKILL goes to the whole process group: a server forks to save, and that
// child would go on writing into the folder. A paused server is resumed for any other signal, which it could not see.
func (p *process) end(sig syscall.Signal, timeout time.Duration) error {
	if !p.running() {
		return nil
	}
	target := p.pid()
	if sig == syscall.SIGKILL {
		target = -target
	}
	if err := syscall.Kill(target, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	if sig != syscall.SIGKILL {
		_ = syscall.Kill(target, syscall.SIGCONT)
	}
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case <-p.gone:
		return nil
	case <-timer.C:
		return fmt.Errorf("process %d is still there after %v", p.pid(), timeout)
	}
}

// signal sends SIGSTOP or SIGCONT and returns when it has taken effect.
func (p *process) signal(sig syscall.Signal) error {
	if !p.running() {
		return os.ErrProcessDone
	}
	if err := syscall.Kill(p.pid(), sig); err != nil {
		return err
	}
	if sig == syscall.SIGSTOP {
		return awaitStopped(p.pid(), p.gone)
	}
	return nil
}
