package gauge

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// named is a way by its name alone.
type named string

func (n named) name() string                                          { return string(n) }
func (named) publish(context.Context, string, int) error              { return nil }
func (named) one(context.Context, string, int) error                  { return nil }
func (named) work(context.Context, string, func(data []byte)) *worker { return nil }
func (named) ping(context.Context) error                              { return nil }
func (named) unsure() bool                                            { return false }
func (named) close(context.Context) error                             { return nil }

func TestTallies(t *testing.T) {
	t.Parallel()
	tallies := newTallies()
	for _, rate := range []float64{100, 300, 200} {
		tallies.rate(Publish, named("leat"), Sample{Events: 10, PerSecond: rate, Usage: Usage{Seconds: 2, Client: known(0.5), Server: known(rate / 1000)}})
	}
	for _, rate := range []float64{200, 400, 200} {
		tallies.rate(Publish, named("bare"), Sample{Events: 10, PerSecond: rate, Usage: Usage{Seconds: 2}})
	}
	var all []time.Duration
	for i := range 1000 {
		all = append(all, time.Duration(1000-i)*time.Millisecond)
	}
	tallies.latency(Handled, named("leat"), all[:500])
	tallies.latency(Handled, named("leat"), all[500:])
	require.Equal(t, 500*time.Millisecond, tallies.median(Handled).Truncate(10*time.Millisecond))
	require.Zero(t, tallies.median(Stored))
	var f Facts
	tallies.into(&f)
	require.Len(t, f.Rates, 1)
	r := f.Rates[0]
	require.InDelta(t, 200, r.Leat.PerSecond, 0)
	require.InDelta(t, 100, r.Leat.Slowest, 0)
	require.InDelta(t, 300, r.Leat.Fastest, 0)
	require.Equal(t, 30, r.Leat.Events)
	require.InDelta(t, 0.75, *r.Share, 1e-9, "the median of 0.5, 0.75 and 1")
	require.InDelta(t, 0.2, *r.Leat.Server, 1e-9)
	require.InDelta(t, 0.5*2e6/10, *r.Leat.ClientMicro, 1e-6)
	require.Nil(t, r.Leat.MainThread)
	require.Nil(t, r.Bare.Client)
	require.Equal(t, []Latency{{Interval: Handled, Leat: Quantiles{Samples: 1000, P50: 500, P99: 990, P999: 999, Max: 1000}}}, f.Latencies)
}

func TestQuantilesOfOne(t *testing.T) {
	t.Parallel()
	require.Equal(t, Quantiles{Samples: 1, P50: 0.001, P99: 0.001, P999: 0.001, Max: 0.001}, quantilesOf([]time.Duration{1}))
}

func TestUsage(t *testing.T) {
	t.Parallel()
	at := time.Now()
	from := reading{at: at, cpu: time.Second, all: ticks{all: 100, idle: 50}, info: parseInfo("# Server\r\nserver_time_usec:1000000\r\n" +
		"# CPU\r\nused_cpu_sys:1\r\nused_cpu_user:2\r\nused_cpu_sys_main_thread:0.5\r\nused_cpu_user_main_thread:1\r\ntotal_net_input_bytes:1000\r\n")}
	to := reading{at: at.Add(4 * time.Second), cpu: 3 * time.Second, all: ticks{all: 200, idle: 75}, info: parseInfo("server_time_usec:3000000\r\n" +
		"used_cpu_sys:2\r\nused_cpu_user:3\r\nused_cpu_sys_main_thread:1\r\nused_cpu_user_main_thread:2\r\ntotal_net_input_bytes:5000\r\n")}
	u := usage(from, to)
	require.InDelta(t, 4, u.Seconds, 1e-9)
	require.InDelta(t, 0.5, *u.Client, 1e-9)
	require.InDelta(t, 1, *u.Server, 1e-9, "by the server's own clock")
	require.InDelta(t, 0.75, *u.MainThread, 1e-9)
	require.InDelta(t, 2000, *u.In, 1e-9)
	require.InDelta(t, 0.75, *u.Machine, 1e-9)
	require.Nil(t, u.Out)

	delete(from.info, "server_time_usec")
	require.InDelta(t, 0.5, *usage(from, to).Server, 1e-9)
	to.info["used_cpu_sys"] = "0" // a server that was started anew
	to.info["used_cpu_user"] = "0"
	require.Nil(t, usage(from, to).Server)
	require.Nil(t, usage(reading{at: at}, reading{at: at.Add(time.Second)}).Client)
	require.Equal(t, Usage{}, usage(to, from))
}

