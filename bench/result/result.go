// Package result is what a run of the benchmark writes down: one JSON document,
// from which the tables and charts are made.
package result

import "time"

// Kind is a piece of work that contenders are compared by.
type Kind string

// The rows of the table.
const (
	Publish  Kind = "publish"    // n events through Publisher.Many
	Consume  Kind = "consume"    // a backlog of n, a handler that does next to nothing
	EndToEnd Kind = "end-to-end" // published and consumed at once, in one process
	Latency  Kind = "latency"    // 1,000 a second, from Publisher.One's call to the handler's
	Slow     Kind = "slow"       // handlers of 1 ms, Concurrency of them at once
)

// The growth curves. What grows is in Job.
const (
	GrowBacklog   Kind = "backlog"   // Consume by N
	GrowPayload   Kind = "payload"   // Consume and publish by Payload
	GrowPending   Kind = "pending"   // N pending entries of a dead consumer taken over, new ones handled meanwhile
	GrowGroups    Kind = "groups"    // a backlog read by Groups groups at once
	GrowStreams   Kind = "streams"   // a backlog of N over Streams streams, one consumer
	GrowProcesses Kind = "processes" // a backlog consumed by Processes processes
	GrowMemory    Kind = "memory"    // peak memory of a worker by backlog, pending and retry set
)

// Job is one measurement. It is made in a process of its own.
type Job struct {
	Contender   string `json:"contender"`
	Kind        Kind   `json:"kind"`
	N           int    `json:"n"`                     // messages
	Payload     int    `json:"payload"`               // bytes of data of an event
	Concurrency int    `json:"concurrency,omitempty"` // handlers at once; 0 the contender's own
	Groups      int    `json:"groups,omitempty"`
	Streams     int    `json:"streams,omitempty"`
	Processes   int    `json:"processes,omitempty"`
	// What is of GrowMemory: "backlog", "pending" or "retry"; of GrowPayload: "publish" or "consume".
	What string `json:"what,omitempty"`
}

// Sample is what one measurement gave. What does not apply is 0. One with an Error has
// no figures that mean anything.
//
// The window of Consume and Slow opens when the first message is handled; that of
// EndToEnd, Publish and the growth curves when the work begins, in a process that is
// warm.
//
// Of GrowGroups a message counts once for each group: N entries are N*Groups
// messages. Of GrowStreams, N is over all streams. Of GrowPending the rate is that
// of the N entries taken over, and P50, P99 and P999 are of the flow of new ones at
// the same time. Of GrowMemory only PeakRSS is meant, the worker's, beside the N
// that waited, was pending or was to be tried again. The ClientMicro of Latency and
// GrowPending include the clock that the flow is paced by, up to 120 microseconds a
// message.
type Sample struct {
	Job
	Round       int           `json:"round"`
	PerSecond   float64       `json:"per_second"`            // messages
	Took        time.Duration `json:"took_ns"`               // from the first message to the last
	ClientMicro float64       `json:"client_us"`             // CPU time of the client process a message, microseconds
	ServerMicro float64       `json:"server_us"`             // CPU time of redis-server a message, microseconds
	Allocs      float64       `json:"allocs"`                // heap allocations of the client a message
	AllocBytes  float64       `json:"alloc_bytes"`           // and their bytes
	PeakRSS     int64         `json:"peak_rss"`              // bytes, of the client process (VmHWM)
	P50         time.Duration `json:"p50_ns,omitempty"`      // latency
	P99         time.Duration `json:"p99_ns,omitempty"`      //
	P999        time.Duration `json:"p999_ns,omitempty"`     //
	IdleP99     time.Duration `json:"idle_p99_ns,omitempty"` // of GrowPending: the same flow without the takeover
	Ideal       float64       `json:"ideal,omitempty"`       // of Slow: calls a second that as many goroutines reach in the same process without any queue; with many of them the clients and the server need the same cores, so the bare protocol's row is the other bound
	Duplicates  int           `json:"duplicates,omitempty"`  // messages handled more than once
	Error       string        `json:"error,omitempty"`       // why there is no figure
}

// Contender is what the report says of one.
type Contender struct {
	Name     string `json:"name"`
	Module   string `json:"module,omitempty"`
	Version  string `json:"version"`
	Settings string `json:"settings"`
	Peer     bool   `json:"peer"`
}

// Machine is where the run was made.
type Machine struct {
	CPU     string `json:"cpu"` // model name
	Cores   int    `json:"cores"`
	Memory  int64  `json:"memory"` // bytes
	Kernel  string `json:"kernel"`
	Go      string `json:"go"`
	Redis   string `json:"redis"`
	LoadAvg string `json:"load_average"` // before the run
}

// Run is one run.
type Run struct {
	Began      time.Time     `json:"began"`
	Took       time.Duration `json:"took_ns"`
	Commit     string        `json:"commit"`
	Rounds     int           `json:"rounds"`
	Machine    Machine       `json:"machine"`
	Contenders []Contender   `json:"contenders"`
	Samples    []Sample      `json:"samples"`
	Notes      []string      `json:"notes,omitempty"` // what was left out, and why: a sentence each
}
