package metrics_test

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/internal/streamtest"
	"github.com/leat-io/leat/metrics"
	"github.com/leat-io/leat/stream"
)

// BenchmarkDelivery is what the hooks cost for one delivery of a batch of 500.
func BenchmarkDelivery(b *testing.B) {
	l := streamtest.New(b, redistest.Shared(b).URL())
	c, err := consumer.New(l.Conn, func(context.Context, *stream.Delivery) error { return nil }, l.Config(nil))
	require.NoError(b, err)
	h := metrics.New(prometheus.NewRegistry()).Consumer().Bind(c)
	d := stream.NewDelivery(l.Stream, stream.ID{Ms: uint64(time.Now().UnixMilli())}, nil)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if n++; n%500 == 0 {
			h.AckSent(l.Stream, 500, time.Millisecond)
		}
		h.Started(d)
		h.Handled(d, 12345*time.Nanosecond, nil)
		h.Settled(d, consumer.Acked, 23456*time.Nanosecond)
	}
}

// BenchmarkBacklog is what metrics cost a consumer that works off a backlog with a handler that does nothing, the case in
// which they show most: rounds without and with them take turns, and the overhead is that of the medians.
func BenchmarkBacklog(b *testing.B) {
	const n = 100_000
	l := streamtest.New(b, redistest.Shared(b).URL())
	events := streamtest.Events(1000)
	var rates, cost [2][]float64
	round := 0
	one := func(which int) {
		name := fmt.Sprintf("%s-%d", l.Stream, round)
		round++
		for range n / len(events) {
			_, errs := l.Conn.Add(l.Ctx, name, events)
			require.NoError(b, errs[0])
		}
		var handled atomic.Int64
		all := make(chan struct{})
		c, err := consumer.New(l.Conn, func(context.Context, *stream.Delivery) error {
			if handled.Add(1) == n {
				close(all)
			}
			return nil
		}, l.Config(func(c *consumer.Config) {
			c.Streams, c.Prefetch = []string{name}, 2000
			if which == 1 {
				c.Hooks = metrics.New(prometheus.NewRegistry()).Consumer()
			}
		}))
		require.NoError(b, err)
		from, cpu := time.Now(), processor(b)
		r := l.Start(c)
		<-all
		rates[which] = append(rates[which], n/time.Since(from).Seconds())
		cost[which] = append(cost[which], float64(processor(b)-cpu)/n)
		require.NoError(b, r.Stop())
		require.NoError(b, redistest.Shared(b).Client(b).Del(l.Ctx, name).Err())
	}
	for b.Loop() {
		one(0)
		one(1)
		one(1)
		one(0)
	}
	plain, counted := median(rates[0]), median(rates[1])
	b.ReportMetric(plain, "plain/s")
	b.ReportMetric(counted, "counted/s")
	b.ReportMetric(100*(1-counted/plain), "%overhead")
	// Where other programs run beside it, the processor's time says more.
	b.ReportMetric(median(cost[0]), "plain-cpu-ns")
	b.ReportMetric(median(cost[1]), "counted-cpu-ns")
}

// processor is how much of its time this process has used.
func processor(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func median(of []float64) float64 {
	slices.Sort(of)
	return of[len(of)/2]
}
