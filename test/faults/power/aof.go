package power

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// ErrNoAOF is a folder in which there is no append-only file of Redis 7 or newer.
var ErrNoAOF = errors.New("there is no incremental AOF")

// IncrementalAOF returns the path of the append-only file that a server writes, or wrote last: since Redis 7 it is in several
// parts, which a manifest lists. ErrNoAOF when there is none.
func IncrementalAOF(dir string) (string, error) {
	manifest := ""
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".manifest") && !strings.HasPrefix(entry.Name(), "temp") {
			manifest = path
		}
		return err
	})
	if err != nil {
		return "", fmt.Errorf("power: look for the AOF: %w", err)
	}
	if manifest == "" {
		return "", fmt.Errorf("power: %s: %w", dir, ErrNoAOF)
	}
	f, err := os.Open(manifest)
	if err != nil {
		return "", fmt.Errorf("power: read the manifest: %w", err)
	}
	defer func() { _ = f.Close() }()
	last := ""
	for lines := bufio.NewScanner(f); lines.Scan(); {
		// "file appendonly.aof.1.incr.aof seq 1 type i": newer versions add fields.
		fields := strings.Fields(lines.Text())
		if len(fields) >= 6 && fields[0] == "file" && fields[5] == "i" {
			last = fields[1]
		}
	}
	if last == "" {
		return "", fmt.Errorf("power: %s: %w", manifest, ErrNoAOF)
	}
	return filepath.Join(filepath.Dir(manifest), last), nil
}

// Tear cuts bytes, at least 1 and at most all, off the end of the last AOF of a server that does not run, and returns how many are
// left. Fewer bytes than the last command has cut into that one. With aof-load-truncated yes, the default, Redis drops what is not
// whole and starts; with no it refuses to.
func Tear(dir string, bytes int64) (left int64, err error) {
	path, err := IncrementalAOF(dir)
	if err != nil {
		return 0, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return 0, fmt.Errorf("power: tear the AOF: %w", err)
	}
	if bytes < 1 {
		return 0, fmt.Errorf("power: tear %d bytes off %s: it has to be 1 or more", bytes, path)
	}
	left = max(info.Size()-bytes, 0)
	if err := os.Truncate(path, left); err != nil {
		return 0, fmt.Errorf("power: tear the AOF: %w", err)
	}
	return left, nil
}

// Smear writes garbage behind the last AOF of a server that does not run. Redis takes that for a broken file and refuses to start
// whatever aof-load-truncated says, unless the garbage is the beginning of a command, which is Tear's case; newer versions may be
// told to drop so many bytes (aof-load-corrupt-tail-max-size).
func Smear(dir string, garbage []byte) error {
	path, err := IncrementalAOF(dir)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("power: smear the AOF: %w", err)
	}
	_, err = f.Write(garbage)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("power: smear %s: %w", path, err)
	}
	return nil
}
