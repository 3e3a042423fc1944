package consumer_test

import (
	"testing"

	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/internal/streamtest"
)

func TestMain(m *testing.M) { redistest.Main(m) }

func newLab(t *testing.T) *streamtest.Lab {
	t.Helper()
	return streamtest.New(t, redistest.Shared(t).URL())
}
