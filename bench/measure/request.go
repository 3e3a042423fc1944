package measure

import (
	"time"

	"github.com/leat-io/leat/bench/contender"
	"github.com/leat-io/leat/bench/result"
)

// Command is the argument by which this program is told to be the process of one
// step. It is not for people: the request comes on standard input, a line of
// JSON, and the answer goes to standard output.
const Command = "measure-in-child"

// Step is which part of a job a process does.
type Step string

// The steps of a job.
const (
	StepFill    Step = "fill"    // make what the measurement begins with
	StepRefill  Step = "refill"  // make it again of what a measurement has left
	StepMeasure Step = "measure" // give a Sample
	StepWork    Step = "work"    // one of the consumers of result.GrowProcesses
)

// Request is what a process is told to do, as JSON on its standard input.
type Request struct {
	Job       result.Job    `json:"job"`
	Step      Step          `json:"step"`
	Addr      string        `json:"addr"`       // host:port of redis-server
	ServerPID int           `json:"server_pid"` // of redis-server, whose CPU time is counted
	Timeout   time.Duration `json:"timeout_ns"` // for the whole step; there is an Error when it is over
	// Quick makes measurements that last a set time shorter.
	Quick bool `json:"quick,omitempty"`
}

// Setup is where the job's work is done.
func (r Request) Setup() contender.Setup {
	return contender.Setup{Addr: r.Addr, Queue: "bench", Group: "workers"}
}

// Payload is the data of an event that carries nothing: size bytes of letters, so
// that no contender has to escape any.
func Payload(size int) []byte {
	const letters = "xyzabcdefghijklmnopqrstuvw"
	data := make([]byte, size)
	for i := range data {
		data[i] = letters[i%len(letters)]
	}
	return data
}
