package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/internal/streamtest"
	"github.com/leat-io/leat/stream"
)

// A next try comes no earlier than it was asked for, by the backoff or by the
// verdict, and by whichever worker.
func retryTiming(t *testing.T, s server) {
	l := s.lab(t)
	var mu sync.Mutex
	last := map[string]time.Time{}
	var gaps []time.Duration
	var tally streamtest.Tally
	handler := func(_ context.Context, d *stream.Delivery) error {
		mu.Lock()
		defer mu.Unlock()
		if n := tally.Hit(d.ID); n > 1 {
			gaps = append(gaps, time.Since(last[d.ID]))
		}
		if d.Attempt == 4 {
			return nil
		}
		last[d.ID] = time.Now()
		if d.ID == "0" {
			return consumer.RetryAfter(errors.New("not yet"), 300*time.Millisecond)
		}
		return errors.New("not yet")
	}
	backoff := func(c *consumer.Config) { c.Backoff = consumer.Constant(300 * time.Millisecond) }
	l.Run(handler, backoff)
	l.Run(handler, backoff)
	l.Publish(5)
	streamtest.Eventually(t, func() bool { return tally.Total() == 20 }, "four attempts each")
	l.Settled()
	require.Len(t, gaps, 15)
	// Redis counts in whole milliseconds, from the settlement that came after the
	// handler's return.
	require.GreaterOrEqual(t, slices.Min(gaps), 299*time.Millisecond)
}

func verdicts(t *testing.T, s server) {
	l := s.lab(t)
	var tally streamtest.Tally
	l.Publish(5)
	l.Run(func(_ context.Context, d *stream.Delivery) error {
		n := tally.Hit(d.ID)
		switch {
		case d.ID == "1":
			return consumer.Permanent(errors.New("hopeless"))
		case d.ID == "2" && n == 1:
			return errors.New("once")
		case d.ID == "3" && n == 1:
			panic("once")
		case d.ID == "4":
			return fmt.Errorf("attempt %d", d.Attempt)
		}
		return nil
	}, func(c *consumer.Config) { c.MaxAttempts = 3 })
	streamtest.Eventually(t, func() bool { return tally.Total() == 1+1+2+2+3 && len(l.Letters()) == 2 }, "all verdicts")
	l.Settled()
	for _, letter := range l.Letters() {
		id, _ := letter.Fields.Get("id")
		switch string(id) {
		case "1":
			require.Equal(t, stream.ReasonPermanent, letter.Reason)
			require.Equal(t, 1, letter.Attempts)
		case "4":
			require.Equal(t, stream.ReasonAttempts, letter.Reason)
			require.Equal(t, 3, letter.Attempts)
			require.Equal(t, "attempt 3", letter.Error)
		default:
			t.Errorf("event %s is a dead letter", id)
		}
	}
}

// Dead letters keep everything, and go back to their group alone: the original
// entry where it is, else a new one that other groups skip.
func deadLetterAndRedrive(t *testing.T, s server) {
	l := s.lab(t)
	var mu sync.Mutex
	healed := false
	var tally, others streamtest.Tally
	l.Run(func(_ context.Context, d *stream.Delivery) error {
		mu.Lock()
		defer mu.Unlock()
		tally.Hit(d.ID)
		if !healed {
			return consumer.Permanent(errors.New("hopeless"))
		}
		if d.Attempt != 1 || d.Deliveries != 1 || string(d.Data) != "data of "+d.ID {
			t.Errorf("redriven %s: attempt %d, delivery %d, data %q", d.ID, d.Attempt, d.Deliveries, d.Data)
		}
		return nil
	}, nil)
	l.Run(others.Handler, func(c *consumer.Config) { c.Group = "others" })
	ids := l.Publish(3)
	streamtest.Eventually(t, func() bool { return len(l.Letters()) == 3 && others.Total() == 3 }, "dead letters")
	letters := l.Letters()
	for i, letter := range letters {
		require.Equal(t, "hopeless", letter.Error)
		require.Contains(t, ids, letter.EntryID, "letter %d", i)
	}
	require.NoError(t, l.redis().XDel(l.Ctx, l.Stream, letters[0].EntryID.String()).Err())
	mu.Lock()
	healed = true
	mu.Unlock()
	for _, letter := range letters {
		_, err := l.Group.Redrive(l.Ctx, letter)
		require.NoError(t, err)
		_, err = l.Group.Redrive(l.Ctx, letter)
		require.ErrorIs(t, err, stream.ErrNoLetter, "a second time")
	}
	streamtest.Eventually(t, func() bool { return tally.Total() == 6 }, "handled again")
	l.Settled()
	require.Empty(t, l.Letters())
	g, err := l.operator.Group(l.Stream, "others", stream.DeadLetter{})
	require.NoError(t, err)
	streamtest.Eventually(t, func() bool {
		info, err := g.Info(l.Ctx)
		return err == nil && info.Pending == 0 && info.LastDelivered == l.Info().LastDelivered
	}, "the other group has passed the new entry")
	require.Equal(t, 3, others.Total())
}

