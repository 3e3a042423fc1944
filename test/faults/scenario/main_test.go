package scenario_test

import (
	"os"
	"testing"

	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/test/faults/child"
	"github.com/leat-io/leat/test/faults/world"
)

// TestMain is a child's main function, too.
func TestMain(m *testing.M) {
	if code, isChild := child.Main(); isChild {
		os.Exit(code)
	}
	world.Quiet()
	redistest.Main(m)
}
