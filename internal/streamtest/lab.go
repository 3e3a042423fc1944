package streamtest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/stream"
)

// Patience is how long a condition is waited for. It decides no test that passes;
// machines that run tests are slow at times.
const Patience = 2 * time.Minute

// Lab is a stream and a group that only one test uses.
type Lab struct {
	T      testing.TB
	Ctx    context.Context //nolint:containedctx // the test's
	URL    string
	Conn   *stream.Conn
	Stream string
	Group  *stream.Group
	opts   []stream.Option

	mu   sync.Mutex
	last stream.ID // the last entry that was added through the lab
}

// New is a lab on the server at url, reached with opts.
func New(t testing.TB, url string, opts ...stream.Option) *Lab {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*Patience)
	t.Cleanup(cancel)
	l := &Lab{T: t, Ctx: ctx, URL: url, Stream: redistest.Prefix(t) + "events", opts: opts}
	l.Conn = l.Dial()
	var err error
	l.Group, err = l.Conn.Group(l.Stream, "workers", stream.DeadLetter{})
	require.NoError(t, err)
	return l
}

// Dial is another connection to the lab's server.
func (l *Lab) Dial(opts ...stream.Option) *stream.Conn {
	l.T.Helper()
	conn, err := stream.Dial(l.Ctx, l.URL, append(append([]stream.Option{}, l.opts...), opts...)...)
	require.NoError(l.T, err)
	l.T.Cleanup(func() { _ = conn.Close() })
	return conn
}

// Events are n events with the IDs "0", "1", ...
func Events(n int) []stream.Event {
	events := make([]stream.Event, n)
	for i := range events {
		events[i] = stream.Event{ID: fmt.Sprint(i), Source: "test", Type: "test.event", Data: fmt.Appendf(nil, "data of %d", i)}
	}
	return events
}

// Publish adds n events and returns their entry IDs.
func (l *Lab) Publish(n int) []stream.ID { return l.Add(Events(n)...) }