func orderWithinAKey(t *testing.T, s server) {
	l := s.lab(t)
	var events []stream.Event
	for i := range 150 {
		events = append(events, stream.Event{ID: fmt.Sprintf("%04d", i), Source: "test", Type: "test.event", Subject: fmt.Sprint(i % 6)})
	}
	l.Add(events...)
	var mu sync.Mutex
	order, tries := map[string][]string{}, map[string]int{}
	l.Run(func(_ context.Context, d *stream.Delivery) error {
		mu.Lock()
		defer mu.Unlock()
		order[d.Subject] = append(order[d.Subject], d.ID)
		if tries[d.ID]++; tries[d.ID] == 1 && d.ID[3] == '5' {
			return errors.New("at the second try")
		}
		return nil
	}, func(c *consumer.Config) {
		c.OrderBy = func(d *stream.Delivery) string { return d.Subject }
	})
	l.Settled()
	total := 0
	for key, ids := range order {
		require.True(t, slices.IsSorted(ids), "key %s: %v", key, ids)
		total += len(ids)
	}
	require.Equal(t, 165, total)
}

func pause(t *testing.T, s server) {
	l := s.lab(t)
	var tally streamtest.Tally
	beats := make(chan struct{}, 100000)
	a := l.Run(tally.Handler, func(c *consumer.Config) {
		c.Block, c.Lease = 20*time.Millisecond, 100*time.Millisecond
		c.Hooks.Beat = func(loop, _ string) {
			if loop == "leaser" {
				beats <- struct{}{}
			}
		}
	})
	streamtest.Eventually(t, func() bool { return a.Ready() == nil }, "it runs")
	a.Pause() // from here on nothing is taken
	l.Publish(5)
	for len(beats) > 0 {
		<-beats
	}
	for range 12 { // a lease: many reads' time
		receive(t, beats)
	}
	require.Zero(t, tally.Total())
	require.Empty(t, l.Pending())
	a.Resume()
	l.Settled()
	require.Equal(t, 5, tally.Total())
}

// A worker that is told to stop lets its handlers finish, hands back the rest
// uncounted, and leaves no name.
func drain(t *testing.T, s server) {
	l := s.lab(t)
	started, release := make(chan string, 10), make(chan struct{})
	l.Publish(10) // before: read one by one they would not fill the room to the last place
	a := l.Run(func(_ context.Context, d *stream.Delivery) error {
		started <- d.ID
		<-release
		return nil
	}, func(c *consumer.Config) { c.Lease, c.Concurrency, c.Prefetch = time.Hour, 2, 8 })
	running := []string{receive(t, started), receive(t, started)}
	streamtest.Eventually(t, func() bool { return len(l.Pending()) == 10 }, "all are taken")
	a.Tell()
	var tally streamtest.Tally
	b := l.Run(func(_ context.Context, d *stream.Delivery) error {
		tally.Hit(d.ID)
		if d.Deliveries != 1 {
			t.Errorf("entry %s counts %d deliveries", d.ID, d.Deliveries)
		}
		return nil
	}, func(c *consumer.Config) { c.Lease = time.Hour })
	streamtest.Eventually(t, func() bool { return tally.Distinct() == 8 }, "the rest is taken by another worker")
	close(release)
	require.NoError(t, a.Stop())
	l.Settled()
	require.Equal(t, 8, tally.Total())
	for _, id := range running {
		require.Zero(t, tally.Of(id))
	}
	require.NoError(t, b.Stop())
	names, err := l.redis().XInfoConsumers(l.Ctx, l.Stream, "workers").Result()
	require.NoError(t, err)
	for _, info := range names {
		require.Equal(t, stream.Parked, info.Name)
	}
}

