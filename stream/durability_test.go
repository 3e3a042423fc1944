package stream

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
)

// adds are the commands for events of a stream.
func adds(stream string, events []Event) *Adds {
	var a Adds
	a.Reset(stream)
	for i := range events {
		a.Append(&events[i])
	}
	return &a
}

// addDurably adds events and returns what became of each.
func addDurably(ctx context.Context, c *Conn, key string, d Durability, events []Event) ([]ID, []error) {
	ids, errs := make([]ID, len(events)), make([]error, len(events))
	c.AddDurably(ctx, adds(key, events), d, ids, errs)
	return ids, errs
}

// follow starts a replica of a server and waits until it follows.
func follow(t testing.TB, master *redistest.Server, opts ...redistest.Option) *redistest.Server {
	t.Helper()
	host, port, err := net.SplitHostPort(master.Addr())
	require.NoError(t, err)
	replica := redistest.Start(t, append(opts, redistest.Config("replicaof", host+" "+port))...)
	require.Eventually(t, func() bool {
		return strings.Contains(replica.Client(t).Info(t.Context(), "replication").Val(), "master_link_status:up")
	}, testTimeout, 5*time.Millisecond, "the replica follows")
	return replica
}

// isWeak demands that entries are stored, and that nobody is told that they are as durable as
// asked for.
func isWeak(t *testing.T, ids []ID, errs []error, d Durability, replicas int) {
	t.Helper()
	for i, err := range errs {
		var weak *NotDurableError
		require.ErrorAs(t, err, &weak)
		require.ErrorIs(t, err, ErrNotDurable)
		is(t, err, ClassUnknown, "", "other")
		require.Equal(t, &NotDurableError{ID: ids[i], Asked: d, Replicas: replicas, Fsynced: weak.Fsynced}, weak)
		require.NotZero(t, ids[i])
		require.ErrorContains(t, err, ids[i].String())
	}
}

// TestAReplicaThatStandsStill: WAIT on any other connection than that of the adds says at once
// that all is well.
func TestAReplicaThatStandsStill(t *testing.T) {
	t.Parallel()
	master := redistest.Start(t)
	replica := follow(t, master)
	for _, protocol := range []string{"2", "3"} {
		for name, opts := range bothWays {
			conn := dial(t, master.URL()+"?protocol="+protocol, opts...)
			l := labOn(t, conn, master.Client(t), redistest.Prefix(t)+name+protocol)
			d := Durability{Replicas: 1, Timeout: testTimeout}
			for _, n := range []int{1, 1000} {
				_, errs := addDurably(l.ctx, conn, l.key, d, simple(n))
				require.Equal(t, make([]error, n), errs)
			}
			d.Timeout = 50 * time.Millisecond
			replica.Pause()
			for range 2 {
				ids, errs := addDurably(l.ctx, conn, l.key, d, simple(3))
				isWeak(t, ids, errs, d, 0)
				require.ErrorContains(t, errs[0], "0 of 1 replicas have it after 50ms")
				require.EqualValues(t, 1, l.rdb.Exists(l.ctx, l.key).Val())
			}
			require.EqualValues(t, 1007, l.rdb.XLen(l.ctx, l.key).Val(), "they are stored, once")
			replica.Resume()
			d.Timeout = testTimeout
			_, errs := addDurably(l.ctx, conn, l.key, d, simple(3))
			require.Equal(t, make([]error, 3), errs)

			d = Durability{Replicas: 2, Timeout: 50 * time.Millisecond}
			require.Eventually(t, func() bool { // a replica on a busy machine may take longer than that
				var weak *NotDurableError
				_, errs := addDurably(l.ctx, conn, l.key, d, simple(1))
				return errors.As(errs[0], &weak) && weak.Replicas == 1
			}, testTimeout, time.Millisecond)
			require.Empty(t, conn.busy(t))
		}
	}
}

