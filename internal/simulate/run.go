package simulate

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/redis/go-redis/v9"

	"github.com/leat-io/leat/internal/embedded"
)

var silence sync.Once

// quiet keeps go-redis from writing about servers that it cannot reach.
type quiet struct{}

// Printf says nothing.
func (quiet) Printf(context.Context, string, ...any) {}

// Run makes the plan happen, on a broker that nobody else uses at the same time. The
// history is the same each time.
func Run(t *testing.T, broker *embedded.Broker, p Plan) *History {
	t.Helper()
	h := &History{Plan: p}
	silence.Do(func() { redis.SetLogger(quiet{}) })
	broker.Reset()
	synctest.Test(t, func(*testing.T) {
		w := newWorld(p, broker)
		w.run()
		sortLines(w.lines)
		h.Lines, h.Violations = w.lines, w.watch.violations
	})
	return h
}
