package consumer_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/internal/streamtest"
	"github.com/leat-io/leat/stream"
)

var errHopeless = consumer.Permanent(errors.New("hopeless"))

// While the dead-letter stream takes nothing, the entry stays where it is: the
// letter comes first, the acknowledgement last, in one script. Red when the XACK
// in dead.lua comes before the XADD.
func TestDeadLetterIsAtomic(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	admin := redisClient(t, l)
	dead := l.Group.DeadStream()
	// An entry with the greatest of all IDs closes a stream: every XADD fails.
	require.NoError(t, admin.Do(l.Ctx, "XADD", dead, stream.MaxID.String(), "closed", "for ever").Err())
	failed := make(chan error, 100)
	l.Publish(1)
	l.Run(func(context.Context, *stream.Delivery) error { return errHopeless }, func(c *consumer.Config) {
		c.Hooks.Error = func(loop, _ string, err error) {
			if loop == "dead_letter" {
				failed <- err
			}
		}
	})
	for range 3 {
		require.Error(t, receive(t, failed, "a failure to dead-letter"))
		require.Len(t, l.Pending(), 1, "the entry must not be gone")
	}
	require.NoError(t, admin.Del(l.Ctx, dead).Err())
	streamtest.Eventually(t, func() bool { return len(l.Letters()) == 1 }, "a dead letter")
	l.Settled()
}

// The same with a dead-letter key of another type, which is found out before
// anything is written.
func TestDeadLetterKeyOfAnotherType(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	admin := redisClient(t, l)
	require.NoError(t, admin.Set(l.Ctx, l.Group.DeadStream(), "x", 0).Err())
	failed := make(chan error, 100)
	l.Publish(1)
	l.Run(func(context.Context, *stream.Delivery) error { return errHopeless }, func(c *consumer.Config) {
		c.Hooks.Error = func(loop, _ string, err error) {
			if loop == "dead_letter" {
				failed <- err
			}
		}
	})
	require.ErrorContains(t, receive(t, failed, "a failure"), "WRONGTYPE")
	require.Len(t, l.Pending(), 1)
	require.NoError(t, admin.Del(l.Ctx, l.Group.DeadStream()).Err())
	streamtest.Eventually(t, func() bool { return len(l.Letters()) == 1 }, "a dead letter")
}

func TestMaxAttempts(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	var tally streamtest.Tally
	l.Publish(3)
	l.Run(func(_ context.Context, d *stream.Delivery) error {
		n := tally.Hit(d.ID)
		if d.Attempt != n {
			t.Errorf("attempt %d says it is %d", n, d.Attempt)
		}
		return fmt.Errorf("attempt %d of %s failed", d.Attempt, d.ID)
	}, func(c *consumer.Config) { c.MaxAttempts, c.MaxDeliveries = 4, 1 }) // failures are no crashes
	streamtest.Eventually(t, func() bool { return len(l.Letters()) == 3 }, "dead letters")
	for _, letter := range l.Letters() {
		require.Equal(t, stream.ReasonAttempts, letter.Reason)
		require.Equal(t, 4, letter.Attempts)
		id, _ := letter.Fields.Get("id")
		require.Equal(t, fmt.Sprintf("attempt 4 of %s failed", id), letter.Error)
	}
	require.Equal(t, 12, tally.Total())
	l.Settled()
	keys, err := redisClient(t, l).HLen(l.Ctx, "leat:{"+l.Stream+"}:failures:workers").Result()
	require.NoError(t, err)
	require.Zero(t, keys, "failures of settled entries are forgotten")
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	var tally streamtest.Tally
	var again time.Time
	var first time.Time
	l.Publish(4)
	l.Run(func(ctx context.Context, d *stream.Delivery) error {
		n := tally.Hit(d.ID)
		switch d.ID {
		case "1":
			return fmt.Errorf("wrapped: %w", errHopeless)
		case "2":
			if n == 1 {
				first = time.Now()
				return consumer.RetryAfter(errors.New("later"), 400*time.Millisecond)
			}
			again = time.Now()
		case "3":
			if n == 1 {
				panic("at the first try")
			}
		}
		return nil
	}, func(c *consumer.Config) { c.Backoff = consumer.Constant(time.Millisecond) })
	streamtest.Eventually(t, func() bool { return tally.Total() == 6 }, "all verdicts are carried out")
	l.Settled()
	letters := l.Letters()
	require.Len(t, letters, 1)
	require.Equal(t, stream.ReasonPermanent, letters[0].Reason)
	require.Equal(t, 1, letters[0].Attempts)
	require.GreaterOrEqual(t, again.Sub(first), 400*time.Millisecond)
}

// A panic keeps its stack as the error that is stored.
func TestPanicIsAnErrorWithItsStack(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.Publish(1)
	l.Run(func(context.Context, *stream.Delivery) error { panic("boom") }, func(c *consumer.Config) { c.MaxAttempts = 1 })
	streamtest.Eventually(t, func() bool { return len(l.Letters()) == 1 }, "a dead letter")
	require.Contains(t, l.Letters()[0].Error, "panic: boom")
	require.Contains(t, l.Letters()[0].Error, "dead_test.go")
}

// An entry that is deleted while a worker has it is kept as a dead letter, with
// the payload that the worker still has.
func TestPayloadDeletedWhileItIsHandled(t *testing.T) {
	t.Parallel()
	for name, verdict := range map[string]error{"fails": errors.New("no"), "is hopeless": errHopeless, "succeeds": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			h := newHeld()
			l.Run(h.handle, nil)
			ids := l.Publish(1)
			receive(t, h.started, "the delivery")
			require.NoError(t, redisClient(t, l).XDel(l.Ctx, l.Stream, ids[0].String()).Err())
			h.release <- verdict
			l.Settled()
			if verdict == nil {
				require.Empty(t, l.Letters())
				return
			}
			streamtest.Eventually(t, func() bool { return len(l.Letters()) == 1 }, "a dead letter")
			letter := l.Letters()[0]
			require.Equal(t, stream.ReasonPayloadLost, letter.Reason)
			data, _ := letter.Fields.Get("data")
			require.Equal(t, "data of 0", string(data))
		})
	}
}
