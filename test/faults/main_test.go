// Package faults breaks what runs: real worker processes are killed, redis-server
// is killed and started again, and what the processes wrote down is compared with
// what was promised.
package faults

import (
	"os"
	"testing"

	"github.com/leat-io/leat/internal/redistest"
)

func TestMain(m *testing.M) {
	if os.Getenv(taskVariable) != "" {
		os.Exit(workerMain())
	}
	redistest.Main(m)
}
