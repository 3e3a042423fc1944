package gauge

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
