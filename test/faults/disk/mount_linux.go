package disk

import (
	"errors"
	"fmt"
	"syscall"
)

func mount(dir string, bytes int64) error {
	return syscall.Mount("leat-faults", dir, "tmpfs", syscall.MS_NOSUID|syscall.MS_NODEV|syscall.MS_NOEXEC,
		fmt.Sprintf("size=%d,mode=0700", bytes))
}

// unmount takes the mount out of the tree at once; the kernel frees it when nobody has a file open there any more.
func unmount(dir string) error {
	err := syscall.Unmount(dir, syscall.MNT_DETACH)
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOENT) {
		return nil // nothing is mounted, or there is no such folder
	}
	return err
}
