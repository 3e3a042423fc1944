package consumer

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPaceFollowsWhatIsHandled(t *testing.T) {
	t.Parallel()
	const least, most = 16, 4096
	at, handled := time.Duration(0), uint64(0)
	p := newPace(least, most)
	step := func(perSecond int, d time.Duration) int {
		at += d
		handled += uint64(float64(perSecond) * d.Seconds())
		return p.at(at, handled)
	}
	require.Equal(t, least, p.waiting())
	require.Equal(t, least, step(100_000, paceWindow/2), "too short to say")
	require.Equal(t, 1000, step(100_000, paceWindow), "10 ms of 100,000 a second")
	require.Equal(t, most, step(1_000_000, 5*time.Millisecond), "as much as there may be")
	before := most
	for range 100 {
		now := step(50_000, 5*time.Millisecond)
		require.LessOrEqual(t, now, before)
		require.GreaterOrEqual(t, now, min(before-before/8, 500), "not all at once")
		before = now
	}
	require.Equal(t, 500, before)
	for range 100 {
		before = step(0, 5*time.Millisecond)
	}
	require.LessOrEqual(t, before, least+least/8)
}

func TestPaceThatIsConfiguredStays(t *testing.T) {
	t.Parallel()
	p := newPace(7, 7)
	require.Equal(t, 7, p.at(time.Second, 1_000_000))
	require.Equal(t, 7, p.waiting())
	require.Zero(t, newPace(0, 0).at(time.Second, 1_000_000), "negative Prefetch")
}

func TestRoomGrowsAndShrinks(t *testing.T) {
	t.Parallel()
	r := newRoom(4)
	require.Equal(t, 4, r.take(t.Context(), 1, 10))
	got := make(chan int)
	go func() { got <- r.take(t.Context(), 3, 10) }()
	await(t, func() bool { r.mu.Lock(); defer r.mu.Unlock(); return len(r.waiters) == 1 })
	require.Zero(t, r.tryTake(1, 1), "somebody waits")
	r.resize(10)
	require.Equal(t, 6, <-got)
	r.resize(5) // ten are taken
	require.Zero(t, r.tryTake(1, 1))
	r.give(5)
	require.Zero(t, r.tryTake(1, 1))
	r.vacate()
	require.Equal(t, 1, r.tryTake(1, 9))
	require.EqualValues(t, 1, r.vacated())
}
