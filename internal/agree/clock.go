package agree

import (
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"time"
)

//go:embed shim/clock.c
var clockSource []byte

// A Clock is the time of day of servers that were started by its launchers.
// It moves when it is set.
type Clock struct {
	folder string
	file   *os.File
	now    time.Time
}

// start is what clocks show at first: any time with 13 digits will do.
var start = time.UnixMilli(1_700_000_000_000)

// NewClock builds the clock in a folder, for which it needs a C compiler.
func NewClock(folder string) (*Clock, error) {
	if runtime.GOOS != "linux" {
		return nil, errors.New("make clock: servers can be given a clock on Linux only")
	}
	source := filepath.Join(folder, "clock.c")
	if err := os.WriteFile(source, clockSource, 0o600); err != nil {
		return nil, fmt.Errorf("make clock: %w", err)
	}
	if out, err := exec.Command("cc", "-O2", "-shared", "-fPIC", "-o", filepath.Join(folder, "clock.so"), source).CombinedOutput(); err != nil { //nolint:noctx // it ends by itself
		return nil, fmt.Errorf("make clock: build it with cc (install gcc): %w\n%s", err, out)
	}
	file, err := os.Create(filepath.Join(folder, "now"))
	if err != nil {
		return nil, fmt.Errorf("make clock: %w", err)
	}
	c := &Clock{folder: folder, file: file}
	return c, c.Set(start)
}

// Launcher writes a program that starts server with this clock, and returns
// its path.
func (c *Clock) Launcher(server string) (path string, err error) {
	path = filepath.Join(c.folder, "launch")
	text := fmt.Sprintf("#!/bin/sh\nLEAT_CLOCK=%s LD_PRELOAD=%s exec %s \"$@\"\n",
		strconv.Quote(c.file.Name()), strconv.Quote(filepath.Join(c.folder, "clock.so")), strconv.Quote(server))
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil { //nolint:gosec // it is a program
		return "", fmt.Errorf("write launcher of %s: %w", server, err)
	}
	return path, nil
}

// Now is what the clock shows, in whole microseconds.
func (c *Clock) Now() time.Time { return c.now }

// Set sets the clock.
func (c *Clock) Set(now time.Time) error {
	c.now = now.Truncate(time.Microsecond)
	var micros [8]byte
	binary.NativeEndian.PutUint64(micros[:], uint64(c.now.UnixMicro()))
	if _, err := c.file.WriteAt(micros[:], 0); err != nil {
		return fmt.Errorf("set clock: %w", err)
	}
	return nil
}

// Close closes the clock's file; servers go on seeing what it showed last.
func (c *Clock) Close() error { return c.file.Close() }
