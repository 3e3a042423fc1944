package gauge

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// near is a server next door about which there is nothing to say: half busy, with AOF
// and a limit.
func near() *Facts {
	figure := func(perSecond float64) Figure {
		return Figure{
			PerSecond: perSecond, Slowest: perSecond, Fastest: perSecond, Events: 1000, ServerMicro: known(2.1), ClientMicro: known(1.1),
			Usage: Usage{
				Seconds: 1, MainThread: known(0.5), Server: known(0.6), Client: known(1), Machine: known(0.3),
				In: known(20e6), Out: known(1e6),
			},
			Rounds: make([]Sample, 5),
		}
	}
	f := &Facts{
		Redis: "redis://db:6379", Bandwidth: known(1e9), EntryBytes: known(300),
		Server: &Server{
			Name: "redis", Version: "7.2.4", Mode: "standalone", Role: "master", AOF: true, Fsync: "everysec", Save: "3600 1", SaveKnown: true,
			MaxMemory: 1 << 30, UsedMemory: 1 << 20, Policy: "noeviction", IOThreadsKnown: true, Replicas: 1,
		},
		Settings: Settings{Payload: 200, Concurrency: 16, Prefetch: 4000, Rate: 1000, Memory: 64 << 20, MemoryAsked: 64 << 20, Rounds: 5},
		Machine:  Machine{Cores: 8, Procs: 8, LoadAverage: known(0.5), Stolen: known(0), HugePages: "madvise"},
		Before:   Load{PerSecond: known(3), MainThread: known(0.01)},
	}
	for _, work := range []Work{Publish, Consume, EndToEnd} {
		bare := figure(110_000)
		f.Rates = append(f.Rates, Rate{Work: work, Leat: figure(100_000), Bare: &bare, Share: known(0.91)})
	}
	for _, of := range []Interval{RoundTrip, Stored, Handled} {
		q := Quantiles{Samples: 1000, P50: 0.1, P99: 0.3, P999: 0.4, Max: 0.5}
		bare := q
		f.Latencies = append(f.Latencies, Latency{Interval: of, Leat: q, Bare: &bare})
	}
	return f
}

// everywhere changes what leat used, for all work.
func everywhere(f *Facts, change func(u *Usage)) {
	for i := range f.Rates {
		change(&f.Rates[i].Leat.Usage)
	}
}

// far away puts so many milliseconds between the two.
func farAway(f *Facts, ms float64) {
	for i := range f.Latencies {
		l := &f.Latencies[i]
		for _, q := range []*Quantiles{&l.Leat, l.Bare} {
			q.P50, q.P99, q.P999, q.Max = q.P50+ms, q.P99+ms, q.P999+ms, q.Max+ms
		}
	}
}

