// Package faults breaks what runs: real worker processes are killed, redis-server is killed and started again, and what the
// processes wrote down is compared with what was promised. The machine that does so is in the folders below; here are the tests of
// single promises.
package faults

import (
	"os"
	"testing"

	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/test/faults/child"
)

func TestMain(m *testing.M) {
	if code, isChild := child.Main(); isChild {
		os.Exit(code)
	}
	redistest.Main(m)
}
