package consumer_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zaptest"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/stream"
)

func TestSmoke(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	conn, err := stream.Dial(ctx, redistest.Shared(t).URL())
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	name := redistest.Prefix(t) + "s"
	var events []stream.Event
	for i := range 500 {
		events = append(events, stream.Event{ID: fmt.Sprint(i), Source: "x", Type: "t", Data: []byte("hi")})
	}
	_, errs := conn.Add(ctx, name, events)
	for _, err := range errs {
		require.NoError(t, err)
	}
	var mu sync.Mutex
	seen := map[string]int{}
	c, err := consumer.New(conn, func(ctx context.Context, d *stream.Delivery) error {
		mu.Lock()
		defer mu.Unlock()
		seen[d.ID]++
		switch d.ID {
		case "7":
			return consumer.Permanent(fmt.Errorf("never"))
		case "8":
			if d.Attempt < 3 {
				return fmt.Errorf("not yet")
			}
		}
		return nil
	}, consumer.Config{Group: "g", Streams: []string{name}, Backoff: consumer.Constant(50 * time.Millisecond), Logger: zaptest.NewLogger(t)})
	require.NoError(t, err)
	run, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- c.Run(run) }()
	require.Eventually(t, func() bool { mu.Lock(); defer mu.Unlock(); return len(seen) == 500 && seen["8"] == 3 }, 10*time.Second, 10*time.Millisecond)
	g, _ := conn.Group(name, "g", stream.DeadLetter{})
	require.Eventually(t, func() bool { i, err := g.Info(ctx); require.NoError(t, err); return i.Pending == 0 && i.Dead == 1 }, 10*time.Second, 10*time.Millisecond)
	stop()
	require.NoError(t, <-done)
	i, err := g.Info(ctx)
	require.NoError(t, err)
	t.Logf("%+v", i)
	require.Equal(t, 1, i.Consumers)
	letters, _, err := g.Letters(ctx, stream.ID{}, 10)
	require.NoError(t, err)
	t.Logf("%+v", letters[0])
	_, err = g.Redrive(ctx, letters[0])
	require.NoError(t, err)
}