// Each case changes facts, and says which findings that makes (or takes away, with a
// minus), and what they have to name.
var adviceCases = []struct {
	name   string
	change func(f *Facts)
	ids    string // beside those of near
	says   []string
	silent []string // not to be said
}{
	{name: "nothing to say", change: func(*Facts) {}, says: []string{"appendfsync is everysec", "D1", "1 replica", "50 %", "1.00 cores of 8", "100 µs"}},

	// What bounds.
	{
		name: "server", change: func(f *Facts) { everywhere(f, func(u *Usage) { u.MainThread = known(0.97) }) },
		ids: "-hand-overs server-cpu", says: []string{"97 %", "2.1 µs", "several servers", "Put several things into one event"}, silent: []string{"io-threads", "TLS"},
	},
	{
		name:   "server whose main thread is not told apart",
		change: func(f *Facts) { everywhere(f, func(u *Usage) { u.MainThread, u.Server = nil, known(0.95) }) },
		ids:    "-hand-overs server-cpu", says: []string{"the server used 0.95 cores"},
	},
	{
		name: "other threads of the server alone are no bound",
		change: func(f *Facts) {
			everywhere(f, func(u *Usage) { u.MainThread, u.Server = known(0.6), known(2.5) })
		},
	},
	{
		name: "server in a cluster",
		change: func(f *Facts) {
			f.Server.Mode = "cluster"
			everywhere(f, func(u *Usage) { u.MainThread = known(0.9) })
		},
		ids: "-hand-overs server-cpu one-master", says: []string{"all of this run were on the same"}, silent: []string{"several servers"},
	},
	{
		name: "server with large payloads",
		change: func(f *Facts) {
			f.Settings.Payload = 20 << 10
			everywhere(f, func(u *Usage) { u.MainThread = known(0.9) })
		},
		ids: "-hand-overs server-cpu", says: []string{"io-threads 4", "20 KiB"}, silent: []string{"Put several things"},
	},
	{
		name: "io-threads are at work",
		change: func(f *Facts) {
			f.Settings.Payload, f.Server.IOThreads = 20<<10, true
			everywhere(f, func(u *Usage) { u.MainThread = known(0.9) })
		},
		ids: "-hand-overs server-cpu", silent: []string{"io-threads"},
	},
	{
		name: "server with TLS",
		change: func(f *Facts) {
			f.Settings.Payload, f.TLS = 20<<10, true
			everywhere(f, func(u *Usage) { u.MainThread = known(0.9) })
		},
		ids: "-hand-overs server-cpu", says: []string{"without TLS"}, silent: []string{"io-threads"},
	},
	{
		name: "server that others use",
		change: func(f *Facts) {
			f.Before = Load{PerSecond: known(12_000), MainThread: known(0.4)}
			everywhere(f, func(u *Usage) { u.MainThread = known(0.99) })
		},
		ids: "-hand-overs server-cpu other-clients", says: []string{"12,000 commands a second", "40 % of a core", "a server of their own"},
	},
	{
		name: "this process", change: func(f *Facts) { everywhere(f, func(u *Usage) { u.Client = known(7.2) }) },
		ids: "-hand-overs client-cpu", says: []string{"7.20 cores of 8", "more processes"}, silent: []string{"GOMAXPROCS"},
	},
	{
		name: "this process, kept short",
		change: func(f *Facts) {
			f.Machine.Procs = 1
			everywhere(f, func(u *Usage) { u.Client = known(0.95) })
		},
		ids: "-hand-overs client-cpu", says: []string{"1 of the machine's 8", "GOMAXPROCS"},
	},
	{
		name: "the server before this process, where both are busy",
		change: func(f *Facts) {
			f.Machine.Procs, f.Machine.Cores = 2, 2
			everywhere(f, func(u *Usage) { u.Client, u.MainThread = known(1.9), known(0.9) })
		},
		ids: "-hand-overs server-cpu", says: []string{"90 %", "1.90 cores of 2"},
	},
	{
		name: "cores that both share",
		change: func(f *Facts) {
			f.Loopback, f.Machine.Cores, f.Machine.Procs = true, 2, 2
			everywhere(f, func(u *Usage) { u.Client, u.Server, u.MainThread = known(1.1), known(0.8), known(0.7) })
		},
		ids: "-hand-overs shared-cores", says: []string{"2 cores", "from another machine"},
	},
	{
		name: "not those of another machine",
		change: func(f *Facts) {
			f.Machine.Cores, f.Machine.Procs = 2, 2
			everywhere(f, func(u *Usage) { u.Client, u.Server, u.MainThread = known(1.1), known(0.8), known(0.7) })
		},
	},
	{
		name: "others on this machine", change: func(f *Facts) { everywhere(f, func(u *Usage) { u.Machine = known(0.99) }) },
		ids: "-hand-overs crowded-machine", says: []string{"99 %"},
	},
	{
		name: "bandwidth", change: func(f *Facts) { everywhere(f, func(u *Usage) { u.In = known(0.7e9) }) },
		ids: "-hand-overs bandwidth", says: []string{"668 MiB a second", "954 MiB a second", "compress"},
	},
	{
		name: "bandwidth that is not known", change: func(f *Facts) {
			f.Bandwidth = nil
			everywhere(f, func(u *Usage) { u.In = known(0.7e9) })
		},
	},
	{
		name: "disk",
		change: func(f *Facts) {
			f.Server.Fsync = "always"
			f.latency(Stored).Leat.P50 = 4.1
		},
		ids: "-hand-overs fsync", says: []string{"4.1 ms", "appendfsync is always", "D2", "everysec"},
	},
	{
		name: "disk that is quick for that distance",
		change: func(f *Facts) {
			f.Server.Fsync = "always"
			farAway(f, 10)
			f.latency(Stored).Leat.P50 += 2
		},
		ids: "-hand-overs round-trips",
	},
	{
		name: "disk that is quick",
		change: func(f *Facts) {
			f.Server.Fsync = "always"
			f.latency(Stored).Leat.P50 = 0.15
		},
		says: []string{"D2"},
	},
	{
		name: "disk, with a policy that cannot be seen",
		change: func(f *Facts) {
			f.Server.Fsync = ""
			f.latency(Stored).Leat.P50 = 4.1
		},
		ids: "-hand-overs fsync", says: []string{"could not be seen", "D1 or D2"},
	},
	{
		name: "round trips", change: func(f *Facts) { farAway(f, 20) },
		ids: "-hand-overs round-trips", says: []string{"20.1 ms", "closer to Redis", "2,010 events", "--prefetch, here 4000"},
	},
	{
		name: "round trips, with room to spare",
		change: func(f *Facts) {
			farAway(f, 2)
			f.Settings.Prefetch = 100_000
		},
		ids: "-hand-overs round-trips", says: []string{"2.1 ms", "210 events"}, silent: []string{"--prefetch"},
	},
	{
		name: "round trips, and others on this machine", change: func(f *Facts) {
			farAway(f, 2)
			everywhere(f, func(u *Usage) { u.Machine = known(0.99) })
		},
		ids: "-hand-overs round-trips",
	},
	{
		name: "the server, far away",
		change: func(f *Facts) {
			farAway(f, 2)
			everywhere(f, func(u *Usage) { u.MainThread = known(0.9) })
		},
		ids: "-hand-overs server-cpu distant", says: []string{"a PING takes 2.1 ms", "handled 2.1 ms after"},
	},
	{
		name: "different work, different bounds",
		change: func(f *Facts) {
			f.Rates[0].Leat.MainThread = known(0.95)
			f.Rates[2].Leat.MainThread = known(0.91)
		},
		ids: "server-cpu", says: []string{"95 %", "91 %"},
	},
	{
		name: "no INFO",
		change: func(f *Facts) {
			f.Server, f.EntryBytes, f.Before = nil, nil, Load{}
			everywhere(f, func(u *Usage) { *u = Usage{Client: known(0.5)} })
		},
		ids: "-hand-overs -durability unknown", says: []string{"0.50 cores of 8", "cannot be seen"},
	},

	// What else.
	{
		name:   "embedded",
		change: func(f *Facts) { f.Server = &Server{Name: "embedded broker", Version: "7.0.15", Embedded: true} },
		ids:    "-hand-overs -durability embedded",
	},
	{name: "old", change: func(f *Facts) { f.Server.Version = "6.2.14" }, ids: "old-version", says: []string{"6.2.14", "7.0"}},
	{name: "valkey", change: func(f *Facts) { f.Server.Name, f.Server.Version = "valkey", "9.1.2" }},
	{name: "a version that is none", change: func(f *Facts) { f.Server.Version = "unstable" }},
	{name: "evicting", change: func(f *Facts) { f.Server.Policy = "allkeys-lru" }, ids: "evicting-policy", says: []string{"allkeys-lru", "1 GiB"}},
	{name: "evicting what expires", change: func(f *Facts) { f.Server.Policy = "volatile-lru" }},
	{
		name: "evicting without a limit",
		change: func(f *Facts) {
			f.Server.Policy, f.Server.MaxMemory = "allkeys-lru", 0
		},
		ids: "no-maxmemory", says: []string{"300 bytes", "286 MiB"},
	},
	{name: "evicted", change: func(f *Facts) { f.During.Evicted = 7 }, ids: "evicted", says: []string{"grew by 7"}},
	{
		name: "memory alone", change: func(f *Facts) { f.Server.AOF, f.Server.Fsync, f.Server.Replicas = false, "everysec", 0 },
		says: []string{"D0", "last snapshot", `"3600 1"`, "no replica", "D1", "D2"},
	},
	{
		name: "memory alone, no snapshots", change: func(f *Facts) { f.Server.AOF, f.Server.Save = false, "" },
		says: []string{"D0", "loses all of them"},
	},
	{
		name: "memory alone, snapshots cannot be seen", change: func(f *Facts) { f.Server.AOF, f.Server.Save, f.Server.SaveKnown = false, "", false },
		says: []string{"D0"}, silent: []string{"all of them", "no snapshots"},
	},
	{name: "no fsync", change: func(f *Facts) { f.Server.Fsync = "no" }, says: []string{"below durability level D1"}},
	{
		name: "fork", change: func(f *Facts) { f.During = During{Forks: 2, LatestFork: 12.5} },
		ids: "saving", says: []string{"2 forks", "12.5 ms"},
	},
	{name: "fork before", change: func(f *Facts) { f.During.Saving = true }, ids: "saving", says: []string{"under way"}},
	{name: "slow disk", change: func(f *Facts) { f.During.DelayedFsyncs = 3 }, ids: "slow-disk", says: []string{"grew by 3"}},
	{name: "others", change: func(f *Facts) { f.Before.PerSecond = known(250) }, ids: "other-clients", says: []string{"250 commands"}},
	{name: "stolen", change: func(f *Facts) { f.Machine.Stolen = known(0.12) }, ids: "stolen", says: []string{"12 %"}},
	{name: "loaded", change: func(f *Facts) { f.Machine.LoadAverage = known(9) }, ids: "loaded", says: []string{"9.0", "8 cores"}},
	{
		name: "noisy", change: func(f *Facts) { f.Rates[1].Bare.Slowest, f.Rates[1].Bare.Fastest = 50_000, 120_000 },
		ids: "noisy", says: []string{"consume a backlog went from 50,000/s to 120,000/s in 5 rounds", "2.4"},
	},
	{
		name: "two rounds say nothing of noise", change: func(f *Facts) {
			f.Rates[1].Bare.Slowest, f.Rates[1].Bare.Fastest = 50_000, 120_000
			f.Rates[1].Bare.Rounds = make([]Sample, 2)
		},
	},
	{
		name: "long tail of both", change: func(f *Facts) {
			f.latency(Handled).Leat.P99, f.latency(Handled).Bare.P99, f.latency(RoundTrip).Leat.P99 = 12, 11, 9
			f.Loopback, f.Machine.HugePages = true, "always"
		},
		ids: "long-tail", says: []string{"p99 12.0 ms", "p99 11.0 ms", "PING (p99 9.0 ms)", "LATENCY DOCTOR", "transparent_hugepage"},
	},
	{
		name: "long tail of both, elsewhere", change: func(f *Facts) {
			f.latency(Handled).Leat.P99, f.latency(Handled).Bare.P99 = 12, 11
			f.Machine.HugePages, f.During.Saving = "always", true
		},
		ids: "long-tail saving", says: []string{"saved its data meanwhile"}, silent: []string{"transparent_hugepage"},
	},
	{
		name: "long tail of both, a little shorter", change: func(f *Facts) { f.latency(Handled).Leat.P99, f.latency(Handled).Bare.P99 = 2.8, 1.9 },
		ids: "long-tail", says: []string{"has it as well"},
	},
	{
		name: "long tail of leat", change: func(f *Facts) { f.latency(Handled).Leat.P99 = 12 },
		ids: "long-tail", says: []string{"has it not", "more processor"}, silent: []string{"LATENCY DOCTOR"},
	},
	{
		name: "long tail of nobody knows what", change: func(f *Facts) {
			f.latency(Handled).Leat.P99 = 12
			for i := range f.Latencies {
				f.Latencies[i].Bare = nil
			}
		},
		ids: "long-tail", silent: []string{"bare protocol has"},
	},
	{name: "a tail of few samples", change: func(f *Facts) { f.latency(Handled).Leat.P99, f.latency(Handled).Leat.Samples = 12, 499 }},
	{name: "a tail that nobody minds", change: func(f *Facts) { f.latency(Handled).Leat.P99 = 1.5 }},
	{
		name: "narrow", change: func(f *Facts) { f.Settings.Prefetch, f.rate(Consume).Share = 16, known(0.3) },
		ids: "narrow", says: []string{"hold 32", "30 %"},
	},
	{name: "narrow and fast", change: func(f *Facts) { f.Settings.Prefetch = 16 }},
	{
		name: "less memory", change: func(f *Facts) { f.Settings.Memory = 8 << 20 },
		ids: "less-memory", says: []string{"8 MiB", "64 MiB", "1 MiB are in use of maxmemory 1 GiB"},
	},
	{
		name: "alone", change: func(f *Facts) {
			f.BareLeftOut = "nobody knows the address"
			for i := range f.Rates {
				f.Rates[i].Bare, f.Rates[i].Share = nil, nil
			}
			for i := range f.Latencies {
				f.Latencies[i].Bare = nil
			}
		},
		ids: "bare-left-out", says: []string{"nobody knows the address"},
	},
	{name: "nothing measured", change: func(f *Facts) { f.Rates, f.Latencies = nil, nil }, ids: "-hand-overs"},
}

