package consumer_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/stream"
)

// anyConn is a connection that is never used.
func anyConn(t *testing.T) *stream.Conn {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
	t.Cleanup(func() { _ = client.Close() })
	conn := stream.Wrap(client)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func nothing(context.Context, *stream.Delivery) error { return nil }

func TestConfigErrorsAreJoined(t *testing.T) {
	t.Parallel()
	_, err := consumer.New(anyConn(t), nothing, consumer.Config{
		Streams: []string{"a", "a", "b}c", ""}, Concurrency: -1, Lease: time.Millisecond, Block: time.Minute,
		HandlerTimeout: -1, AckBatch: -1, Name: stream.Parked, BatchWait: -1, Poll: 1, Guarantee: 7, Headroom: 1 << 40,
	})
	for _, part := range []string{
		"Group is empty", `"a" twice`, "Concurrency is -1", "Lease is 1ms", "Block is 1m0s", "HandlerTimeout", "AckBatch",
		"Name", "BatchWait", "Poll", "Guarantee", "Headroom",
	} {
		require.ErrorContains(t, err, part)
	}
	_, err = consumer.New(anyConn(t), nothing, consumer.Config{Group: "g", Streams: []string{"b}c", ""}})
	require.ErrorIs(t, err, stream.ErrStreamName)
	require.ErrorContains(t, err, `"b}c"`)
	_, err = consumer.New(anyConn(t), nil, consumer.Config{Group: "g", Streams: []string{"s"}})
	require.ErrorContains(t, err, "handler is nil")
	_, err = consumer.New(nil, nothing, consumer.Config{Group: "g", Streams: []string{"s"}})
	require.ErrorContains(t, err, "conn is nil")
	_, err = consumer.New(anyConn(t), nothing, consumer.Config{Group: "g", Streams: []string{"s"}, DeadLetter: stream.DeadLetter{Stream: "s"}})
	require.ErrorContains(t, err, "itself")
}

func TestNamesAreNeverTheSame(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for range 100 {
		c, err := consumer.New(anyConn(t), nothing, consumer.Config{Group: "g", Streams: []string{"s"}})
		require.NoError(t, err)
		require.False(t, names[c.Name()])
		names[c.Name()] = true
	}
}

func TestReadyBeforeRun(t *testing.T) {
	t.Parallel()
	c, err := consumer.New(anyConn(t), nothing, consumer.Config{Group: "g", Streams: []string{"s"}})
	require.NoError(t, err)
	require.Error(t, c.Ready())
	// Told to stop before Redis could ever be reached.
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	cancel()
	require.NoError(t, receive(t, done, "the end"))
}

func TestMux(t *testing.T) {
	t.Parallel()
	var called []string
	named := func(name string) consumer.Handler {
		return func(context.Context, *stream.Delivery) error { called = append(called, name); return nil }
	}
	around := func(name string) consumer.Middleware {
		return func(h consumer.Handler) consumer.Handler {
			return func(ctx context.Context, d *stream.Delivery) error { called = append(called, name); return h(ctx, d) }
		}
	}
	mux := consumer.NewMux()
	mux.Handle("a", named("a"), around("outer"), around("inner"))
	require.PanicsWithValue(t, `consumer: event type "a" is registered twice`, func() { mux.Handle("a", named("a")) })
	require.Panics(t, func() { mux.Handle("b", nil) })
	event := func(eventType string) *stream.Delivery {
		return stream.NewDelivery("s", stream.ID{Ms: 1}, stream.Fields{
			{Name: []byte("specversion"), Value: []byte("1.0")},
			{Name: []byte("id"), Value: []byte("1")},
			{Name: []byte("source"), Value: []byte("s")},
			{Name: []byte("type"), Value: []byte(eventType)},
		})
	}
	require.NoError(t, mux.Dispatch(t.Context(), event("a")))
	require.Equal(t, []string{"outer", "inner", "a"}, called)
	err := mux.Dispatch(t.Context(), event("b"))
	require.ErrorIs(t, err, consumer.ErrNoHandler)
	require.True(t, consumer.IsPermanent(err))
	mux.Handle(stream.ForeignType, named("foreign"))
	require.NoError(t, mux.Dispatch(t.Context(), stream.NewDelivery("s", stream.ID{Ms: 1}, stream.Fields{{Name: []byte("x"), Value: []byte("y")}})))
	mux.Default(named("default"))
	require.NoError(t, mux.Dispatch(t.Context(), event("b")))
	require.Equal(t, []string{"outer", "inner", "a", "foreign", "default"}, called)
}

func TestTyped(t *testing.T) {
	t.Parallel()
	type order struct{ N int }
	var got order
	h := consumer.Typed(func(_ context.Context, v order, _ *stream.Delivery) error { got = v; return nil })
	d := stream.NewDelivery("s", stream.ID{Ms: 1}, stream.Fields{{Name: []byte("specversion"), Value: []byte("1.0")}})
	d.Data = []byte(`{"n": 7}`)
	require.NoError(t, h(t.Context(), d))
	require.Equal(t, 7, got.N)
	d.Data = []byte(`{"n": "seven"}`)
	err := h(t.Context(), d)
	require.True(t, consumer.IsPermanent(err))
	require.ErrorContains(t, err, "order")
	// A foreign entry's fields are its data.
	foreign := consumer.Typed(func(_ context.Context, v map[string]string, _ *stream.Delivery) error {
		require.Equal(t, map[string]string{"href": "x"}, v)
		return nil
	})
	require.NoError(t, foreign(t.Context(), stream.NewDelivery("s", stream.ID{Ms: 1}, stream.Fields{{Name: []byte("href"), Value: []byte("x")}})))
}

func TestVerdictErrors(t *testing.T) {
	t.Parallel()
	base := errors.New("base")
	require.NoError(t, consumer.Permanent(nil))
	require.NoError(t, consumer.RetryAfter(nil, time.Second))
	require.ErrorIs(t, consumer.Permanent(base), base)
	require.True(t, consumer.IsPermanent(fmt.Errorf("wrapped: %w", consumer.Permanent(base))))
	require.False(t, consumer.IsPermanent(base))
	after, ok := consumer.RetryDelay(fmt.Errorf("wrapped: %w", consumer.RetryAfter(base, time.Minute)))
	require.True(t, ok)
	require.Equal(t, time.Minute, after)
	after, _ = consumer.RetryDelay(consumer.RetryAfter(base, -1))
	require.Zero(t, after)
	_, ok = consumer.RetryDelay(base)
	require.False(t, ok)
	d := &stream.Delivery{EntryID: stream.ID{Ms: 1}}
	err := fmt.Errorf("wrapped: %w", consumer.BatchError{d: base})
	require.ErrorIs(t, err, base)
	require.ErrorContains(t, err, "1-0: base")
}

func TestBackoffs(t *testing.T) {
	t.Parallel()
	b := consumer.Exponential(time.Second, time.Minute)
	for failures, want := range map[int]time.Duration{0: time.Second, 1: time.Second, 2: 2 * time.Second, 3: 4 * time.Second, 7: time.Minute, 100000: time.Minute} {
		require.Equal(t, want, b(failures), "after %d failures", failures)
	}
	require.Equal(t, time.Second, consumer.Constant(time.Second)(9))
	for range 100 {
		d := consumer.Jitter(consumer.Constant(time.Second))(1)
		require.GreaterOrEqual(t, d, 500*time.Millisecond)
		require.LessOrEqual(t, d, time.Second)
	}
}
