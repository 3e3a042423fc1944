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

// reclaiming is a reclaimer that has plenty of room and no Redis; dialed is called for
// each of its calls, in the middle of it.
func reclaiming(t *testing.T, dialed func(*reclaimer)) *reclaimer {
	t.Helper()
	var r *reclaimer
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1, Dialer: func(context.Context, string, string) (net.Conn, error) {
		dialed(r)
		return nil, net.ErrClosed
	}})
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	c, err := New(stream.Wrap(client), func(context.Context, *stream.Delivery) error { return nil }, Config{
		Group: "g", Streams: []string{"s"}, Lease: time.Hour, Prefetch: 1000,
	})
	require.NoError(t, err)
	r = &reclaimer{source: c.sources[0]}
	r.pass(time.Second) // the clock does not begin at 0
	return r
}

// pass lets time pass by the consumer's clock.
func (r *reclaimer) pass(d time.Duration) { r.c.epoch = r.c.epoch.Add(-d) }

// come is new entries that are read now.
func (r *reclaimer) come() {
	r.accept(Read, stream.Taken{Batch: make(stream.Batch, 1)}, nil, r.c.now())
}

func TestReclaimerAsksForLessWhileNewEntriesCome(t *testing.T) {
	t.Parallel()
	var limit int
	r := reclaiming(t, func(r *reclaimer) { limit = r.c.RoomSize() - r.c.RoomLeft() })
	var limits []int
	ask := func() {
		_, err := r.round(t.Context())
		require.Error(t, err)
		limits = append(limits, limit)
	}
	ask()
	r.come()
	ask()
	r.pass(freshFor / 2)
	ask()
	r.come()
	r.pass(freshFor / 2)
	ask()
	r.pass(freshFor)
	ask()
	require.Equal(t, []int{reclaimBatch, reclaimBeside, reclaimBeside, reclaimBeside, reclaimBatch}, limits)
}
