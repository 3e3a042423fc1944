package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
)

// outOfMemory is a lab with three new entries on a server that has no room left.
func outOfMemory(t *testing.T) *lab {
	t.Helper()
	s := redistest.Start(t)
	l := labOn(t, dial(t, s.URL()), s.Client(t), "orders").create()
	l.add(3)
	require.NoError(t, l.rdb.ConfigSet(l.ctx, "maxmemory", "1").Err())
	return l
}

// is compares what an error is taken for.
func is(t *testing.T, err error, class Class, code, label string) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, []any{class, code, label}, []any{Classify(err), Code(err), Label(err)}, "%v", err)
	require.Equal(t, class == ClassUnknown, errors.Is(err, ErrUnknownOutcome), "%v", err)
}

func add(l *lab) error {
	_, errs := l.conn.Add(l.ctx, l.key, []Event{{ID: "1", Source: "s", Type: "t"}})
	return errs[0]
}

func TestErrorsOfServers(t *testing.T) {
	t.Parallel()
	t.Run("OOM", func(t *testing.T) {
		t.Parallel()
		is(t, add(outOfMemory(t)), ClassNotExecuted, "OOM", "oom")
	})
	t.Run("WRONGTYPE and NOGROUP", func(t *testing.T) {
		t.Parallel()
		l := newLab(t)
		_, err := l.g.Reader("me", false).Read(l.ctx, 1, 0)
		is(t, err, ClassNoGroup, "NOGROUP", "nogroup")
		require.NoError(t, l.rdb.Set(l.ctx, l.key, "1", 0).Err())
		is(t, add(l), ClassRejected, "WRONGTYPE", "wrongtype")
		_, err = l.g.AckFenced(l.ctx, "me", []Held{{}})
		is(t, err, ClassRejected, "WRONGTYPE", "wrongtype")
	})
	t.Run("READONLY", func(t *testing.T) {
		t.Parallel()
		sentinel := redistest.SharedSentinel(t)
		master := sentinel.Settle().Addr()
		for _, node := range sentinel.Nodes() {
			if node.Addr() != master {
				l := labOn(t, dial(t, node.URL()), node.Client(t), redistest.Prefix(t)+"orders")
				is(t, add(l), ClassNotExecuted, "READONLY", "readonly")
				_, err := l.g.Create(l.ctx, Oldest())
				is(t, err, ClassNotExecuted, "READONLY", "readonly")
			}
		}
	})
	t.Run("MOVED", func(t *testing.T) {
		t.Parallel()
		cluster := redistest.SharedCluster(t)
		key := redistest.Prefix(t) + "orders"
		owner := cluster.MasterFor(key).Addr()
		for _, node := range cluster.Nodes() {
			if node.Addr() != owner {
				is(t, add(labOn(t, dial(t, node.URL()), node.Client(t), key)), ClassNotExecuted, "MOVED", "moved")
			}
		}
	})
	t.Run("NOPERM", func(t *testing.T) {
		t.Parallel()
		s := redistest.Start(t, redistest.ACLUser("u", "p", "~* &* +@all -xadd"))
		is(t, add(labOn(t, dial(t, s.URL()), s.Client(t), "orders")), ClassRejected, "NOPERM", "noperm")
	})
	t.Run("NOAUTH and WRONGPASS", func(t *testing.T) {
		t.Parallel()
		s := redistest.Start(t, redistest.Password("secret"))
		for _, protocol := range []string{"2", "3"} {
			_, err := Dial(testContext(t), "redis://"+s.Addr()+"?protocol="+protocol)
			is(t, err, ClassRejected, "NOAUTH", "noauth")
			_, err = Dial(testContext(t), "redis://:wrong@"+s.Addr()+"?protocol="+protocol)
			is(t, err, ClassRejected, "WRONGPASS", "wrongpass")
		}
	})
	t.Run("too many clients", func(t *testing.T) {
		t.Parallel()
		s := redistest.Start(t, redistest.Config("maxclients", "1"))
		var conn *Conn
		eventually(t, func() (free bool) { // the place of who looked whether the server is up
			var err error
			conn, err = Dial(testContext(t), s.URL())
			return err == nil
		})
		t.Cleanup(func() { require.NoError(t, conn.Close()) })
		l := labOn(t, conn, s.Client(t), "orders")
		// The server hangs up at once, mostly before the client has heard why.
		_, err := Dial(testContext(t), s.URL())
		require.Contains(t, []Class{ClassUnknown, ClassNotExecuted}, Classify(err), "it passes: %v", err)
		require.NoError(t, l.conn.Ping(l.ctx))
	})
	t.Run("LOADING", func(t *testing.T) {
		t.Parallel()
		// 200 keys of 5 ms each: it loads for a second.
		s := redistest.Start(t, redistest.Config("key-load-delay", "5000"), redistest.Config("loading-process-events-interval-bytes", "1024"))
		l := labOn(t, dial(t, s.URL()), s.Client(t), "orders")
		for i := range 200 {
			require.NoError(t, l.rdb.Set(l.ctx, fmt.Sprint("k", i), make([]byte, 256), 0).Err())
		}
		require.NoError(t, l.rdb.Save(l.ctx).Err())
		restarted := make(chan struct{})
		go func() {
			defer close(restarted)
			s.Restart()
		}()
		eventually(t, func() bool { return Code(add(l)) == "LOADING" })
		is(t, ServerError("LOADING Redis is loading the dataset in memory"), ClassNotExecuted, "LOADING", "loading")
		<-restarted
		require.NoError(t, add(l))
	})
	t.Run("a script's own mistake", func(t *testing.T) {
		t.Parallel()
		l := newLab(t).create()
		_, err := l.g.run(l.ctx, newScript("bad", "return nil + 1"), "me")
		is(t, err, ClassRejected, "ERR", "err")
		_, err = l.g.run(l.ctx, newScript("wrong", "redis.call('SET', RETRY, '1') redis.call('ZADD', RETRY, 1, 'x')"), "me")
		is(t, err, ClassRejected, "WRONGTYPE", "wrongtype")
	})
}

