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

// A batch's error names those that failed: each has its own verdict, the others
// are acknowledged.
func TestBatchVerdicts(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	var tally streamtest.Tally
	sizes := make(chan int, 1000)
	l.Publish(100)
	c, err := consumer.NewBatch(l.Conn, func(_ context.Context, batch []*stream.Delivery) error {
		sizes <- len(batch)
		failed := consumer.BatchError{}
		for _, d := range batch {
			n := tally.Hit(d.ID)
			switch {
			case d.ID == "13":
				failed[d] = consumer.Permanent(errors.New("unlucky"))
			case d.ID == "20" && n < 3:
				failed[d] = errors.New("again")
			}
		}
		if len(failed) == 0 {
			return nil
		}
		return fmt.Errorf("some failed: %w", failed)
	}, l.Config(func(c *consumer.Config) { c.BatchSize, c.BatchWait, c.Concurrency = 40, 50*time.Millisecond, 1 }))
	require.NoError(t, err)
	l.Start(c)
	streamtest.Eventually(t, func() bool { return tally.Of("20") == 3 }, "the third try")
	l.Settled()
	require.Equal(t, 102, tally.Total())
	letters := l.Letters()
	require.Len(t, letters, 1)
	require.Equal(t, "unlucky", letters[0].Error)
	most := 0
	for len(sizes) > 0 {
		most = max(most, <-sizes)
	}
	require.Equal(t, 40, most, "batches are filled, and never larger")
}

// Any other error is the verdict on all, and a panic is one.
func TestBatchFailsAsAWhole(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	var tally streamtest.Tally
	l.Publish(10)
	calls := 0
	c, err := consumer.NewBatch(l.Conn, func(_ context.Context, batch []*stream.Delivery) error {
		for _, d := range batch {
			tally.Hit(d.ID)
		}
		if calls++; calls == 1 {
			panic("all of it")
		}
		return nil
	}, l.Config(func(c *consumer.Config) { c.BatchSize, c.Concurrency = 100, 1 }))
	require.NoError(t, err)
	l.Start(c)
	l.Settled()
	require.Equal(t, 10, tally.Distinct())
	require.Greater(t, tally.Total(), 10)
	require.Empty(t, l.Letters())
}

func TestBatchRefusesMiddleware(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	_, err := consumer.NewBatch(l.Conn, func(context.Context, []*stream.Delivery) error { return nil },
		l.Config(func(c *consumer.Config) {
			c.Middleware = []consumer.Middleware{func(h consumer.Handler) consumer.Handler { return h }}
		}))
	require.ErrorContains(t, err, "Middleware")
}

// At most once: settled when it is read, whatever becomes of it.
func TestAtMostOnce(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	var tally streamtest.Tally
	outcomes := make(chan consumer.Outcome, 100)
	l.Publish(20)
	a := l.Run(func(ctx context.Context, d *stream.Delivery) error {
		tally.Hit(d.ID)
		if d.ID == "3" {
			return errors.New("failed")
		}
		return nil
	}, func(c *consumer.Config) {
		c.Guarantee = consumer.AtMostOnce
		c.Hooks.Settled = func(_ *stream.Delivery, o consumer.Outcome, _ time.Duration) { outcomes <- o }
	})
	count := map[consumer.Outcome]int{}
	for range 20 {
		count[receive(t, outcomes, "an outcome")]++
	}
	require.Equal(t, map[consumer.Outcome]int{consumer.Acked: 19, consumer.Dropped: 1}, count)
	require.Empty(t, l.Pending())
	require.Empty(t, l.Letters())
	require.NoError(t, a.Stop())
	require.Equal(t, 20, tally.Total())
}

// What an at-most-once worker has taken is nobody else's any more: it is handled
// before the worker ends.
func TestAtMostOnceDrainsWhatWaits(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	h := newHeld()
	var tally streamtest.Tally
	a := l.Run(func(ctx context.Context, d *stream.Delivery) error {
		if tally.Hit(d.ID); d.ID == "0" {
			return h.handle(ctx, d)
		}
		return nil
	}, func(c *consumer.Config) { c.Guarantee, c.Concurrency, c.Prefetch = consumer.AtMostOnce, 1, 9 })
	l.Publish(10)
	receive(t, h.started, "the first delivery")
	streamtest.Eventually(t, func() bool { return l.Info().Lag == 0 }, "all are taken")
	a.Tell()
	h.release <- nil
	require.NoError(t, a.Stop())
	require.Equal(t, 10, tally.Distinct())
}

