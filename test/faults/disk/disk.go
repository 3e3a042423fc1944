package disk

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/leat-io/leat/test/faults/claim"
	"github.com/leat-io/leat/test/faults/needs"
)

// ErrUnavailable is needs.ErrUnavailable.
var ErrUnavailable = needs.ErrUnavailable

// kind of the claims on mount points.
const kind = "disk"

// Disk is a small file system. It is safe for concurrent use.
type Disk struct {
	claim *claim.Claim
	dir   string
	mu    sync.Mutex
}

// Mount makes an empty disk with room for so many bytes, after it has removed those that dead processes left. A server of Redis 7
// with an AOF wants 1 MiB at the least. It ends with Unmount.
func Mount(bytes int64) (*Disk, error) {
	what := fmt.Sprintf("mount a disk of %d bytes", bytes)
	if err := needs.Root(what); err != nil {
		return nil, err
	}
	if err := claim.Sweep(kind, func(name string) error { return remove(folder(name)) }); err != nil {
		return nil, fmt.Errorf("disk: %w", err)
	}
	c, err := claim.Take(kind)
	if err != nil {
		return nil, fmt.Errorf("disk: %w", err)
	}
	d := &Disk{claim: c, dir: folder(c.Name)}
	err = os.Mkdir(d.dir, 0o700)
	if err == nil {
		err = mount(d.dir, bytes)
	}
	if err != nil {
		_ = os.Remove(d.dir)
		c.Release()
		return nil, fmt.Errorf("disk: %w", needs.Denied(what, err))
	}
	return d, nil
}

// folder is the mount point of a disk.
func folder(name string) string { return filepath.Join(os.TempDir(), "leat-disk-"+name) }

// Dir is the folder that the disk is mounted at.
func (d *Disk) Dir() string { return d.dir }

// ballast is the file that Fill fills the disk with.
func (d *Disk) ballast() string { return filepath.Join(d.dir, ".ballast") }

// Fill takes all the room that is left. A tmpfs gives room by the page: a file whose last page is not full can still grow to the
// end of it, so a server fails after some 4 KiB more. Filling a full disk does nothing.
func (d *Disk) Fill() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	f, err := os.OpenFile(d.ballast(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil && !errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("disk: fill %s: %w", d.dir, err)
	}
	if err != nil {
		return nil // there is no room for a name
	}
	page := make([]byte, os.Getpagesize())
	for err == nil {
		_, err = f.Write(page)
	}
	if errors.Is(err, syscall.ENOSPC) {
		err = nil
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("disk: fill %s: %w", d.dir, err)
	}
	return nil
}

// Free gives back what Fill took. Freeing a disk that was not filled does nothing.
func (d *Disk) Free() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := os.Remove(d.ballast()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("disk: free %s: %w", d.dir, err)
	}
	return nil
}

// Unmount removes the disk and all that is on it, also when a process still has files open there. It may be called twice.
func (d *Disk) Unmount() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := remove(d.dir); err != nil {
		return fmt.Errorf("disk: %w", err)
	}
	d.claim.Release()
	return nil
}

// remove unmounts what is mounted at dir and removes the folder. It does not mind that there is no such thing.
func remove(dir string) error {
	if err := unmount(dir); err != nil {
		return fmt.Errorf("unmount %s: %w", dir, err)
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove the mount point: %w", err)
	}
	return nil
}
