package health_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/internal/health"
)

// dog runs a story on a clock of its own.
func dog(t *testing.T, cfg consumer.Config, story func(w *health.Watchdog)) {
	t.Helper()
	synctest.Test(t, func(*testing.T) { story(health.NewWatchdog(cfg)) })
}

// config has a lease of 6 s: with a Poll of 500 ms a retrier counts as standing still after 31.65 s, a leaser after 33 s.
func config(slots int) consumer.Config {
	return consumer.Config{Lease: 6 * time.Second, Concurrency: slots}
}

// pass lets time pass.
func pass(d time.Duration) { time.Sleep(d) } //nolint:forbidigo // the clock is synctest's

func TestEachLoopHasItsOwnPeriod(t *testing.T) {
	t.Parallel()
	for loop, limit := range map[string]time.Duration{
		"fetcher": 33 * time.Second, "retrier": 31650 * time.Millisecond, "reclaimer": 32250 * time.Millisecond,
		"leaser": 33 * time.Second, "acker": 34500 * time.Millisecond, "janitor": 97500 * time.Millisecond,
	} {
		dog(t, config(1), func(w *health.Watchdog) {
			w.Hooks().Beat(loop, "orders")
			pass(limit)
			require.NoError(t, w.Check(), loop)
			pass(time.Second)
			require.ErrorContains(t, w.Check(), loop+" of stream orders stands still for")
			w.Hooks().Beat(loop, "orders")
			require.NoError(t, w.Check(), loop)
		})
	}
}

func TestLongLeaseGivesMoreTime(t *testing.T) {
	t.Parallel()
	dog(t, consumer.Config{Lease: 5 * time.Minute, Concurrency: 1}, func(w *health.Watchdog) {
		w.Hooks().Beat("leaser", "orders")
		pass(3 * time.Minute)
		require.NoError(t, w.Check())
		pass(time.Second)
		require.EqualError(t, w.Check(), "leaser of stream orders stands still for 3m1s")
	})
}

func TestBusyHandlersExcuseTheTakersOnly(t *testing.T) {
	t.Parallel()
	dog(t, config(2), func(w *health.Watchdog) {
		h := w.Hooks()
		h.Beat("fetcher", "orders")
		h.Beat("leaser", "orders")
		h.Started(nil)
		h.Started(nil)
		pass(time.Hour)
		require.EqualError(t, w.Check(), "leaser of stream orders stands still for 1h0m0s")
		h.Beat("leaser", "orders")
		require.NoError(t, w.Check(), "all handlers are busy")
		h.Handled(nil, 0, nil)
		require.NoError(t, w.Check(), "one has been free for a moment")
		pass(46 * time.Second)
		h.Beat("leaser", "orders")
		require.ErrorContains(t, w.Check(), "fetcher")
	})
}

func TestRedisAwayIsNoReasonToRestart(t *testing.T) {
	t.Parallel()
	for _, loop := range []string{"reclaimer", "acker", "janitor"} {
		dog(t, config(2), func(w *health.Watchdog) {
			h := w.Hooks()
			h.Beat(loop, "orders")
			pass(time.Hour)
			h.Error("acker", "orders", errors.New("away"))
			require.NoError(t, w.Check())
			pass(46 * time.Second)
			require.ErrorContains(t, w.Check(), loop)
		})
	}
	dog(t, config(2), func(w *health.Watchdog) {
		h := w.Hooks()
		h.Beat("leaser", "orders")
		pass(time.Hour)
		h.Error("acker", "orders", errors.New("away"))
		require.Error(t, w.Check(), "the leaser tries again and again, whatever Redis does")
	})
}

func TestJanitorIsOfNoStream(t *testing.T) {
	t.Parallel()
	dog(t, config(2), func(w *health.Watchdog) {
		w.Hooks().Beat("janitor", "")
		pass(time.Hour)
		require.EqualError(t, w.Check(), "janitor stands still for 1h0m0s")
	})
}

func TestLoopsThatAreNotKnownAreNotWatched(t *testing.T) {
	t.Parallel()
	cfg := config(2)
	cfg.ConsumerIdle = -1 // no janitor
	dog(t, cfg, func(w *health.Watchdog) {
		w.Hooks().Beat("janitor", "")
		w.Hooks().Beat("something", "orders")
		pass(time.Hour)
		require.NoError(t, w.Check())
	})
}

func TestDrainEndsTheWatch(t *testing.T) {
	t.Parallel()
	dog(t, config(2), func(w *health.Watchdog) {
		w.Hooks().Beat("leaser", "orders")
		pass(time.Hour)
		require.Error(t, w.Check())
		w.Stop()
		require.NoError(t, w.Check())
	})
}