func TestPauseAndResume(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	var tally streamtest.Tally
	beats := make(chan struct{}, 10000)
	a := l.Run(tally.Handler, func(c *consumer.Config) {
		c.Block, c.Lease = 20*time.Millisecond, 100*time.Millisecond
		c.Hooks.Beat = func(loop, _ string) {
			if loop == "leaser" {
				beats <- struct{}{}
			}
		}
	})
	streamtest.Eventually(t, func() bool { return a.Ready() == nil }, "it runs")
	a.Pause()
	a.Pause()
	l.Publish(1)
	for range 20 {
		receive(t, beats, "a beat")
	}
	require.Zero(t, tally.Total())
	require.Empty(t, l.Pending())
	require.NoError(t, a.Ready())
	a.Resume()
	l.Settled()
	require.Equal(t, 1, tally.Total())
}

func TestManyStreams(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	var tally streamtest.Tally
	var streams []string
	for i := range 5 {
		name := fmt.Sprintf("%s-%d", l.Stream, i)
		streams = append(streams, name)
		_, errs := l.Conn.Add(l.Ctx, name, streamtest.Events(50))
		for _, err := range errs {
			require.NoError(t, err)
		}
	}
	l.Run(func(_ context.Context, d *stream.Delivery) error {
		tally.Hit(d.Stream + d.ID)
		return nil
	}, func(c *consumer.Config) { c.Streams = streams })
	streamtest.Eventually(t, func() bool { return tally.Distinct() == 250 }, "all of all streams")
	for _, name := range streams {
		g, err := l.Conn.Group(name, "workers", stream.DeadLetter{})
		require.NoError(t, err)
		streamtest.Eventually(t, func() bool { info, err := g.Info(l.Ctx); return err == nil && info.Pending == 0 }, "settled")
	}
}

// An entry that redrive addressed to another group is skipped, and settled.
func TestRedriveIsForItsGroupAlone(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	var mine, others streamtest.Tally
	var good bool
	l.Run(func(_ context.Context, d *stream.Delivery) error {
		if mine.Hit(d.ID); !good {
			return consumer.Permanent(errors.New("not yet"))
		}
		return nil
	}, func(c *consumer.Config) { c.Concurrency = 1 })
	l.Run(others.Handler, func(c *consumer.Config) { c.Group = "others" })
	ids := l.Publish(2)
	streamtest.Eventually(t, func() bool { return len(l.Letters()) == 2 && others.Total() == 2 }, "both are dead letters")
	letters := l.Letters()
	require.NoError(t, redisClient(t, l).XDel(l.Ctx, l.Stream, ids[1].String()).Err())
	good = true
	for _, letter := range letters {
		_, err := l.Group.Redrive(l.Ctx, letter)
		require.NoError(t, err)
	}
	streamtest.Eventually(t, func() bool { return mine.Total() == 4 }, "both are handled again")
	l.Settled()
	require.Empty(t, l.Letters())
	g, err := l.Conn.Group(l.Stream, "others", stream.DeadLetter{})
	require.NoError(t, err)
	streamtest.Eventually(t, func() bool { info, err := g.Info(l.Ctx); return err == nil && info.Pending == 0 && info.Lag <= 0 }, "the other group passes it")
	require.Equal(t, 2, others.Total(), "the other group handles nothing twice")
}

// Many streams share few places: none of them has to wait for the blocking reads
// of the others to end. Red when these take the places that are shared.
func TestManyStreamsWithLittleRoom(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	var streams []string
	for i := range 30 {
		streams = append(streams, fmt.Sprintf("%s-%d", l.Stream, i))
	}
	var tally streamtest.Tally
	a := l.Run(func(_ context.Context, d *stream.Delivery) error {
		tally.Hit(d.Stream)
		return nil
	}, func(c *consumer.Config) {
		c.Streams, c.Concurrency, c.Prefetch, c.Block = streams, 1, -1, 10*time.Second
	})
	streamtest.Eventually(t, func() bool { return a.Ready() == nil }, "it runs")
	for _, name := range streams {
		_, errs := l.Conn.Add(l.Ctx, name, streamtest.Events(1))
		require.NoError(t, errs[0])
	}
	streamtest.Eventually(t, func() bool { return tally.Distinct() == 30 }, "all streams, none after the end of another one's read")
}
