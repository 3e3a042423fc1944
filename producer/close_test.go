package producer_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/producer"
	"github.com/leat-io/leat/stream"
)

func TestCloseFlushes(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	name := redistest.Prefix(t) + "orders"
	p := open(t, dial(t, server.URL()), producer.Config{Linger: time.Minute})
	var receipts []*producer.Receipt
	for i := range 100 {
		receipts = append(receipts, p.Send(t.Context(), name, event(i)))
	}
	require.NoError(t, p.Close(within(t, patience)))
	assert.Equal(t, ids(100), stored(t, server.Client(t), name, "id"))
	for _, r := range receipts {
		select {
		case <-r.Done():
		default:
			t.Fatal("a receipt is open after Close")
		}
	}

	_, err := p.Publish(t.Context(), name, event(0))
	require.ErrorIs(t, err, producer.ErrClosed)
	_, err = p.Send(t.Context(), name, event(0)).Wait(t.Context())
	require.ErrorIs(t, err, producer.ErrClosed)
	require.NoError(t, p.Close(t.Context()), "a second time")
	assert.Equal(t, ids(100), stored(t, server.Client(t), name, "id"))
}

func TestCloseWithADeadServer(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	l := newLedger()
	p := open(t, dial(t, server.URL()), producer.Config{Hooks: l.hooks()})
	server.Kill()
	var receipts []*producer.Receipt
	for i := range 10 {
		receipts = append(receipts, p.Send(t.Context(), "orders", event(i)))
	}
	l.awaitRetry(t)
	published := make(chan error, 1)
	go func() {
		_, err := p.Publish(t.Context(), "others", event(0))
		published <- err
	}()
	ctx := within(t, 300*time.Millisecond)
	err := p.Close(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "send to stream orders")
	require.ErrorIs(t, <-published, producer.ErrClosed)
	for _, r := range receipts {
		select {
		case <-r.Done():
		default:
			t.Fatal("a receipt is open after Close")
		}
		// Which of the two depends on whether it was just being tried.
		_, err := r.Wait(t.Context())
		assert.True(t, errors.Is(err, producer.ErrClosed) || errors.Is(err, stream.ErrUnknownOutcome), err)
	}
	assert.Zero(t, l.events)
	assert.Zero(t, l.bytes)
}

func TestCloseWithAServerThatHangs(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	p := open(t, dial(t, server.URL(), stream.WithTimeout(time.Second)), producer.Config{BatchEvents: 1})
	_, err := p.Publish(t.Context(), "orders", event(0))
	require.NoError(t, err)
	server.Pause()
	flying := p.Send(t.Context(), "orders", event(1))
	require.Eventually(t, func() bool { return producer.Flights(p) == 1 }, patience, time.Millisecond)
	waiting := p.Send(t.Context(), "orders", event(2))

	begun := time.Now()
	err = p.Close(within(t, 100*time.Millisecond))
	assert.Less(t, time.Since(begun), 900*time.Millisecond, "Close does not wait for the server")
	require.ErrorIs(t, err, stream.ErrUnknownOutcome)
	require.ErrorContains(t, err, "1 pending events are not stored, of 1 the outcome is unknown")
	assert.NotContains(t, strings.ToLower(err.Error()), "fail")
	_, err = flying.Wait(t.Context())
	require.ErrorIs(t, err, stream.ErrUnknownOutcome)
	assert.NotErrorIs(t, err, producer.ErrClosed)
	_, err = waiting.Wait(t.Context())
	require.ErrorIs(t, err, producer.ErrClosed)
	assert.NotErrorIs(t, err, stream.ErrUnknownOutcome)
	server.Resume()
	rdb := server.Client(t)
	require.Eventually(t, func() bool { return rdb.XLen(t.Context(), "orders").Val() == 2 }, patience, 5*time.Millisecond)
	assert.Equal(t, ids(2), stored(t, rdb, "orders", "id"))
}

func TestCloseWakesBlockedSends(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := open(t, fake(t, func(cmds [][]any) []string { return replies(cmds, replyOOM) }),
			producer.Config{MaxPending: 1, RetryFor: 10 * time.Second})
		first := p.Send(t.Context(), "s", event(0))
		blocked := make(chan *producer.Receipt)
		go func() { blocked <- p.Send(t.Context(), "s", event(1)) }()
		synctest.Wait()
		var wg sync.WaitGroup
		begun := time.Now()
		wg.Go(func() { assert.ErrorIs(t, p.Close(t.Context()), producer.ErrOutOfMemory) })
		late := <-blocked
		assert.Zero(t, time.Since(begun), "a Send that waits for room ends at once")
		_, sendErr := late.Wait(t.Context())
		require.ErrorIs(t, sendErr, producer.ErrClosed)
		require.NoError(t, p.Close(t.Context()), "the second waits for the first")
		wg.Wait()
		assert.Equal(t, 10*time.Second, time.Since(begun), "as long as events are tried again")
		_, sendErr = first.Wait(t.Context())
		require.ErrorIs(t, sendErr, producer.ErrOutOfMemory)
	})
}

func TestCloseOutOfTimeEndsWhatWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLedger()
		p := open(t, fake(t, func(cmds [][]any) []string { return replies(cmds, replyOOM) }),
			producer.Config{BatchEvents: 2, Hooks: l.hooks()})
		var receipts []*producer.Receipt
		for i := range 5 {
			receipts = append(receipts, p.Send(t.Context(), "s", event(i)))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second+time.Microsecond)
		defer cancel()
		begun := time.Now()
		err := p.Close(ctx)
		assert.Equal(t, time.Second+time.Microsecond, time.Since(begun))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, producer.ErrClosed)
		require.ErrorContains(t, err, "5 pending events are not stored, of 0 the outcome is unknown")
		for _, r := range receipts {
			_, err := r.Wait(t.Context())
			require.ErrorIs(t, err, producer.ErrClosed)
			assert.NotErrorIs(t, err, stream.ErrUnknownOutcome)
		}
		assert.Equal(t, 5, l.count(stream.ClassCanceled))
		assert.Zero(t, l.events)
	})
}

func TestCloseTellsOfWhatItCouldNotSend(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := open(t, fake(t, func(cmds [][]any) []string { return replies(cmds, replyOOM) }),
			producer.Config{RetryFor: time.Second})
		for i := range 3 {
			p.Send(t.Context(), "s", event(i))
		}
		err := p.Close(t.Context())
		require.ErrorIs(t, err, producer.ErrOutOfMemory)
		require.ErrorContains(t, err, "3 pending events are not stored")
		require.NoError(t, p.Close(t.Context()))
	})
}
