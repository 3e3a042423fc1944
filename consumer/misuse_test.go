package consumer_test

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/internal/streamtest"
	"github.com/leat-io/leat/stream"
)

// A handler that ends its goroutine ends neither a worker nor its entry.
func TestGoexitInAHandler(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	var tally streamtest.Tally
	l.Publish(4)
	l.Run(func(_ context.Context, d *stream.Delivery) error {
		if tally.Hit(d.ID) == 1 {
			runtime.Goexit()
		}
		return nil
	}, func(c *consumer.Config) { c.Concurrency = 2 })
	l.Settled()
	require.Equal(t, 8, tally.Total())
}

type brokenError struct{ text string }

func (e *brokenError) Error() string { return e.text }

// A nil pointer as an error, whose methods panic, is a failure like any other.
func TestNilPointerAsAnError(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	var tally streamtest.Tally
	l.Publish(1)
	l.Run(func(_ context.Context, d *stream.Delivery) error {
		var none *brokenError
		if tally.Hit(d.ID) == 1 {
			return none
		}
		return nil
	}, nil)
	l.Settled()
	require.Equal(t, 2, tally.Total())
}

func TestMiddlewareThatIsNil(t *testing.T) {
	t.Parallel()
	for _, m := range []consumer.Middleware{nil, func(consumer.Handler) consumer.Handler { return nil }} {
		_, err := consumer.New(anyConn(t), nothing, consumer.Config{
			Group: "g", Streams: []string{"s"}, Middleware: []consumer.Middleware{m},
		})
		require.ErrorContains(t, err, "Middleware")
	}
}

func TestBatchErrorWithNils(t *testing.T) {
	t.Parallel()
	d := &stream.Delivery{}
	require.Contains(t, consumer.BatchError{d: nil}.Error(), "0 of the batch")
	require.Contains(t, consumer.BatchError{nil: errors.New("x"), d: errors.New("y")}.Error(), "1 of the batch: 0-0: y")
}
