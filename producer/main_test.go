package producer_test

import (
	"context"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/producer"
	"github.com/leat-io/leat/stream"
)

func TestMain(m *testing.M) { redistest.Main(m) }

// patience bounds every wait for something that must happen.
const patience = 30 * time.Second

func dial(t testing.TB, url string, opts ...stream.Option) *stream.Conn {
	t.Helper()
	conn, err := stream.Dial(t.Context(), url, opts...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	return conn
}

// open is a producer that is closed, without a word about what is left, when the
// test ends.
func open(t testing.TB, conn *stream.Conn, cfg producer.Config) *producer.Producer {
	t.Helper()
	p, err := producer.New(conn, cfg)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		_ = p.Close(ctx)
	})
	return p
}

func within(t testing.TB, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func event(i int) stream.Event {
	return stream.Event{ID: fmt.Sprint("event-", i), Type: "test.happened", Data: []byte(fmt.Sprint(i))}
}

func events(n int) []stream.Event {
	all := make([]stream.Event, n)
	for i := range all {
		all[i] = event(i)
	}
	return all
}

// stored is the value of the field in every entry of the stream, in its order.
func stored(t testing.TB, rdb redis.Cmdable, name, field string) []string {
	t.Helper()
	entries, err := rdb.XRange(context.Background(), name, "-", "+").Result()
	require.NoError(t, err)
	values := make([]string, len(entries))
	for i, e := range entries {
		values[i], _ = e.Values[field].(string)
	}
	return values
}

func ids(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = event(i).ID
	}
	return all
}

// ledger is hooks that write down what they are told.
type ledger struct {
	mu        sync.Mutex
	published []producer.Published
	retried   []producer.Retried
	events    int // pending
	bytes     int
	blocked   int
	retrying  chan struct{} // closed at the first Retried
}

func newLedger() *ledger { return &ledger{retrying: make(chan struct{})} }

func (l *ledger) hooks() producer.Hooks {
	return producer.Hooks{
		Published: func(p producer.Published) {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.published = append(l.published, p)
		},
		Retried: func(r producer.Retried) {
			l.mu.Lock()
			defer l.mu.Unlock()
			if l.retried = append(l.retried, r); len(l.retried) == 1 {
				close(l.retrying)
			}
		},
		Pending: func(events, bytes int) {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.events += events
			l.bytes += bytes
		},
		Blocked: func(string, time.Duration) {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.blocked++
		},
	}
}

func (l *ledger) count(class stream.Class) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range l.published {
		if p.Class == class {
			n += p.Events
		}
	}
	return n
}

func (l *ledger) awaitRetry(t testing.TB) {
	t.Helper()
	select {
	case <-l.retrying:
	case <-time.After(patience):
		t.Fatal("nothing was tried again")
	}
}

// pipelines is a go-redis hook around every pipeline.
type pipelines func(ctx context.Context, cmds []redis.Cmder, next redis.ProcessPipelineHook) error

func (pipelines) DialHook(next redis.DialHook) redis.DialHook          { return next }
func (pipelines) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }
func (f pipelines) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error { return f(ctx, cmds, next) }
}

// loseReplies executes pipelines and then loses the replies to them, as long as
// lose says so.
func loseReplies(lose func() bool) pipelines {
	return func(ctx context.Context, cmds []redis.Cmder, next redis.ProcessPipelineHook) error {
		err := next(ctx, cmds)
		if !lose() {
			return err
		}
		for _, cmd := range cmds {
			cmd.SetErr(io.EOF)
		}
		return io.EOF
	}
}

// fake is a Conn whose server is the function: one reply for each command of a
// pipeline, in RESP.
func fake(t testing.TB, answer func(cmds [][]any) []string) *stream.Conn {
	t.Helper()
	rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
	t.Cleanup(func() { _ = rdb.Close() })
	return stream.Wrap(rdb, stream.WithHook(pipelines(func(_ context.Context, cmds []redis.Cmder, _ redis.ProcessPipelineHook) error {
		args := make([][]any, len(cmds))
		for i, cmd := range cmds {
			args[i] = cmd.Args()
		}
		for i, reply := range answer(args) {
			if raw, ok := cmds[i].(*redis.RawCmd); ok {
				raw.SetVal([]byte(reply))
			}
		}
		return nil
	})))
}

// replies is the same reply for each command.
func replies(cmds [][]any, reply string) []string {
	all := make([]string, len(cmds))
	for i := range all {
		all[i] = reply
	}
	return all
}

const (
	replyID  = "$3\r\n1-1\r\n"
	replyOOM = "-OOM command not allowed when used memory > 'maxmemory'.\r\n"
)
