package rolling

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/leat-io/leat/internal/redistest"
)

var (
	times = flag.Int("rolling.times", 1, "how often each worker is replaced")
	load  = flag.Duration("rolling.for", 3*time.Second, "for how long events are published, at the most; until the last worker is replaced, at the least, if it comes before")
	gap   = flag.Duration("rolling.gap", 0, "the longest time without any event handled, 0 for any")
)

// binary is leat as users have it.
var binary string

func TestMain(m *testing.M) {
	test, err := os.Executable()
	if err != nil {
		panic(err)
	}
	// Beside the test binary: go test removes that folder.
	binary = filepath.Join(filepath.Dir(test), "leat.rolled")
	build := exec.Command("go", "build", "-race=false", "-o", binary, "github.com/leat-io/leat/cmd/leat")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build leat: %v\n%s", err, out)
		os.Exit(1)
	}
	redistest.Main(m)
}
