package gauge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/embedded"
	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/stream"
)

// on is a short run on the Redis of that URL.
func on(url string, opts ...stream.Option) Config {
	return Config{
		Duration: MinDuration, Memory: 16 << 20,
		Dial: func(ctx context.Context, more ...stream.Option) (*stream.Conn, error) {
			return stream.Dial(ctx, url, append(append([]stream.Option{}, opts...), more...)...)
		},
	}
}

func measure(t *testing.T, cfg Config) (*Report, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	return Run(ctx, cfg)
}

// keys are all keys of a server.
func keys(t *testing.T, client *redis.Client) []string {
	t.Helper()
	all, err := client.Keys(context.WithoutCancel(t.Context()), "*").Result()
	require.NoError(t, err)
	return all
}

// requireFigures wants everything measured, and greater than nothing.
func requireFigures(t *testing.T, r *Report) {
	t.Helper()
	require.Empty(t, r.BareLeftOut)
	require.Len(t, r.Rates, 3)
	for i, work := range []Work{Publish, Consume, EndToEnd} {
		rate := r.Rates[i]
		require.Equal(t, work, rate.Work)
		for _, f := range []*Figure{&rate.Leat, rate.Bare} {
			assert.Positive(t, f.PerSecond, work)
			assert.Positive(t, f.Events, work)
			assert.Len(t, f.Rounds, r.Settings.Rounds)
			assert.LessOrEqual(t, f.Slowest, f.PerSecond)
			assert.LessOrEqual(t, f.PerSecond, f.Fastest)
		}
		assert.Positive(t, *rate.Share, work)
	}
	require.Len(t, r.Latencies, 3)
	for i, of := range []Interval{RoundTrip, Stored, Handled} {
		l := r.Latencies[i]
		require.Equal(t, of, l.Interval)
		for _, q := range []*Quantiles{&l.Leat, l.Bare} {
			assert.Positive(t, q.Samples, of)
			assert.Positive(t, q.P50, of)
			assert.LessOrEqual(t, q.P50, q.P99, of)
			assert.LessOrEqual(t, q.P99, q.P999, of)
			assert.LessOrEqual(t, q.P999, q.Max, of)
		}
	}
	assert.Positive(t, r.Seconds)
	assert.Positive(t, r.Settings.Rate)
}

func TestRealRedisIsLeftAsItWas(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t) // of its own, to see all keys
	client := server.Client(t)
	ctx := t.Context()
	require.NoError(t, client.Set(ctx, "somebody's", "1", 0).Err())
	require.NoError(t, client.XAdd(ctx, &redis.XAddArgs{Stream: "leat-bench:theirs", Values: []string{"a", "b"}}).Err())
	cfg := on(server.URL())
	cfg.Duration = 3 * time.Second
	var progress bytes.Buffer
	cfg.Progress = &progress
	var expiring, lasting []string
	cfg.stage = func(string) { // while it runs, its streams are bound to go by themselves
		for _, key := range keys(t, client) {
			if key == "somebody's" || key == "leat-bench:theirs" {
				continue
			}
			switch ttl := client.PTTL(ctx, key).Val(); {
			case ttl > 0:
				expiring = append(expiring, key)
			case ttl == -1:
				lasting = append(lasting, key)
			}
		}
	}
	r, err := measure(t, cfg)
	require.NoError(t, err)
	requireFigures(t, r)
	require.Contains(t, progress.String(), "warming up, bare")
	require.Contains(t, progress.String(), "round 3 of 3: consume a backlog, leat")
	require.Contains(t, progress.String(), "deleting the run's keys")
	require.ElementsMatch(t, []string{"somebody's", "leat-bench:theirs"}, keys(t, client))
	require.EqualValues(t, 1, client.XLen(ctx, "leat-bench:theirs").Val())
	require.NotEmpty(t, expiring)
	require.Empty(t, lasting)
	for _, key := range expiring {
		require.Regexp(t, `^leat-bench:\{\w+\}:(leat|bare):\d+$`, key)
	}

	require.Equal(t, 3, r.Settings.Rounds)
	require.Equal(t, "redis", r.Server.Name)
	require.NotEmpty(t, r.Server.Version)
	require.Equal(t, "standalone", r.Server.Mode)
	require.True(t, r.Loopback)
	require.False(t, r.TLS)
	require.Empty(t, r.Unseen)
	require.True(t, r.Server.SaveKnown)
	require.NotNil(t, r.Before.PerSecond)
	require.NotNil(t, r.Before.MainThread)
	require.Positive(t, *r.EntryBytes)
	for _, rate := range r.Rates {
		for _, f := range []*Figure{&rate.Leat, rate.Bare} {
			require.Positive(t, *f.Server)
			require.Positive(t, *f.MainThread)
			require.Positive(t, *f.In)
			require.Positive(t, *f.Out)
			require.Positive(t, *f.ServerMicro)
			require.Positive(t, *f.Client)
			require.Positive(t, *f.ClientMicro)
		}
	}
	require.Equal(t, "durability", find(t, r, "durability").ID)
	require.NotEmpty(t, bound(r))
}

