package consumer_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/internal/streamtest"
	"github.com/leat-io/leat/stream"
)

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
