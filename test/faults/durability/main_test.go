package durability_test

import (
	"context"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/leat-io/leat/internal/redistest"
)

// silent is no logger: that servers are away is what this is about.
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

func TestMain(m *testing.M) {
	redis.SetLogger(silent{})
	redistest.Main(m)
}
