package clock

import (
	"context"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/leat-io/leat/test/faults/needs"
	"github.com/leat-io/leat/test/faults/preload"
)

//go:embed shim/clock.c
var source string

// Library shifts the clock of a server, for preload.Launcher.
var Library = preload.Library{Name: "clock", Source: source}

// ErrUnavailable is needs.ErrUnavailable.
var ErrUnavailable = needs.ErrUnavailable

// Launcher returns the path of a program that starts server, a path or a name in PATH, so that SetOffset can shift its clock. It
// takes the arguments that server takes; the first one is the configuration file, whose folder SetOffset wants. Together with
// other libraries: preload.Launcher.
func Launcher(ctx context.Context, server string) (string, error) {
	return preload.Launcher(ctx, server, Library)
}

// File is the file in a server's folder that holds its offset.
func File(dir string) string { return filepath.Join(dir, ".clock") }

// SetOffset sets how far the clock of the server in a folder is from the machine's: ahead of it, or behind when d is negative; 0
// puts it right. It holds from the server's next look at the clock on. The server may be down: then it starts with it.
func SetOffset(dir string, d time.Duration) error {
	f, err := os.OpenFile(File(dir), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("clock: set the offset of the server in %s: %w", dir, err)
	}
	var word [8]byte
	binary.NativeEndian.PutUint64(word[:], uint64(d))
	_, err = f.WriteAt(word[:], 0) // the server has mapped the file, and sees the eight bytes change at once
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("clock: set the offset of the server in %s: %w", dir, err)
	}
	return nil
}

// Offset returns what SetOffset has set last; 0 before the first time.
func Offset(dir string) (time.Duration, error) {
	word, err := os.ReadFile(File(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil || len(word) < 8 {
		return 0, fmt.Errorf("clock: read the offset of the server in %s: %d bytes, %w", dir, len(word), err)
	}
	return time.Duration(binary.NativeEndian.Uint64(word)), nil
}
