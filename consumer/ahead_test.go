package consumer_test

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/internal/streamtest"
	"github.com/leat-io/leat/stream"
)

const plenty = 20_000

// addBacklog adds n events.
func addBacklog(l *streamtest.Lab, n int) {
	l.T.Helper()
	for some := range slices.Chunk(streamtest.Events(n), 2000) {
		l.Add(some...)
	}
}

// takings counts what was taken, by the way it came.
type takings struct {
	mu sync.Mutex
	n  map[consumer.Taking]int
}

func (tk *takings) note(_ string, how consumer.Taking, n int, _ time.Duration) {
	tk.mu.Lock()
	defer tk.mu.Unlock()
	if tk.n == nil {
		tk.n = map[consumer.Taking]int{}
	}
	tk.n[how] += n
}

func (tk *takings) of(how consumer.Taking) int {
	tk.mu.Lock()
	defer tk.mu.Unlock()
	return tk.n[how]
}

func (tk *takings) total() (n int) {
	tk.mu.Lock()
	defer tk.mu.Unlock()
	for _, some := range tk.n {
		n += some
	}
	return n
}

// firstTime handles a delivery that nobody may have had before.
func firstTime(t *testing.T, tally *streamtest.Tally) consumer.Handler {
	return func(ctx context.Context, d *stream.Delivery) error {
		if d.Deliveries != 1 || d.Attempt != 1 {
			t.Errorf("entry %s: delivery %d, attempt %d", d.ID, d.Deliveries, d.Attempt)
		}
		return tally.Handler(ctx, d)
	}
}

// A backlog that is read ahead is handled once, all of it, and none of it has to be
// found again.
func TestBacklogIsHandledOnce(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	addBacklog(l, plenty)
	var tally streamtest.Tally
	var taken takings
	r := l.Run(firstTime(t, &tally), func(c *consumer.Config) { c.Hooks.Taken, c.Lease = taken.note, time.Hour })
	l.Settled()
	require.Equal(t, plenty, tally.Distinct())
	require.Equal(t, plenty, tally.Total())
	require.Equal(t, plenty, taken.of(consumer.Read))
	require.Equal(t, plenty, taken.total())
	streamtest.Eventually(t, func() bool { return r.Held() == 0 }, "nothing is held")
	require.NoError(t, r.Stop())
	require.Equal(t, r.RoomSize(), r.RoomLeft())
}

// Replies of reads get lost in the middle of it, and of scripts that take what is due:
// what was in them is found again, long before a lease has passed.
func TestLostRepliesInABacklog(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	addBacklog(l, plenty)
	var fault streamtest.Fault
	var tally streamtest.Tally
	var taken takings
	var lost atomic.Int64
	handle := firstTime(t, &tally)
	l.RunOn(l.Dial(stream.WithHook(&fault)), func(ctx context.Context, d *stream.Delivery) error {
		if n, _ := strconv.Atoi(d.ID); n%4000 == 1000 {
			lost.Add(2)
			fault.LoseReply("xreadgroup", 2)
		}
		return handle(ctx, d)
	}, func(c *consumer.Config) { c.Hooks.Taken, c.Lease, c.Prefetch = taken.note, time.Hour, 500 })
	l.Settled()
	require.Equal(t, plenty, tally.Distinct())
	require.Equal(t, plenty, tally.Total())
	require.Positive(t, fault.Lost())
	require.LessOrEqual(t, int64(fault.Lost()), lost.Load())
	require.Positive(t, taken.of(consumer.Recovered))
	require.Equal(t, plenty, taken.of(consumer.Read)+taken.of(consumer.Recovered))
}

// No read goes out ahead while entries may be in our name that we do not know of: they
// are looked for between reads, and a stream that is never empty has no such time
// else. What is read at most once is not pending, so there is nothing to look for.
// Red without the look at suspect or at the time in ahead, and when at most once heeds
// them.
func TestReadingAheadMakesRoomForTheSearch(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	for guarantee, always := range map[consumer.Guarantee]bool{consumer.AtLeastOnce: false, consumer.AtMostOnce: true} {
		c, err := consumer.New(l.Conn, nothing, l.Config(func(c *consumer.Config) { c.Guarantee = guarantee }))
		require.NoError(t, err)
		require.True(t, c.ReadsAhead(l.Ctx, false, false))
		require.Equal(t, always, c.ReadsAhead(l.Ctx, true, false), "suspect")
		require.Equal(t, always, c.ReadsAhead(l.Ctx, false, true), "a lease has passed")
		ended, cancel := context.WithCancel(l.Ctx)
		cancel()
		require.False(t, c.ReadsAhead(ended, false, false), "the consumer stops")
		c.Pause()
		require.False(t, c.ReadsAhead(l.Ctx, false, false), "the consumer is paused")
		c.Resume()
		require.True(t, c.ReadsAhead(l.Ctx, false, false))
	}
}

