package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
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
	workerKills   = 20
	redisRestarts = 3
)

// publisher publishes until it is stopped, and knows what was acknowledged.
type publisher struct {
	mu      sync.Mutex
	stored  map[stream.ID]string // acknowledged: entry to event
	unknown int
	refused int
}

func (p *publisher) run(ctx context.Context, l *streamtest.Lab, prod *producer.Producer, done chan<- struct{}) {
	defer close(done)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	var receipts sync.WaitGroup
	for n := 0; ; {
		select {
		case <-ctx.Done():
			receipts.Wait()
			return
		case <-tick.C:
		}
		for range 20 {
			event := fmt.Sprint(n)
			receipt := prod.Send(l.Ctx, l.Stream, stream.Event{ID: event, Type: "test.event"})
			receipts.Go(func() { p.note(l.Ctx, event, receipt) })
			n++
		}
	}
}

func (p *publisher) note(ctx context.Context, event string, receipt *producer.Receipt) {
	id, err := receipt.Wait(ctx)
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case err == nil:
		p.stored[id] = event
	case stream.Classify(err) == stream.ClassUnknown:
		p.unknown++
	default:
		p.refused++
	}
}

// Workers are killed 20 times under load, and Redis, whose AOF is written always,
// three times. Every publish that was acknowledged is handled or a dead letter,
// and no entry is started more often than failures, kills of workers that had
// started it, and restarts of Redis in between explain.
func TestNothingIsLostWhenWorkersAndRedisAreKilled(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	server := redistest.Start(t, redistest.AOF("always"))
	l := streamtest.New(t, server.URL())
	prod, err := producer.New(l.Conn, producer.Config{Source: "test"})
	require.NoError(t, err)

	var all, alive []*process
	start := func() {
		name := fmt.Sprintf("worker-%d", len(all))
		w := spawn(t, task{
			URL: server.URL(), Stream: l.Stream, Name: name, Record: filepath.Join(t.TempDir(), name),
			Lease: time.Second, Busy: 5 * time.Millisecond, Shutdown: 10 * time.Second, Concurrency: 4, Prefetch: 16,
		})
		all, alive = append(all, w), append(alive, w)
	}
	for range 4 {
		start()
	}
	pub := &publisher{stored: map[stream.ID]string{}}
	ctx, stop := context.WithCancel(l.Ctx)
	published := make(chan struct{})
	go pub.run(ctx, l, prod, published)

	var restarts []time.Time
	for kill := range workerKills {
		if kill%(workerKills/(redisRestarts+1)+1) == 5 {
			restarts = append(restarts, time.Now())
			server.Kill()
			server.Restart()
			restarts = append(restarts, time.Now())
		}
		i := rnd.IntN(len(alive))
		victim := alive[i]
		streamtest.Eventually(t, func() bool { return len(victim.lines(t)) > 20 }, "%s works", victim.name)
		pause, cancel := context.WithTimeout(l.Ctx, time.Duration(rnd.IntN(300))*time.Millisecond)
		<-pause.Done()
		cancel()
		victim.kill(t)
		alive = append(alive[:i], alive[i+1:]...)
		start()
	}
	require.Len(t, restarts, 2*redisRestarts)
	stop()
	<-published
	require.NoError(t, prod.Close(l.Ctx))
	l.Settled()
	for _, w := range alive {
		require.NoError(t, w.cmd.Process.Signal(endSignal))
		require.NoError(t, <-w.exited, "%s drains and exits 0", w.name)
	}
	check(t, l, pub, histories(t, all), restarts)
}

// check compares what was acknowledged with what was written down.
func check(t *testing.T, l *streamtest.Lab, pub *publisher, entries map[stream.ID]*history, restarts []time.Time) {
	t.Helper()
	dead := map[stream.ID]bool{}
	for _, letter := range l.Letters() {
		require.False(t, dead[letter.EntryID], "entry %s is a dead letter twice", letter.EntryID)
		dead[letter.EntryID] = true
	}
	lost, again, unexplained := 0, 0, 0
	for id, event := range pub.stored {
		h := entries[id]
		if !dead[id] && (h == nil || h.done == 0) {
			lost++
			t.Errorf("event %s (%s) was acknowledged and is lost", event, id)
		}
	}
	for id, h := range entries {
		if h.starts-h.fails > 1 {
			again++
		}
		limit := 1 + h.fails + len(h.killed) + between(restarts, h.first, h.last)
		if h.starts > limit {
			unexplained++
			t.Errorf("entry %s was started %d times, %d can be explained: %+v", id, h.starts, limit, h)
		}
		if dead[id] && h.done > 0 {
			t.Errorf("entry %s was handled and is a dead letter", id)
		}
	}
	require.Greater(t, len(pub.stored), 1000, "it was under load")
	require.NotEmpty(t, dead)
	t.Logf("published %d (%d unknown, %d refused), started %d, dead letters %d, lost %d, started again after a kill %d, unexplained %d",
		len(pub.stored), pub.unknown, pub.refused, len(entries), len(dead), lost, again, unexplained)
}

// between counts the restarts of Redis (begin and end of each) that touch a time.
func between(restarts []time.Time, from, to time.Time) (n int) {
	for i := 0; i < len(restarts); i += 2 {
		// A lease that could not be extended may have run out until one lease later.
		if !restarts[i].After(to) && !restarts[i+1].Add(2*time.Second).Before(from) {
			n++
		}
	}
	return n
}
