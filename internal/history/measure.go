package history

import (
	"slices"
	"time"

	"github.com/leat-io/leat/consumer"
)

// Outage is how workers saw a fault: the longest silence around it, in which no settlement came to hold.
type Outage struct {
	// Kind is the fault's name.
	Kind string
	// Lasted is how long the silence was, After how much of it came after the fault was over.
	Lasted, After time.Duration
}

// measure notes how long it took until what a killed process had started was started again.
func (c *check) measure(h *entryHistory) {
	for i, r := range h.starts {
		crash := c.life(r.Process).crash
		if crash == forever || crash < r.At || h.settledBefore(r, crash) {
			continue
		}
		if end := h.end(r); end != nil && end.Outcome != OK {
			continue // its settlement may hold although the process did not live to note it
		}
		if i+1 < len(h.starts) && h.starts[i+1].At >= crash {
			c.verdict.Takeovers = append(c.verdict.Takeovers, time.Duration(h.starts[i+1].At-crash))
		}
	}
}

func (h *entryHistory) settledBefore(start *Record, at int64) bool {
	for _, s := range h.settled {
		if s.token() == start.token() && s.At <= at {
			return true
		}
	}
	return false
}

// measureOutages finds the silences around faults. One into which another fault falls is nobody's.
func (c *check) measureOutages() {
	if len(c.faults) == 0 {
		return
	}
	var times []int64
	for i := range c.records {
		if r := &c.records[i]; r.Op == Settle && r.Outcome == OK && r.Settled != consumer.Lost {
			times = append(times, r.At)
		}
	}
	slices.Sort(times)
	for i := range c.faults {
		d := &c.faults[i]
		if d.kind() == Slow || d.to == forever {
			continue
		}
		var longest, after, until int64
		at, _ := slices.BinarySearch(times, d.from)
		for at = max(at, 1); at < len(times) && times[at-1] <= d.to; at++ {
			if gap := times[at] - times[at-1]; gap > longest {
				longest, after, until = gap, max(0, times[at]-d.to), times[at]
			}
		}
		if longest > 0 && !c.anotherFault(i, until) {
			c.verdict.Outages = append(c.verdict.Outages, Outage{d.kind(), time.Duration(longest), time.Duration(after)})
		}
	}
}

// anotherFault tells whether a fault begins between the one at i and a time.
func (c *check) anotherFault(i int, until int64) bool {
	for j := i + 1; j < len(c.faults) && c.faults[j].from < until; j++ {
		if c.faults[j].kind() != Slow {
			return true
		}
	}
	return false
}
