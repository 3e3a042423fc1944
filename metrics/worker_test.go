package metrics_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
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

// TestWhatAWorkerKeepsIsSeen: what has ended is counted while the worker is in its next, long handler, although it writes to the
// histograms many at a time. Of two streams, and when the handling before has failed, too.
func TestWhatAWorkerKeepsIsSeen(t *testing.T) {
	t.Parallel()
	l := streamtest.New(t, redistest.Shared(t).URL())
	reg := prometheus.NewRegistry()
	second := l.Stream + "-2"
	t.Cleanup(func() { redistest.Shared(t).Client(t).Del(context.Background(), second) })
	let := make(chan struct{})
	var calls atomic.Int64
	r := l.Run(func(_ context.Context, d *stream.Delivery) error {
		switch calls.Add(1) {
		case 3:
			return consumer.Permanent(errors.New("no good"))
		case 6, 8:
			let <- struct{}{}
		}
		return nil
	}, func(c *consumer.Config) {
		c.Streams, c.Concurrency, c.Hooks = []string{l.Stream, second}, 1, metrics.New(reg).Consumer()
	})
	seen := func(name string, ok, failed, running float64) {
		t.Helper()
		here := fmt.Sprintf(`stream=%q`, name)
		streamtest.Eventually(t, func() bool {
			s := scrape(t, reg)
			return s.sum("leat_handler_duration_seconds_count", here, `result="ok"`) == ok &&
				s.sum("leat_handler_duration_seconds_count", here, `result="error"`) == failed && s.sum("leat_deliveries_running", here) == running
		}, "%s: %v ok, %v failed, %v running", name, ok, failed, running)
	}
	l.Publish(6)
	seen(l.Stream, 4, 1, 1)
	for i, name := range []string{l.Stream, second} { // a short one and a long one, without a pause in between
		_, errs := l.Conn.Add(l.Ctx, name, streamtest.Events(1))
		require.NoError(t, errs[0])
		streamtest.Eventually(t, func() bool { return scrape(t, reg).sum("leat_deliveries_waiting") == float64(i+1) }, "it waits")
	}
	<-let
	seen(l.Stream, 6, 1, 0)
	seen(second, 0, 0, 1)
	seen(l.Stream, 6, 1, 0) // at the second look, too
	<-let
	seen(second, 1, 0, 0)
	require.NoError(t, r.Stop())
	seen(l.Stream, 6, 1, 0)
}

// TestAWorkerShowsWhatItLeaves: what is still the worker's own is counted, once, however often anybody looks.
func TestAWorkerShowsWhatItLeaves(t *testing.T) {
	t.Parallel()
	l := streamtest.New(t, redistest.Shared(t).URL())
	reg := prometheus.NewRegistry()
	cfg := l.Config(func(c *consumer.Config) { c.Streams = []string{"one", "two"} })
	c, err := consumer.New(l.Conn, func(context.Context, *stream.Delivery) error { return nil }, cfg)
	require.NoError(t, err)
	w := metrics.New(reg).Consumer().Bind(c).Worker()
	one, two := stream.NewDelivery("one", stream.ID{Ms: 1}, nil), stream.NewDelivery("two", stream.ID{Ms: 1}, nil)
	requireShown := func(name string, ok, running float64) {
		t.Helper()
		for range 2 {
			s := scrape(t, reg)
			require.InDelta(t, ok, s.sum("leat_handler_duration_seconds_count", fmt.Sprintf(`stream=%q`, name), `result="ok"`), 0)
			require.InDelta(t, running, s.sum("leat_deliveries_running", fmt.Sprintf(`stream=%q`, name)), 0)
		}
	}
	w.Started(one)
	requireShown("one", 0, 1)
	w.Handled(one, time.Microsecond, nil)
	w.Started(one)
	requireShown("one", 1, 1)
	w.Handled(one, time.Microsecond, nil)
	w.Started(two)
	requireShown("one", 2, 0)
	requireShown("two", 0, 1)
	w.Handled(two, time.Second, nil)
	requireShown("two", 1, 0)
	for range 200 {
		w.Started(one)
		w.Handled(one, time.Microsecond, nil)
	}
	w.Idle()
	requireShown("one", 202, 0)
	require.InDelta(t, 202e-6, scrape(t, reg).sum("leat_handler_duration_seconds_sum", `stream="one"`), 1e-9)
}

// TestCountersNeverGoBack: scrapes while many workers count see no less than the one before, and at the end all there was. A
// handler that ends its goroutine takes nothing with it.
func TestCountersNeverGoBack(t *testing.T) {
	t.Parallel()
	const n = 5000
	l := streamtest.New(t, redistest.Shared(t).URL())
	reg := prometheus.NewRegistry()
	_, errs := l.Conn.Add(l.Ctx, l.Stream, streamtest.Events(n))
	require.NoError(t, errs[0])
	r := l.Run(func(context.Context, *stream.Delivery) error { return nil }, func(c *consumer.Config) {
		c.Hooks = metrics.New(reg).Consumer()
	})
	before := map[string]float64{}
	for before["leat_deliveries_settled_total"] < n {
		require.NoError(t, l.Ctx.Err(), "%v", before)
		s := scrape(t, reg)
		for _, name := range []string{
			"leat_deliveries_settled_total", "leat_handler_duration_seconds_count", "leat_handler_duration_seconds_sum", "leat_settle_delay_seconds_count",
		} {
			now := s.sum(name)
			require.GreaterOrEqual(t, now, before[name], name)
			before[name] = now
		}
		require.LessOrEqual(t, s.sum("leat_deliveries_running"), 16.)
	}
	require.NoError(t, r.Stop())
	s := scrape(t, reg)
	require.InDelta(t, n, s.sum("leat_handler_duration_seconds_count", `result="ok"`), 0)
	require.InDelta(t, n, s.sum("leat_settle_delay_seconds_count"), 0)
	require.InDelta(t, n, s.sum("leat_delivery_end_to_end_seconds_count"), 0)
	require.InDelta(t, 0, s.sum("leat_deliveries_running"), 0)
}

// TestAtMostOnceIsCounted: without acknowledgements, one by one.
func TestAtMostOnceIsCounted(t *testing.T) {
	t.Parallel()
	l := streamtest.New(t, redistest.Shared(t).URL())
	reg := prometheus.NewRegistry()
	l.Publish(3)
	l.Run(func(_ context.Context, d *stream.Delivery) error {
		if d.ID == "2" {
			return errors.New("no")
		}
		return nil
	}, func(c *consumer.Config) { c.Guarantee, c.Hooks = consumer.AtMostOnce, metrics.New(reg).Consumer() })
	streamtest.Eventually(t, func() bool {
		s := scrape(t, reg)
		return s.sum("leat_deliveries_settled_total", `outcome="acked"`) == 2 && s.sum("leat_deliveries_settled_total", `outcome="dropped"`) == 1 &&
			s.sum("leat_settle_delay_seconds_count") == 3 && s.sum("leat_delivery_end_to_end_seconds_count") == 2
	}, "two handled, one dropped")
}
