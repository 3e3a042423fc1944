package health_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/health"
)

// dog runs a story on a clock of its own.
func dog(t *testing.T, lease time.Duration, slots int, story func(w *health.Watchdog)) {
	t.Helper()
	synctest.Test(t, func(*testing.T) { story(health.NewWatchdog(lease, slots)) })
}

func TestLoopThatStandsStillFails(t *testing.T) {
	t.Parallel()
	dog(t, time.Second, 1, func(w *health.Watchdog) {
		w.Hooks().Beat("fetcher", "orders")
		time.Sleep(30 * time.Second) //nolint:forbidigo // the clock is synctest's
		require.NoError(t, w.Check())
		time.Sleep(time.Second) //nolint:forbidigo // the clock is synctest's
		require.EqualError(t, w.Check(), "fetcher of stream orders stands still for 31s")
		w.Hooks().Beat("fetcher", "orders")
		require.NoError(t, w.Check())
	})
}

func TestLongLeaseGivesMoreTime(t *testing.T) {
	t.Parallel()
	dog(t, 5*time.Minute, 1, func(w *health.Watchdog) {
		w.Hooks().Beat("leaser", "orders")
		time.Sleep(5 * time.Minute) //nolint:forbidigo // the clock is synctest's
		require.NoError(t, w.Check())
		time.Sleep(time.Second) //nolint:forbidigo // the clock is synctest's
		require.Error(t, w.Check())
	})
}

func TestBusyHandlersExcuseTheTakersOnly(t *testing.T) {
	t.Parallel()
	dog(t, time.Second, 2, func(w *health.Watchdog) {
		h := w.Hooks()
		h.Beat("fetcher", "orders")
		h.Beat("leaser", "orders")
		h.Started(nil)
		h.Started(nil)
		time.Sleep(time.Hour) //nolint:forbidigo // the clock is synctest's
		require.EqualError(t, w.Check(), "leaser of stream orders stands still for 1h0m0s")
		h.Beat("leaser", "orders")
		require.NoError(t, w.Check(), "all handlers are busy")
		h.Handled(nil, 0, nil)
		require.NoError(t, w.Check(), "one has been free for a moment")
		time.Sleep(31 * time.Second) //nolint:forbidigo // the clock is synctest's
		h.Beat("leaser", "orders")
		require.ErrorContains(t, w.Check(), "fetcher")
	})
}

func TestRedisAwayIsNoReasonToRestart(t *testing.T) {
	t.Parallel()
	dog(t, time.Second, 2, func(w *health.Watchdog) {
		h := w.Hooks()
		h.Beat("reclaimer", "orders")
		time.Sleep(time.Hour) //nolint:forbidigo // the clock is synctest's
		h.Error("acker", "orders", errors.New("away"))
		require.NoError(t, w.Check())
		time.Sleep(31 * time.Second) //nolint:forbidigo // the clock is synctest's
		require.Error(t, w.Check())
	})
}

func TestLoopsThatBeatOnlyWithWorkAreNotWatched(t *testing.T) {
	t.Parallel()
	dog(t, time.Second, 2, func(w *health.Watchdog) {
		w.Hooks().Beat("acker", "orders")
		w.Hooks().Beat("janitor", "")
		time.Sleep(time.Hour) //nolint:forbidigo // the clock is synctest's
		require.NoError(t, w.Check())
	})
}

func TestDrainEndsTheWatch(t *testing.T) {
	t.Parallel()
	dog(t, time.Second, 2, func(w *health.Watchdog) {
		w.Hooks().Beat("leaser", "orders")
		time.Sleep(time.Hour) //nolint:forbidigo // the clock is synctest's
		require.Error(t, w.Check())
		w.Stop()
		require.NoError(t, w.Check())
	})
}
