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
	"github.com/leat-io/leat/producer"
	"github.com/leat-io/leat/stream"
)

func TestWhatAConsumerDoesIsCounted(t *testing.T) {
	t.Parallel()
	l := streamtest.New(t, redistest.Shared(t).URL())
	reg := prometheus.NewRegistry()
	m := metrics.New(reg)
	l.Publish(10)
	var fails atomic.Int64
	r := l.Run(func(_ context.Context, d *stream.Delivery) error {
		switch d.ID {
		case "3":
			return consumer.Permanent(errors.New("no good"))
		case "4":
			if fails.Add(1) <= 2 {
				return errors.New("not yet")
			}
		}
		return nil
	}, func(c *consumer.Config) { c.Hooks = m.Consumer() })
	l.Settled()

	streamtest.Eventually(t, func() bool { // a hook is called when its entry is settled already
		return scrape(t, reg).sum("leat_deliveries_settled_total") == 12
	}, "everything is counted")
	s := scrape(t, reg)
	here := fmt.Sprintf(`stream=%q`, l.Stream)
	require.InDelta(t, 10, s.sum("leat_deliveries_taken_total", here, `group="workers"`, `how="read"`), 0)
	require.InDelta(t, 2, s.sum("leat_deliveries_taken_total", here, `how="due"`), 0)
	require.InDelta(t, 9, s.sum("leat_deliveries_settled_total", here, `outcome="acked"`), 0)
	require.InDelta(t, 2, s.sum("leat_deliveries_settled_total", here, `outcome="retried"`), 0)
	require.InDelta(t, 1, s.sum("leat_deliveries_settled_total", here, `outcome="dead_lettered"`), 0)
	require.True(t, s.has("leat_deliveries_settled_total", here, `outcome="lost"`), "what has not happened is 0, not absent")
	require.InDelta(t, 9, s.sum("leat_handler_duration_seconds_count", here, `result="ok"`), 0)
	require.InDelta(t, 3, s.sum("leat_handler_duration_seconds_count", here, `result="error"`), 0)
	require.InDelta(t, 9, s.sum("leat_delivery_end_to_end_seconds_count", here), 0)
	require.Positive(t, s.sum("leat_delivery_end_to_end_seconds_sum", here))
	require.InDelta(t, 12, s.sum("leat_settle_delay_seconds_count", here), 0)
	require.InDelta(t, 9, s.sum("leat_ack_batch_entries_sum", here), 0)
	require.InDelta(t, 12, s.sum("leat_take_batch_entries_sum", here), 0)
	require.InDelta(t, 0, s.sum("leat_deliveries_running", here), 0)
	require.InDelta(t, 16, s.sum("leat_handler_slots", `group="workers"`), 0)
	require.InDelta(t, 16, s.sum("leat_handler_slots_free"), 0)
	for _, loop := range []string{"fetcher", "retrier", "leaser"} {
		loop := fmt.Sprintf(`loop=%q`, loop)
		streamtest.Eventually(t, func() bool { return scrape(t, reg).has("leat_loop_beats_total", here, loop) }, "%s beats", loop)
		require.InDelta(t, float64(time.Now().Unix()), scrape(t, reg).sum("leat_loop_last_beat_timestamp_seconds", here, loop), 600)
	}
	require.NoError(t, r.Stop())
	require.False(t, scrape(t, reg).has("leat_handler_slots"), "a consumer that has ended has no slots")
	require.InDelta(t, 9, scrape(t, reg).sum("leat_deliveries_settled_total", `outcome="acked"`), 0, "what it did stays")
}

func TestRunningAndWaitingDeliveries(t *testing.T) {
	t.Parallel()
	l := streamtest.New(t, redistest.Shared(t).URL())
	reg := prometheus.NewRegistry()
	m := metrics.New(reg)
	l.Publish(5)
	let := make(chan struct{})
	r := l.Run(func(context.Context, *stream.Delivery) error { <-let; return nil }, func(c *consumer.Config) {
		c.Hooks, c.Concurrency, c.Prefetch = m.Consumer(), 2, 3
	})
	streamtest.Eventually(t, func() bool {
		s := scrape(t, reg)
		return s.sum("leat_deliveries_running") == 2 && s.sum("leat_deliveries_waiting") == 3 && s.sum("leat_handler_slots_free") == 0
	}, "two run, three wait")
	close(let)
	l.Settled()
	streamtest.Eventually(t, func() bool {
		s := scrape(t, reg)
		return s.sum("leat_deliveries_running") == 0 && s.sum("leat_deliveries_waiting") == 0 && s.sum("leat_handler_slots_free") == 2
	}, "none")
	require.NoError(t, r.Stop())
}

// TestConsumersOfOneProgramShareMetrics: the same hooks tell them apart by themselves.
func TestConsumersOfOneProgramShareMetrics(t *testing.T) {
	t.Parallel()
	l := streamtest.New(t, redistest.Shared(t).URL())
	reg := prometheus.NewRegistry()
	hooks := metrics.New(reg).Consumer()
	l.Publish(7)
	for _, group := range []string{"one", "two"} {
		l.Run(func(context.Context, *stream.Delivery) error { return nil }, func(c *consumer.Config) { c.Hooks, c.Group = hooks, group })
	}
	streamtest.Eventually(t, func() bool {
		s := scrape(t, reg)
		return s.sum("leat_deliveries_settled_total", `group="one"`, `outcome="acked"`) == 7 &&
			s.sum("leat_deliveries_settled_total", `group="two"`, `outcome="acked"`) == 7
	}, "both have worked it off")
}

