package command

import (
	"os/exec"
	"runtime"
	"syscall"
)

// waitPID is P_PID of waitid(2).
const waitPID = 1

// tie makes the program the leader of a group, and one that dies with this
// process. The kernel sends that signal when the thread that forked ends, not the
// process, and the runtime ends threads as it likes: so this goroutine keeps its
// thread until the program has ended, which is when untie is called.
func tie(cmd *exec.Cmd) (untie func()) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	runtime.LockOSThread()
	return runtime.UnlockOSThread
}

// wait waits until the program has ended, kills its group, and only then reaps
// it: until it is reaped nobody else can have the group's number.
func (p *process) wait() error {
	errno := syscall.EINTR
	for errno == syscall.EINTR {
		_, _, errno = syscall.Syscall6(syscall.SYS_WAITID, waitPID, uintptr(p.cmd.Process.Pid), 0,
			syscall.WEXITED|syscall.WNOWAIT, 0, 0)
	}
	if errno == 0 {
		p.finish()
		return p.cmd.Wait()
	}
	// A sandbox may know no waitid.
	err := p.cmd.Wait()
	p.finish()
	return err
}
