package poll_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/streamtest"
	"github.com/leat-io/leat/stac"
	"github.com/leat-io/leat/stac/internal/stactest"
	"github.com/leat-io/leat/stac/poll"
)

// TestPoint20_KilledAnywhereLosesNothing kills pollers while items are added with
// old times, changed and deleted, and wants the stream to come to what the server
// has.
func TestPoint20_KilledAnywhereLosesNothing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		strategy poll.Strategy
		shape    stactest.Shape
	}{
		{"updated", poll.Updated, stactest.PgSTAC()},
		{"rescan", poll.Rescan, stactest.Features()},
		{"reconcile", poll.Reconcile, stactest.EarthSearch()},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, c.shape, stactest.Items("c", 150, time.Now().Add(-100*time.Hour), 30*time.Minute)...)
			random := rand.New(rand.NewPCG(1, uint64(c.strategy)))
			for round := range 10 {
				kill := l.spawn(c.strategy)
				before := len(l.entries())
				l.disturb(random, round)
				// Killed somewhere behind the first events, in the middle of the next ones.
				streamtest.Eventually(t, func() bool { return len(l.entries()) > before }, "round %d publishes", round)
				for range random.IntN(30) {
					_ = l.entries()
				}
				kill()
			}
			l.spawn(c.strategy)
			l.complete()
			l.unique()
		})
	}
}

// disturb adds, changes and deletes items.
func (l *lab) disturb(random *rand.Rand, round int) {
	l.t.Helper()
	for i := range 20 {
		old := stactest.Items(fmt.Sprintf("round-%d", round), 20, time.Now().AddDate(-1-round, 0, -i), time.Hour)[i]
		old.Updated = time.Now()
		all := l.server.All()
		changed := all[random.IntN(len(all))]
		changed.Updated = time.Now()
		l.server.Put(old, changed)
		victim := all[random.IntN(len(all))]
		l.server.Delete(victim.Collection, victim.ID)
	}
}

// TestALostReplyPublishesNothingTwice loses the replies of scripts that have run.
func TestALostReplyPublishesNothingTwice(t *testing.T) {
	t.Parallel()
	l := newLab(t, stactest.PgSTAC(), stactest.Items("c", 100, day, time.Hour)...)
	fault := &streamtest.Fault{}
	conn := l.dial(withHook(fault))
	lose := func() {}
	p := l.pollerOn(conn, poll.Config{Batch: 10, Sources: []poll.Source{l.source(nil)}, Hooks: poll.Hooks{
		Requested: func(string, stac.RequestInfo) { lose() },
	}})
	require.NoError(t, p.Once(l.ctx))
	items := l.server.All()
	for i := range items {
		items[i].Updated = time.Now()
	}
	l.server.Put(items...)
	lose = sync.OnceFunc(func() { fault.LoseReply("EVALSHA", 8) })
	require.NoError(t, p.Once(l.ctx))
	require.Equal(t, 8, fault.Lost())
	require.Equal(t, l.served(), l.published())
	require.Len(t, l.told(), 200)
	l.unique()
}

// TestTheNetworkIsCut cuts the way to Redis, for longer than a lease lasts, and then
// that to the server.
func TestTheNetworkIsCut(t *testing.T) {
	t.Parallel()
	l := newLab(t, stactest.PgSTAC(), stactest.Items("c", 100, day, time.Hour)...)
	fault := &streamtest.Fault{}
	var lost, failed atomic.Int64
	p := l.pollerOn(l.dial(withHook(fault)), poll.Config{
		Lease: 300 * time.Millisecond, Batch: 7, Sources: []poll.Source{l.source(func(s *poll.Source) { s.Reconcile = 50 * time.Millisecond })},
		Hooks: poll.Hooks{
			Leading: func(_ string, leading bool) {
				if !leading {
					lost.Add(1)
				}
			},
			Requested: func(_ string, r stac.RequestInfo) {
				if r.Status == http.StatusBadGateway {
					failed.Add(1)
				}
			},
		},
	})
	l.run(p)
	random := rand.New(rand.NewPCG(3, 3))
	for round := range 3 {
		streamtest.Eventually(t, func() bool { return len(l.entries()) > 10 }, "it publishes")
		fault.Cut()
		before := lost.Load()
		l.disturb(random, round)
		streamtest.Eventually(t, func() bool { return lost.Load() > before }, "the lease is lost")
		fault.Mend()
		l.server.Change(func(_ *stactest.Shape, f *stactest.Faults) {
			f.Intercept = func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(http.StatusBadGateway); return true }
		})
		before = failed.Load()
		streamtest.Eventually(t, func() bool { return failed.Load() > before }, "the server is asked in vain")
		l.server.Change(func(_ *stactest.Shape, f *stactest.Faults) { f.Intercept = nil })
	}
	l.complete()
	l.unique()
}

