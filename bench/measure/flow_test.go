package measure

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/bench/result"
)

// keeper is a publisher that hands every event to a function.
type keeper func(data []byte)

func (k keeper) One(_ context.Context, data []byte) error { k(data); return nil }

func (k keeper) Many(context.Context, int, []byte) error { panic("a flow publishes one by one") }

func (k keeper) Close() error { return nil }

func TestFlowCarriesTheTimesAtWhichEventsAreDue(t *testing.T) {
	t.Parallel()
	const warm, n, size = 3, 20, 64
	f := NewFlow(warm, n, size)
	var due []time.Duration
	publish := keeper(func(data []byte) {
		require.Len(t, data, size)
		if len(due) == 5 {
			// A publisher that is held up must not put off what comes behind.
			for end := time.Now().Add(10 * FlowInterval); time.Now().Before(end); {
			}
		}
		at, err := strconv.ParseInt(string(data[1:1+flowDigits]), 16, 64)
		require.NoError(t, err)
		due = append(due, time.Duration(at))
		require.True(t, f.Handle(data))
	})
	warmed := 0
	require.NoError(t, f.Publish(t.Context(), publish, nil, func() { warmed = len(due) }))
	<-f.All
	require.Equal(t, warm, warmed)
	require.Len(t, due, warm+n)
	for i := 1; i < len(due); i++ {
		require.Equal(t, FlowInterval, due[i]-due[i-1], "event %d", i)
	}
	require.Len(t, f.Latencies(), n)
	// The event that was held up, and the one behind it, which was late for that.
	require.GreaterOrEqual(t, time.Duration(f.took[5].Load()), 10*FlowInterval)
	require.GreaterOrEqual(t, time.Duration(f.took[6].Load()), 9*FlowInterval)
}

func TestFlowEndsWhenItIsToldToAndAllIsHandled(t *testing.T) {
	t.Parallel()
	f, stop := NewFlow(0, 1000, 0), make(chan struct{})
	var sent [][]byte
	publish := keeper(func(data []byte) {
		if sent = append(sent, append([]byte(nil), data...)); len(sent) == 7 {
			close(stop)
		}
		if len(sent) == 3 {
			f.CountFromNow() // the third one counts, and those behind it
		}
	})
	require.NoError(t, f.Publish(t.Context(), publish, stop, nil))
	require.Len(t, sent, 7)
	for i, data := range sent {
		select {
		case <-f.All:
			t.Fatalf("the flow is over after %d of %d events", i, len(sent))
		default:
		}
		require.True(t, f.Handle(data))
		require.True(t, f.Handle(data), "an event that comes again is the flow's, too")
	}
	<-f.All
	require.Len(t, f.Latencies(), 5)
	var s result.Sample
	f.Quantiles(&s)
	require.Equal(t, len(sent), s.Duplicates)
	require.Positive(t, s.P50)
}

func TestFlowKnowsItsEvents(t *testing.T) {
	t.Parallel()
	f := NewFlow(0, 10, 0)
	for _, other := range [][]byte{nil, Payload(200), []byte("T"), append([]byte("T"), Payload(40)...)} {
		require.False(t, f.Handle(other), "%q", other)
	}
}

//nolint:paralleltest // what other tests allocate would count, too
func TestHandlingAFlowAllocatesNothing(t *testing.T) {
	f := NewFlow(0, 10, 0)
	data := Payload(flowHeader)
	data[0] = flowMark
	digits(data[1:1+flowDigits], 1)
	digits(data[1+flowDigits:flowHeader], 7)
	require.Zero(t, testing.AllocsPerRun(100, func() { f.Handle(data) }))
	require.Equal(t, int64(100), f.again.Load())
}

func TestQuantile(t *testing.T) {
	t.Parallel()
	var hundred []time.Duration
	for i := range 100 {
		hundred = append(hundred, time.Duration(i+1))
	}
	require.Equal(t, time.Duration(50), Quantile(hundred, 0.5))
	require.Equal(t, time.Duration(99), Quantile(hundred, 0.99))
	require.Equal(t, time.Duration(100), Quantile(hundred, 0.999))
	require.Equal(t, time.Duration(7), Quantile([]time.Duration{7}, 0.5))
	require.Zero(t, Quantile(nil, 0.5))
}
