package network_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/internal/streamtest"
	"github.com/leat-io/leat/test/faults/network"
)

// patience is how long a client waits for a reply that does not come.
const patience = 300 * time.Millisecond

// dial connects with one connection and without retries, so that what is seen is what happened.
func dial(t *testing.T, addr string, change func(*redis.Options)) *redis.Client {
	t.Helper()
	opts := &redis.Options{
		Addr: addr, PoolSize: 1, MaxRetries: -1, DialerRetries: 1, Protocol: 2, DisableIdentity: true, ContextTimeoutEnabled: true,
		ReadTimeout:              streamtest.Patience,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
	if change != nil {
		change(opts)
	}
	c := redis.NewClient(opts)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// proxy is a server, a client that goes through a proxy, and one that goes past it.
func proxy(t *testing.T) (p *network.Proxy, through, past *redis.Client) {
	t.Helper()
	toxiproxy, err := network.StartToxiproxy(t.Context())
	require.NoError(t, err)
	t.Cleanup(toxiproxy.Close)
	s := redistest.Shared(t)
	p, err = toxiproxy.Proxy(t.Context(), s.Addr())
	require.NoError(t, err)
	return p, dial(t, p.Addr(), nil), s.Client(t)
}

// timesOut is nil when nothing comes for a while.
func timesOut(t *testing.T, do func(ctx context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	err := do(ctx)
	var timeout net.Error
	require.True(t, errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout(), "%v", err)
}

func TestToxicsOnRepliesLetCommandsThrough(t *testing.T) {
	t.Parallel()
	p, through, past := proxy(t)
	ctx, key := t.Context(), redistest.Prefix(t)+"n"
	require.NoError(t, through.Incr(ctx, key).Err())
	require.NoError(t, p.Add(ctx, network.BlackHole(network.Replies)))
	timesOut(t, func(ctx context.Context) error { return through.Incr(ctx, key).Err() })
	streamtest.Eventually(t, func() bool { return past.Get(ctx, key).Val() == "2" }, "it is carried out")

	require.NoError(t, p.Clear(ctx))
	require.NoError(t, p.Add(ctx, network.BlackHole(network.Requests)))
	timesOut(t, func(ctx context.Context) error { return through.Incr(ctx, key).Err() })
	require.Equal(t, "2", past.Get(ctx, key).Val(), "it is not carried out")

	require.NoError(t, p.Heal(ctx))
	require.EqualValues(t, 3, through.Incr(ctx, key).Val())
}

func TestToxics(t *testing.T) {
	t.Parallel()
	p, _, past := proxy(t)
	ctx, key := t.Context(), redistest.Prefix(t)+"big"
	value := strings.Repeat("0123456789", 10_000)
	require.NoError(t, past.Set(ctx, key, value, 0).Err())

	for _, tt := range []struct {
		name  string
		toxic network.Toxic
		least time.Duration // that a reply takes, which no busy machine makes shorter
		check func(t *testing.T, value string, err error)
	}{
		{"latency", network.Latency(network.Both, 100*time.Millisecond, 0), 200 * time.Millisecond, nil},
		{"a trickle", network.Bandwidth(network.Replies, 500), 100 * time.Millisecond, nil},
		{"slices", network.Slice(network.Replies, 5000, 1000, time.Millisecond), 0, nil},
		{"a limit", network.Limit(network.Replies, 50_000), 0, func(t *testing.T, _ string, err error) {
			require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		}},
		{"a timeout", network.Timeout(network.Replies, 50*time.Millisecond), 50 * time.Millisecond, func(t *testing.T, _ string, err error) {
			require.ErrorIs(t, err, io.EOF)
		}},
		{"a reset", network.Reset(network.Replies, 0), 0, func(t *testing.T, _ string, err error) {
			require.ErrorContains(t, err, "reset by peer")
		}},
	} {
		t.Run(tt.name, func(t *testing.T) { // one after the other: they share the proxy
			require.NoError(t, p.Add(ctx, tt.toxic))
			c := dial(t, p.Addr(), nil)
			start := time.Now()
			got, err := c.Get(ctx, key).Result()
			require.GreaterOrEqual(t, time.Since(start), tt.least)
			if tt.check == nil {
				require.NoError(t, err)
				require.Equal(t, value, got)
			} else {
				tt.check(t, got, err)
			}
			require.NoError(t, c.Close())
			require.NoError(t, p.Clear(ctx))
			c = dial(t, p.Addr(), nil)
			require.Equal(t, value, c.Get(ctx, key).Val())
		})
	}
}

func TestDownAndUp(t *testing.T) {
	t.Parallel()
	p, through, _ := proxy(t)
	ctx := t.Context()
	require.NoError(t, through.Ping(ctx).Err())
	require.NoError(t, p.Down(ctx))
	require.Error(t, through.Ping(ctx).Err())
	require.ErrorContains(t, through.Ping(ctx).Err(), "refused")
	require.NoError(t, p.Up(ctx))
	// A client that could not connect waits a second before it tries again.
	streamtest.Eventually(t, func() bool { return through.Ping(ctx).Err() == nil }, "it is there again at the same address")
	require.NoError(t, p.Close(ctx))
	require.Error(t, dial(t, p.Addr(), nil).Ping(ctx).Err())
}

func TestStartWithoutToxiproxy(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := network.StartToxiproxy(t.Context())
	require.ErrorIs(t, err, network.ErrUnavailable)
}
