package redistest

import (
	"io"
	"os"
	"path/filepath"
	"testing"
)

// tailBytes is how much of a log an error or a failed test shows.
const tailBytes = 4096

func (in *instance) logPath() string { return filepath.Join(in.dir, "redis.log") }

func (in *instance) logSize() int64 {
	info, err := os.Stat(in.logPath())
	if err != nil {
		return 0
	}
	return info.Size()
}

// logTail returns the end of what was logged after the first from bytes.
func (in *instance) logTail(from int64) string {
	f, err := os.Open(in.logPath())
	if err != nil {
		return "(no log)"
	}
	defer func() { _ = f.Close() }()
	if size := in.logSize(); size-from > tailBytes {
		from = size - tailBytes
	}
	tail, err := io.ReadAll(io.NewSectionReader(f, from, tailBytes))
	if err != nil {
		return "(no log: " + err.Error() + ")"
	}
	return string(tail)
}

// logOnFailure shows what the server logged during a test that fails. Register it after discard: cleanups run backwards.
func (in *instance) logOnFailure(t testing.TB) {
	from := in.logSize()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the end of the log of %s:\n%s", in.binary, in.logTail(from))
		}
	})
}
