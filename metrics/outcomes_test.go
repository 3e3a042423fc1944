package metrics_test

import (
	"context"
	"errors"
	"fmt"
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

// runner runs a consumer whose deliveries are counted.
type runner func(h consumer.Handler, change func(*consumer.Config)) *streamtest.Running

// TestEveryOutcomeHasItsLabel: each way in which a delivery can end is counted as that, and as no other.
func TestEveryOutcomeHasItsLabel(t *testing.T) {
	t.Parallel()
	returns := func(err error, change func(*consumer.Config)) func(*testing.T, *streamtest.Lab, runner) {
		return func(_ *testing.T, l *streamtest.Lab, run runner) {
			l.Publish(3)
			run(func(context.Context, *stream.Delivery) error { return err }, change)
		}
	}
	for outcome, story := range map[consumer.Outcome]func(*testing.T, *streamtest.Lab, runner){
		consumer.Acked:        returns(nil, func(*consumer.Config) {}),
		consumer.Retried:      returns(errors.New("later"), func(c *consumer.Config) { c.Backoff = consumer.Constant(time.Hour) }),
		consumer.DeadLettered: returns(consumer.Permanent(errors.New("never")), func(*consumer.Config) {}),
		consumer.Dropped:      returns(errors.New("no"), func(c *consumer.Config) { c.Guarantee = consumer.AtMostOnce }),
		consumer.Released:     isReleased, consumer.Lost: isLost, consumer.Skipped: isSkipped,
	} {
		t.Run(outcome.String(), func(t *testing.T) {
			t.Parallel()
			l, reg := streamtest.New(t, redistest.Shared(t).URL()), prometheus.NewRegistry()
			story(t, l, func(h consumer.Handler, change func(*consumer.Config)) *streamtest.Running {
				return l.Run(h, func(c *consumer.Config) {
					c.Hooks = metrics.New(reg).Consumer()
					change(c)
				})
			})
			here := fmt.Sprintf(`stream=%q`, l.Stream)
			streamtest.Eventually(t, func() bool {
				s := scrape(t, reg)
				return s.sum("leat_deliveries_settled_total", here, fmt.Sprintf(`outcome=%q`, outcome)) == 3 &&
					s.sum("leat_deliveries_settled_total", here) == 3 && s.sum("leat_settle_delay_seconds_count", here) == 3
			}, "three are %s", outcome)
		})
	}
}

func held(ctx context.Context, _ *stream.Delivery) error {
	<-ctx.Done()
	return ctx.Err()
}

// isReleased: handlers are ended by a shutdown.
func isReleased(t *testing.T, l *streamtest.Lab, run runner) {
	t.Helper()
	l.Publish(3)
	started := make(chan struct{}, 3)
	r := run(func(ctx context.Context, d *stream.Delivery) error {
		started <- struct{}{}
		return held(ctx, d)
	}, func(c *consumer.Config) { c.ShutdownTimeout = time.Millisecond })
	for range 3 {
		<-started
	}
	require.NoError(t, r.Stop())
}

// isLost: somebody takes the entries by hand, as an operator might.
func isLost(t *testing.T, l *streamtest.Lab, run runner) {
	t.Helper()
	started := make(chan string, 10)
	run(func(ctx context.Context, d *stream.Delivery) error {
		started <- d.EntryID.String()
		return held(ctx, d)
	}, func(c *consumer.Config) { c.Lease = time.Second })
	l.Publish(3)
	admin := redistest.Shared(t).Client(t)
	for range 3 {
		require.NoError(t, admin.Do(l.Ctx, "XCLAIM", l.Stream, "workers", "by-hand", 0, <-started).Err())
	}
}

// isSkipped: copies that a redrive has made for another group.
func isSkipped(t *testing.T, l *streamtest.Lab, run runner) {
	t.Helper()
	for range 3 {
		require.NoError(t, redistest.Shared(t).Client(t).Do(l.Ctx, "XADD", l.Stream, "*", "leat-redrive-group", "another", "a", "b").Err())
	}
	run(held, func(*consumer.Config) {})
}
