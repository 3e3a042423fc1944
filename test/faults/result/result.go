package result

import (
	"fmt"
	"time"

	"github.com/leat-io/leat/internal/history"
	"github.com/leat-io/leat/test/faults/crew"
)

// Result is what came of one round. Durations are nanoseconds in JSON.
type Result struct {
	Scenario string        `json:"scenario"`
	Seed     uint64        `json:"seed"`
	Servers  string        `json:"servers"` // kind and version
	Began    time.Time     `json:"began"`
	Took     time.Duration `json:"took"`
	Lease    time.Duration `json:"lease"`

	// Processes is what was done to processes, Faults how often which fault was done, ServerFaults how many of those were done to
	// servers or the way to them.
	Processes    crew.Counts    `json:"processes"`
	Faults       map[string]int `json:"faults"`
	ServerFaults int            `json:"server_faults"`
	// LeftOut is why this machine cannot do the scenario.
	LeftOut []string `json:"left_out,omitempty"`

	Counts     history.Counts      `json:"counts"`
	Violations []history.Violation `json:"violations,omitempty"`
	// Errors are what went wrong besides: a process that ended with an error, a fault that could not be done.
	Errors []string `json:"errors,omitempty"`
	// Times are what took how long, by what: "takeover lease=1s", "redis-kill resume".
	Times map[string]*Times `json:"times,omitempty"`
}

// Held tells whether nothing went wrong.
func (r *Result) Held() bool { return len(r.Violations) == 0 && len(r.Errors) == 0 }

// AddTime adds a sample of something.
func (r *Result) AddTime(what string, d time.Duration) {
	if r.Times == nil {
		r.Times = map[string]*Times{}
	}
	if r.Times[what] == nil {
		r.Times[what] = &Times{}
	}
	r.Times[what].Add(d)
}

// Failed notes an error; nil is none.
func (r *Result) Failed(err error) {
	if err != nil {
		r.Errors = append(r.Errors, err.Error())
	}
}

// String is the round in a line.
func (r *Result) String() string {
	c := &r.Counts
	return fmt.Sprintf("%-16s seed %-20d %5.1fs: %7d published, %5d unknown, %5d refused; %7d handled, %6d again, %5d dead; "+
		"%4d kills, %3d stops, %3d terms, %3d server faults; lost by redis %d; late acks %d; violations %d, errors %d",
		r.Scenario, r.Seed, r.Took.Seconds(), c.Published, c.Unknown, c.Refused, c.Handled, c.Again, c.Dead,
		r.Processes.Kills+r.Processes.Suicides, r.Processes.Stops, r.Processes.Terms, r.ServerFaults, c.LostByRedis, c.LateAcks+c.PausedAcks,
		len(r.Violations), len(r.Errors))
}
