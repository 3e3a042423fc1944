package demo

import (
	"bytes"
	"context"
	"io"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
)

// small is a demo of a few seconds.
func small() Config { return Config{Events: 300, Workers: 3, KillAfter: time.Second} }

// watcher is what a demo shows; at is called with each piece, before the demo goes
// on.
type watcher struct {
	mu   sync.Mutex
	text bytes.Buffer
	at   func(line string)
}

func (w *watcher) Write(b []byte) (int, error) {
	w.mu.Lock()
	w.text.Write(b)
	w.mu.Unlock()
	if w.at != nil {
		w.at(string(b))
	}
	return len(b), nil
}

func (w *watcher) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

func runDemo(t *testing.T, cfg Config) (*Summary, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if cfg.Progress == nil {
		w := &watcher{}
		cfg.Progress = w
		t.Cleanup(func() { t.Log("\n" + w.String()) })
	}
	return Run(ctx, cfg)
}

func checkNothingLost(t *testing.T, s *Summary, events int) {
	t.Helper()
	assert.NoError(t, s.Err())
	assert.Equal(t, events, s.Published)
	assert.Equal(t, poison(events), s.Dead, "%+v", s.DeadLetters)
	assert.Equal(t, events-s.Dead, s.Handled)
	assert.Zero(t, s.Lost)
	// Each flaky event fails that often and then succeeds; a worker that is killed just
	// after a failure was settled tells nobody.
	assert.LessOrEqual(t, s.Retried, flaky(events)*faultCount)
	assert.GreaterOrEqual(t, s.Retried, flaky(events)*faultCount-s.Killed*flaky(events))
	assert.Len(t, s.DeadLetters, s.Dead)
	for _, d := range s.DeadLetters {
		assert.NotEmpty(t, d.ID)
		assert.Equal(t, "permanent", d.Reason)
		assert.Equal(t, 1, d.Attempts)
	}
	assert.Positive(t, s.P50)
	assert.GreaterOrEqual(t, s.P99, s.P50)
	assert.Positive(t, s.Throughput)
}

func checkTakenOver(t *testing.T, s *Summary) {
	t.Helper()
	assert.Equal(t, 1, s.Killed)
	assert.Positive(t, s.Held)
	assert.Positive(t, s.Reclaimed)
	assert.GreaterOrEqual(t, s.Reclaimed, s.Held)
	assert.GreaterOrEqual(t, s.TakeOver, lease.Seconds()*0.9, "taken over before the lease ran out")
}

func TestEmbedded(t *testing.T) {
	t.Parallel()
	s, err := runDemo(t, small())
	require.NoError(t, err)
	checkNothingLost(t, s, 300)
	checkTakenOver(t, s)
}

func TestRealRedisIsLeftAsItWas(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t) // of its own, to see all keys
	client := server.Client(t)
	require.NoError(t, client.Set(t.Context(), "somebody's", "1", 0).Err())
	cfg := small()
	cfg.Redis.URL = server.URL()
	s, err := runDemo(t, cfg)
	require.NoError(t, err)
	checkNothingLost(t, s, 300)
	checkTakenOver(t, s)
	keys, err := client.Keys(t.Context(), "*").Result()
	require.NoError(t, err)
	assert.Equal(t, []string{"somebody's"}, keys)
}

func TestClusterIsLeftAsItWas(t *testing.T) {
	t.Parallel()
	cfg := Config{Events: 60, Workers: 2, KillAfter: 500 * time.Millisecond, Redis: Redis{URL: redistest.SharedCluster(t).URL()}}
	w := &watcher{}
	cfg.Progress = w
	s, err := runDemo(t, cfg)
	require.NoError(t, err, w)
	checkNothingLost(t, s, 60)
	checkTakenOver(t, s)
	conn, err := cfg.Redis.dial(t.Context())
	require.NoError(t, err)
	defer conn.Close()
	_, err = conn.Groups(t.Context(), s.Stream)
	assert.ErrorContains(t, err, "no such key")
}