// bound are the findings that say what bounds.
func bound(r *Report) (all []Finding) {
	for _, f := range r.Findings {
		if f.Kind == Bound {
			all = append(all, f)
		}
	}
	return all
}

func find(t *testing.T, r *Report, id string) Finding {
	t.Helper()
	for _, f := range r.Findings {
		if f.ID == id {
			return f
		}
	}
	require.Failf(t, "no such finding", "%s in %+v", id, r.Findings)
	return Finding{}
}

// Both ways read and write the same entries.
func TestEntriesAreTheSame(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	cfg := on(server.URL())
	cfg.Prefix = redistest.Prefix(t)
	cfg = cfg.withDefaults()
	r := &run{cfg: cfg, random: newRandom(), marks: newTallies(), screen: newScreen(nil)}
	ctx := t.Context()
	var err error
	r.door, err = newDoor(ctx, cfg, "x")
	require.NoError(t, err)
	defer r.door.conn.Close()
	r.conn, err = cfg.Dial(ctx)
	require.NoError(t, err)
	leat, err := newLeatWay(&cfg, r.conn)
	require.NoError(t, err)
	defer func() { assert.NoError(t, leat.close(ctx)) }()
	barely, err := newBareWay(ctx, &cfg, r.door)
	require.NoError(t, err)
	defer func() { assert.NoError(t, barely.close(ctx)) }()
	var entries []map[string]string
	for _, w := range []way{leat, barely} {
		key, err := r.create(ctx, w.name())
		require.NoError(t, err)
		require.NoError(t, w.publish(ctx, key, 2))
		require.NoError(t, w.one(ctx, key, 77))
		messages, err := server.Client(t).XRange(ctx, key, "-", "+").Result()
		require.NoError(t, err)
		require.Len(t, messages, 3)
		require.NotEqual(t, messages[0].Values["id"], messages[1].Values["id"], w.name())
		last := map[string]string{}
		for name, value := range messages[2].Values {
			last[name] = fmt.Sprint(value)
		}
		require.Equal(t, 77, numberOf([]byte(last["data"])))
		require.Len(t, last["id"], 36)
		_, err = time.Parse(time.RFC3339Nano, last["time"])
		require.NoError(t, err)
		delete(last, "id")
		delete(last, "time")
		entries = append(entries, last)
	}
	require.Equal(t, entries[0], entries[1])
	require.Len(t, entries[0]["data"], DefaultPayload)
	require.NoError(t, r.erase(ctx, r.names...))
}

func TestTLSWithCredentials(t *testing.T) {
	t.Parallel()
	server := redistest.SharedTLS(t)
	cfg := on(server.URL(), stream.WithCA(server.CAFile()), stream.WithClientCert(server.CertFile(), server.KeyFile()))
	cfg.Prefix = redistest.Prefix(t)
	r, err := measure(t, cfg)
	require.NoError(t, err)
	requireFigures(t, r)
	require.True(t, r.TLS)
	require.NotContains(t, asJSON(t, r), "shared-secret")
	left, err := server.Client(t).Keys(t.Context(), cfg.Prefix+"*").Result()
	require.NoError(t, err)
	require.Empty(t, left)
}

func asJSON(t *testing.T, r *Report) string {
	t.Helper()
	b, err := json.Marshal(r)
	require.NoError(t, err)
	return string(b)
}

