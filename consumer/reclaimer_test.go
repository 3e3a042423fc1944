package consumer

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/stream"
)

// A reclaimer that may take nothing for a while, because Redis was away, waits in the
// middle of a scan as well. It once asked itself without a pause for most of a lease.
func TestReclaimerWaitsInTheMiddleOfAScan(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		// No name is looked up: what Go keeps of that belongs to one bubble for good.
		client := redis.NewClient(&redis.Options{Dialer: func(context.Context, string, string) (net.Conn, error) { return nil, net.ErrClosed }})
		defer func() { require.NoError(t, client.Close()) }()
		beats := 0
		ctx, cancel := context.WithTimeout(t.Context(), 9*time.Second)
		defer cancel()
		c, err := New(stream.Wrap(client), func(context.Context, *stream.Delivery) error { return nil }, Config{
			Group: "g", Streams: []string{"s"}, Lease: 10 * time.Second,
			Hooks: Hooks{Beat: func(string, string) {
				if beats++; beats > 1000 {
					cancel()
				}
			}},
		})
		require.NoError(t, err)
		s := c.sources[0]
		s.soundSince.Store(-1) // Redis is away
		(&reclaimer{source: s, cursor: stream.ID{Ms: 1}}).run(ctx)
		require.Less(t, beats, 20)
	})
}
