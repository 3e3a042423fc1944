package claim

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Claim is a name that no other process uses for the same kind of thing.
type Claim struct {
	Name string // six letters and digits, fit for names that must be short
	file *os.File
}

// folder is where the claims of this user are.
func folder() string { return filepath.Join(os.TempDir(), fmt.Sprintf("leat-faults-%d", os.Getuid())) }

// Take takes a new name for something of a kind, such as "disk". Claims are held until Release, or the end of the process.
func Take(kind string) (*Claim, error) {
	if err := os.MkdirAll(folder(), 0o700); err != nil {
		return nil, fmt.Errorf("claim a name for a %s: %w", kind, err)
	}
	const attempts = 100
	for range attempts {
		name := strings.ToLower(rand.Text()[:6])
		f, err := os.OpenFile(filepath.Join(folder(), kind+"-"+name), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
		if errors.Is(err, os.ErrExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("claim a name for a %s: %w", kind, err)
		}
		// Somebody may sweep between the two lines: then the file has gone, or is locked.
		if lock(f) == nil && named(f) {
			return &Claim{Name: name, file: f}, nil
		}
		_ = f.Close()
	}
	return nil, fmt.Errorf("claim a name for a %s: none is free after %d attempts", kind, attempts)
}

// Release gives the name up. Remove what has it first. Releasing twice does nothing.
func (c *Claim) Release() {
	if c.file != nil {
		_ = os.Remove(c.file.Name())
		_ = c.file.Close()
		c.file = nil
	}
}

// Sweep calls remove for every name of a kind whose owner has died, and gives the name up when remove returns nil. remove must not
// mind that there is nothing: its owner may have died before it had made anything.
func Sweep(kind string, remove func(name string) error) error {
	paths, err := filepath.Glob(filepath.Join(folder(), kind+"-*"))
	if err != nil {
		return fmt.Errorf("look for what others have left: %w", err)
	}
	var failed []error
	for _, path := range paths {
		if err := sweep(path, strings.TrimPrefix(filepath.Base(path), kind+"-"), remove); err != nil {
			failed = append(failed, fmt.Errorf("sweep %s: %w", filepath.Base(path), err))
		}
	}
	return errors.Join(failed...)
}

func sweep(path, name string, remove func(name string) error) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	if lock(f) != nil || !named(f) {
		return nil // somebody lives who has it, or somebody else was quicker
	}
	if err := remove(name); err != nil {
		return err
	}
	return os.Remove(path)
}

func lock(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }

// named says whether the file still is in the folder.
func named(f *os.File) bool {
	info, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(f.Name())
	return err == nil && os.SameFile(info, there)
}
