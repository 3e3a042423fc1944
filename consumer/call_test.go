package consumer

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

type ctxKey struct{}

// newCalls is what calls have in common, and what ends them all.
func newCalls(t *testing.T) (*calls, context.CancelCauseFunc) {
	t.Helper()
	work, cancel := context.WithCancelCause(context.WithValue(t.Context(), ctxKey{}, "value"))
	t.Cleanup(func() { cancel(nil) })
	return &calls{work: work, epoch: time.Now()}, cancel
}

func TestCallIsAContextLikeAnyOther(t *testing.T) {
	t.Parallel()
	of, _ := newCalls(t)
	c := &call{of: of}
	require.NoError(t, c.Err())
	require.NoError(t, context.Cause(c))
	require.Equal(t, "value", c.Value(ctxKey{}))
	_, has := c.Deadline()
	require.False(t, has)
	require.True(t, c.plain(), "asking costs nothing")

	child, cancel := context.WithTimeout(c, time.Hour)
	defer cancel()
	select {
	case <-c.Done():
		t.Fatal("ended by itself")
	case <-child.Done():
		t.Fatal("its child ended by itself")
	default:
	}
	require.Equal(t, "value", child.Value(ctxKey{}))
	c.end(ErrLeaseLost)
	<-c.Done()
	<-child.Done()
	require.ErrorIs(t, c.Err(), context.Canceled)
	require.Equal(t, ErrLeaseLost, context.Cause(c))
	require.Equal(t, ErrLeaseLost, context.Cause(child))
	require.Equal(t, ErrLeaseLost, c.why())
	require.Equal(t, "value", c.Value(ctxKey{}))
}

// Whether somebody has asked before must make no difference.
func TestWhatEndsACall(t *testing.T) {
	t.Parallel()
	for _, asked := range []bool{false, true} {
		begin := func(t *testing.T) (*call, context.CancelCauseFunc) {
			of, cancel := newCalls(t)
			c := &call{of: of}
			if asked {
				_ = c.Done()
			}
			return c, cancel
		}
		ended := func(t *testing.T, c *call, cause error) {
			t.Helper()
			require.Equal(t, cause, c.why())
			require.Equal(t, cause, context.Cause(c))
			require.ErrorIs(t, c.Err(), context.Canceled)
			<-c.Done()
		}
		c, cancel := begin(t)
		cancel(ErrShutdown)
		ended(t, c, ErrShutdown)

		c, _ = begin(t)
		c.end(nil) // its handler has returned; somebody may have kept it
		ended(t, c, context.Canceled)

		c, cancel = begin(t)
		c.end(ErrLeaseLost)
		c.end(nil)
		cancel(ErrShutdown)
		ended(t, c, ErrLeaseLost)
	}
}

func TestCallWithADeadline(t *testing.T) {
	t.Parallel()
	for _, asked := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			of, _ := newCalls(t)
			c := &call{of: of, deadline: time.Minute}
			defer c.end(nil)
			if asked {
				_ = c.Done()
			}
			at, has := c.Deadline()
			require.True(t, has)
			require.Equal(t, time.Minute, time.Until(at))
			require.NoError(t, c.Err())
			time.Sleep(time.Minute - 1) //nolint:forbidigo // the clock is the test's own
			require.NoError(t, c.Err())
			time.Sleep(time.Nanosecond) //nolint:forbidigo // see above
			<-c.Done()
			require.ErrorIs(t, c.Err(), context.DeadlineExceeded)
			require.Equal(t, ErrTimeout, context.Cause(c))
			require.Equal(t, ErrTimeout, c.why())
		})
	}
}

// Whoever ends a call while somebody begins to wait for it must not miss him.
func TestCallEndsWhileItIsMade(t *testing.T) {
	t.Parallel()
	for range 2000 {
		of, _ := newCalls(t)
		c := &call{of: of}
		var all sync.WaitGroup
		all.Go(func() { <-c.Done() })
		all.Go(func() { c.end(ErrLeaseLost) })
		all.Go(func() { c.end(nil) })
		all.Wait()
		require.Error(t, c.Err())
		require.True(t, errors.Is(context.Cause(c), ErrLeaseLost) || errors.Is(context.Cause(c), context.Canceled))
	}
}

func TestCallCostsNoMemoryUntilSomebodyWaits(t *testing.T) { //nolint:paralleltest // AllocsPerRun counts everybody's
	of, _ := newCalls(t)
	cs := make([]call, 1001)
	at := 0
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		c := &cs[at]
		at++
		c.of = of
		_, _ = c.Err(), c.Value(ctxKey{})
		c.end(nil)
	}))
}