func TestUnixSocketWithPasswordAndDatabase(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Unix(), redistest.Password("s3cret"))
	cfg := on(server.URL() + "?db=3")
	other := server.Client(t)
	databases := map[string]bool{}
	cfg.stage = func(string) {
		for line := range strings.Lines(other.Info(context.WithoutCancel(t.Context()), "keyspace").Val()) {
			if name, _, ok := strings.Cut(line, ":"); ok {
				databases[name] = true
			}
		}
	}
	r, err := measure(t, cfg)
	require.NoError(t, err)
	requireFigures(t, r)
	require.True(t, r.Loopback)
	require.Equal(t, map[string]bool{"db3": true}, databases, "both ways use the database of the URL")
	require.NotContains(t, other.Info(t.Context(), "keyspace").Val(), "db")
}

func TestSentinel(t *testing.T) {
	t.Parallel()
	sentinel := redistest.SharedSentinel(t)
	cfg := on(sentinel.URL())
	cfg.Prefix = redistest.Prefix(t)
	r, err := measure(t, cfg)
	require.NoError(t, err)
	requireFigures(t, r)
	require.Equal(t, 2, r.Server.Replicas)
	left, err := sentinel.Master().Client(t).Keys(t.Context(), cfg.Prefix+"*").Result()
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestCluster(t *testing.T) {
	t.Parallel()
	cluster := redistest.SharedCluster(t)
	cfg := on(cluster.URL())
	cfg.Prefix = redistest.Prefix(t)
	r, err := measure(t, cfg)
	require.NoError(t, err)
	requireFigures(t, r)
	require.Equal(t, "cluster", r.Server.Mode)
	find(t, r, "one-master")
	for _, node := range cluster.Nodes() {
		left, err := node.Client(t).Keys(t.Context(), cfg.Prefix+"*").Result()
		require.NoError(t, err)
		require.Empty(t, left)
	}
}

func TestEmbeddedBroker(t *testing.T) {
	t.Parallel()
	broker, err := embedded.Start(t.Context())
	require.NoError(t, err)
	defer broker.Close()
	r, err := measure(t, on(broker.URL()))
	require.NoError(t, err)
	requireFigures(t, r)
	require.True(t, r.Server.Embedded)
	find(t, r, "embedded")
	require.Empty(t, bound(r))
	client := redis.NewClient(&redis.Options{Addr: broker.Addr()})
	defer client.Close()
	require.Empty(t, keys(t, client))
}

// A user who may use leat's keys and no more can measure, and is told what could not
// be seen.
func TestUserWhoMayNotAsk(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.ACLUser("app", "s3cret", "~leat-bench:* ~leat:* +@all -@dangerous"))
	r, err := measure(t, on(server.URL()))
	require.NoError(t, err)
	requireFigures(t, r)
	require.Nil(t, r.Server)
	require.Len(t, r.Unseen, 1)
	require.Contains(t, r.Unseen[0], "NOPERM")
	require.Contains(t, r.Unseen[0], "load, memory and role")
	for _, rate := range r.Rates {
		require.Nil(t, rate.Leat.Server)
		require.Positive(t, *rate.Leat.Client)
	}
	require.NotContains(t, asJSON(t, r), "s3cret")
	require.Empty(t, keys(t, server.Client(t)))
}

// A user without the right to the keys gets one error that says so.
func TestUserWhoMayNotWrite(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.ACLUser("app", "s3cret", "~orders* +@all"))
	_, err := measure(t, on(server.URL()))
	require.ErrorContains(t, err, "NOPERM")
	require.ErrorContains(t, err, server.Addr())
}

// A user who may not ask for the settings, nor delete by UNLINK, is no obstacle.
func TestUserWithoutConfigAndUnlink(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.ACLUser("app", "s3cret", "~* +@all -config -unlink -memory -pexpire"))
	r, err := measure(t, on(server.URL()))
	require.NoError(t, err)
	requireFigures(t, r)
	require.Empty(t, r.Server.Fsync)
	require.False(t, r.Server.SaveKnown)
	require.Contains(t, r.Unseen[0], "appendfsync")
	require.Nil(t, r.EntryBytes)
	require.Empty(t, keys(t, server.Client(t)))
}

