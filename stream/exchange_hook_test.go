package stream

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
)

// recorder remembers the commands that hooks see, but for those of connecting.
type recorder struct {
	mu        sync.Mutex
	single    [][]any
	pipelines [][][]any
	types     map[bool]int // of how many it is so that they are a *redis.RawCmd
}

func (r *recorder) hooks() wireHooks {
	r.types = map[bool]int{}
	return wireHooks{
		process: func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error {
			if !isCommand(cmd, "ping") && !isCommand(cmd, "client") && !isCommand(cmd, "hello") {
				r.mu.Lock()
				r.single = append(r.single, cmd.Args())
				_, raw := cmd.(*redis.RawCmd)
				r.types[raw]++
				r.mu.Unlock()
			}
			return next(ctx, cmd)
		},
		pipeline: func(ctx context.Context, cmds []redis.Cmder, next redis.ProcessPipelineHook) error {
			if isCommand(cmds[0], "xadd") {
				r.mu.Lock()
				var all [][]any
				for _, cmd := range cmds {
					all = append(all, cmd.Args())
					_, raw := cmd.(*redis.RawCmd)
					r.types[raw]++
				}
				r.pipelines = append(r.pipelines, all)
				r.mu.Unlock()
			}
			return next(ctx, cmds)
		},
	}
}

// TestHooksSeeTheCommands as go-redis has them: names and arguments as strings.
func TestHooksSeeTheCommands(t *testing.T) {
	t.Parallel()
	s := redistest.Shared(t)
	var r recorder
	key := redistest.Prefix(t) + "orders"
	rdb := s.Client(t)
	l := labOn(t, dial(t, s.URL()), rdb, key).create()
	conn := dial(t, s.URL(), WithHook(r.hooks()))
	g, err := conn.Group(key, "billing", DeadLetter{})
	require.NoError(t, err)
	e := fullEvent()
	ids, errs := conn.Add(l.ctx, key, []Event{e, {ID: "2", Source: "s", Type: "t", Data: []byte{0xff, 0}}})
	require.Equal(t, make([]error, 2), errs)
	reader := g.Reader("me", true)
	defer reader.Close()
	_, err = reader.ReadAhead(l.ctx, 1, 0, func(int) int { return 3 })
	require.NoError(t, err)
	_, err = reader.Read(l.ctx, 1, 0)
	require.NoError(t, err)
	_, err = g.Ack(l.ctx, ids)
	require.NoError(t, err)

	want := [][]any{{"XADD", key, "*"}, {"XADD", key, "*", "specversion", "1.0", "id", "2", "source", "s", "type", "t", "data", "\xff\x00"}}
	for _, arg := range e.AppendArgs(nil) {
		if b, ok := arg.([]byte); ok {
			arg = string(b)
		}
		want[0] = append(want[0], arg)
	}
	require.Equal(t, [][][]any{want}, r.pipelines, "adds are one pipeline")
	require.Equal(t, [][]any{
		{"XREADGROUP", "GROUP", "billing", "me", "COUNT", "1", "NOACK", "STREAMS", key, ">"},
		{"XREADGROUP", "GROUP", "billing", "me", "COUNT", "3", "NOACK", "STREAMS", key, ">"},
		{"XACK", key, "billing", ids[0].String(), ids[1].String()},
	}, r.single, "everything else is single")
	require.Zero(t, r.types[false])
}

// TestHooksMayRefuse: then nothing is sent, and the error is theirs.
func TestHooksMayRefuse(t *testing.T) {
	t.Parallel()
	errNo := errors.New("not today")
	for name, c := range map[string]struct {
		err   error
		class Class
	}{
		"dial": {errRefused, ClassNotExecuted}, "any": {errNo, ClassUnknown}, "server": {ServerError("OOM x"), ClassNotExecuted},
	} {
		s := redistest.Shared(t)
		refuse := func(context.Context, []redis.Cmder, redis.ProcessPipelineHook) error { return c.err }
		conn := dial(t, s.URL(), WithHook(wireHooks{
			pipeline: func(ctx context.Context, cmds []redis.Cmder, next redis.ProcessPipelineHook) error {
				if isCommand(cmds[0], "xadd") {
					return refuse(ctx, cmds, next)
				}
				return next(ctx, cmds)
			},
			process: func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error {
				if isCommand(cmd, "xack") {
					return c.err
				}
				return next(ctx, cmd)
			},
		}))
		l := labOn(t, conn, s.Client(t), redistest.Prefix(t)+"orders")
		batch := l.given("me", 2)
		for range 2 {
			_, errs := conn.Add(l.ctx, l.key, simple(2))
			for _, err := range errs {
				require.ErrorIs(t, err, c.err, name)
				require.Equal(t, c.class, Classify(err), name)
			}
			n, err := l.g.Ack(l.ctx, idsOf(batch))
			require.ErrorIs(t, err, c.err, name)
			require.Equal(t, c.class, Classify(err), name)
			require.Zero(t, n)
			require.EqualValues(t, 2, l.rdb.XLen(l.ctx, l.key).Val())
			require.Equal(t, 2, l.pendingCount())
		}
		require.Empty(t, conn.busy(t))
	}
}

