package rolling

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/internal/streamtest"
	"github.com/leat-io/leat/producer"
	"github.com/leat-io/leat/stream"
)

const (
	workers = 4
	rate    = 5000 // events a second
)

// TestRollingRestart: four workers are replaced one after the other while events come in. Each event is handled exactly once.
func TestRollingRestart(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	l := streamtest.New(t, server.URL())
	o := observe(t)
	begin := func() *worker {
		return start(t, "--redis", server.URL(), "--stream", l.Stream, "--group", "workers", "--webhook", o.URL, "--concurrency", "32")
	}
	var running, all []*worker
	for range workers {
		running = append(running, begin())
	}
	all = slices.Clone(running)

	ctx, enough := context.WithTimeout(l.Ctx, *load)
	defer enough()
	var published int
	var sending sync.WaitGroup
	sending.Go(func() { published = publish(ctx, t, l) })
	streamtest.Eventually(t, func() bool { return o.handled() > 0 }, "the first event is handled")
	var took []time.Duration
	saidSo := 0
	for range *times {
		for i := range running {
			next := begin()
			drained, said := running[i].stop()
			took = append(took, drained.Round(time.Millisecond))
			if said {
				saidSo++
			}
			running[i], all = next, append(all, next)
		}
	}
	underLoad := ctx.Err() == nil
	enough()
	sending.Wait()
	settled(t, l, published)
	for _, w := range running {
		w.stop()
	}

	require.Positive(t, saidSo, "some /readyz was seen to say that its worker drains")
	handedOver := 0
	for _, w := range all {
		handedOver += w.handedBack()
	}
	o.once(t, published)
	seconds := o.last.Sub(o.first).Seconds()
	t.Logf("%d events in %.1f s, %.0f a second; %d workers replaced, all under load: %v; drained in %v, %d seen by /readyz; %d entries handed over; "+
		"longest gap %s; new workers ready after %s", published, seconds, float64(published)/seconds, len(took), underLoad, took, saidSo, handedOver,
		o.gap.Round(time.Millisecond), readyTimes(all))
	if *gap > 0 {
		require.Less(t, o.gap, *gap)
	}
}

// once wants each event to have been handled, and none twice.
func (o *observer) once(t *testing.T, published int) {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	for n := range published {
		require.Equal(t, 1, o.counts[fmt.Sprint(n)], "event %d: how often it was handled", n)
	}
	require.Len(t, o.counts, published)
	require.Zero(t, o.tries, "a hand-over is no attempt")
}

// publish publishes events at the rate until ctx ends, and returns how many are stored.
func publish(ctx context.Context, t *testing.T, l *streamtest.Lab) (n int) {
	p, err := producer.New(l.Dial(), producer.Config{})
	if err != nil {
		t.Error(err)
		return 0
	}
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	var receipts []*producer.Receipt
	for began := time.Now(); ctx.Err() == nil; <-tick.C {
		for due := int(time.Since(began).Seconds() * rate); len(receipts) < due; {
			receipts = append(receipts, p.Send(l.Ctx, l.Stream, stream.Event{ID: fmt.Sprint(len(receipts)), Source: "rolling", Type: "test.event"}))
		}
	}
	if err := p.Close(l.Ctx); err != nil {
		t.Error(err)
	}
	for _, r := range receipts {
		if _, err := r.Wait(l.Ctx); err != nil {
			t.Error(err)
		}
	}
	return len(receipts)
}

// settled waits until the group has been given everything and has settled it, and wants no dead letters.
func settled(t *testing.T, l *streamtest.Lab, published int) {
	t.Helper()
	var info stream.GroupInfo
	streamtest.Eventually(t, func() bool {
		info = l.Info()
		return info.Lag == 0 && info.Pending == 0
	}, "everything is settled")
	require.Zero(t, info.Waiting)
	require.Empty(t, l.Letters())
	entries, err := l.Conn.Do(l.Ctx, l.Stream, "XLEN", l.Stream)
	require.NoError(t, err)
	require.EqualValues(t, published, entries)
}

func readyTimes(all []*worker) (times []time.Duration) {
	for _, w := range all[workers:] {
		times = append(times, w.ready.Round(time.Millisecond))
	}
	return times
}
