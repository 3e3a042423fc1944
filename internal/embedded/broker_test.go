package embedded

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/leat-io/leat/internal/redistest"
)

func clientOf(t testing.TB, b *Broker) *redis.Client {
	t.Helper()
	opts, err := redis.ParseURL(b.URL())
	require.NoError(t, err)
	opts.MaxRetries = -1
	rdb := redis.NewClient(opts)
	t.Cleanup(func() { assert.NoError(t, rdb.Close()) })
	return rdb
}

func TestGoRedis(t *testing.T) {
	t.Parallel()
	ctx, rdb := t.Context(), clientOf(t, start(t))
	clients, err := rdb.ClientList(ctx).Result()
	require.NoError(t, err)
	assert.Contains(t, clients, "resp=3 lib-name=go-redis")
	require.NoError(t, rdb.XGroupCreateMkStream(ctx, "s", "g", "0").Err())
	assert.ErrorContains(t, rdb.XGroupCreate(ctx, "s", "g", "0").Err(), "BUSYGROUP")
	id, err := rdb.XAdd(ctx, &redis.XAddArgs{Stream: "s", MaxLen: 1000, Approx: true, Values: []string{"f", "v"}}).Result()
	require.NoError(t, err)
	got, err := rdb.XReadGroup(ctx, &redis.XReadGroupArgs{Group: "g", Consumer: "a", Streams: []string{"s", ">"}, Block: time.Second}).Result()
	require.NoError(t, err)
	assert.Equal(t, []redis.XStream{{Stream: "s", Messages: []redis.XMessage{{ID: id, Values: map[string]any{"f": "v"}}}}}, got)
	_, err = rdb.XReadGroup(ctx, &redis.XReadGroupArgs{Group: "g", Consumer: "a", Streams: []string{"s", ">"}, Block: 5 * time.Millisecond}).Result()
	assert.ErrorIs(t, err, redis.Nil)
	summary, err := rdb.XPending(ctx, "s", "g").Result()
	require.NoError(t, err)
	assert.Equal(t, &redis.XPending{Count: 1, Lower: id, Higher: id, Consumers: map[string]int64{"a": 1}}, summary)
	groups, err := rdb.XInfoGroups(ctx, "s").Result()
	require.NoError(t, err)
	assert.Equal(t, []redis.XInfoGroup{{Name: "g", Consumers: 1, Pending: 1, LastDeliveredID: id, EntriesRead: 1}}, groups)
	info, err := rdb.XInfoStream(ctx, "s").Result()
	require.NoError(t, err)
	assert.EqualValues(t, 1, info.Length)
	require.NoError(t, rdb.XDel(ctx, "s", id).Err())
	claimed, next, deleted, err := rdb.XAutoClaimWithDeleted(ctx, &redis.XAutoClaimArgs{Stream: "s", Group: "g", Consumer: "b", Start: "0"}).Result()
	require.NoError(t, err)
	assert.Equal(t, []any{[]redis.XMessage{}, "0-0", []string{id}}, []any{claimed, next, deleted})
	sum, err := redis.NewScript("return redis.call('XLEN', KEYS[1]) + ARGV[1]").Run(ctx, rdb, []string{"s"}, 7).Int()
	require.NoError(t, err)
	assert.Equal(t, 7, sum)
	commands, err := rdb.Do(ctx, "COMMAND", "INFO", "xnack", "xautoclaim").Slice()
	require.NoError(t, err)
	assert.Nil(t, commands[0])
	assert.NotNil(t, commands[1])
}

// TestChildProcess: the address serves other programs.
func TestChildProcess(t *testing.T) {
	t.Parallel()
	b := start(t)
	self, err := os.Executable()
	require.NoError(t, err)
	child := exec.Command(self, "-test.run=^TestChildPublishes$")
	child.Env = append(os.Environ(), "LEAT_EMBEDDED_URL="+b.URL())
	out, err := child.CombinedOutput()
	require.NoError(t, err, string(out))
	assert.EqualValues(t, 1, clientOf(t, b).XLen(t.Context(), "from-child").Val())
}

