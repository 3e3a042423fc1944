package consumer_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
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

// With handlers that take their time a consumer holds what they work on, as much again,
// and one for each stream, however much there is. Red when the prefetch of a loaded
// consumer is that of one without load.
func TestSlowHandlersHoldLittle(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	var streams []string
	for i := range 3 {
		name := fmt.Sprintf("%s-%d", l.Stream, i)
		streams = append(streams, name)
		_, errs := l.Conn.Add(l.Ctx, name, streamtest.Events(1000))
		require.NoError(t, errs[0])
	}
	const busy = 8
	most := busy + busy + len(streams)
	h := newHeld()
	beats := make(chan struct{}, 100000)
	r := l.Run(h.handle, func(c *consumer.Config) {
		c.Streams, c.Concurrency, c.Lease = streams, busy, 2*time.Second
		c.Hooks.Beat = func(loop, _ string) {
			if loop == "leaser" {
				beats <- struct{}{}
			}
		}
	})
	for range busy {
		receive(t, h.started, "a delivery")
	}
	streamtest.Eventually(t, func() bool { return r.Held() > busy }, "some wait")
	for range 10 { // of three streams, a twelfth of a lease apart each
		require.LessOrEqual(t, r.Held(), most)
		receive(t, beats, "a beat")
	}
	pending := 0
	for _, name := range streams {
		g, err := l.Conn.Group(name, "workers", stream.DeadLetter{})
		require.NoError(t, err)
		info, err := g.Info(l.Ctx)
		require.NoError(t, err)
		pending += info.Pending
	}
	require.LessOrEqual(t, pending, most)
	require.Equal(t, most, r.RoomSize())
	close(h.release)
	require.NoError(t, r.Stop())
}

// The room grows with handlers that are quick, and shrinks when they are no more; with
// Prefetch it stays.
func TestRoomFollowsTheHandlers(t *testing.T) {
	t.Parallel()
	for _, prefetch := range []int{0, 16} {
		t.Run(fmt.Sprint(prefetch), func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			var slow atomic.Bool
			var handled atomic.Int64
			r := l.Run(func(context.Context, *stream.Delivery) error {
				if slow.Load() {
					<-time.After(4 * time.Millisecond)
				}
				handled.Add(1)
				return nil
			}, func(c *consumer.Config) { c.Prefetch, c.Lease, c.Concurrency = prefetch, time.Minute, 16 })
			const least = 16 + 16 + 1
			require.Equal(t, least, r.RoomSize())
			grown := func() bool { return r.RoomSize() > 4*least }
			if prefetch > 0 {
				grown = func() bool { return handled.Load() > 10_000 }
			}
			keepOn(l, grown, func() {})
			slow.Store(true)
			keepOn(l, func() bool { return r.RoomSize() <= 3*least }, func() {
				if prefetch > 0 {
					require.Equal(t, least, r.RoomSize())
				}
			})
			require.NoError(t, r.Stop())
		})
	}
}

// keepOn keeps a backlog in the stream until done.
func keepOn(l *streamtest.Lab, done func() bool, look func()) {
	l.T.Helper()
	streamtest.Eventually(l.T, func() bool {
		look()
		if l.Info().Lag < 2000 {
			l.Publish(2000)
		}
		return done()
	}, "the room's size")
}

// Who waits for a large part of a room gets along with less of a smaller one: with many
// streams, what one of them waits for would never be free again, and nothing behind it
// would be read.
func TestRoomThatShrinksServesWhoWaits(t *testing.T) {
	t.Parallel()
	require.Positive(t, consumer.RoomOfAShrinking(1000, 500, 40))
	require.Positive(t, consumer.RoomOfAShrinking(10, 10, 1))
}

// keeper holds scripts on their way to Redis.
type keeper struct {
	end     <-chan struct{}                  // of the test: nothing is held any more
	holds   func(args []any) <-chan struct{} // until when; nil not at all
	holding chan []any
}

func newKeeper(t *testing.T, holds func(args []any) <-chan struct{}) *keeper {
	t.Helper()
	return &keeper{end: t.Context().Done(), holds: holds, holding: make(chan []any, 10000)}
}

func (k *keeper) DialHook(next redis.DialHook) redis.DialHook { return next }

func (k *keeper) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (k *keeper) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if name := cmd.Name(); name == "evalsha" || name == "eval" {
			if until := k.holds(cmd.Args()); until != nil {
				k.holding <- cmd.Args()
				select {
				case <-until:
				case <-k.end:
				}
			}
		}
		return next(ctx, cmd)
	}
}