// setRaw gives a command its reply.
func setRaw(cmd redis.Cmder, reply string) {
	if raw, ok := cmd.(*redis.RawCmd); ok {
		raw.SetVal([]byte(reply))
	}
}

// TestHooksMayAnswer without any server.
func TestHooksMayAnswer(t *testing.T) {
	t.Parallel()
	var empty atomic.Bool
	conn := wrapOptions(t, &redis.Options{Addr: closedPort(t)}, WithHook(wireHooks{
		pipeline: func(_ context.Context, cmds []redis.Cmder, _ redis.ProcessPipelineHook) error {
			for i, cmd := range cmds {
				reply := []string{"$3\r\n1-1\r\n", "-OOM x\r\n", "$3\r\n1-2\r\n"}[i%3]
				if !empty.Load() {
					setRaw(cmd, reply)
				}
			}
			return nil
		},
		process: func(_ context.Context, cmd redis.Cmder, _ redis.ProcessHook) error {
			if !empty.Load() {
				setRaw(cmd, ":2\r\n")
			}
			return nil
		},
	}))
	ctx := testContext(t)
	g, err := conn.Group("orders", "billing", DeadLetter{})
	require.NoError(t, err)
	ids, errs := conn.Add(ctx, "orders", simple(3))
	require.Equal(t, []ID{{1, 1}, {}, {1, 2}}, ids)
	require.NoError(t, errs[0])
	is(t, errs[1], ClassNotExecuted, "OOM", "oom")
	require.NoError(t, errs[2])
	n, err := g.Ack(ctx, []ID{{1, 1}, {1, 2}})
	require.NoError(t, err)
	require.Equal(t, 2, n)

	empty.Store(true) // a hook that says nothing at all
	_, errs = conn.Add(ctx, "orders", simple(2))
	is(t, errs[0], ClassUnknown, "", "protocol")
	is(t, errs[1], ClassUnknown, "", "protocol")
	_, err = g.Ack(ctx, []ID{{1, 1}})
	is(t, err, ClassUnknown, "", "protocol")
}

// TestHooksMayLoseReplies: it was done, and its outcome is unknown.
func TestHooksMayLoseReplies(t *testing.T) {
	t.Parallel()
	s := redistest.Shared(t)
	var lose atomic.Bool
	conn := dial(t, s.URL(), WithHook(wireHooks{
		pipeline: func(ctx context.Context, cmds []redis.Cmder, next redis.ProcessPipelineHook) error {
			err := next(ctx, cmds)
			if lose.Load() && isCommand(cmds[0], "xadd") {
				for _, cmd := range cmds[1:] {
					cmd.SetErr(io.EOF)
				}
			}
			return err
		},
		process: func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error {
			err := next(ctx, cmd)
			if lose.Load() && (isCommand(cmd, "xack") || isCommand(cmd, "xreadgroup")) {
				err = io.EOF
			}
			return err
		},
	}))
	l := labOn(t, conn, s.Client(t), redistest.Prefix(t)+"orders")
	batch := l.given("me", 3)
	lose.Store(true)
	_, errs := conn.Add(l.ctx, l.key, simple(3))
	require.NoError(t, errs[0], "not the first one's")
	is(t, errs[1], ClassUnknown, "", "eof")
	is(t, errs[2], ClassUnknown, "", "eof")
	require.EqualValues(t, 6, l.rdb.XLen(l.ctx, l.key).Val())
	_, err := l.g.Ack(l.ctx, idsOf(batch))
	is(t, err, ClassUnknown, "", "eof")
	require.Zero(t, l.pendingCount())
	r := reader(l, false)
	_, err = r.Read(l.ctx, 2, 0)
	is(t, err, ClassUnknown, "", "eof")
	require.Equal(t, 2, l.pendingCount())
	lose.Store(false)
	batch, err = r.Read(l.ctx, 2, 0)
	require.NoError(t, err)
	require.Len(t, batch, 1)
}

