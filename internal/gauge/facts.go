package gauge

// Facts are what a run measured and saw. Figures that could not be seen are nil
// (left out in JSON), or stand in Unseen.
type Facts struct {
	// Redis is where the server is, without credentials. TLS and Loopback are of the
	// connection to it; a unix socket counts as loopback.
	Redis    string `json:"redis"`
	TLS      bool   `json:"tls"`
	Loopback bool   `json:"loopback"`
	// Server is what INFO says; nil for a user who may not ask.
	Server *Server `json:"server,omitempty"`
	// Settings are how it was measured, Machine is this side.
	Settings Settings `json:"settings"`
	Machine  Machine  `json:"machine"`
	// Before is the server's load before the run, by others.
	Before Load `json:"before"`
	// During is what happened on the server while the run went on.
	During During `json:"during"`
	// Bandwidth is what one connection carried at the most, in bytes a second, there
	// and back one after the other; nil where it is too fast to be told from the
	// round trip, or could not be measured.
	Bandwidth *float64 `json:"bandwidth_bytes_per_second,omitempty"`
	// EntryBytes is what one entry takes in the server's memory.
	EntryBytes *float64 `json:"entry_bytes,omitempty"`
	// Rates and Latencies are the pieces of work, in the order of the report.
	Rates     []Rate    `json:"rates"`
	Latencies []Latency `json:"latencies"`
	// BareLeftOut is why there is nothing of the bare protocol; empty when there is.
	BareLeftOut string `json:"bare_left_out,omitempty"`
	// Unseen is what could not be seen, and why.
	Unseen []string `json:"unseen,omitempty"`
	// Seconds is how long the run took.
	Seconds float64 `json:"seconds"`
}

// Server is what INFO and CONFIG GET say of the server.
type Server struct {
	Name    string `json:"name"` // redis, valkey or embedded broker
	Version string `json:"version"`
	Mode    string `json:"mode"` // standalone, cluster, sentinel
	Role    string `json:"role"`
	OS      string `json:"os"`
	// Embedded: the server is inside this process.
	Embedded bool `json:"embedded"`
	// Replicas and Clients are those that were connected before the run.
	Replicas int `json:"replicas"`
	Clients  int `json:"clients"`
	// MaxMemory is 0 for no limit. All in bytes.
	MaxMemory  int64  `json:"maxmemory"`
	UsedMemory int64  `json:"used_memory"`
	Policy     string `json:"maxmemory_policy"`
	// AOF: appendonly is on. Fsync is appendfsync, Save the snapshots' schedule; both
	// from CONFIG GET, empty where it is refused.
	AOF   bool   `json:"appendonly"`
	Fsync string `json:"appendfsync,omitempty"`
	Save  string `json:"save,omitempty"`
	// SaveKnown tells an empty schedule from one that could not be seen.
	SaveKnown bool `json:"save_known"`
	// IOThreads: they were at work at the end of the run.
	IOThreads      bool `json:"io_threads_active"`
	IOThreadsKnown bool `json:"io_threads_known"`
}

// Settings are how it was measured.
type Settings struct {
	Payload     int     `json:"payload"`
	Concurrency int     `json:"concurrency"`
	Prefetch    int     `json:"prefetch"`
	Rate        float64 `json:"latency_per_second"` // as it came to be
	// Memory is what the events could take at a time, in bytes, MemoryAsked what was
	// allowed.
	Memory      int64 `json:"memory"`
	MemoryAsked int64 `json:"memory_asked"`
	Rounds      int   `json:"rounds"`
}

// Machine is the one that this process runs on.
type Machine struct {
	// Cores are those of the machine, Procs what Go may use at once (GOMAXPROCS).
	Cores int `json:"cores"`
	Procs int `json:"procs"`
	// LoadAverage is that of the last minute before the run, Stolen the share of its
	// processor time that the hypervisor gave to others during it. Linux only.
	LoadAverage *float64 `json:"load_average,omitempty"`
	Stolen      *float64 `json:"stolen,omitempty"`
	// HugePages is the setting of transparent huge pages. Linux only.
	HugePages string `json:"transparent_hugepages,omitempty"`
}

// Load is what others ask of the server.
type Load struct {
	// PerSecond are commands a second, MainThread the share of a core that the
	// server's main thread is busy.
	PerSecond  *float64 `json:"commands_per_second,omitempty"`
	MainThread *float64 `json:"main_thread,omitempty"`
}