// TestOneWaitIsSentBehindTheAdds, over their connection, and nothing of it stays with them.
func TestOneWaitIsSentBehindTheAdds(t *testing.T) {
	t.Parallel()
	for d, want := range map[Durability][]string{
		{}:                                        nil,
		{Timeout: time.Second}:                    nil,
		{Replicas: 2, Timeout: time.Second}:       {"WAIT", "2", "1000"},
		{Replicas: 1}:                             {"WAIT", "1", "1"},
		{Replicas: 1, Timeout: time.Microsecond}:  {"WAIT", "1", "1"},
		{Fsync: true, Timeout: 2 * time.Second}:   {"WAITAOF", "1", "0", "2000"},
		{Fsync: true, Replicas: 3, Timeout: 1e10}: {"WAITAOF", "1", "3", "10000"},
	} {
		for name, opts := range bothWays {
			got := make(chan []string, 100)
			p := startPuppet(t, func(c *puppetConn) {
				for args := c.next(); args != nil; args = c.next() {
					switch args[0] {
					case "XADD":
						c.say("$3\r\n1-1\r\n")
					case "WAIT":
						c.say(":" + args[1] + "\r\n")
					case "WAITAOF":
						c.say("*2\r\n:1\r\n:" + args[2] + "\r\n")
					case "COMMAND":
						c.say("*1\r\n*1\r\n$7\r\nwaitaof\r\n")
						continue
					}
					got <- append([]string{strconv.Itoa(c.no)}, args...)
				}
			})
			conn := p.conn(t, opts...)
			a := adds("orders", simple(3))
			size := a.Bytes()
			var ids [3]ID
			var errs [3]error
			for range 2 {
				conn.AddDurably(testContext(t), a, d, ids[:], errs[:])
				require.Equal(t, [3]error{}, errs)
				require.Equal(t, size, a.Bytes())
				var connection string
				for i := range 3 {
					args := <-got
					require.Equal(t, "XADD", args[1], "%s %+v", name, d)
					require.True(t, i == 0 || args[0] == connection)
					connection = args[0]
				}
				if want != nil {
					require.Equal(t, append([]string{connection}, want...), <-got, "%s %+v", name, d)
				}
				require.Empty(t, got)
			}
			var other Adds
			other.Reset("orders")
			other.AppendFrom(a, 2)
			conn.AddDurably(testContext(t), &other, Durability{}, ids[:1], errs[:1])
			require.NoError(t, errs[0])
			require.Contains(t, <-got, "XADD")
			require.Empty(t, got)
		}
	}
}

// TestWhatTheServerSaysInsteadOfANumber: entries that are stored have their ID, whatever became of
// the WAIT; those that are not keep their own error.
func TestWhatTheServerSaysInsteadOfANumber(t *testing.T) {
	t.Parallel()
	const stored, oom = "$3\r\n1-1\r\n", "-OOM no room\r\n"
	for said, cause := range map[string]string{
		"":     "EOF",
		":":    "EOF",
		":1\r": "EOF",
		"-UNBLOCKED force unblock from blocking operation, instance state changed\r\n":               "UNBLOCKED",
		"-ERR WAIT cannot be used with replica instances.\r\n":                                       "replica instances",
		"-NOPERM this user has no permissions to run the 'wait' command\r\n":                         "NOPERM",
		"!66\r\nNOPERM this user has no permissions to run the 'wait' command\r\n\r\n xxxxxxxxx\r\n": "",
		"*0\r\n": "unexpected reply",
		"_\r\n":  "unexpected reply",
	} {
		for name, opts := range bothWays {
			p := startPuppet(t, func(c *puppetConn) {
				for range 4 {
					if c.next() == nil {
						return
					}
				}
				c.say(stored + oom + stored + said)
			})
			conn := p.conn(t, opts...)
			ids, errs := addDurably(testContext(t), conn, "orders", Durability{Replicas: 1, Timeout: time.Second}, simple(3))
			require.Equal(t, []ID{{1, 1}, {}, {1, 1}}, ids)
			is(t, errs[1], ClassNotExecuted, "OOM", "oom")
			for _, i := range []int{0, 2} {
				var weak *NotDurableError
				require.ErrorAs(t, errs[i], &weak, "%s %q", name, said)
				require.Equal(t, ClassUnknown, Classify(errs[i]), "%s %q: %v", name, said, errs[i])
				require.Equal(t, ids[i], weak.ID)
				require.Error(t, weak.Err)
				require.ErrorContains(t, errs[i], cause)
			}
			require.Empty(t, conn.busy(t))
		}
	}
}

