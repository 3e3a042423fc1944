package consumer

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRoomServesInOrder(t *testing.T) {
	t.Parallel()
	r := newRoom(10)
	require.Equal(t, 4, r.take(t.Context(), 1, 4))
	require.Equal(t, 6, r.take(t.Context(), 1, 100))
	first, second := make(chan int), make(chan int)
	go func() { first <- r.take(t.Context(), 3, 5) }()
	await(t, func() bool { r.mu.Lock(); defer r.mu.Unlock(); return len(r.waiters) == 1 })
	go func() { second <- r.take(t.Context(), 1, 5) }()
	await(t, func() bool { r.mu.Lock(); defer r.mu.Unlock(); return len(r.waiters) == 2 })
	r.give(2) // not enough for the first, and the second must not pass it
	r.give(2)
	require.Equal(t, 4, <-first)
	r.give(1)
	require.Equal(t, 1, <-second)
}

func TestRoomOfAWaiterThatGivesUp(t *testing.T) {
	t.Parallel()
	r := newRoom(2)
	require.Equal(t, 2, r.take(t.Context(), 1, 2))
	ctx, cancel := context.WithCancel(t.Context())
	gone, next := make(chan int), make(chan int)
	go func() { gone <- r.take(ctx, 2, 2) }()
	await(t, func() bool { r.mu.Lock(); defer r.mu.Unlock(); return len(r.waiters) == 1 })
	go func() { next <- r.take(t.Context(), 1, 2) }()
	await(t, func() bool { r.mu.Lock(); defer r.mu.Unlock(); return len(r.waiters) == 2 })
	r.give(1) // held back by the first, which wants two
	cancel()
	require.Zero(t, <-gone)
	require.Equal(t, 1, <-next)
	r.give(2)
	require.Equal(t, 2, r.free)
}

func TestRoomIsNeverMadeOrLost(t *testing.T) {
	t.Parallel()
	const size = 17
	r := newRoom(size)
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			for range 2000 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*20*time.Microsecond)
				n := r.take(ctx, 1+i%5, 1+i)
				cancel()
				if n > 1+i {
					t.Errorf("got %d of %d", n, 1+i)
				}
				r.give(n)
			}
		})
	}
	all.Wait()
	require.Equal(t, size, r.free)
	require.Empty(t, r.waiters)
}

func await(t *testing.T, cond func() bool) {
	t.Helper()
	require.Eventually(t, cond, 10*time.Second, time.Millisecond)
}
