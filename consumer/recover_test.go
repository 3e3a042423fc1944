package consumer_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/internal/streamtest"
	"github.com/leat-io/leat/stream"
)

// The reply of a read gets lost: its entries are pending under our name without
// our knowing it. They are found again at once, with nothing counted, not after a
// lease. Red when the fetcher does not look for them.
func TestLostReadReplyIsRecovered(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	var fault streamtest.Fault
	fault.LoseReply("xreadgroup", 2)
	var tally streamtest.Tally
	var recovered atomic.Int64
	l.Publish(40)
	l.RunOn(l.Dial(stream.WithHook(&fault)), func(ctx context.Context, d *stream.Delivery) error {
		if d.Deliveries != 1 {
			t.Errorf("entry %s was delivered %d times", d.EntryID, d.Deliveries)
		}
		return tally.Handler(ctx, d)
	}, func(c *consumer.Config) {
		c.Lease = time.Hour
		c.Hooks.Taken = func(_ string, how consumer.Taking, n int, _ time.Duration) {
			if how == consumer.Recovered {
				recovered.Add(int64(n))
			}
		}
	})
	l.Settled()
	require.Equal(t, 40, tally.Distinct())
	require.Equal(t, 40, tally.Total())
	require.Equal(t, 2, fault.Lost())
	require.Positive(t, recovered.Load())
}

// The same for the replies of the scripts that take entries and settle them: each
// may have happened, and is repeated behind the fence.
func TestLostScriptRepliesChangeNothing(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	var fault streamtest.Fault
	var tally streamtest.Tally
	l.Publish(30)
	l.RunOn(l.Dial(stream.WithHook(&fault)), func(_ context.Context, d *stream.Delivery) error {
		if tally.Hit(d.ID) == 1 {
			fault.LoseReply("evalsha", 3)
			return context.DeadlineExceeded
		}
		return nil
	}, func(c *consumer.Config) { c.Lease = time.Hour })
	l.Settled()
	require.Equal(t, 30, tally.Distinct())
	require.Equal(t, 60, tally.Total(), "each failed once and succeeded once")
	require.Empty(t, l.Letters())
	require.Positive(t, fault.Lost())
}

// A lost reply of an acknowledgement is repeated.
func TestLostAckReplyIsRepeated(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	var fault streamtest.Fault
	fault.LoseReply("xack", 2)
	var tally streamtest.Tally
	var missed atomic.Int64
	l.Publish(10)
	l.RunOn(l.Dial(stream.WithHook(&fault)), tally.Handler, func(c *consumer.Config) {
		c.Hooks.AckMissed = func(_ string, n int) { missed.Add(int64(n)) }
	})
	streamtest.Eventually(t, func() bool { return fault.Lost() == 0 || missed.Load() > 0 }, "the second XACK finds nothing")
	l.Settled()
	require.Equal(t, 10, tally.Total())
}

// An acknowledgement that cannot be sent is repeated until it holds. Red when the
// acker gives up, for the lease is an hour.
func TestAckIsRepeatedUntilItHolds(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	var fault streamtest.Fault
	fault.Refuse("xack", 4)
	var tally streamtest.Tally
	l.Publish(10)
	l.RunOn(l.Dial(stream.WithHook(&fault)), tally.Handler, func(c *consumer.Config) { c.Lease = time.Hour })
	l.Settled()
	require.Equal(t, 10, tally.Total())
	require.GreaterOrEqual(t, fault.Refused(), 4)
}

// Redis is away from everybody for longer than a lease. What was held is kept when
// it comes back: those who live have had no time to extend their leases, so nobody
// takes anything over until they had. Red when the reclaimer does not wait.
func TestOutageLongerThanTheLease(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	var faultA, faultB streamtest.Fault
	const lease = 3 * time.Second
	h := newHeld()
	a := l.RunOn(l.Dial(stream.WithHook(&faultA)), h.handle, func(c *consumer.Config) { c.Lease, c.Concurrency = lease, 4 })
	l.Publish(4)
	for range 4 {
		receive(t, h.started, "a delivery")
	}
	rounds := make(chan struct{}, 10000)
	b := l.RunOn(l.Dial(stream.WithHook(&faultB)), h.handle, func(c *consumer.Config) {
		c.Lease, c.Concurrency = lease, 4
		c.Hooks.Beat = func(loop, _ string) {
			if loop == "reclaimer" {
				rounds <- struct{}{}
			}
		}
	})
	streamtest.Eventually(t, func() bool { return b.Ready() == nil }, "b runs")
	faultA.Cut()
	faultB.Cut()
	from := time.Now()
	streamtest.Eventually(t, func() bool { return time.Since(from) > 3*lease/2 && faultB.Refused() > 3 }, "the outage lasts")
	require.Error(t, a.Ready())
	faultB.Mend() // b is the first to come back
	streamtest.Eventually(t, func() bool { return b.Ready() == nil }, "b reads again")
	for len(rounds) > 0 {
		<-rounds
	}
	receive(t, rounds, "a round of b's reclaimer")
	faultA.Mend()
	streamtest.Eventually(t, func() bool { return a.Ready() == nil }, "a reads again")
	for range 4 {
		h.release <- nil
	}
	l.Settled()
	require.Empty(t, h.started, "nothing was started twice")
}