// TestTwoReplicasTakeTurns runs two pollers, ends the one that leads, and wants the
// other to go on.
func TestTwoReplicasTakeTurns(t *testing.T) {
	t.Parallel()
	l := newLab(t, stactest.PgSTAC(), stactest.Items("c", 40, day, time.Hour)...)
	leads := make(chan int, 10)
	var stops [2]func()
	for i := range 2 {
		p := l.pollerOn(l.dial(), poll.Config{Lease: 3 * time.Second, Sources: []poll.Source{l.source(nil)}, Hooks: poll.Hooks{
			Leading: func(_ string, leading bool) {
				if leading {
					leads <- i
				}
			},
		}})
		stops[i] = l.run(p)
	}
	first := <-leads
	l.complete()
	require.Empty(t, leads, "one at a time")
	stops[first]()
	require.Equal(t, 1-first, <-leads, "the other one takes over")
	l.server.Put(stactest.Items("d", 5, day, time.Hour)...)
	for i, item := range stactest.Items("d", 5, day, time.Hour) {
		item.Updated = time.Now().Add(time.Duration(i) * time.Millisecond)
		l.server.Put(item)
	}
	l.complete()
	l.unique()
}

func TestAnInterruptedBackfillGoesOn(t *testing.T) {
	t.Parallel()
	l := newLab(t, stactest.PgSTAC(), stactest.Items("c", 200, day, 24*time.Hour)...)
	p := l.one(nil)
	ctx, cancel := contextWithCancel(l)
	parts := 0
	interval := stac.Interval{Start: day.AddDate(0, 1, 0), End: day.AddDate(0, 3, 0)}
	b := poll.Backfill{Interval: interval, Progress: func(p poll.Progress) {
		if parts++; p.Published >= 10 {
			cancel()
		}
	}}
	_, err := p.Backfill(ctx, "", b)
	require.Error(t, err)
	first := len(l.told())
	require.Greater(t, first, 9)
	require.Less(t, first, 62)

	var told []poll.Progress
	b.Progress = func(p poll.Progress) { told = append(told, p) }
	end, err := p.Backfill(l.ctx, "", b)
	require.NoError(t, err)
	require.True(t, told[0].Resumed)
	require.Greater(t, told[0].Done, time.Duration(0), "not from the beginning")
	require.Equal(t, end.Total, end.Done)
	require.Equal(t, 62, end.Published)
	require.Len(t, l.told(), 62, "of the interval alone")
	l.unique()

	// What was published is not published again, but where that is asked for; then it
	// has the IDs that it had.
	_, err = p.Backfill(l.ctx, "", b)
	require.NoError(t, err)
	require.Len(t, l.told(), 62)
	ids := l.events()
	b.Again = true
	_, err = p.Backfill(l.ctx, "", b)
	require.NoError(t, err)
	require.Len(t, l.told(), 124)
	require.Len(t, l.events(), len(ids))
	for id, n := range l.events() {
		require.Equal(t, 2, n, id)
	}
}

func TestABackfillBesideAPollerFromNow(t *testing.T) {
	t.Parallel()
	l := newLab(t, stactest.PgSTAC(), stactest.Items("c", 50, day, time.Hour)...)
	p := l.one(func(s *poll.Source) { s.Start, s.Reconcile = poll.FromNow(), 50*time.Millisecond })
	l.run(p)
	streamtest.Eventually(t, func() bool {
		n, err := l.rdb.HLen(l.ctx, "leat:{"+l.stream+"}:stac:seen:"+p.Names()[0]).Result()
		return err == nil && n == 50
	}, "the sweep has been through")
	require.Empty(t, l.told())
	_, err := p.Backfill(l.ctx, "", poll.Backfill{})
	require.NoError(t, err)
	require.Equal(t, l.served(), l.published(), "what the poller had passed over")
	l.unique()
}

// TestPassesDoNotKeepASweepBack lets passes take longer than the interval, so that
// one is always due.
func TestPassesDoNotKeepASweepBack(t *testing.T) {
	t.Parallel()
	items := stactest.Items("c", 60, day, time.Hour)
	l := newLab(t, stactest.PgSTAC(), items...)
	l.server.Change(func(_ *stactest.Shape, f *stactest.Faults) {
		f.Intercept = func(http.ResponseWriter, *http.Request) bool { <-time.After(5 * time.Millisecond); return false }
	})
	l.run(l.one(func(s *poll.Source) { s.Interval, s.Reconcile = time.Millisecond, time.Millisecond }))
	l.complete()
	l.server.Delete("c", items[7].ID)
	l.complete()
	l.unique()
}

// A sweep has many short parts. Where a pass is long it does not come between each two of them.
func TestASweepGetsAsMuchTimeAsAPass(t *testing.T) {
	t.Parallel()
	items := stactest.Items("c", 60, day, time.Hour)
	l := newLab(t, stactest.PgSTAC(), items...)
	l.server.Change(func(_ *stactest.Shape, f *stactest.Faults) {
		f.Intercept = func(http.ResponseWriter, *http.Request) bool { <-time.After(5 * time.Millisecond); return false }
	})
	var passes atomic.Int64
	swept := make(chan int64, 100)
	l.run(l.poller(poll.Config{
		Sources: []poll.Source{l.source(func(s *poll.Source) {
			s.Query.Limit, s.Interval, s.Reconcile, s.Overlap = 1, time.Millisecond, time.Millisecond, 20*365*24*time.Hour
		})},
		Hooks: poll.Hooks{Passed: func(_ string, p poll.Pass) {
			if passes.Add(1); p.Strategy == poll.Reconcile {
				swept <- passes.Load()
			}
		}},
	}))
	first := <-swept
	second := <-swept
	require.Less(t, second-first, int64(10), "passes in a sweep of some twenty parts")
}
