package health_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/health"
	"github.com/leat-io/leat/stac/poll"
)

// pollerDog runs a story on a clock of its own.
func pollerDog(t *testing.T, story func(p *health.Poller, h poll.Hooks)) {
	t.Helper()
	synctest.Test(t, func(*testing.T) {
		p := health.NewPoller()
		story(p, p.Hooks())
	})
}

func TestPassThatStandsStill(t *testing.T) {
	t.Parallel()
	pollerDog(t, func(p *health.Poller, h poll.Hooks) {
		require.NoError(t, p.Check(), "it has not begun")
		h.Started("a", time.Minute, 0)
		pass(time.Hour)
		require.NoError(t, p.Check(), "redis has not been reached")
		h.Beat("a", time.Minute)
		h.Beat("b", time.Hour)
		pass(90 * time.Second)
		require.NoError(t, p.Check())
		pass(time.Second)
		require.EqualError(t, p.Check(), "source a stands still for 1m31s")
		h.Beat("a", 24*time.Hour)
		require.NoError(t, p.Check())
		pass(2 * time.Hour)
		require.EqualError(t, p.Check(), "source b stands still for 2h1m31s")
		h.Beat("b", -1)
		require.NoError(t, p.Check(), "it has ended")
		pass(48 * time.Hour)
		require.Error(t, p.Check())
		p.Stop()
		require.NoError(t, p.Check(), "it ends on purpose")
	})
}

func TestPollerIsReady(t *testing.T) {
	t.Parallel()
	pollerDog(t, func(p *health.Poller, h poll.Hooks) {
		require.ErrorContains(t, p.Ready(), "has not been reached")
		h.Started("a", time.Minute, 0)
		h.Started("b", time.Minute, 0)
		h.Leased("a", nil)
		require.ErrorContains(t, p.Ready(), "source b: the poller has not begun")
		h.Leased("b", nil)
		require.NoError(t, p.Ready(), "whoever has the leases")
		h.Leased("a", errors.New("connection refused"))
		require.EqualError(t, p.Ready(), "source a: connection refused")
		h.Leased("a", nil)
		require.NoError(t, p.Ready())
		p.Stop()
		require.EqualError(t, p.Ready(), "the poller ends")
	})
}
