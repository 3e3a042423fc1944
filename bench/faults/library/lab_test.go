package library_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/bench/faults/library"
	"github.com/leat-io/leat/bench/faults/library/asynq"
	"github.com/leat-io/leat/bench/faults/library/leat"
	"github.com/leat-io/leat/bench/faults/library/redisqueue"
	"github.com/leat-io/leat/bench/faults/library/watermill"
	"github.com/leat-io/leat/internal/redistest"
)

// all are the libraries, and whether they keep what always fails.
var all = []struct {
	library.Library
	buries bool
}{{leat.New(), true}, {watermill.New(), true}, {asynq.New(), true}, {redisqueue.New(), false}}

// lab is a queue of a test's own.
type lab struct {
	*testing.T
	ctx     context.Context //nolint:containedctx // the test's
	library library.Library
	job     library.Job
	rdb     *redis.Client

	mu      sync.Mutex
	handled map[string]int
	fail    string // the ID of a message whose handler fails
}

func newLab(t *testing.T, l library.Library) *lab {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	server := redistest.Start(t)
	b := &lab{T: t, ctx: ctx, library: l, rdb: server.Client(t), handled: map[string]int{}}
	b.job = library.Job{
		Addr: server.Addr(), Queue: "messages", Group: "workers", Name: "worker", Lease: 5 * time.Second, Concurrency: 2,
		Attempts: 2, Pause: 10 * time.Millisecond, Shutdown: 5 * time.Second, Handle: b.handle, Report: func(error) {}, // libraries report when a test is over, too
	}
	return b
}

var errMeant = errors.New("it fails")

func (b *lab) handle(_ context.Context, data []byte) error {
	id, ok := library.Decode(data)
	if !ok {
		return errMeant
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.handled[id]++
	if id == b.fail {
		return errMeant
	}
	return nil
}

// times is how often a message was handled.
func (b *lab) times(id string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.handled[id]
}

func (b *lab) publish(ids ...string) {
	b.Helper()
	p, err := b.library.Publisher(b.ctx, b.job)
	require.NoError(b, err)
	for _, id := range ids {
		require.NoError(b, p.Publish(b.ctx, library.Encode(id, 50)))
	}
	require.NoError(b, p.Close())
}

// work starts a worker. What it returns stops it.
func (b *lab) work() (ended <-chan error, stop context.CancelFunc) {
	ctx, stop := context.WithCancel(b.ctx)
	result := make(chan error, 1)
	go func() { result <- b.library.Work(ctx, b.job) }()
	return result, stop
}

func (b *lab) look() library.Left {
	b.Helper()
	left, err := b.library.Look(b.ctx, b.rdb, b.job)
	require.NoError(b, err)
	return left
}

func (b *lab) unsettled() int {
	b.Helper()
	n, err := b.library.Unsettled(b.ctx, b.rdb, b.job)
	require.NoError(b, err)
	return n
}

func (b *lab) await(what string, is func() bool) {
	b.Helper()
	for !is() {
		require.NoErrorf(b, b.ctx.Err(), "wait for %s", what)
		time.Sleep(5 * time.Millisecond) //nolint:forbidigo // between two looks at a condition, up to a deadline
	}
}
