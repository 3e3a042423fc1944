package consumer_test

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

// trail records the order in which handlers ran, by key.
type trail struct {
	mu     sync.Mutex
	byKey  map[string][]string
	inside map[string]int
}

func (tr *trail) enter(t *testing.T, key, id string) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	if tr.byKey == nil {
		tr.byKey, tr.inside = map[string][]string{}, map[string]int{}
	}
	tr.byKey[key] = append(tr.byKey[key], id)
	if tr.inside[key]++; tr.inside[key] > 1 {
		t.Errorf("two handlers of key %s at once", key)
	}
}

func (tr *trail) leave(key string) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.inside[key]--
}

func keyed(n, keys int) (events []stream.Event) {
	for i := range n {
		events = append(events, stream.Event{ID: fmt.Sprintf("%04d", i), Source: "test", Type: "test.event", Subject: fmt.Sprint(i % keys)})
	}
	return events
}

func bySubject(d *stream.Delivery) string { return d.Subject }

// Entries of a key are handled one after the other, in order, also when one of
// them fails at first; other keys go on meanwhile. Red without the lanes, and when
// a failed entry is parked as without OrderBy.
func TestOrderByKey(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	var tr trail
	var tally streamtest.Tally
	l.Add(keyed(200, 5)...)
	l.Run(func(_ context.Context, d *stream.Delivery) error {
		tr.enter(t, d.Subject, d.ID)
		defer tr.leave(d.Subject)
		if n := tally.Hit(d.ID); n <= 2 && d.ID[3] == '7' {
			if n != d.Attempt {
				t.Errorf("attempt %d says it is %d", n, d.Attempt)
			}
			return errors.New("not yet")
		}
		return nil
	}, func(c *consumer.Config) { c.OrderBy, c.Prefetch = bySubject, 100 })
	l.Settled()
	require.Equal(t, 200, tally.Distinct())
	for key, ids := range tr.byKey {
		require.True(t, slices.IsSorted(ids), "key %s: %v", key, ids)
	}
	require.Equal(t, 200+2*20, tally.Total())
	require.Zero(t, redisClient(t, l).HLen(l.Ctx, "leat:{"+l.Stream+"}:failures:workers").Val())
}

// What fails for good makes way for what waits behind it.
func TestOrderByKeyAfterADeadLetter(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	var tr trail
	l.Add(keyed(10, 1)...)
	l.Run(func(_ context.Context, d *stream.Delivery) error {
		tr.enter(t, d.Subject, d.ID)
		defer tr.leave(d.Subject)
		if d.ID == "0003" {
			return errors.New("never")
		}
		return nil
	}, func(c *consumer.Config) { c.OrderBy, c.MaxAttempts = bySubject, 3 })
	l.Settled()
	require.Equal(t, []string{"0000", "0001", "0002", "0003", "0003", "0003", "0004", "0005", "0006", "0007", "0008", "0009"}, tr.byKey["0"])
	require.Len(t, l.Letters(), 1)
}

// What waits in lanes, and what waits for its next try in place, is handed back at
// the end like everything else.
func TestOrderByHandsLanesBack(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	failed := make(chan struct{}, 1)
	a := l.Run(func(_ context.Context, d *stream.Delivery) error {
		if d.ID == "0000" {
			failed <- struct{}{}
		}
		return errors.New("later")
	}, func(c *consumer.Config) {
		c.OrderBy, c.Lease, c.Backoff = bySubject, time.Hour, consumer.Constant(time.Hour)
	})
	l.Add(keyed(10, 1)...)
	receive(t, failed, "the first failure")
	streamtest.Eventually(t, func() bool { return a.Held() == 10 }, "all are held")
	require.NoError(t, a.Stop())
	var tr trail
	l.Run(func(_ context.Context, d *stream.Delivery) error {
		tr.enter(t, d.Subject, d.ID)
		defer tr.leave(d.Subject)
		return nil
	}, func(c *consumer.Config) { c.OrderBy, c.Lease = bySubject, time.Hour })
	l.Settled()
	require.True(t, slices.IsSorted(tr.byKey["0"]), "%v", tr.byKey["0"])
	require.Len(t, tr.byKey["0"], 10)
}

// A panic in OrderBy does not end the reading.
func TestOrderByPanics(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	var tally streamtest.Tally
	l.Add(keyed(10, 2)...)
	l.Run(tally.Handler, func(c *consumer.Config) {
		c.OrderBy = func(*stream.Delivery) string { panic("no key") }
	})
	l.Settled()
	require.Equal(t, 10, tally.Distinct())
}