func TestReplicaIsNotWrittenTo(t *testing.T) {
	t.Parallel()
	master := redistest.Start(t)
	host, port, err := net.SplitHostPort(master.Addr())
	require.NoError(t, err)
	for name, opts := range map[string][]redistest.Option{
		"seen":   nil,
		"unseen": {redistest.ACLUser("app", "s3cret", "~* +@all -info")},
	} {
		replica := redistest.Start(t, append(opts, redistest.Config("replicaof", host+" "+port))...)
		cfg := on(replica.URL())
		var stages []string
		cfg.stage = func(name string) { stages = append(stages, name) }
		_, err := measure(t, cfg)
		require.ErrorContains(t, err, "it is a replica", name)
		require.ErrorContains(t, err, replica.Addr(), name)
		if name == "seen" {
			require.Empty(t, stages)
		}
		require.Empty(t, keys(t, replica.Client(t)), name)
	}
}

// Whenever it is interrupted, nothing is left.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := server.Client(t)
	for _, at := range []string{
		"warming up, leat", "publish, bare", "consume a backlog, leat", "end to end, bare", "latency, leat",
	} {
		ctx, cancel := context.WithCancel(t.Context())
		cfg := on(server.URL())
		cfg.stage = func(name string) {
			if strings.HasSuffix(name, at) {
				cancel()
			}
		}
		_, err := Run(ctx, cfg)
		require.ErrorIs(t, err, ErrInterrupted, at)
		require.Empty(t, keys(t, client), at)
		cancel()
	}
}

// Interrupted in the middle of a pipeline or a batch, whatever is on its way has come
// when the keys are deleted.
func TestInterruptedInTheMiddle(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := server.Client(t)
	for _, at := range []string{"publish, leat", "publish, bare", "end to end, leat"} {
		ctx, cancel := context.WithCancel(t.Context())
		cfg := on(server.URL())
		cfg.Duration = 10 * time.Second // so that there is a middle
		cfg.Memory = 64 << 20
		var watching sync.WaitGroup
		cfg.stage = func(name string) {
			if !strings.HasSuffix(name, "round 1 of 5: "+at) {
				return
			}
			watching.Go(func() {
				defer cancel()
				awaitLength(ctx, client, at[strings.LastIndex(at, " ")+1:])
			})
		}
		_, err := Run(ctx, cfg)
		cancel()
		watching.Wait()
		require.ErrorIs(t, err, ErrInterrupted, at)
		require.Empty(t, keys(t, client), at)
	}
}

// Interrupted while the server hangs with events in its buffers, which it takes up
// again when the keys are deleted: they make no stream anew.
func TestInterruptedWhileTheServerHangs(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"publish, leat", "publish, bare"} {
		server := redistest.Start(t)
		client := server.Client(t)
		ctx, cancel := context.WithCancel(t.Context())
		cfg := on(server.URL())
		cfg.Duration = 10 * time.Second
		var watching sync.WaitGroup
		cfg.stage = func(name string) {
			switch {
			case strings.HasSuffix(name, "round 1 of 5: "+at):
				watching.Go(func() {
					defer cancel()
					awaitLength(ctx, client, at[strings.LastIndex(at, " ")+1:])
					server.Pause()
				})
			case name == deleting:
				server.Resume()
			}
		}
		_, err := Run(ctx, cfg)
		cancel()
		watching.Wait()
		require.ErrorIs(t, err, ErrInterrupted, at)
		await(t, "its connections are gone", func() bool {
			return strings.Count(client.ClientList(t.Context()).Val(), "\n") == 1
		})
		for _, key := range keys(t, client) {
			require.Equal(t, "string", client.Type(t.Context(), key).Val(), "%s: %s", at, key)
			require.Positive(t, client.PTTL(t.Context(), key).Val())
		}
	}
}

// awaitLength waits until there is a stream of that way with some entries.
func awaitLength(ctx context.Context, client *redis.Client, way string) {
	for ctx.Err() == nil {
		for _, key := range client.Keys(ctx, "*:"+way+":*").Val() {
			if client.XLen(ctx, key).Val() > 2000 {
				return
			}
		}
	}
}

// await waits until something holds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); {
		require.False(t, time.Now().After(deadline), "waited in vain: %s", what)
		require.NoError(t, wait(t.Context(), 10*time.Millisecond))
	}
}