// A worker is cut off with one entry running and others waiting; another one takes
// all of them. The first one must not start what waits, which it holds no more.
// Red when the executor does not make sure of an old lease before it starts.
func TestWaitingEntriesOfALostLeaseAreNotStarted(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	var fault streamtest.Fault
	h := newHeld()
	outcomes := make(chan consumer.Outcome, 10)
	cfg := func(c *consumer.Config) { c.Lease, c.Concurrency, c.Prefetch = 300*time.Millisecond, 1, 3 }
	a := l.RunOn(l.Dial(stream.WithHook(&fault)), h.handle, func(c *consumer.Config) {
		cfg(c)
		c.Hooks.Settled = func(_ *stream.Delivery, o consumer.Outcome, _ time.Duration) { outcomes <- o }
	})
	l.Publish(4)
	receive(t, h.started, "the first delivery")
	streamtest.Eventually(t, func() bool { return a.Held() == 4 }, "all are taken, and their replies have come")
	fault.Cut()
	var other streamtest.Tally
	l.Run(other.Handler, cfg)
	l.Settled()
	require.Equal(t, 4, other.Total())
	h.release <- nil
	fault.Mend()
	for range 4 {
		require.Equal(t, consumer.Lost, receive(t, outcomes, "an outcome"))
	}
	require.Empty(t, h.started)
}

// After chaos (failures, lost replies, refused commands) every place is free again,
// none was given back twice, and nothing is held.
func TestPlacesAreGivenBackOnce(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	var fault streamtest.Fault
	var tally streamtest.Tally
	r := l.RunOn(l.Dial(stream.WithHook(&fault)), func(_ context.Context, d *stream.Delivery) error {
		switch n := tally.Hit(d.ID); {
		case n > 2:
			return nil
		case len(d.ID) == 1:
			panic("at the first tries")
		case d.ID[0] == '1':
			return consumer.Permanent(context.DeadlineExceeded)
		case d.ID[0] == '2':
			return context.DeadlineExceeded
		}
		return nil
	}, func(c *consumer.Config) { c.Lease = 300 * time.Millisecond })
	for range 10 {
		fault.LoseReply("xreadgroup", 1)
		fault.LoseReply("evalsha", 3)
		fault.Refuse("xack", 2)
		l.Publish(40)
		streamtest.Eventually(t, func() bool { return fault.Lost() > 0 }, "faults")
		l.Settled()
	}
	streamtest.Eventually(t, func() bool { return r.Held() == 0 }, "nothing is held")
	require.NoError(t, r.Stop())
	require.Equal(t, r.RoomSize(), r.RoomLeft())
}

// With OrderBy the entry stays with its worker when it fails, so the fence does not
// keep a repeated call from counting again: the call says which failure it is.
func TestLostReplyOfAFailureInPlaceCountsOnce(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	var fault streamtest.Fault
	failed := make(chan int, 10)
	h := newHeld()
	l.Publish(1)
	// So that the server knows the script, and is asked by EVALSHA.
	_, err := l.Group.Create(l.Ctx, stream.Oldest())
	require.NoError(t, err)
	_, err = l.Group.FailKeep(l.Ctx, "nobody", stream.Held{ID: stream.ID{Ms: 1}}, 1, "")
	require.ErrorIs(t, err, stream.ErrLost)
	l.RunOn(l.Dial(stream.WithHook(&fault)), func(ctx context.Context, d *stream.Delivery) error {
		failed <- d.Attempt
		if d.Attempt == 1 {
			fault.LoseReply("evalsha", 2)
			return context.DeadlineExceeded
		}
		return h.handle(ctx, d)
	}, func(c *consumer.Config) {
		c.OrderBy = func(*stream.Delivery) string { return "" }
		c.Lease, c.Poll = time.Hour, time.Hour
	})
	receive(t, h.started, "the second try")
	require.Equal(t, 2, fault.Lost())
	counted, err := redisClient(t, l).HVals(l.Ctx, "leat:{"+l.Stream+"}:failures:workers").Result()
	require.NoError(t, err)
	require.Len(t, counted, 1)
	require.Equal(t, "1 ", counted[0][:2])
	h.release <- nil
	l.Settled()
}

// A batch that does not come through in the time that a call has, though each of
// its entries would: less is asked for until it does. Red when every call asks for
// as much as there is room.
func TestBatchThatTakesLongerThanACall(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	l := streamtest.New(t, server.URL())
	for i := range 40 {
		l.Add(stream.Event{ID: fmt.Sprint(i), Source: "test", Type: "test.event", Data: make([]byte, 1<<20)})
	}
	_, err := l.Group.Create(l.Ctx, stream.Oldest())
	require.NoError(t, err)
	require.NoError(t, server.Client(t).Eval(l.Ctx, `return #redis.call('XREADGROUP', 'GROUP', 'workers', 'dead', 'COUNT', 100, 'STREAMS', KEYS[1], '>')`,
		[]string{l.Stream}).Err())
	conn, err := stream.Dial(l.Ctx, "redis://"+slow(t, server.Addr()), stream.WithTimeout(400*time.Millisecond))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	var tally streamtest.Tally
	l.RunOn(conn, tally.Handler, func(c *consumer.Config) { c.Lease, c.Prefetch = 2*time.Second, 40 })
	l.Settled()
	require.Equal(t, 40, tally.Distinct())
}

// slow is a way to a server that lets 40 MB/s through, and its address.
func slow(t *testing.T, server string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			in, err := listener.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", server)
			if err != nil {
				_ = in.Close()
				continue
			}
			go func() { _, _ = io.Copy(out, in); _ = out.Close() }()
			go func() { _, _ = io.Copy(in, slowReader{out}); _ = in.Close(); _ = out.Close() }()
		}
	}()
	return listener.Addr().String()
}

type slowReader struct{ io.Reader }

func (r slowReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	<-time.After(time.Duration(n) * time.Second / (40 << 20))
	return n, err
}
