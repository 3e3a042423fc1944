package power

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Loss is what a power loss took.
type Loss struct {
	Bytes     int64 // of files that are shorter now and of those that vanished
	Shortened int   // files
	Vanished  int   // files
	Undone    int   // renames and removals
}

// ErrRunning is a Cut under a server that still runs.
var ErrRunning = errors.New("the server, or a child that it has forked, still runs")

// goneTimeout is how long Cut waits for processes that were killed: a server that is killed while it saves leaves a child that
// dies a little later.
const goneTimeout = 10 * time.Second

// Cut takes from the folder of a server that was killed what was not fsynced: the server can then be started again, as after a
// power loss. What is left counts as durable from then on. ErrRunning when the server is still there after 10 s: its children have
// to be killed with it (the process group).
func Cut(dir string) (Loss, error) { return cutWithin(dir, goneTimeout) }

func cutWithin(dir string, patience time.Duration) (Loss, error) {
	b, err := readBook(dir)
	if err != nil {
		return Loss{}, err
	}
	free, err := claim(dir, patience)
	if err != nil {
		return Loss{}, err
	}
	defer free()
	var loss Loss
	for i := int(b.Pending) - 1; i >= 0; i-- {
		done, err := b.Changes[i].undo(dir)
		if err != nil {
			return loss, fmt.Errorf("power: undo a change of names in %s: %w", dir, err)
		}
		if done {
			loss.Undone++
		}
	}
	if err := each(dir, func(path string, info fs.FileInfo) error { return b.cut(path, info, &loss) }); err != nil {
		return loss, fmt.Errorf("power: cut what was not synced in %s: %w", dir, err)
	}
	// The next server begins a new book, in which all that is left is durable.
	if err := os.Remove(filepath.Join(dir, bookName)); err != nil {
		return loss, fmt.Errorf("power: remove the book: %w", err)
	}
	return loss, nil
}

// claim makes sure that nobody writes any more: a server holds a shared lock on its book.
func claim(dir string, patience time.Duration) (free func(), err error) {
	f, err := os.Open(filepath.Join(dir, bookName))
	if err != nil {
		return nil, fmt.Errorf("power: open the book: %w", err)
	}
	for deadline := time.Now().Add(patience); ; {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			break
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) || time.Now().After(deadline) {
			_ = f.Close()
			return nil, fmt.Errorf("power: cut %s: %w (%w)", dir, ErrRunning, err)
		}
		time.Sleep(time.Millisecond) //nolint:forbidigo // between two looks at a condition, up to a deadline
	}
	return func() { _ = f.Close() }, nil
}

// undo takes a rename or a removal back, and says whether there was anything to do.
func (c *change) undo(dir string) (bool, error) {
	from, to := filepath.Join(dir, text(c.From[:])), filepath.Join(dir, text(c.To[:]))
	kept := filepath.Join(dir, fmt.Sprintf(keptName, c.Kept))
	switch c.Kind {
	case renamed:
		if err := os.Rename(to, from); err != nil {
			return false, err
		}
		if c.Kept == 0 {
			return true, nil
		}
		return true, os.Rename(kept, to)
	case removed:
		return true, os.Rename(kept, from)
	default: // it failed, and only the hidden name is there
		if c.Kept == 0 {
			return false, nil
		}
		return false, os.Remove(kept)
	}
}

// text is the string in a field of C.
func text(field []byte) string {
	s, _, _ := bytes.Cut(field, []byte{0})
	return string(s)
}

// cut leaves of one file what was durable.
func (b *book) cut(path string, info fs.FileInfo, loss *Loss) error {
	n, known := b.durable(info)
	switch {
	case !known:
		loss.Vanished++
		loss.Bytes += info.Size()
		return os.Remove(path)
	case n < info.Size():
		loss.Shortened++
		loss.Bytes += info.Size() - n
		return os.Truncate(path, n)
	default:
		return nil
	}
}