func TestAdvise(t *testing.T) {
	t.Parallel()
	for _, c := range adviceCases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := near()
			c.change(f)
			want := map[string]bool{"hand-overs": true, "durability": true}
			for id := range strings.FieldsSeq(c.ids) {
				if gone, ok := strings.CutPrefix(id, "-"); ok {
					delete(want, gone)
				} else {
					want[id] = true
				}
			}
			findings := Advise(f)
			got := map[string]bool{}
			var said strings.Builder
			last := Bound
			for _, found := range findings {
				require.False(t, got[found.ID], "twice: %s", found.ID)
				got[found.ID] = true
				require.NotEmpty(t, found.Because, "a finding without a fact: %+v", found)
				require.NotContains(t, found.headline()+found.Because+strings.Join(found.Change, ""), "%!")
				require.LessOrEqual(t, order(last), order(found.Kind), "bounds, then warnings, then notes")
				last = found.Kind
				said.WriteString(found.headline() + "\n" + found.Because + "\n" + strings.Join(found.Change, "\n") + "\n")
			}
			if c.name == "different work, different bounds" {
				want["hand-overs"] = true
				require.Equal(t, []Work{Publish, EndToEnd}, findings[0].Works)
				require.Equal(t, []Work{Consume}, findings[1].Works)
			}
			require.Equal(t, want, got, said.String())
			for _, words := range c.says {
				require.Contains(t, strings.ToLower(said.String()), strings.ToLower(words))
			}
			for _, words := range c.silent {
				require.NotContains(t, strings.ToLower(said.String()), strings.ToLower(words))
			}
			require.Equal(t, findings, Advise(f), "the same facts, the same findings")
		})
	}
}

func order(k Kind) int { return strings.Index("bound warning note", string(k)) }

func TestWords(t *testing.T) {
	t.Parallel()
	require.Equal(t, "1,234,567", thousands(1234567.4))
	require.Equal(t, "999", thousands(999))
	require.Equal(t, "0 B", bytesText(0))
	require.Equal(t, "1.5 KiB", bytesText(1536))
	require.Equal(t, "200 MiB", bytesText(200<<20))
	require.Equal(t, "less than 1 %", percent(0.001))
	require.Equal(t, "0 %", percent(0))
	require.Equal(t, "120 ms", ms(120.4))
	require.Equal(t, "1.2 ms", ms(1.23))
	require.Equal(t, "56 µs", ms(0.0562))
	require.Equal(t, "1 core", plural(1, "core", "cores"))
	require.Equal(t, "2,000 cores", plural(2000, "core", "cores"))
	require.Equal(t, "a, b and c", listed([]string{"a", "b", "c"}))
	require.Equal(t, "a", listed([]string{"a"}))
}
