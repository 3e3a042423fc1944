package consumer_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/internal/streamtest"
	"github.com/leat-io/leat/stream"
)

// backlog is a lab with n events in each of several streams.
func backlog(b *testing.B, streams, n int) (*streamtest.Lab, []string) {
	b.Helper()
	l := streamtest.New(b, redistest.Shared(b).URL())
	names := make([]string, streams)
	events := streamtest.Events(1000)
	for i := range names {
		names[i] = fmt.Sprintf("%s-%d", l.Stream, i)
		for range n / len(events) {
			_, errs := l.Conn.Add(l.Ctx, names[i], events)
			require.NoError(b, errs[0])
		}
	}
	return l, names
}

// BenchmarkBusySlots: 5 streams, 200 handlers at once that sleep 10 ms each; the
// ideal is 20,000 a second, every slot always busy.
func BenchmarkBusySlots(b *testing.B) {
	const slots, busy, streams, each = 200, 10 * time.Millisecond, 5, 20000
	for b.Loop() {
		l, names := backlog(b, streams, each)
		var handled atomic.Int64
		all := make(chan struct{})
		c, err := consumer.New(l.Conn, func(context.Context, *stream.Delivery) error {
			time.Sleep(busy) //nolint:forbidigo // it is what is measured
			if handled.Add(1) == streams*each {
				close(all)
			}
			return nil
		}, l.Config(func(c *consumer.Config) { c.Streams, c.Concurrency = names, slots }))
		require.NoError(b, err)
		from := time.Now()
		r := l.Start(c)
		<-all
		rate := streams * each / time.Since(from).Seconds()
		b.ReportMetric(rate, "events/s")
		b.ReportMetric(100*rate/(slots/busy.Seconds()), "%ideal")
		require.NoError(b, r.Stop())
	}
}

// BenchmarkBacklog: how fast a backlog of one stream is worked off by a handler
// that does nothing.
func BenchmarkBacklog(b *testing.B) {
	const n = 200000
	for b.Loop() {
		l, names := backlog(b, 1, n)
		var handled atomic.Int64
		all := make(chan struct{})
		c, err := consumer.New(l.Conn, func(context.Context, *stream.Delivery) error {
			if handled.Add(1) == n {
				close(all)
			}
			return nil
		}, l.Config(func(c *consumer.Config) { c.Streams, c.Prefetch = names, 2000 }))
		require.NoError(b, err)
		from := time.Now()
		r := l.Start(c)
		<-all
		b.ReportMetric(n/time.Since(from).Seconds(), "events/s")
		require.NoError(b, r.Stop())
	}
}