// Add adds events and returns their entry IDs.
func (l *Lab) Add(events ...stream.Event) []stream.ID {
	l.T.Helper()
	ids, errs := l.Conn.Add(l.Ctx, l.Stream, events)
	for _, err := range errs {
		require.NoError(l.T, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if id := ids[len(ids)-1]; id.Compare(l.last) > 0 {
		l.last = id
	}
	return ids
}

// Running is a consumer that runs in a lab.
type Running struct {
	*consumer.Consumer
	t      testing.TB
	cancel context.CancelFunc
	done   chan struct{}
	err    error
	stop   sync.Once
}

// Config is a configuration for the lab's stream and group, with pauses that suit
// a test; change adapts it.
func (l *Lab) Config(change func(*consumer.Config)) consumer.Config {
	cfg := consumer.Config{
		Group: "workers", Streams: []string{l.Stream},
		Backoff: consumer.Constant(20 * time.Millisecond), Block: 200 * time.Millisecond, Poll: 50 * time.Millisecond,
		ShutdownTimeout: 5 * time.Second,
		Logger:          zaptest.NewLogger(quiet{l.T}, zaptest.Level(zap.WarnLevel)),
	}
	if change != nil {
		change(&cfg)
	}
	return cfg
}

// quiet keeps the log of a loop that outlives its test from failing the run.
type quiet struct{ testing.TB }

func (q quiet) Logf(format string, args ...any) {
	defer func() { _ = recover() }()
	q.TB.Logf(format, args...)
}

// Run runs a consumer on the lab's own connection until Stop, or the test's end.
func (l *Lab) Run(h consumer.Handler, change func(*consumer.Config)) *Running {
	l.T.Helper()
	return l.RunOn(l.Conn, h, change)
}

// RunOn is Run on a given connection.
func (l *Lab) RunOn(conn *stream.Conn, h consumer.Handler, change func(*consumer.Config)) *Running {
	l.T.Helper()
	c, err := consumer.New(conn, h, l.Config(change))
	require.NoError(l.T, err)
	return l.Start(c)
}

// Start runs a consumer until Stop, or the test's end.
func (l *Lab) Start(c *consumer.Consumer) *Running {
	l.T.Helper()
	ctx, cancel := context.WithCancel(l.Ctx)
	r := &Running{Consumer: c, t: l.T, cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(r.done)
		r.err = c.Run(ctx)
	}()
	l.T.Cleanup(func() { _ = r.Stop() })
	return r
}

// Stop ends the consumer and returns what Run returned.
func (r *Running) Stop() error {
	r.cancel()
	select {
	case <-r.done:
		return r.err
	case <-time.After(Patience):
		r.stop.Do(func() { r.t.Errorf("consumer %s did not end within %s", r.Name(), Patience) })
		return context.DeadlineExceeded
	}
}

// Ended is closed when Run has returned.
func (r *Running) Ended() <-chan struct{} { return r.done }

// Tell begins the end without waiting for it.
func (r *Running) Tell() { r.cancel() }

// Eventually waits for cond; the test fails, saying what, when it does not come.
func Eventually(t testing.TB, cond func() bool, what string, args ...any) {
	t.Helper()
	for deadline := time.Now().Add(Patience); !cond(); {
		if time.Now().After(deadline) {
			require.FailNow(t, "waited in vain: "+fmt.Sprintf(what, args...))
		}
		wait, stop := context.WithTimeout(context.Background(), 5*time.Millisecond)
		<-wait.Done()
		stop()
	}
}

// Info is the group's state, the zero one while there is no group.
func (l *Lab) Info() stream.GroupInfo {
	l.T.Helper()
	info, err := l.Group.Info(l.Ctx)
	if stream.Classify(err) != stream.ClassNoGroup {
		require.NoError(l.T, err)
	}
	return info
}

// Settled waits until everything added through the lab was delivered, and nothing
// is pending any more.
func (l *Lab) Settled() {
	l.T.Helper()
	l.mu.Lock()
	last := l.last
	l.mu.Unlock()
	var info stream.GroupInfo
	var err error
	Eventually(l.T, func() bool {
		info, err = l.Group.Info(l.Ctx)
		return err == nil && info.Pending == 0 && info.Waiting == 0 && info.LastDelivered.Compare(last) >= 0
	}, "everything is settled (see the group's state: %s)", lazy(func() string { return fmt.Sprintf("%+v %v", info, err) }))
}

// lazy is a text that is made when it is printed.
type lazy func() string

func (l lazy) String() string { return l() }

// Pending are the rows of the group's pending entries list.
func (l *Lab) Pending() []stream.PendingEntry {
	l.T.Helper()
	rows, err := l.Group.Pending(l.Ctx, stream.PendingQuery{Count: 100000})
	if stream.Classify(err) != stream.ClassNoGroup {
		require.NoError(l.T, err)
	}
	return rows
}

// Letters are the group's dead letters.
func (l *Lab) Letters() []stream.Letter {
	l.T.Helper()
	letters, _, err := l.Group.Letters(l.Ctx, stream.ID{}, 100000)
	require.NoError(l.T, err)
	return letters
}

// Tally counts how often each event was handled.
type Tally struct {
	mu sync.Mutex
	n  map[string]int
}

// Hit counts an event and returns how often it came.
func (t *Tally) Hit(id string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.n == nil {
		t.n = map[string]int{}
	}
	t.n[id]++
	return t.n[id]
}

// Of is how often an event came.
func (t *Tally) Of(id string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.n[id]
}

// Distinct is how many events came.
func (t *Tally) Distinct() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.n)
}

// Total is how often events came, all together.
func (t *Tally) Total() (sum int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, n := range t.n {
		sum += n
	}
	return sum
}

// Handler counts deliveries and acknowledges them.
func (t *Tally) Handler(_ context.Context, d *stream.Delivery) error {
	t.Hit(d.ID)
	return nil
}
