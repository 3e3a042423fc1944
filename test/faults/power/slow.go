package power

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// slowOffset is where Slow is in a book: behind three words of 8 bytes and four of 4.
const slowOffset = 3*8 + 4*4

// Slow makes every fsync of a running server take d longer, 10 ms at the least; 0 ends it, also for those under way. It lasts until
// the power is cut.
//
// With appendfsync always nothing is answered in the meantime. With everysec a server answers, and puts off what it writes for up
// to 2 s while an fsync is under way: then SIGKILL alone loses what it has acknowledged.
func Slow(dir string, d time.Duration) error {
	if _, err := readBook(dir); err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(dir, bookName), os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("power: open the book: %w", err)
	}
	var word [8]byte
	binary.NativeEndian.PutUint64(word[:], uint64(d.Microseconds()))
	_, err = f.WriteAt(word[:], slowOffset)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("power: slow the disk of %s down: %w", dir, err)
	}
	return nil
}
