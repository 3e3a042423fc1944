package consumer

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/stream"
)

// inBatches is how many entries a benchmark's batch has.
const inBatches = 1000

// deliveries is a batch as a read gives it.
func deliveries() stream.Batch {
	batch := make(stream.Batch, inBatches)
	for i := range batch {
		batch[i] = *stream.NewDelivery("orders", stream.ID{Ms: 1_700_000_000_000, Seq: uint64(i)}, stream.Fields{
			{Name: []byte("specversion"), Value: []byte("1.0")},
			{Name: []byte("id"), Value: []byte("7")},
			{Name: []byte("source"), Value: []byte("bench")},
			{Name: []byte("type"), Value: []byte("bench")},
		})
	}
	return batch
}

// BenchmarkExecutor is what a delivery costs from the reply to the acker and out of
// the ledger, without Redis: one worker, a handler that does nothing.
func BenchmarkExecutor(b *testing.B) {
	rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"}) // never asked
	b.Cleanup(func() { _ = rdb.Close() })
	c, err := New(stream.Wrap(rdb), func(context.Context, *stream.Delivery) error { return nil },
		Config{Group: "bench", Streams: []string{"orders"}, Lease: time.Hour})
	require.NoError(b, err)
	s, batch := c.sources[0], deliveries()
	of := &calls{work: b.Context(), epoch: c.epoch}
	w := &worker{usual: time.Microsecond}
	b.ReportAllocs()
	for b.Loop() {
		c.enqueue(s.ledger.add(s, batch, nil, Read, c.now()))
		for range batch {
			items, _ := c.queue.take(1, 0, w.usual)
			w.now = c.now()
			c.exec.call(of, c.exec.screen(items, w), w)
		}
		done, now := s.acker.swap(), c.now()
		for _, p := range done {
			c.finishAt(p.it, p.outcome, now)
		}
		s.acker.spare = done[:0]
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*inBatches), "ns/entry")
}

// BenchmarkAcker is what the acknowledgement of an entry costs the client, in calls of
// 1,000: XACK of entries that are not pending, which costs the server little.
func BenchmarkAcker(b *testing.B) {
	ctx := b.Context()
	conn, err := stream.Dial(ctx, redistest.Shared(b).URL())
	require.NoError(b, err)
	b.Cleanup(func() { _ = conn.Close() })
	c, err := New(conn, func(context.Context, *stream.Delivery) error { return nil },
		Config{Group: "bench", Streams: []string{redistest.Prefix(b) + "orders"}, Lease: time.Hour})
	require.NoError(b, err)
	s, batch := c.sources[0], deliveries()
	_, err = s.group.Create(ctx, stream.Oldest())
	require.NoError(b, err)
	pending := make([]ackItem, 0, inBatches)
	b.ReportAllocs()
	for b.Loop() {
		h := s.ledger.add(s, batch, nil, Read, c.now())
		pending = pending[:0]
		for _, it := range h.refs {
			pending = append(pending, newAckItem(it, Acked))
		}
		_, err := s.acker.send(pending)
		require.NoError(b, err)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*inBatches), "ns/entry")
}