// TestChildPublishes is the child of TestChildProcess; alone it does nothing.
func TestChildPublishes(t *testing.T) {
	t.Parallel()
	url := os.Getenv("LEAT_EMBEDDED_URL")
	if url == "" {
		return
	}
	opts, err := redis.ParseURL(url)
	require.NoError(t, err)
	rdb := redis.NewClient(opts)
	defer func() { assert.NoError(t, rdb.Close()) }()
	require.NoError(t, rdb.XAdd(t.Context(), &redis.XAddArgs{Stream: "from-child", Values: []string{"f", "v"}}).Err())
}

// TestCloseLeavesNothing cuts clients that are blocked or idle and leaves no
// goroutine; Close may be called again, and the end of Start's context is a Close.
func TestCloseLeavesNothing(t *testing.T) { //nolint:paralleltest // it counts goroutines, and must not see those of other tests
	before := goleak.IgnoreCurrent()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	b, err := Start(ctx)
	require.NoError(t, err)
	blocked, idle := dial(t, b.Addr()), dial(t, b.Addr())
	blocked.send("XREAD", "BLOCK", "0", "STREAMS", "s", "$")
	blockedIn(t, idle, 1)
	require.NoError(t, b.Close())
	require.NoError(t, b.Close())
	_, err = net.DialTimeout("tcp", b.Addr(), time.Second)
	assert.Error(t, err)
	goleak.VerifyNone(t, append(redistest.Leaks(), before)...)

	b, err = Start(ctx)
	require.NoError(t, err)
	cancel()
	<-b.ended
	_, err = Start(ctx)
	assert.ErrorIs(t, err, context.Canceled)
	goleak.VerifyNone(t, append(redistest.Leaks(), before)...)
}

// TestCloseBreaksOffAScript: nothing else could end it.
func TestCloseBreaksOffAScript(t *testing.T) {
	t.Parallel()
	b := start(t)
	w := dial(t, b.Addr())
	w.send("PING")
	w.send("EVAL", "while true do end", "0")
	assert.Equal(t, "+PONG", w.receive())
	require.NoError(t, b.Close())
}

// TestRefused: what would stop the broker, or lie, is an error.
func TestRefused(t *testing.T) {
	t.Parallel()
	w := dial(t, start(t).Addr())
	for _, args := range [][]string{
		{"BLPOP", "l", "0"},
		{"BRPOP", "l", "0"},
		{"BZPOPMIN", "z", "0"},
		{"COPY", "a", "b"},
		{"CONFIG", "SET", "appendonly", "yes"},
		{"SELECT", "1"},
		{"XINFO", "STREAM", "s", "FULL"},
		{"CLIENT", "KILL", "ID", "1"},
		{"XACKDEL", "s", "g", "IDS", "1", "1-1"},
		{"XNACK", "s"},
		{"FUNCTION", "LIST"},
	} {
		w.do("XADD", "s", "*", "f", "v")
		assert.Regexp(t, "^-ERR ", w.do(args...), args)
	}
}

// TestPublishSubscribe runs past the broker's own lock.
func TestPublishSubscribe(t *testing.T) {
	t.Parallel()
	ctx, rdb := t.Context(), clientOf(t, start(t))
	sub := rdb.Subscribe(ctx, "news")
	defer func() { assert.NoError(t, sub.Close()) }()
	_, err := sub.Receive(ctx)
	require.NoError(t, err)
	require.NoError(t, rdb.Publish(ctx, "news", "hello").Err())
	m, err := sub.ReceiveMessage(ctx)
	require.NoError(t, err)
	assert.Equal(t, "hello", m.Payload)
}

// TestWatchedKeyIsWritten: a transaction whose key another client wrote, by a
// command or in a script, does nothing.
func TestWatchedKeyIsWritten(t *testing.T) {
	t.Parallel()
	b := start(t)
	w, other := dial(t, b.Addr()), dial(t, b.Addr())
	for _, write := range [][]string{
		{"SET", "k", "v"}, {"XADD", "k2", "*", "f", "v"}, {"EVAL", "redis.call('INCR', KEYS[1])", "1", "k3"}, {"FLUSHALL"},
	} {
		require.Equal(t, "+OK", w.do("WATCH", "k", "k2", "k3"))
		other.do(write...)
		require.Equal(t, "+OK", w.do("MULTI"))
		require.Equal(t, "+QUEUED", w.do("SET", "result", "x"))
		assert.Equal(t, "nilarray", w.do("EXEC"), write)
	}
	assert.Equal(t, ":0", w.do("EXISTS", "result"))
}

