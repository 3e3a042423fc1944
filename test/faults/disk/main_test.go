package disk_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/test/faults/disk"
)

// childVariable makes the test binary the child of TestSweepAfterSIGKILL.
const childVariable = "LEAT_DISK_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		childMain()
	}
	redistest.Main(m)
}

// childMain mounts a disk, says where, and waits to be killed.
func childMain() {
	d, err := disk.Mount(size)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	_, _ = os.Stdout.WriteString(d.Dir() + "\n")
	_, _ = os.Stdin.Read(make([]byte, 1))
	os.Exit(0)
}