// TestARefusedWaitHidesNoRedirect: of a server that has become a replica the adds say so, and the
// WAIT says something else.
func TestARefusedWaitHidesNoRedirect(t *testing.T) {
	t.Parallel()
	for name, opts := range bothWays {
		p := answers(t, "-READONLY You can't write against a read only replica.\r\n", "-ERR WAIT cannot be used with replica instances.\r\n")
		conn := p.conn(t, opts...)
		_, errs := addDurably(testContext(t), conn, "orders", Durability{Replicas: 1, Timeout: time.Second}, simple(1))
		is(t, errs[0], ClassNotExecuted, "READONLY", "readonly")
		require.NotErrorIs(t, errs[0], ErrNotDurable)
		r, ok := conn.reads.(*singleRouter)
		require.True(t, ok)
		r.mu.Lock()
		rebuilt := r.rebuilt
		r.mu.Unlock()
		require.NotZero(t, rebuilt, "%s: new connections are made", name)
	}
}

// TestAWaitMayTakeLongerThanTheTimeout of the Conn, which is for commands that do not block.
func TestAWaitMayTakeLongerThanTheTimeout(t *testing.T) {
	t.Parallel()
	const timeout = 100 * time.Millisecond
	for name, opts := range bothWays {
		p := startPuppet(t, func(c *puppetConn) {
			for args := c.next(); args != nil; args = c.next() {
				if args[0] == "XADD" {
					c.say("$3\r\n1-1\r\n")
					continue
				}
				timer := time.NewTimer(3 * timeout)
				<-timer.C
				c.say(":1\r\n")
			}
		})
		conn := p.conn(t, append([]Option{WithTimeout(timeout)}, opts...)...)
		_, errs := addDurably(testContext(t), conn, "orders", Durability{Replicas: 1, Timeout: testTimeout}, simple(1))
		require.NoError(t, errs[0], name)

		ctx, cancel := context.WithTimeout(testContext(t), timeout)
		ids, errs := addDurably(ctx, conn, "orders", Durability{Replicas: 1, Timeout: testTimeout}, simple(1))
		cancel()
		require.Equal(t, []ID{{1, 1}}, ids)
		require.ErrorIs(t, errs[0], ErrNotDurable, "%s: the context's deadline counts", name)
		is(t, errs[0], ClassUnknown, "", "timeout")
	}
}

// newest is a server that has WAITAOF, or a reason to skip.
func newest(t testing.TB) redistest.Option {
	t.Helper()
	binary, ok := redistest.Newest(t)
	if !ok {
		t.Skip("SKIPPED: no Redis with WAITAOF (7.2) on this machine: run scripts/fetch-redis.sh, or name one in LEAT_TEST_REDIS_NEWEST")
	}
	return redistest.Binary(binary)
}

func TestWaitForTheDisk(t *testing.T) {
	t.Parallel()
	binary := newest(t)
	master := redistest.Start(t, binary, redistest.AOF("everysec"))
	replica := follow(t, master, binary, redistest.AOF("everysec"))
	for name, opts := range bothWays {
		conn := dial(t, master.URL(), opts...)
		ctx, key := testContext(t), redistest.Prefix(t)+name
		for _, replicas := range []int{0, 1} {
			_, errs := addDurably(ctx, conn, key, Durability{Fsync: true, Replicas: replicas, Timeout: testTimeout}, simple(2))
			require.Equal(t, make([]error, 2), errs)
		}
		d := Durability{Fsync: true, Timeout: time.Millisecond}
		require.NoError(t, master.Client(t).ConfigSet(ctx, "appendfsync", "no").Err())
		ids, errs := addDurably(ctx, conn, key, d, simple(1))
		isWeak(t, ids, errs, d, 0)
		require.ErrorContains(t, errs[0], "the master not on disk")
		require.NoError(t, master.Client(t).ConfigSet(ctx, "appendfsync", "always").Err())

		replica.Pause()
		d = Durability{Fsync: true, Replicas: 1, Timeout: time.Second}
		ids, errs = addDurably(ctx, conn, key, d, simple(1))
		isWeak(t, ids, errs, d, 0)
		require.NotContains(t, errs[0].Error(), "not on disk")
		replica.Resume()
	}
}

