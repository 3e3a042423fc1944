package gauge

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
)

// Whenever it is interrupted, nothing is left.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := server.Client(t)
	for _, at := range []string{
		"warming up, leat", "publish, bare", "consume a backlog, leat", "end to end, bare", "latency, leat",
	} {
		ctx, cancel := context.WithCancel(t.Context())
		cfg := on(server.URL())
		cfg.stage = func(name string) {
			if strings.HasSuffix(name, at) {
				cancel()
			}
		}
		_, err := Run(ctx, cfg)
		require.ErrorIs(t, err, ErrInterrupted, at)
		require.Empty(t, keys(t, client), at)
		cancel()
	}
}

// Interrupted in the middle of a pipeline or a batch, whatever is on its way has come
// when the keys are deleted.
func TestInterruptedInTheMiddle(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := server.Client(t)
	for _, at := range []string{"publish, leat", "publish, bare", "end to end, leat"} {
		ctx, cancel := context.WithCancel(t.Context())
		cfg := on(server.URL())
		cfg.Duration = 10 * time.Second // so that there is a middle
		cfg.Memory = 64 << 20
		var watching sync.WaitGroup
		cfg.stage = func(name string) {
			if !strings.HasSuffix(name, "round 1 of 5: "+at) {
				return
			}
			watching.Go(func() {
				defer cancel()
				awaitLength(ctx, client, at[strings.LastIndex(at, " ")+1:])
			})
		}
		_, err := Run(ctx, cfg)
		cancel()
		watching.Wait()
		require.ErrorIs(t, err, ErrInterrupted, at)
		require.Empty(t, keys(t, client), at)
	}
}

// Interrupted while the server hangs with events in its buffers, which it takes up
// again when the keys are deleted: they make no stream anew.
func TestInterruptedWhileTheServerHangs(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"publish, leat", "publish, bare"} {
		server := redistest.Start(t)
		client := server.Client(t)
		ctx, cancel := context.WithCancel(t.Context())
		cfg := on(server.URL())
		cfg.Duration = 10 * time.Second
		var watching sync.WaitGroup
		cfg.stage = func(name string) {
			switch {
			case strings.HasSuffix(name, "round 1 of 5: "+at):
				watching.Go(func() {
					defer cancel()
					awaitLength(ctx, client, at[strings.LastIndex(at, " ")+1:])
					server.Pause()
				})
			case name == deleting:
				server.Resume()
			}
		}
		_, err := Run(ctx, cfg)
		cancel()
		watching.Wait()
		require.ErrorIs(t, err, ErrInterrupted, at)
		await(t, "its connections are gone", func() bool {
			return strings.Count(client.ClientList(t.Context()).Val(), "\n") == 1
		})
		for _, key := range keys(t, client) {
			require.Equal(t, "string", client.Type(t.Context(), key).Val(), "%s: %s", at, key)
			require.Positive(t, client.PTTL(t.Context(), key).Val())
		}
	}
}

// awaitLength waits until there is a stream of that way with some entries.
func awaitLength(ctx context.Context, client *redis.Client, way string) {
	for ctx.Err() == nil {
		for _, key := range client.Keys(ctx, "*:"+way+":*").Val() {
			if client.XLen(ctx, key).Val() > 2000 {
				return
			}
		}
	}
}

// await waits until something holds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); {
		require.False(t, time.Now().After(deadline), "waited in vain: %s", what)
		require.NoError(t, wait(t.Context(), 10*time.Millisecond))
	}
}
