package needs

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// ErrUnavailable is wrapped by every error that says: not on this machine. Any other error is a fault that went wrong.
var ErrUnavailable = errors.New("not available on this machine")

// Unavailable returns an error that wraps ErrUnavailable: what was to be done, and what it lacks.
func Unavailable(what, lacks string) error {
	return fmt.Errorf("%s: %w: it needs %s", what, ErrUnavailable, lacks)
}

// Linux returns an error unless the kernel is Linux; what is what was to be done.
func Linux(what string) error {
	if runtime.GOOS != "linux" {
		return Unavailable(what, "Linux, and this is "+runtime.GOOS)
	}
	return nil
}

// Root returns an error unless the process is root on Linux. Root without the capability is seen later: see Denied.
func Root(what string) error {
	if err := Linux(what); err != nil {
		return err
	}
	if uid := os.Geteuid(); uid != 0 {
		return Unavailable(what, fmt.Sprintf("root, and this is uid %d", uid))
	}
	return nil
}

// Tool returns the path of a program from PATH; install says how to get it.
func Tool(what, name, install string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", Unavailable(what, fmt.Sprintf("%s in the PATH (%s)", name, install))
	}
	return path, nil
}

// Denied turns a refusal by the kernel (EPERM, EACCES: root in a container often has no capabilities; ENOSYS, ENODEV: the kernel
// was built without it) into ErrUnavailable, and leaves other errors as they are.
func Denied(what string, err error) error {
	for _, refusal := range []error{syscall.EPERM, syscall.EACCES, syscall.ENOSYS, syscall.ENODEV} {
		if errors.Is(err, refusal) {
			return Unavailable(what, fmt.Sprintf("rights or a kernel that allow it (%v)", err))
		}
	}
	return err
}