// A server that comes to its limit while events are added: an error that says so, and
// nothing is left.
func TestOutOfMemory(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"publish, leat", "publish, bare", "end to end, leat", "latency, bare"} {
		server := redistest.Start(t, redistest.Config("maxmemory-policy", "noeviction"))
		client := server.Client(t)
		cfg := on(server.URL())
		cfg.stage = func(name string) {
			if strings.HasSuffix(name, at) {
				require.NoError(t, client.ConfigSet(context.WithoutCancel(t.Context()), "maxmemory", "1").Err())
			}
		}
		_, err := measure(t, cfg)
		require.ErrorContains(t, err, "maxmemory", at)
		require.ErrorContains(t, err, "OOM", at)
		require.ErrorContains(t, err, server.Addr(), at)
		require.Empty(t, keys(t, client), at)
	}
}

// The limit can also be reached by others, whose keys must not be evicted for ours.
func TestFullServerIsRefused(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Config("maxmemory-policy", "allkeys-lru"))
	client := server.Client(t)
	require.NoError(t, client.Set(t.Context(), "somebody's", strings.Repeat("x", 2<<20), 0).Err())
	used := int(parseInfo(client.Info(t.Context(), "memory").Val()).or0("used_memory"))
	require.NoError(t, client.ConfigSet(t.Context(), "maxmemory", strconv.Itoa(used+1<<20)).Err())
	cfg := on(server.URL())
	cfg.Payload = 4000
	_, err := measure(t, cfg)
	require.ErrorIs(t, err, ErrMemory)
	require.ErrorContains(t, err, "maxmemory")
	require.Equal(t, []string{"somebody's"}, keys(t, client))
}

func TestSmallServerGetsLess(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Config("maxmemory", "16mb"))
	client := server.Client(t)
	cfg := on(server.URL())
	peak := 0
	cfg.stage = func(string) {
		peak = max(peak, int(parseInfo(client.Info(context.WithoutCancel(t.Context()), "memory").Val()).or0("used_memory_peak")))
	}
	r, err := measure(t, cfg)
	require.NoError(t, err)
	requireFigures(t, r)
	require.Less(t, r.Settings.Memory, r.Settings.MemoryAsked)
	require.Less(t, peak, 16<<20)
	find(t, r, "less-memory")
	require.Empty(t, keys(t, client))
}

// A server that hangs: no key can be deleted, which is said, with their names.
func TestServerThatHangs(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	cfg := on(server.URL(), stream.WithTimeout(time.Second))
	cfg.stage = func(name string) {
		if strings.HasSuffix(name, "end to end, leat") {
			server.Pause()
		}
	}
	_, err := measure(t, cfg)
	server.Resume()
	require.ErrorContains(t, err, "delete the keys of this run")
	require.ErrorContains(t, err, "leat-bench:{")
}

func TestServerThatIsNotThere(t *testing.T) {
	t.Parallel()
	_, err := measure(t, on("redis://user:CANARY@127.0.0.1:1"))
	require.ErrorContains(t, err, "connect to redis://127.0.0.1:1")
	require.NotContains(t, err.Error(), "CANARY")
}

func TestWrongConfig(t *testing.T) {
	t.Parallel()
	for want, cfg := range map[string]Config{
		"duration 1ms":         {Duration: time.Millisecond},
		"payload 7":            {Payload: 7},
		"payload -1":           {Payload: -1},
		"concurrency -1":       {Concurrency: -1},
		"prefetch -1":          {Prefetch: -1},
		"rate -1":              {Rate: -1},
		"memory 5 bytes":       {Memory: 5},
		"two backlogs of 64":   {Payload: 1 << 20},
		"stream prefix":        {Prefix: "{}"},
		"concurrency 99999999": {Concurrency: 99999999},
	} {
		_, err := Run(t.Context(), cfg)
		require.ErrorContains(t, err, want)
		require.Equal(t, err.Error(), cfg.Check().Error())
	}
	require.NoError(t, Config{}.Check())
}

// Both errors are told when the run and the cleaning fail.
func TestErrorsAreExplained(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	d, err := newDoor(t.Context(), on(server.URL()), "x")
	require.NoError(t, err)
	defer d.conn.Close()
	r := &run{door: d}
	require.NoError(t, r.explain(nil))
	require.ErrorContains(t, r.explain(stream.ServerError("READONLY You can't write against a read only replica.")), "it is a replica")
	require.ErrorContains(t, r.explain(errors.New("broken")), server.Addr())
}
