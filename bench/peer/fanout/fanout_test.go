package fanout_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/bench/peer/fanout"
)

func TestPublishCallsSoManyTimes(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 7, 8, 1001} {
		var calls atomic.Int64
		err := fanout.Publish(t.Context(), n, 8, func(context.Context) error {
			calls.Add(1)
			return nil
		})
		require.NoError(t, err)
		require.EqualValues(t, n, calls.Load())
	}
}

func TestPublishStopsAtTheFirstError(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	var calls atomic.Int64
	err := fanout.Publish(t.Context(), 1_000_000, 4, func(context.Context) error {
		calls.Add(1)
		return broken
	})
	require.ErrorIs(t, err, broken)
	require.LessOrEqual(t, calls.Load(), int64(4), "each goroutine sees its own error")
}
