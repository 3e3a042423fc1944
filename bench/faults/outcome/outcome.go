package outcome

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/leat-io/leat/bench/faults/tally"
)

// Run is one run. Durations are nanoseconds in JSON.
type Run struct {
	Began  time.Time     `json:"began"`
	Took   time.Duration `json:"took_ns"`
	Commit string        `json:"commit"`
	Go     string        `json:"go"`
	Redis  string        `json:"redis"`
	Cores  int           `json:"cores"`
	Seed   uint64        `json:"seed"`
	// Length is how long faults go on in a round, Lease after what time others take over, where that can be chosen.
	Length    time.Duration `json:"length_ns"`
	Lease     time.Duration `json:"lease_ns"`
	Load      Load          `json:"load"`
	Libraries []Library     `json:"libraries"`
	Scenarios []Scenario    `json:"scenarios"`
	// Rounds are in the order of Scenarios, and of Libraries in each.
	Rounds []Round `json:"rounds"`
}

// Load is what all libraries have alike.
type Load struct {
	Workers     int           `json:"workers"`     // processes at a time
	Concurrency int           `json:"concurrency"` // handlers of each
	Rate        int           `json:"rate"`        // messages a second, as long as the producer is not held up
	InFlight    int           `json:"in_flight"`   // publishes at once
	Size        int           `json:"size"`        // bytes of a message
	Busy        time.Duration `json:"busy_ns"`     // how long a handler takes
	Attempts    int           `json:"attempts"`    // of a message that fails
	Pause       time.Duration `json:"pause_ns"`    // between attempts
}

// Library is one that took part.
type Library struct {
	Name     string `json:"name"`
	Module   string `json:"module,omitempty"`
	Version  string `json:"version"`
	Settings string `json:"settings"`
	Promise  string `json:"promise"`
	// Lease is after what time others take over, Deadline how long after the last fault everything had to be settled.
	Lease    time.Duration `json:"lease_ns"`
	Deadline time.Duration `json:"deadline_ns"`
}

// Scenario is what was done.
type Scenario struct {
	Name  string `json:"name"`
	Title string `json:"title"`
}

// Round is one library in one scenario.
type Round struct {
	Scenario string `json:"scenario"`
	Library  string `json:"library"`
	// Length is how long faults went on, Settled how long after the last one nothing was left to do; nil when that was not so by
	// the deadline.
	Length  time.Duration  `json:"length_ns"`
	Settled *time.Duration `json:"settled_ns"`
	// Faults are how often which was done.
	Faults map[string]int `json:"faults"`
	// Died are workers that ended by themselves and were replaced, EndedBadly those that were told to end and did so late or with
	// an error.
	Died       int          `json:"died"`
	EndedBadly int          `json:"ended_badly"`
	Counts     tally.Counts `json:"counts"`
	// Said are the first words of workers that ended so.
	Said []string `json:"said,omitempty"`
	// Error is why there are no counts.
	Error string `json:"error,omitempty"`
}

// Write writes the run as JSON.
func (r *Run) Write(path string) error {
	text, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return fmt.Errorf("encode the run: %w", err)
	}
	if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil { //nolint:gosec // it is there to be read
		return fmt.Errorf("write the run: %w", err)
	}
	return nil
}

// Read reads what Write has written.
func Read(path string) (*Run, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read a run: %w", err)
	}
	r := &Run{}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("read the run %s: %w", path, err)
	}
	return r, nil
}