func TestBudget(t *testing.T) {
	t.Parallel()
	const mb = 1 << 20
	cfg := Config{Memory: 64 * mb}.withDefaults()
	large := cfg
	large.Payload = 100 << 10
	for name, c := range map[string]struct {
		cfg  Config
		info string
		want int // 0: refused
	}{
		"unseen":              {cfg, "", blind},
		"no limit known":      {cfg, "used_memory:5\n", 64 * mb},
		"plenty":              {cfg, "maxmemory:1073741824\nused_memory:1048576\n", 64 * mb},
		"some":                {cfg, "maxmemory:104857600\nused_memory:20971520\n", 20 * mb},
		"replicas' buffers":   {cfg, "maxmemory:104857600\nused_memory:31457280\nmem_not_counted_for_evict:10485760\n", 20 * mb},
		"full":                {cfg, "maxmemory:104857600\nused_memory:104857000\n", 0},
		"over":                {cfg, "maxmemory:104857600\nused_memory:204857000\n", 0},
		"too little for it":   {large, "maxmemory:104857600\nused_memory:90000000\n", 0},
		"enough for it":       {large, "maxmemory:209715200\nused_memory:20971520\n", 45 * mb},
		"the machine's":       {cfg, "maxmemory:0\ntotal_system_memory:104857600\nused_memory:1048576\nused_memory_rss:20971520\n", 20 * mb},
		"the machine is full": {cfg, "maxmemory:0\ntotal_system_memory:104857600\nused_memory:104857600\nused_memory_rss:104857600\n", 0},
	} {
		var i info
		if c.info != "" {
			i = parseInfo(c.info)
		}
		got, err := budget(&c.cfg, i)
		require.Equal(t, c.want, got, name)
		require.Equal(t, c.want == 0, errors.Is(err, ErrMemory), "%s: %v", name, err)
	}
}

func TestPlan(t *testing.T) {
	t.Parallel()
	for _, d := range []time.Duration{MinDuration, 3 * time.Second, 30 * time.Second, MaxDuration} {
		for ways := 1; ways <= 2; ways++ {
			p := newPlan(d, ways)
			whole := time.Duration(p.rounds*ways) * (p.ping + 2*p.publish + p.both + p.latent)
			require.Less(t, whole, d)
			require.Greater(t, whole, d*8/10)
		}
	}
	require.Equal(t, 5, newPlan(DefaultDuration, 2).rounds, "medians of five")
	require.Equal(t, 1000, events(10_000, 100*time.Millisecond, 5000))
	require.Equal(t, 500, events(10_000, 100*time.Millisecond, 500))
	require.Equal(t, leastEntries, events(1, 100*time.Millisecond, 500))
}

func TestMasterOf(t *testing.T) {
	t.Parallel()
	node := func(host string, port int64) []any { return []any{host, port, "id"} }
	ranges := []any{
		[]any{int64(0), int64(99), node("10.0.0.1", 7000), node("10.0.0.9", 7001)},
		"nonsense",
		[]any{int64(1)},
		[]any{int64(100), int64(200), node("fd00::1", 7002)},
	}
	for slot, want := range map[int64]string{0: "10.0.0.1:7000", 99: "10.0.0.1:7000", 100: "[fd00::1]:7002", 200: "[fd00::1]:7002"} {
		addr, err := masterOf(slot, ranges)
		require.NoError(t, err)
		require.Equal(t, want, addr)
	}
	_, err := masterOf(int64(201), ranges)
	require.ErrorIs(t, err, errNoWay)
	_, err = masterOf(int64(0), "nonsense")
	require.ErrorIs(t, err, errNoWay)
}

func TestGracefully(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		late, stop := gracefully(ctx)
		why := errors.New("why")
		began := time.Now()
		cancel(why)
		require.NoError(t, late.Err())
		<-late.Done()
		require.Equal(t, grace, time.Since(began))
		require.ErrorIs(t, context.Cause(late), why)
		stop()

		late, stop = gracefully(ctx)
		stop()
		require.Error(t, late.Err())

		late, stop = gracefully(t.Context())
		stop()
		require.Error(t, late.Err())
	})
}