// A worker needs longer than a lease to settle an entry, and nothing extends the lease
// of the next one meanwhile: another consumer has that now, and it is not started here.
// Red when the time at which the handler before returned is taken for the time at which
// this one would begin (w.now = 0 in verdicts).
func TestWaitingEntryIsLookedAtAfterASlowSettlement(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	const lease = 400 * time.Millisecond
	var hold atomic.Bool
	buried, rest := make(chan struct{}), make(chan struct{})
	keeper := newKeeper(t, func(args []any) <-chan struct{} {
		switch {
		case !hold.Load():
			return nil
		case slices.Contains(args, any(stream.ReasonPermanent)):
			return buried
		}
		return rest // the leaser's: it would find out before the worker does
	})
	started := make(chan string, 10)
	outcomes := make(chan consumer.Outcome, 10)
	var taken takings
	// The first read asks for half of the room: both entries are in one chunk.
	one := func(c *consumer.Config) { c.Lease, c.Concurrency, c.Prefetch = lease, 1, 3 }
	l.Publish(2)
	l.RunOn(l.Dial(stream.WithHook(keeper), stream.WithTimeout(streamtest.Patience)), func(_ context.Context, d *stream.Delivery) error {
		started <- d.ID
		if d.ID == "0" {
			streamtest.Eventually(t, func() bool { return taken.of(consumer.Read) == 2 }, "the second one waits")
			hold.Store(true)
			return consumer.Permanent(errors.New("no"))
		}
		return nil
	}, func(c *consumer.Config) {
		one(c)
		c.Hooks.Taken = taken.note
		c.Hooks.Settled = func(_ *stream.Delivery, o consumer.Outcome, _ time.Duration) { outcomes <- o }
	})
	require.Equal(t, "0", receive(t, started, "the first one"))
	receive(t, keeper.holding, "a call that is held")
	other := newHeld()
	l.Run(other.handle, func(c *consumer.Config) { one(c); c.Concurrency = 2 })
	for range 2 {
		receive(t, other.started, "what the other one took over")
	}
	hold.Store(false)
	close(buried)
	require.Equal(t, consumer.Lost, receive(t, outcomes, "what became of the first one"))
	require.Equal(t, consumer.Lost, receive(t, outcomes, "what became of the second one"))
	require.Empty(t, started, "the second one is not ours")
	close(rest)
	for range 2 {
		other.release <- nil
	}
	l.Settled()
	require.Empty(t, started)
}

// A handler's time begins when it does, not when Redis was asked about its lease. Red
// when the clock is not looked at after that.
func TestTimeoutBeginsAfterTheLookAtTheLease(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	const lease, timeout = 300 * time.Millisecond, time.Hour
	var hold, returned atomic.Bool
	ids := l.Publish(2)
	until, rest := make(chan struct{}), make(chan struct{})
	keeper := newKeeper(t, func(args []any) <-chan struct{} {
		switch {
		case !hold.Load():
			return nil
		case returned.Load() && slices.Contains(args, any(ids[1].String())):
			return until // the worker's look at the lease
		}
		return rest // the leaser's before, which would make it needless
	})
	var taken takings
	deadlines := make(chan time.Time, 10)
	l.RunOn(l.Dial(stream.WithHook(keeper), stream.WithTimeout(streamtest.Patience)), func(ctx context.Context, d *stream.Delivery) error {
		switch {
		case d.Deliveries > 1:
			return nil // nothing kept the first one's lease
		case d.ID == "0":
			streamtest.Eventually(t, func() bool { return taken.of(consumer.Read) == 2 }, "the second one waits")
			hold.Store(true)
			receive(t, keeper.holding, "the leaser, or one who takes")
			<-time.After(lease) // the second one's lease is too old to be trusted now
			for len(keeper.holding) > 0 {
				<-keeper.holding
			}
			returned.Store(true)
			return nil
		}
		deadline, _ := ctx.Deadline()
		deadlines <- deadline
		return nil
	}, func(c *consumer.Config) {
		c.Lease, c.Concurrency, c.Prefetch, c.HandlerTimeout, c.Hooks.Taken = lease, 1, 3, timeout, taken.note
	})
	streamtest.Eventually(t, returned.Load, "the first one is done")
	for !slices.Contains(receive(t, keeper.holding, "the worker's look at the lease"), any(ids[1].String())) {
		continue
	}
	asked := time.Now()
	close(until)
	require.False(t, receive(t, deadlines, "the second one's deadline").Before(asked.Add(timeout)))
	hold.Store(false)
	close(rest)
	l.Settled()
}