func TestKeep(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	cfg := Config{Events: 20, Workers: 2, Keep: true, Redis: Redis{URL: server.URL()}}
	s, err := runDemo(t, cfg)
	require.NoError(t, err)
	client := server.Client(t)
	n, err := client.XLen(t.Context(), s.Stream).Result()
	require.NoError(t, err)
	assert.EqualValues(t, 20, n)
	n, err = client.XLen(t.Context(), "leat:{"+s.Stream+"}:dead:"+s.Group).Result()
	require.NoError(t, err)
	assert.EqualValues(t, s.Dead, n)
	assert.True(t, s.Kept)
}

func TestNobodyIsKilled(t *testing.T) {
	t.Parallel()
	s, err := runDemo(t, Config{Events: 100, Workers: 1})
	require.NoError(t, err)
	checkNothingLost(t, s, 100)
	assert.Zero(t, s.Killed)
	assert.Zero(t, s.Reclaimed)
}

// The only worker is killed: another one is started, or nobody could take over.
func TestTheOnlyWorkerIsReplaced(t *testing.T) {
	t.Parallel()
	w := &watcher{}
	s, err := runDemo(t, Config{Events: 40, Workers: 1, KillAfter: 500 * time.Millisecond, Progress: w})
	require.NoError(t, err)
	checkNothingLost(t, s, 40)
	checkTakenOver(t, s)
	assert.Contains(t, w.String(), "worker 2 (pid ")
}

// Whatever the numbers are, the kill finds a worker that holds something.
func TestOneEventIsEnoughForAKill(t *testing.T) {
	t.Parallel()
	s, err := runDemo(t, Config{Events: 1, Workers: 2, KillAfter: 100 * time.Millisecond})
	require.NoError(t, err)
	checkNothingLost(t, s, 1)
	checkTakenOver(t, s)
}

var killedLine = regexp.MustCompile(`worker (\d+) \(pid \d+\) killed while holding (\d+) entr`)

// The count must be able to say that something is lost: somebody acknowledges what
// the killed worker held before anybody takes it over.
func TestAcknowledgedByHandIsLost(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := server.Client(t)
	cfg := small()
	cfg.Redis.URL = server.URL()
	acked := 0
	w := &watcher{}
	w.at = func(line string) {
		if m := killedLine.FindStringSubmatch(line); m != nil {
			acked = ackPendingOf(t, client, "worker-"+m[1])
		}
	}
	cfg.Progress = w
	s, err := runDemo(t, cfg)
	require.NoError(t, err, w)
	require.Positive(t, acked)
	assert.ErrorIs(t, s.Err(), ErrLost)
	assert.Positive(t, s.Lost)
	assert.LessOrEqual(t, s.Lost, acked)
	assert.Len(t, s.LostEvents, s.Lost)
	assert.Equal(t, s.Published, s.Handled+s.Dead+s.Lost)
	var text strings.Builder
	s.WriteText(&text, Display{})
	assert.Contains(t, text.String(), s.LostEvents[0])
}

// ackPendingOf settles all entries of a consumer of the one demo on the server.
func ackPendingOf(t *testing.T, client *redis.Client, consumer string) (acked int) {
	ctx := t.Context()
	streams, err := client.Keys(ctx, "leat-demo:*").Result()
	if !assert.NoError(t, err) || !assert.Len(t, streams, 1) {
		return 0
	}
	rows, err := client.XPendingExt(ctx, &redis.XPendingExtArgs{
		Stream: streams[0], Group: groupName, Start: "-", End: "+", Count: 100, Consumer: consumer,
	}).Result()
	assert.NoError(t, err)
	for _, row := range rows {
		n, err := client.XAck(ctx, streams[0], groupName, row.ID).Result()
		assert.NoError(t, err)
		acked += int(n)
	}
	return acked
}