func TestErrorsOfConnections(t *testing.T) {
	t.Parallel()
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		_, err := Dial(testContext(t), "redis://"+closedPort(t))
		is(t, err, ClassNotExecuted, "", "dial")
	})
	t.Run("server gone", func(t *testing.T) {
		t.Parallel()
		s := redistest.Start(t)
		l := labOn(t, dial(t, s.URL()), s.Client(t), "orders")
		require.NoError(t, add(l))
		s.Kill()
		eventually(t, func() bool { return Classify(add(l)) == ClassNotExecuted })
		is(t, add(l), ClassNotExecuted, "", "dial")
		s.Restart()
		require.NoError(t, add(l), "a new connection is made")
	})
	t.Run("silent", func(t *testing.T) {
		t.Parallel()
		s := redistest.Start(t)
		l := labOn(t, dial(t, s.URL(), WithTimeout(300*time.Millisecond)), s.Client(t), "orders")
		require.NoError(t, add(l))
		s.Pause()
		began := time.Now()
		is(t, add(l), ClassUnknown, "", "timeout")
		require.Less(t, time.Since(began), 5*time.Second)
		s.Resume()
		eventually(t, func() bool { return l.rdb.XLen(l.ctx, l.key).Val() == 2 }) // unknown is not failed
		require.NoError(t, add(l))
	})
	t.Run("cut", func(t *testing.T) {
		t.Parallel()
		s := redistest.Start(t)
		l := labOn(t, dial(t, s.URL()), s.Client(t), "orders").create()
		r := l.g.Reader("me", false)
		done := make(chan error, 1)
		go func() {
			_, err := r.Read(l.ctx, 1, time.Minute)
			done <- err
		}()
		eventually(t, func() bool { return l.rdb.ClientKillByFilter(l.ctx, "ID", fmt.Sprint(blockedClient(l))).Val() == 1 })
		is(t, <-done, ClassUnknown, "", "eof")
		require.NoError(t, r.Close())
	})
}

func TestErrorsInHand(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err   error
		class Class
		code  string
		label string
	}{
		{nil, ClassNone, "", "none"},
		{ServerError("NOGROUP x"), ClassNoGroup, "NOGROUP", "nogroup"},
		{ServerError("UNBLOCKED the stream key no longer exists"), ClassNoGroup, "UNBLOCKED", "unblocked"},
		{ServerError("LOADING Redis is loading"), ClassNotExecuted, "LOADING", "loading"},
		{ServerError("BUSY"), ClassNotExecuted, "BUSY", "busy"},
		{ServerError("MISCONF x"), ClassNotExecuted, "MISCONF", "misconf"},
		{ServerError("CLUSTERDOWN x"), ClassNotExecuted, "CLUSTERDOWN", "clusterdown"},
		{ServerError("ERR max number of clients reached"), ClassNotExecuted, "ERR", "err"},
		{ServerError("ERR syntax error"), ClassRejected, "ERR", "err"},
		{ServerError("ERR Error running script (call to f_1): @user_script:1: NOGROUP No such key"), ClassNoGroup, "NOGROUP", "nogroup"},
		{fmt.Errorf("wrapped: %w", ServerError("OOM x")), ClassNotExecuted, "OOM", "oom"},
		{fmt.Errorf("%w: %w", ErrUnknownOutcome, io.EOF), ClassUnknown, "", "eof"},
		{io.EOF, ClassUnknown, "", "eof"},
		{io.ErrUnexpectedEOF, ClassUnknown, "", "eof"},
		{os.ErrDeadlineExceeded, ClassUnknown, "", "timeout"},
		{context.DeadlineExceeded, ClassUnknown, "", "timeout"},
		{fmt.Errorf("%w: %w", errNotSent, context.Canceled), ClassCanceled, "", "canceled"},
		{redis.ErrPoolTimeout, ClassNotExecuted, "", "pool_timeout"},
		{redis.ErrClosed, ClassRejected, "", "other"},
		{fmt.Errorf("%w: x", errNoNode), ClassNotExecuted, "", "other"},
		{&net.OpError{Op: "dial", Err: io.EOF}, ClassNotExecuted, "", "dial"},
		{&net.OpError{Op: "read", Err: io.EOF}, ClassUnknown, "", "eof"},
		{errProtocol, ClassUnknown, "", "protocol"},
		{redis.Nil, ClassUnknown, "", "other"},
		{errors.New("x"), ClassUnknown, "", "other"},
		{fmt.Errorf("%w: x", ErrStreamName), ClassRejected, "", "other"},
	} {
		require.Equal(t, []any{c.class, c.code, c.label}, []any{Classify(c.err), Code(c.err), Label(c.err)}, "%v", c.err)
	}
	for c := ClassNone; c <= ClassCanceled; c++ {
		require.NotEmpty(t, c.String())
	}
}