// The stream is deleted, with its group, under a running worker.
func groupLost(t *testing.T, s server) {
	l := s.lab(t)
	var tally streamtest.Tally
	l.Run(tally.Handler, nil)
	l.Publish(5)
	l.Settled()
	require.NoError(t, l.redis().Del(l.Ctx, l.Stream).Err())
	l.Add(stream.Event{ID: "after", Source: "test", Type: "test.event"})
	streamtest.Eventually(t, func() bool { return tally.Of("after") == 1 }, "what came after is handled")
	l.Settled()

	require.NoError(t, l.redis().XGroupDestroy(l.Ctx, l.Stream, "workers").Err())
	l.Add(stream.Event{ID: "again", Source: "test", Type: "test.event"})
	streamtest.Eventually(t, func() bool { return tally.Of("again") == 1 }, "what came after that, too")
	l.Settled()
}

// Replies of reads, scripts and acknowledgements get lost on their way.
func lostReplies(t *testing.T, s server) {
	l := s.lab(t)
	var fault streamtest.Fault
	var tally streamtest.Tally
	l.Publish(30)
	fault.LoseReply("xreadgroup", 1)
	fault.LoseReply("xack", 1)
	l.RunOn(l.Dial(stream.WithHook(&fault)), func(_ context.Context, d *stream.Delivery) error {
		if tally.Hit(d.ID) == 1 {
			if d.ID == "7" {
				fault.LoseReply("evalsha", 2)
			}
			return errors.New("once")
		}
		return nil
	}, func(c *consumer.Config) { c.Lease = time.Hour })
	l.Settled()
	require.Equal(t, 30, tally.Distinct())
	require.Equal(t, 60, tally.Total())
	require.Positive(t, fault.Lost())
}

// A worker that was cut off cannot settle what another one has.
func fencedSettlement(t *testing.T, s server) {
	l := s.lab(t)
	var fault streamtest.Fault
	started, release := make(chan struct{}, 10), make(chan struct{})
	outcome := make(chan consumer.Outcome, 10)
	lease := func(c *consumer.Config) { c.Lease = 400 * time.Millisecond }
	l.RunOn(l.Dial(stream.WithHook(&fault)), func(context.Context, *stream.Delivery) error {
		started <- struct{}{}
		<-release
		return nil
	}, func(c *consumer.Config) {
		lease(c)
		c.Hooks.Settled = func(_ *stream.Delivery, o consumer.Outcome, _ time.Duration) { outcome <- o }
	})
	l.Publish(1)
	receive(t, started)
	fault.Cut()
	second, finish := make(chan int, 10), make(chan struct{})
	b := l.Run(func(_ context.Context, d *stream.Delivery) error {
		second <- d.Deliveries
		<-finish
		return nil
	}, lease)
	require.Equal(t, 2, receive(t, second))
	close(release)
	fault.Mend()
	require.Equal(t, consumer.Lost, receive(t, outcome))
	rows := l.Pending()
	require.Len(t, rows, 1)
	require.Equal(t, b.Name(), rows[0].Consumer)
	close(finish)
	l.Settled()
	require.Empty(t, second)
}

func namesGoOnlyWhenEmpty(t *testing.T, s server) {
	l := s.lab(t)
	_, err := l.work.Create(l.Ctx, stream.Oldest())
	require.NoError(t, err)
	l.Publish(3)
	reader := l.work.Reader("dead", false)
	batch, err := reader.Read(l.Ctx, 3, 0)
	require.NoError(t, err)
	require.Len(t, batch, 3)
	require.NoError(t, reader.Close())
	removed, err := l.work.Leave(l.Ctx, "dead")
	require.NoError(t, err)
	require.False(t, removed)
	names, err := l.work.RemoveIdle(l.Ctx, "me", 0)
	require.NoError(t, err)
	require.Empty(t, names)
	require.Len(t, l.Pending(), 3)
	held := []stream.Held{batch[0].Held(), batch[1].Held(), batch[2].Held()}
	ok, err := l.work.AckFenced(l.Ctx, "dead", held)
	require.NoError(t, err)
	require.Equal(t, []bool{true, true, true}, ok)
	names, err = l.work.RemoveIdle(l.Ctx, "me", 0)
	require.NoError(t, err)
	require.Equal(t, []string{"dead"}, names)
}
