package power

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

const (
	bookName = ".power"
	keptName = ".power-%d"
	magic    = 0x3352574f50544c31
)

// book is struct book of shim/book.c.
type book struct {
	Magic    uint64
	Syncs    uint64
	Settled  uint64
	Created  uint32
	Pending  uint32 // how many of Changes
	LastKept uint32
	Lost     uint32
	Slow     uint64 // microseconds
	Lock     [64]byte
	Files    [512]struct{ Inode, Durable uint64 }
	Changes  [128]change
}

// change is a rename or a removal that no sync has made durable yet.
type change struct {
	Kind uint32
	Kept uint32 // number of the hidden name of what was removed or replaced; 0: nothing was
	// Of the file, when it was renamed.
	Inode, Size uint64
	From        [256]byte
	To          [256]byte
}

const (
	renamed = 1
	removed = 2
)

// readBook reads the book of a folder.
func readBook(dir string) (*book, error) {
	path := filepath.Join(dir, bookName)
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("power: %w: no server that power.Launcher made was ever started in this folder", err)
	}
	if err != nil {
		return nil, fmt.Errorf("power: read the book: %w", err)
	}
	var b book
	if err := binary.Read(bytes.NewReader(content), binary.NativeEndian, &b); err != nil || b.Magic != magic || len(content) != binary.Size(b) {
		return nil, fmt.Errorf("power: %s is no book of ours: %d bytes, %w", path, len(content), errors.Join(err, errBook))
	}
	if b.Lost > 0 {
		return nil, fmt.Errorf("power: %s: %d files found no place in the book, which has room for %d", path, b.Lost, len(b.Files))
	}
	return &b, nil
}

var errBook = errors.New("wrong length or beginning")

// durable returns how many bytes of a file are durable, and whether its name is.
func (b *book) durable(info fs.FileInfo) (int64, bool) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	for _, f := range b.Files {
		if f.Inode == st.Ino {
			return min(int64(f.Durable), info.Size()), true
		}
	}
	return 0, false
}

// each calls do for every file that a power loss can change, with its path.
func each(dir string, do func(path string, info fs.FileInfo) error) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !entry.Type().IsRegular() || strings.HasPrefix(entry.Name(), ".") || strings.HasSuffix(entry.Name(), ".log") {
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		return do(path, info)
	})
}

// Durable returns how many bytes of each file in a server's folder would survive a power loss now, by the path below the folder.
// Files that would vanish are left out. The server may run: then a file that goes while it looks makes it fail.
func Durable(dir string) (map[string]int64, error) {
	b, err := readBook(dir)
	if err != nil {
		return nil, err
	}
	files := map[string]int64{}
	err = each(dir, func(path string, info fs.FileInfo) error {
		if n, ok := b.durable(info); ok {
			name, err := filepath.Rel(dir, path)
			files[name] = n
			return err
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("power: look through %s: %w", dir, err)
	}
	return files, nil
}
