package tracing_test

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	sdk "go.opentelemetry.io/otel/sdk/trace"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/internal/streamtest"
	"github.com/leat-io/leat/stream"
	"github.com/leat-io/leat/tracing"
)

// notSampled is a provider that samples nothing by itself.
func notSampled() tracing.Option {
	return tracing.WithTracerProvider(sdk.NewTracerProvider(sdk.WithSampler(sdk.ParentBased(sdk.NeverSample()))))
}

const carried = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"

// BenchmarkHandlingNotSampled is what the middleware costs for a delivery that is not sampled: without a context in the entry, and
// with one, as a trace of its own and as part of that one.
func BenchmarkHandlingNotSampled(b *testing.B) {
	plain := &stream.Delivery{Event: stream.Event{ID: "1", Type: "t"}, Stream: "orders"}
	carrying := &stream.Delivery{Event: stream.Event{ID: "1", Type: "t", Extensions: map[string]string{"traceparent": carried}}, Stream: "orders"}
	for name, opts := range map[string][]tracing.Option{
		"linked": {notSampled()}, "parent": {notSampled(), tracing.AsParent()},
		"sampler/linked": {tracing.WithSampler(tracing.Ratio(0))}, "sampler/parent": {tracing.WithSampler(tracing.Ratio(0)), tracing.AsParent()},
	} {
		handle := tracing.Consumer("g", opts...)(func(context.Context, *stream.Delivery) error { return nil })
		for kind, d := range map[string]*stream.Delivery{"plain": plain, "carrying": carrying} {
			b.Run(name+"/"+kind, func(b *testing.B) {
				b.ReportAllocs()
				from := processor(b)
				for b.Loop() {
					_ = handle(b.Context(), d)
				}
				b.ReportMetric(float64(processor(b)-from)/float64(b.N), "cpu-ns/op")
			})
		}
	}
}

// BenchmarkBacklogNotSampled is what that is of all that a consumer does for a message, when the handler does nothing. Rounds
// without and with tracing take turns, four together, so that what else the machine does hits both; the overheads are the
// medians of the fours. Where other programs run, the processor's time says more than the clock.
func BenchmarkBacklogNotSampled(b *testing.B) {
	for name, opts := range map[string][]tracing.Option{
		"provider": {notSampled(), tracing.AsParent()}, "sampler": {tracing.WithSampler(tracing.ParentSampled), tracing.AsParent()},
	} {
		b.Run(name, func(b *testing.B) { backlog(b, opts) })
	}
}

func backlog(b *testing.B, opts []tracing.Option) {
	b.Helper()
	const n = 100_000
	l := streamtest.New(b, redistest.Shared(b).URL())
	events := streamtest.Events(1000)
	for i := range events {
		events[i].Extensions = map[string]string{"traceparent": carried}
	}
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
				c.Middleware = []consumer.Middleware{tracing.Consumer(c.Group, opts...)}
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
