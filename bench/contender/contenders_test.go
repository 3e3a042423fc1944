package contender_test

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/bench/contender"
	"github.com/leat-io/leat/bench/contender/bare"
	"github.com/leat-io/leat/bench/contender/goredis"
	"github.com/leat-io/leat/bench/contender/leat"
	"github.com/leat-io/leat/bench/contender/rueidis"
	"github.com/leat-io/leat/internal/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }

// patience bounds a test that hangs. It decides none that passes.
const patience = 2 * time.Minute

// implementations are all contenders. Those of a stream leave a group whose pending
// list can be looked at; those of events write the same entries as leat; single ones
// have one handler at a time, whatever is asked for.
var implementations = []struct {
	contender.Contender
	stream, events, single bool
}{
	{leat.New(), true, true, false},
	{leat.NewReusing(), true, true, false},
	{leat.NewReader(), true, true, true},
	{bare.New(), true, true, false},
	{bare.NewOneField(), true, false, false},
	{goredis.New(), true, true, false},
	{rueidis.New(), true, true, false},
}

// lab is a server that is a test's own, since some contenders choose keys themselves.
type lab struct {
	*testing.T
	ctx   context.Context //nolint:containedctx // the test's
	setup contender.Setup
	look  *redis.Client
}

func newLab(t *testing.T) *lab {
	t.Helper()
	t.Parallel()
	server := redistest.Start(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return &lab{t, ctx, contender.Setup{Addr: server.Addr(), Queue: "events", Group: "workers"}, server.Client(t)}
}

func (l *lab) publisher(c contender.Contender) contender.Publisher {
	l.Helper()
	p, err := c.Publisher(l.ctx, l.setup)
	require.NoError(l, err)
	l.Cleanup(func() {
		if err := p.Close(); err != nil {
			l.Errorf("close the publisher: %v", err)
		}
	})
	return p
}

// requireSettled wants all to have been delivered and acknowledged.
func (l *lab) requireSettled(n int) {
	l.Helper()
	groups, err := l.look.XInfoGroups(l.ctx, l.setup.Queue).Result()
	require.NoError(l, err)
	require.Len(l, groups, 1)
	require.Equal(l, l.setup.Group, groups[0].Name)
	require.Zero(l, groups[0].Pending)
	require.Zero(l, groups[0].Lag)
	require.EqualValues(l, n, groups[0].EntriesRead)
}

// A backlog, and events that come while the consumer runs, are all handled once, and
// all settled when Consume has returned.
func TestEveryEventIsHandledOnceAndSettled(t *testing.T) {
	t.Parallel()
	const backlog, later, alone = 1_500, 490, 10
	for _, c := range implementations {
		for _, concurrency := range []int{0, 7} {
			t.Run(fmt.Sprintf("%s/%d", c.Info().Name, concurrency), func(t *testing.T) {
				l := newLab(t)
				require.NoError(t, c.Prepare(l.ctx, l.setup))
				require.NoError(t, c.Prepare(l.ctx, l.setup), "preparing twice")
				p := l.publisher(c)
				data := bytes.Repeat([]byte("0123456789"), 20)
				require.NoError(t, p.Many(l.ctx, backlog, data))

				ctx, cancel := context.WithCancel(l.ctx)
				defer cancel()
				var many, ones atomic.Int64
				work := contender.Work{Concurrency: concurrency, Handle: func(got []byte) {
					switch {
					case bytes.Equal(got, data):
						many.Add(1)
					case string(got) == "one":
						ones.Add(1)
					default:
						t.Errorf("handled %q", got)
					}
					if many.Load()+ones.Load() == backlog+later+alone {
						cancel()
					}
				}}
				ended := make(chan error, 1)
				go func() { ended <- c.Consume(ctx, l.setup, work) }()
				require.NoError(t, p.Many(l.ctx, later, data))
				for range alone {
					require.NoError(t, p.One(l.ctx, []byte("one")))
				}
				require.NoError(t, <-ended)
				require.NoError(t, l.ctx.Err(), "not all came: %d and %d", many.Load(), ones.Load())
				require.EqualValues(t, backlog+later, many.Load())
				require.EqualValues(t, alone, ones.Load())
				if c.stream {
					l.requireSettled(backlog + later + alone)
				}
			})
		}
	}
}

// As many handlers as were asked for run at once: each waits until all are there.
// None of their events is acknowledged meanwhile.
func TestConcurrencyIsWhatWasAskedFor(t *testing.T) {
	t.Parallel()
	const n, concurrency = 200, 20
	for _, c := range implementations {
		if c.single {
			continue
		}
		t.Run(c.Info().Name, func(t *testing.T) {
			l := newLab(t)
			require.NoError(t, c.Prepare(l.ctx, l.setup))
			require.NoError(t, l.publisher(c).Many(l.ctx, n, []byte("data")))
			ctx, cancel := context.WithCancel(l.ctx)
			defer cancel()
			var mu sync.Mutex
			all := sync.NewCond(&mu)
			stop := context.AfterFunc(l.ctx, func() { // a contender that has fewer must not hang for ever
				mu.Lock()
				defer mu.Unlock()
				all.Broadcast()
			})
			defer stop()
			running, handled := 0, 0
			require.NoError(t, c.Consume(ctx, l.setup, contender.Work{Concurrency: concurrency, Handle: func([]byte) {
				mu.Lock()
				defer mu.Unlock()
				if running++; running == concurrency {
					running = 0
					if pending := l.pending(c.stream); pending < concurrency {
						t.Errorf("%d handlers run, and %d events are pending", concurrency, pending)
					}
					all.Broadcast()
				} else {
					all.Wait()
				}
				if handled++; handled == n {
					cancel()
				}
			}}))
			require.NoError(t, l.ctx.Err(), "fewer handlers run at once; %d events were handled", handled)
			require.Equal(t, n, handled)
		})
	}
}

func (l *lab) pending(stream bool) int {
	if !stream {
		return 1 << 30
	}
	p, err := l.look.XPending(l.ctx, l.setup.Queue, l.setup.Group).Result()
	if err != nil {
		l.Errorf("look at what is pending: %v", err)
		return 0
	}
	return int(p.Count)
}

// The plain clients and the bare protocol do the work that leat does: entries have
// the same fields in the same order, and values of the same size.
func TestEntriesAreTheSame(t *testing.T) {
	t.Parallel()
	for _, c := range implementations {
		if !c.events {
			continue
		}
		t.Run(c.Info().Name, func(t *testing.T) {
			l := newLab(t)
			p := l.publisher(c)
			require.NoError(t, p.Many(l.ctx, 10, []byte("data")))
			require.NoError(t, p.One(l.ctx, []byte("data")))
			reply, err := l.look.Do(l.ctx, "XRANGE", l.setup.Queue, "-", "+").Slice()
			require.NoError(t, err)
			require.Len(t, reply, 11)
			ids := map[any]bool{}
			for _, entry := range reply {
				fields := entry.([]any)[1].([]any) //nolint:errcheck,forcetypeassert // a panic fails the test as well
				require.Len(t, fields, 12)
				id, at := fields[3], fields[9]
				require.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$`, id)
				when, err := time.Parse(time.RFC3339Nano, fmt.Sprint(at))
				require.NoError(t, err)
				require.Regexp(t, "Z$", at)
				require.WithinDuration(t, time.Now(), when, patience)
				ids[id] = true
				require.Equal(t, []any{
					"specversion", "1.0", "id", id, "source", "https://example.org/bench", "type", "bench.event.created", "time", at, "data", "data",
				}, fields)
			}
			require.Len(t, ids, 11, "each event has an ID of its own")
		})
	}
}

// What could not be published, or has no group, is an error.
func TestErrorsAreReported(t *testing.T) {
	t.Parallel()
	for _, c := range implementations {
		if !c.stream {
			continue
		}
		t.Run(c.Info().Name, func(t *testing.T) {
			l := newLab(t)
			require.NoError(t, l.look.Set(l.ctx, l.setup.Queue, "no stream", 0).Err())
			p := l.publisher(c)
			require.ErrorContains(t, p.Many(l.ctx, 1_500, []byte("data")), "WRONGTYPE")
			require.ErrorContains(t, p.One(l.ctx, []byte("data")), "WRONGTYPE")
			require.ErrorContains(t, c.Prepare(l.ctx, l.setup), "WRONGTYPE")
			require.ErrorContains(t, c.Consume(l.ctx, l.setup, contender.Work{Handle: func([]byte) {}}), "WRONGTYPE")
			require.ErrorContains(t, c.Consume(l.ctx, l.setup, contender.Work{Concurrency: 5, Handle: func([]byte) {}}), "WRONGTYPE")
		})
	}
}
