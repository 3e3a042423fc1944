package gauge

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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