func TestWaitForTheDiskOfAServerWithoutAOF(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, newest(t))
	ids, errs := addDurably(testContext(t), dial(t, server.URL()), "orders", Durability{Fsync: true, Timeout: time.Second}, simple(1))
	require.ErrorIs(t, errs[0], ErrNotDurable)
	require.ErrorContains(t, errs[0], "appendonly is disabled")
	require.NotZero(t, ids[0])
}

// TestAServerThatDoesNotKnowWAITAOF is sent nothing.
func TestAServerThatDoesNotKnowWAITAOF(t *testing.T) {
	t.Parallel()
	d := Durability{Fsync: true, Timeout: time.Second}
	for answer, class := range map[string]Class{
		"*1\r\n*-1\r\n": ClassRejected, "*1\r\n_\r\n": ClassRejected, "-NOPERM no\r\n": ClassRejected,
		"-LOADING wait\r\n": ClassNotExecuted, "": ClassNotExecuted,
	} {
		p := startPuppet(t, func(c *puppetConn) {
			for args := c.next(); args != nil; args = c.next() {
				if args[0] != "COMMAND" {
					t.Errorf("%q was sent", args)
				}
				if answer == "" {
					return
				}
				c.say(answer)
			}
		})
		_, errs := addDurably(testContext(t), p.conn(t), "orders", d, simple(2))
		for _, err := range errs {
			require.Equal(t, class, Classify(err), "%q: %v", answer, err)
			require.NotErrorIs(t, err, ErrUnknownOutcome)
			require.ErrorContains(t, err, "WAITAOF")
		}
	}
}

// TestHooksSeeTheWait as the last command of the pipeline.
func TestHooksSeeTheWait(t *testing.T) {
	t.Parallel()
	s := redistest.Shared(t)
	var r recorder
	conn := dial(t, s.URL(), WithHook(r.hooks()))
	key := redistest.Prefix(t) + "orders"
	ids, errs := addDurably(testContext(t), conn, key, Durability{Replicas: 1, Timeout: time.Millisecond}, simple(1))
	require.ErrorIs(t, errs[0], ErrNotDurable)
	require.NotZero(t, ids[0])
	require.Len(t, r.pipelines, 1)
	require.Equal(t, []any{"WAIT", "1", "1"}, r.pipelines[0][1])

	silent := wrapOptions(t, &redis.Options{Addr: closedPort(t)}, WithHook(wireHooks{
		pipeline: func(_ context.Context, cmds []redis.Cmder, _ redis.ProcessPipelineHook) error {
			setRaw(cmds[0], "$3\r\n1-1\r\n") // and nothing of the WAIT
			return nil
		},
	}))
	ids, errs = addDurably(testContext(t), silent, "orders", Durability{Replicas: 1, Timeout: time.Second}, simple(1))
	require.Equal(t, []ID{{1, 1}}, ids)
	require.ErrorIs(t, errs[0], ErrNotDurable)
	require.Equal(t, ClassUnknown, Classify(errs[0]))
}

func TestDurabilityOnSentinelsAndCluster(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]string{
		"sentinel": redistest.SharedSentinel(t).URL(), "cluster": redistest.SharedCluster(t).URL(),
	} {
		for way, opts := range bothWays {
			conn := dial(t, url, opts...)
			for i := range 5 { // of several slots
				_, errs := addDurably(testContext(t), conn, fmt.Sprint(redistest.Prefix(t), i), Durability{Replicas: 1, Timeout: testTimeout}, simple(10))
				require.NoError(t, errors.Join(errs...), "%s %s", name, way)
			}
		}
	}
}