// Entries that are deleted before anybody was given them are lost.
func TestDeletedIsLost(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := server.Client(t)
	deleted := 0
	w := &watcher{}
	w.at = func(line string) {
		if killedLine.MatchString(line) {
			deleted = flushAll(t, client)
		}
	}
	cfg := small()
	cfg.Redis.URL, cfg.Progress = server.URL(), w
	s, err := runDemo(t, cfg)
	require.NoError(t, err, w)
	require.Positive(t, deleted)
	assert.ErrorIs(t, s.Err(), ErrLost)
	assert.Equal(t, 300, s.Published)
	assert.Equal(t, s.Published, s.Handled+s.Lost+buriedWithPayload(s))
}

func flushAll(t *testing.T, client *redis.Client) int {
	streams, err := client.Keys(t.Context(), "leat-demo:*").Result()
	assert.NoError(t, err)
	n, err := client.Del(t.Context(), streams...).Result()
	assert.NoError(t, err)
	return int(n)
}

func buriedWithPayload(s *Summary) (n int) {
	for _, d := range s.DeadLetters {
		if d.Reason != "payload-lost" {
			n++
		}
	}
	return n
}

// A visitor kills a worker as well, with a kill -9 of his own.
func TestSomebodyElseKills(t *testing.T) {
	t.Parallel()
	up := regexp.MustCompile(`pid (\d+),`)
	w := &watcher{}
	w.at = func(line string) {
		if m := up.FindStringSubmatch(line); m != nil && strings.Contains(line, "workers are up") {
			pid, err := strconv.Atoi(m[1])
			assert.NoError(t, err)
			killPID(t, pid)
		}
	}
	cfg := small()
	cfg.Progress = w
	s, err := runDemo(t, cfg)
	require.NoError(t, err, w)
	checkNothingLost(t, s, 300)
	assert.Contains(t, w.String(), "not by our doing")
}

func TestInterrupted(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w := &watcher{}
	w.at = func(line string) {
		if strings.Contains(line, "settled") {
			cancel()
		}
	}
	cfg := small()
	cfg.Redis.URL, cfg.Progress = server.URL(), w
	from := time.Now()
	s, err := Run(ctx, cfg)
	assert.Nil(t, s)
	assert.ErrorIs(t, err, ErrInterrupted)
	assert.Less(t, time.Since(from), 5*time.Second)
	for _, pid := range pidsIn(t, w.String()) {
		assertGone(t, pid)
	}
	keys, err := server.Client(t).Keys(t.Context(), "*").Result()
	require.NoError(t, err)
	assert.Empty(t, keys)
}

// A worker that cannot work ends the demo with what it said.
func TestBrokenWorker(t *testing.T) {
	t.Parallel()
	cfg := small()
	cfg.Worker = []string{"/bin/sh", "-c", "echo cannot go on >&2; exit 3"}
	s, err := runDemo(t, cfg)
	assert.Nil(t, s)
	assert.ErrorContains(t, err, "exit status 3: cannot go on")
}

// What a worker says must be records; anything else cannot be counted.
func TestBabblingWorker(t *testing.T) {
	t.Parallel()
	cfg := small()
	cfg.Worker = []string{"/bin/sh", "-c", "echo hello; read -r forever; read -r forever"}
	s, err := runDemo(t, cfg)
	assert.Nil(t, s)
	assert.ErrorIs(t, err, errRecord)
}

func TestRedisAway(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	url := server.URL()
	server.Kill()
	cfg := small()
	cfg.Redis.URL = url
	s, err := runDemo(t, cfg)
	assert.Nil(t, s)
	assert.ErrorContains(t, err, "connect to "+url)
	assert.ErrorContains(t, err, "--redis embedded:")
}

func TestWorkerWithoutOrders(t *testing.T) {
	t.Parallel()
	err := RunWorker(t.Context(), strings.NewReader(""), io.Discard)
	assert.ErrorContains(t, err, "leat demo gives them")
	assert.ErrorContains(t, RunWorker(t.Context(), strings.NewReader("{\n"), io.Discard), "decode orders")
}