func TestErrorsAndReconnectsAreCounted(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	l := streamtest.New(t, server.URL(), stream.WithTimeout(500*time.Millisecond))
	reg := prometheus.NewRegistry()
	l.Run(func(context.Context, *stream.Delivery) error { return nil }, func(c *consumer.Config) { c.Hooks = metrics.New(reg).Consumer() })
	streamtest.Eventually(t, func() bool { return scrape(t, reg).sum("leat_loop_beats_total", `loop="fetcher"`) > 1 }, "it reads")
	server.Stop()
	streamtest.Eventually(t, func() bool { return scrape(t, reg).sum("leat_redis_errors_total", `loop="fetcher"`) > 0 }, "errors")
	server.Restart()
	streamtest.Eventually(t, func() bool {
		s := scrape(t, reg)
		return s.sum("leat_redis_reconnects_total") > 0 && s.sum("leat_groups_restored_total") > 0
	}, "Redis is there again, without the group")
}

func TestWhatAProducerDoesIsCounted(t *testing.T) {
	t.Parallel()
	l := streamtest.New(t, redistest.Shared(t).URL())
	reg := prometheus.NewRegistry()
	p, err := producer.New(l.Conn, producer.Config{Hooks: metrics.New(reg).Producer()})
	require.NoError(t, err)
	_, err = p.Publish(l.Ctx, l.Stream, streamtest.Events(5)...)
	require.NoError(t, err)
	for _, e := range streamtest.Events(3) {
		_, err := p.Send(l.Ctx, l.Stream, e).Wait(l.Ctx)
		require.NoError(t, err)
	}
	wrong := l.Stream + "-no-stream"
	rdb := redistest.Shared(t).Client(t)
	require.NoError(t, rdb.Set(l.Ctx, wrong, "x", 0).Err())
	_, err = p.Publish(l.Ctx, wrong, streamtest.Events(2)...)
	require.Error(t, err)
	require.NoError(t, p.Close(l.Ctx))
	s := scrape(t, reg)
	require.InDelta(t, 8, s.sum("leat_events_published_total", fmt.Sprintf(`stream=%q`, l.Stream), `outcome="stored"`), 0)
	require.InDelta(t, 2, s.sum("leat_events_published_total", fmt.Sprintf(`stream=%q`, wrong), `outcome="rejected"`), 0)
	require.InDelta(t, 8, s.sum("leat_publish_batch_events_sum", fmt.Sprintf(`stream=%q`, l.Stream)), 0)
	require.Positive(t, s.sum("leat_published_bytes_total"))
	require.Positive(t, s.sum("leat_publish_duration_seconds_sum"))
	require.InDelta(t, 0, s.sum("leat_publish_pending_events"), 0)
}

// TestStreamsThatArePublishedToAreBounded: a program that makes up names does not fill Prometheus.
func TestStreamsThatArePublishedToAreBounded(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	h := metrics.New(reg).Producer()
	for i := range 1500 {
		h.Published(producer.Published{Stream: fmt.Sprint("tenant-", i), Events: 1, Bytes: 10})
	}
	s := scrape(t, reg)
	require.InDelta(t, 1500, s.sum("leat_events_published_total"), 0)
	require.InDelta(t, 500, s.sum("leat_events_published_total", `stream="_other"`), 0)
}

type traceKey struct{}

func TestExemplarsOfSampledHandlings(t *testing.T) {
	t.Parallel()
	l := streamtest.New(t, redistest.Shared(t).URL())
	reg := prometheus.NewRegistry()
	m := metrics.New(reg)
	l.Publish(2)
	traced := func(next consumer.Handler) consumer.Handler {
		return func(ctx context.Context, d *stream.Delivery) error {
			if d.ID == "1" {
				ctx = context.WithValue(ctx, traceKey{}, "4bf92f3577b34da6a3ce929d0e0e4736")
			}
			return next(ctx, d)
		}
	}
	l.Run(func(context.Context, *stream.Delivery) error { return nil }, func(c *consumer.Config) {
		c.Hooks = m.Consumer()
		c.Middleware = []consumer.Middleware{traced, m.Exemplars(c.Group, func(ctx context.Context) prometheus.Labels {
			if id, ok := ctx.Value(traceKey{}).(string); ok {
				return prometheus.Labels{"trace_id": id}
			}
			return nil
		})}
	})
	l.Settled()
	families, err := reg.Gather()
	require.NoError(t, err)
	var found []string
	for _, f := range families {
		for _, metric := range f.Metric {
			for _, b := range metric.GetHistogram().GetBucket() {
				if e := b.GetExemplar(); e != nil {
					require.Equal(t, "leat_handler_duration_seconds", f.GetName())
					found = append(found, e.Label[0].GetName()+"="+e.Label[0].GetValue())
				}
			}
		}
	}
	require.Equal(t, []string{"trace_id=4bf92f3577b34da6a3ce929d0e0e4736"}, found)
}

func TestTwoWithOneRegistryIsAMistake(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	metrics.New(reg)
	require.Panics(t, func() { metrics.New(reg) })
	metrics.New(nil).Producer().Pending(1, 1) // nobody looks
}