// TestMemoryOfGoneStreams: what DEL and expiry remove is freed, what RENAME
// moves is not.
func TestMemoryOfGoneStreams(t *testing.T) {
	t.Parallel()
	b := start(t)
	w := dial(t, b.Addr())
	for _, key := range []string{"deleted", "expired", "renamed", "kept"} {
		w.do("XADD", key, "1-1", "f", "v")
	}
	w.do("DEL", "deleted")
	w.do("PEXPIRE", "expired", "1")
	w.do("RENAME", "renamed", "new")
	require.Eventually(t, func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		return len(b.keys) == 2
	}, answerWithin, time.Millisecond)
	assert.Equal(t, `[["1-1" ["f" "v"]]]`, w.do("XRANGE", "new", "-", "+"))
}

// TestManyBlockedWhilePublishing: 200 workers and 20,000 entries; each is
// given out once and acknowledged once, while others claim and look on.
func TestManyBlockedWhilePublishing(t *testing.T) {
	t.Parallel()
	const workers, publishers, total = 200, 4, 20_000
	b := start(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	setup := clientOf(t, b)
	require.NoError(t, setup.XGroupCreateMkStream(ctx, "s", "g", "0").Err())
	var mu sync.Mutex
	seen := map[string]int{}
	var readers, writers sync.WaitGroup
	finished := func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(seen) == total
	}
	begin := time.Now()
	for i := range workers {
		rdb := clientOf(t, b)
		readers.Go(func() {
			for !finished() && ctx.Err() == nil {
				got, err := rdb.XReadGroup(ctx, &redis.XReadGroupArgs{Group: "g", Consumer: fmt.Sprint(i), Streams: []string{"s", ">"}, Count: 20, Block: 100 * time.Millisecond}).Result()
				if errors.Is(err, redis.Nil) {
					continue
				}
				if !assert.NoError(t, err) {
					return
				}
				var ids []string
				mu.Lock()
				for _, m := range got[0].Messages {
					ids = append(ids, m.ID)
					seen[m.ID]++
				}
				mu.Unlock()
				n, err := rdb.XAck(ctx, "s", "g", ids...).Result()
				if assert.NoError(t, err) {
					assert.EqualValues(t, len(ids), n)
				}
			}
		})
	}
	for range publishers {
		writers.Go(func() {
			for range total / publishers {
				assert.NoError(t, setup.XAdd(ctx, &redis.XAddArgs{Stream: "s", Values: []string{"f", "v"}}).Err())
			}
		})
	}
	writers.Wait()
	readers.Wait()
	t.Logf("%d entries through %d blocked workers in %v", total, workers, time.Since(begin))
	require.Len(t, seen, total)
	for id, n := range seen {
		require.Equal(t, 1, n, id)
	}
	summary, err := setup.XPending(t.Context(), "s", "g").Result()
	require.NoError(t, err)
	assert.Zero(t, summary.Count)
}

// TestScriptsAreOneStep: increments made by reading and writing in a script
// are never lost, whatever runs beside it.
func TestScriptsAreOneStep(t *testing.T) {
	t.Parallel()
	ctx, rdb := t.Context(), clientOf(t, start(t))
	script := redis.NewScript("local n = tonumber(redis.call('GET', KEYS[1]) or '0') redis.call('SET', KEYS[1], n + 1)")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 200 {
				if err := script.Run(ctx, rdb, []string{"n"}).Err(); !errors.Is(err, redis.Nil) {
					assert.NoError(t, err)
				}
			}
		})
	}
	all.Wait()
	assert.Equal(t, "1600", rdb.Get(ctx, "n").Val())
}