// During is what happened on the server while the run went on.
type During struct {
	// Forks are snapshots and rewrites of the AOF that began, LatestFork how long the
	// last one stopped the server, in milliseconds; Saving: one was under way at some
	// time of the run.
	Forks      int     `json:"forks"`
	LatestFork float64 `json:"latest_fork_ms"`
	Saving     bool    `json:"saving"`
	// Evicted are keys that it threw away to stay below maxmemory.
	Evicted int `json:"evicted_keys"`
	// DelayedFsyncs are writes that waited for a slow disk (appendfsync everysec).
	DelayedFsyncs int `json:"delayed_fsyncs"`
}

// Work is a piece of work that is measured as a rate.
type Work string

// The pieces of work.
const (
	Publish  Work = "publish"
	Consume  Work = "consume a backlog"
	EndToEnd Work = "end to end"
)

// Rate is how fast a piece of work is done.
type Rate struct {
	Work Work    `json:"work"`
	Leat Figure  `json:"leat"`
	Bare *Figure `json:"bare,omitempty"`
	// Share is leat's part of the bare protocol's rate: the median over the rounds.
	Share *float64 `json:"share,omitempty"`
}

// Figure is a rate, and what it cost.
type Figure struct {
	// PerSecond are events: the median over the rounds, with the slowest and the
	// fastest round.
	PerSecond float64 `json:"per_second"`
	Slowest   float64 `json:"slowest_per_second"`
	Fastest   float64 `json:"fastest_per_second"`
	// Events is how many it were in all.
	Events int `json:"events"`
	// ServerMicro and ClientMicro are microseconds of processor time an event.
	ServerMicro *float64 `json:"server_us,omitempty"`
	ClientMicro *float64 `json:"client_us,omitempty"`
	// Usage is the median over the rounds.
	Usage
	// Rounds are the single measurements.
	Rounds []Sample `json:"rounds"`
}

// Sample is one measurement.
type Sample struct {
	Events    int     `json:"events"`
	PerSecond float64 `json:"per_second"`
	Usage
}

// Usage is what was used meanwhile.
type Usage struct {
	Seconds float64 `json:"seconds"`
	// MainThread, Server and Client are processor time in cores: 1 is one core that is
	// always busy. Server has all threads of the server, Client is this process.
	MainThread *float64 `json:"main_thread_cores,omitempty"`
	Server     *float64 `json:"server_cores,omitempty"`
	Client     *float64 `json:"client_cores,omitempty"`
	// Machine is the part of this machine's processor time, 0 to 1, that anybody used.
	// Linux only.
	Machine *float64 `json:"machine_busy,omitempty"`
	// In and Out are bytes a second that the server received and sent.
	In  *float64 `json:"in_bytes_per_second,omitempty"`
	Out *float64 `json:"out_bytes_per_second,omitempty"`
}

// Interval is what is measured as a latency.
type Interval string

// The intervals.
const (
	// RoundTrip is a PING.
	RoundTrip Interval = "round trip (PING)"
	// Stored is from before publishing one event to its confirmation.
	Stored Interval = "publish to stored"
	// Handled is from before publishing one event to its handler.
	Handled Interval = "publish to handled"
)

// Latency is how long something takes.
type Latency struct {
	Interval Interval  `json:"interval"`
	Leat     Quantiles `json:"leat"`
	// Bare is nil where it is left out.
	Bare *Quantiles `json:"bare,omitempty"`
}

// Quantiles are in milliseconds, over the samples of all rounds.
type Quantiles struct {
	Samples int     `json:"samples"`
	P50     float64 `json:"p50_ms"`
	P99     float64 `json:"p99_ms"`
	P999    float64 `json:"p999_ms"`
	Max     float64 `json:"max_ms"`
}

// rate is the piece of work, nil where it was not measured.
func (f *Facts) rate(w Work) *Rate {
	for i := range f.Rates {
		if f.Rates[i].Work == w {
			return &f.Rates[i]
		}
	}
	return nil
}

// latency is the interval, nil where it was not measured.
func (f *Facts) latency(of Interval) *Latency {
	for i := range f.Latencies {
		if f.Latencies[i].Interval == of {
			return &f.Latencies[i]
		}
	}
	return nil
}
