package watermill

import (
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// readsTimeout is well above the time that a read blocks, 100 ms by default.
	readsTimeout = 2 * time.Second
	readsPoll    = 5 * time.Millisecond
)

// connection is a client that lets reads under way return before it closes. A subscriber closes its client at once, and its
// readers would sleep for half a second over the error before they notice that they are to end.
type connection struct{ *redis.Client }

// Close waits for the commands under way, then closes.
func (c connection) Close() error {
	deadline := time.Now().Add(readsTimeout)
	for c.busy() && time.Now().Before(deadline) {
		time.Sleep(readsPoll) //nolint:forbidigo // between two looks at a condition, up to a deadline
	}
	return c.Client.Close()
}

func (c connection) busy() bool {
	stats := c.PoolStats()
	return stats.IdleConns < stats.TotalConns
}
