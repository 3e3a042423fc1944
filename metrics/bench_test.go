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

// BenchmarkDelivery is what the hooks cost for one delivery of a batch of 500, by one worker.
func BenchmarkDelivery(b *testing.B) {
	l := streamtest.New(b, redistest.Shared(b).URL())
	c, err := consumer.New(l.Conn, func(context.Context, *stream.Delivery) error { return nil }, l.Config(nil))
	require.NoError(b, err)
	h := metrics.New(prometheus.NewRegistry()).Consumer().Bind(c)
	w := h.Worker()
	d := stream.NewDelivery(l.Stream, stream.ID{Ms: uint64(time.Now().UnixMilli())}, nil)
	acks := make([]consumer.Ack, 0, 500)
	b.ReportAllocs()
	from := processor(b)
	for b.Loop() {
		w.Started(d)
		w.Handled(d, time.Duration(500+len(acks)%7*40), nil)
		h.Settled(d, consumer.Acked, 23456*time.Nanosecond)
		acks = append(acks, consumer.Ack{EntryID: d.EntryID, Since: time.Millisecond - time.Duration(len(acks))*time.Microsecond})
		if len(acks) == cap(acks) {
			h.AckSent(l.Stream, len(acks), time.Millisecond)
			h.Acked(l.Stream, acks)
			acks = acks[:0]
		}
	}
	b.ReportMetric(float64(processor(b)-from)/float64(b.N), "cpu-ns/op")
}

// BenchmarkBacklog is what metrics cost a consumer that works off a backlog with a handler that does nothing, the case in
// which they show most. Rounds without and with them take turns, four together, so that what else the machine does hits both;
// the overheads are the medians of the fours. Where other programs run, the processor's time says more than the clock.
func BenchmarkBacklog(b *testing.B) {
	const n = 100_000
	l := streamtest.New(b, redistest.Shared(b).URL())
	events := streamtest.Events(1000)
	var wall, cpu [2]float64 // of the four rounds
	var slower, dearer, cost []float64
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
		from, used := time.Now(), processor(b)
		r := l.Start(c)
		<-all
		wall[which] += time.Since(from).Seconds()
		cpu[which] += float64(processor(b) - used)
		require.NoError(b, r.Stop())
		require.NoError(b, redistest.Shared(b).Client(b).Del(l.Ctx, name).Err())
	}
	for b.Loop() {
		wall, cpu = [2]float64{}, [2]float64{}
		for _, which := range []int{0, 1, 1, 0} {
			one(which)
		}
		slower = append(slower, 100*(1-wall[0]/wall[1]))
		dearer = append(dearer, 100*(cpu[1]/cpu[0]-1))
		cost = append(cost, cpu[0]/(2*n))
	}
	b.ReportMetric(median(slower), "%throughput-lost")
	b.ReportMetric(median(dearer), "%cpu-more")
	b.ReportMetric(median(cost), "plain-cpu-ns")
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
