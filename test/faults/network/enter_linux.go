package network

import (
	"os"

	"golang.org/x/sys/unix"
)

// enter takes the calling thread into the network namespace that a file names.
func enter(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	return unix.Setns(int(f.Fd()), unix.CLONE_NEWNET)
}