// Pause ends a chain of reads that are sent ahead, and nothing is taken from its return
// to Resume.
func TestPauseInABacklog(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	addBacklog(l, plenty)
	var tally streamtest.Tally
	var taken takings
	beats := make(chan struct{}, 100000)
	goOn, handled := make(chan struct{}), atomic.Int64{}
	handle := firstTime(t, &tally)
	r := l.Run(func(ctx context.Context, d *stream.Delivery) error {
		if handled.Add(1) > 3000 { // not all of it before it is paused
			<-goOn
		}
		return handle(ctx, d)
	}, func(c *consumer.Config) {
		c.Hooks.Taken, c.Lease = taken.note, 10*time.Second
		c.Hooks.Beat = func(loop, _ string) {
			if loop == "leaser" || loop == "acker" {
				beats <- struct{}{}
			}
		}
	})
	streamtest.Eventually(t, func() bool { return handled.Load() > 2000 }, "it is in the middle")
	r.Pause()
	at := taken.total()
	require.Less(t, at, plenty)
	close(goOn)
	streamtest.Eventually(t, func() bool { return r.Held() == 0 && tally.Total() == at }, "what was taken is handled")
	for len(beats) > 0 {
		<-beats
	}
	receive(t, beats, "a while")
	require.Equal(t, at, taken.total())
	require.EqualValues(t, plenty-at, l.Info().Lag)
	r.Resume()
	l.Settled()
	require.Equal(t, plenty, tally.Total())
	require.Equal(t, plenty, taken.of(consumer.Read))
}

// A consumer that is told to stop while it reads a backlog hands back what it has not
// begun, what was read ahead as well, and none of that counts as a delivery.
func TestStopInABacklogHandsBack(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	addBacklog(l, plenty)
	var tally streamtest.Tally
	handle := firstTime(t, &tally)
	released, first := atomic.Int64{}, make(chan struct{})
	var telling atomic.Bool
	var taken atomic.Int64
	var a *streamtest.Running
	begin := make(chan struct{})
	a = l.Run(func(ctx context.Context, d *stream.Delivery) error {
		if telling.Load() {
			<-first // so that there is something to hand back
		}
		return handle(ctx, d)
	}, func(c *consumer.Config) {
		c.Lease, c.Prefetch = time.Hour, 500
		c.Hooks.Taken = func(_ string, _ consumer.Taking, n int, _ time.Duration) {
			<-begin
			// Within a read, the next one of which has been sent, mostly.
			if taken.Add(int64(n)) > 4000 && n > c.Concurrency+16 && telling.CompareAndSwap(false, true) {
				a.Tell()
				streamtest.Eventually(t, func() bool { return a.Ready() != nil }, "it drains")
			}
		}
		c.Hooks.Settled = func(_ *stream.Delivery, o consumer.Outcome, _ time.Duration) {
			if o == consumer.Released && released.Add(1) == 1 {
				close(first)
			}
		}
	})
	close(begin)
	receive(t, a.Ended(), "the end")
	require.NoError(t, a.Stop())
	require.Positive(t, released.Load())
	require.Less(t, tally.Total(), plenty)
	for _, row := range l.Pending() {
		require.Equal(t, stream.Parked, row.Consumer)
	}
	require.Zero(t, l.Info().Consumers-parked(l), "the name is gone")
	l.Run(firstTime(t, &tally), nil)
	l.Settled()
	require.Equal(t, plenty, tally.Distinct())
	require.Equal(t, plenty, tally.Total())
}

// parked is 1 when the name under which entries wait is one of the group's.
func parked(l *streamtest.Lab) int {
	if len(l.Pending()) > 0 {
		return 1
	}
	return 0
}

// At most once nobody else gets what was read ahead: it is handled before Run ends.
// Red when the queue takes nothing any more before the reads have ended.
func TestStopInABacklogAtMostOnce(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	addBacklog(l, plenty)
	var tally streamtest.Tally
	var taken, dropped atomic.Int64
	var a *streamtest.Running
	begin := make(chan struct{})
	a = l.Run(tally.Handler, func(c *consumer.Config) {
		c.Guarantee, c.Prefetch = consumer.AtMostOnce, 500
		c.Hooks.Taken = func(_ string, _ consumer.Taking, n int, _ time.Duration) {
			<-begin
			if before := taken.Add(int64(n)) - int64(n); before <= 4000 && before+int64(n) > 4000 {
				a.Tell()
				streamtest.Eventually(t, func() bool { return a.Ready() != nil }, "it drains")
				receive(t, time.After(20*time.Millisecond), "a moment, for whoever would close the queue now")
			}
		}
		c.Hooks.Settled = func(_ *stream.Delivery, o consumer.Outcome, _ time.Duration) {
			if o == consumer.Dropped {
				dropped.Add(1)
			}
		}
	})
	close(begin)
	receive(t, a.Ended(), "the end")
	require.NoError(t, a.Stop())
	require.Zero(t, dropped.Load())
	require.EqualValues(t, taken.Load(), tally.Distinct())
	require.EqualValues(t, taken.Load(), tally.Total())
	require.EqualValues(t, plenty-taken.Load(), l.Info().Lag, "what Redis gave is what was handled")
	require.Less(t, taken.Load(), int64(plenty))
}

// Two consumers share a backlog: one that is busy leaves the rest to the other.
func TestTwoShareABacklog(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	addBacklog(l, plenty)
	var tally streamtest.Tally
	var both sync.WaitGroup
	both.Add(2)
	by := map[string]*atomic.Int64{"a": {}, "b": {}}
	for _, n := range by {
		handle := firstTime(t, &tally)
		l.RunOn(l.Dial(), func(ctx context.Context, d *stream.Delivery) error {
			if n.Add(1) == 1 {
				both.Done()
			}
			both.Wait()
			return handle(ctx, d)
		}, func(c *consumer.Config) { c.Lease = time.Hour })
	}
	l.Settled()
	require.Equal(t, plenty, tally.Distinct())
	require.Equal(t, plenty, tally.Total())
	for name, n := range by {
		require.Positive(t, n.Load(), name)
	}
}