// TestHooksMaySendCommandsOfTheirOwn with the context of the one that they are
// around: it is about that one alone.
func TestHooksMaySendCommandsOfTheirOwn(t *testing.T) {
	t.Parallel()
	s := redistest.Shared(t)
	rdb := s.Client(t)
	counter := redistest.Prefix(t) + "counter"
	var conn *Conn
	count := func(ctx context.Context) error {
		node, err := conn.node(ctx, conn.reads, counter)
		if err != nil {
			return err
		}
		pipe := node.Pipeline()
		pipe.Incr(ctx, counter)
		pipe.Incr(ctx, counter)
		if _, err := pipe.Exec(ctx); err != nil {
			return err
		}
		if err := node.Incr(ctx, counter).Err(); err != nil {
			return err
		}
		_, errs := conn.Add(ctx, counter+"stream", simple(1))
		return errs[0]
	}
	inside := func(cmd redis.Cmder) bool {
		return isCommand(cmd, "incr") || cmd.Args()[1] == counter+"stream"
	}
	conn = dial(t, s.URL(), WithHook(wireHooks{
		pipeline: func(ctx context.Context, cmds []redis.Cmder, next redis.ProcessPipelineHook) error {
			if isCommand(cmds[0], "xadd") && !inside(cmds[0]) {
				if err := count(ctx); err != nil {
					return err
				}
				defer count(ctx) //nolint:errcheck // what it did is counted below
			}
			return next(ctx, cmds)
		},
		process: func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error {
			if isCommand(cmd, "xack") || isCommand(cmd, "xreadgroup") {
				if err := count(ctx); err != nil {
					return err
				}
			}
			return next(ctx, cmd)
		},
	}))
	l := labOn(t, conn, rdb, redistest.Prefix(t)+"orders").create()
	ids, errs := conn.Add(l.ctx, l.key, simple(3))
	require.Equal(t, make([]error, 3), errs)
	batch := l.read("me", 10)
	require.Equal(t, ids, idsOf(batch))
	n, err := l.g.Ack(l.ctx, ids)
	require.NoError(t, err)
	require.Equal(t, 3, n)
	require.EqualValues(t, 3, rdb.XLen(l.ctx, l.key).Val())
	require.Equal(t, "12", rdb.Get(l.ctx, counter).Val())
	require.EqualValues(t, 4, rdb.XLen(l.ctx, counter+"stream").Val())
}

// TestHooksMayTryAgain what was not sent: then the outcome is the last try's.
func TestHooksMayTryAgain(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	rdb := s.Client(t)
	var mend func()
	conn := wrapOptions(t, &redis.Options{Addr: s.Addr()}, WithHook(wireHooks{
		pipeline: func(ctx context.Context, cmds []redis.Cmder, next redis.ProcessPipelineHook) error {
			err := next(ctx, cmds)
			raw, ok := cmds[0].(*redis.RawCmd)
			if mend != nil && ok && (err != nil || raw.Val()[0] == '-') {
				mend()
				err = next(ctx, cmds)
			}
			return err
		},
		process: func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error {
			err := next(ctx, cmd)
			if err != nil && mend != nil && isCommand(cmd, "xack") {
				mend()
				err = next(ctx, cmd)
			}
			return err
		},
	}))
	l := labOn(t, conn, rdb, "orders")
	batch := l.given("me", 2)

	s.Kill()
	mend = s.Restart
	_, errs := conn.Add(l.ctx, l.key, simple(2))
	require.Equal(t, make([]error, 2), errs, "they are in the stream")
	require.EqualValues(t, 2, rdb.XLen(l.ctx, l.key).Val())

	s.Kill()
	n, err := l.g.Ack(l.ctx, idsOf(batch))
	require.NoError(t, err)
	require.Zero(t, n, "the server came back empty")

	require.NoError(t, rdb.Set(l.ctx, l.key, "no stream", 0).Err())
	mend = func() { require.NoError(t, rdb.Del(l.ctx, l.key).Err()) }
	_, errs = conn.Add(l.ctx, l.key, simple(2))
	require.Equal(t, make([]error, 2), errs)
	require.EqualValues(t, 2, rdb.XLen(l.ctx, l.key).Val())
}
