package growth

import (
	"context"
	"fmt"
	"time"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/stream"
)

// worker is one of our consumers, where more of it has to be set than every
// contender has.
type worker struct {
	addr    string
	streams []string
	group   string
	lease   time.Duration // 0 the default
	handle  func(data []byte)
	fails   error // what the handler returns
}

// longBackoff is the time to the next try of what is to stay in the retry set.
const longBackoff = time.Hour

// run consumes until ctx ends.
func (w worker) run(ctx context.Context) error {
	conn, err := stream.Dial(ctx, "redis://"+w.addr)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // all that was asked has been answered by then
	handler := func(_ context.Context, d *stream.Delivery) error {
		w.handle(d.Data)
		return w.fails
	}
	c, err := consumer.New(conn, handler, consumer.Config{
		Group: w.group, Streams: w.streams, Lease: w.lease,
		Backoff: func(int) time.Duration { return longBackoff },
	})
	if err != nil {
		return err
	}
	if err := c.Run(ctx); err != nil {
		return fmt.Errorf("run our consumer: %w", err)
	}
	return nil
}
