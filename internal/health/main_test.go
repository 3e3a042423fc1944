package health_test

import (
	"os"
	"testing"

	"github.com/leat-io/leat/internal/redistest"
)

func TestMain(m *testing.M) {
	if task := os.Getenv(childTask); task != "" {
		child(task) // does not return
	}
	redistest.Main(m)
}
