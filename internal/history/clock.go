package history

import "time"

// start is when this process looked at both clocks.
var start, startedAt = anchor()

// Now is the machine's monotonic clock in nanoseconds: CLOCK_MONOTONIC on Linux, so that the records of all processes of one
// machine can be put in order. Elsewhere it is the wall clock at the start of the process and goes on from there.
func Now() int64 { return startedAt + int64(time.Since(start)) }

// anchor finds what the monotonic clock says at a moment of Go's clock. Of several looks the one counts that took the least
// time: a process may be stopped between two lines.
func anchor() (time.Time, int64) {
	var at time.Time
	var nanos int64
	best := time.Duration(1<<63 - 1)
	for range 8 {
		before := time.Now()
		now := monotonic()
		if took := time.Since(before); took < best {
			at, nanos, best = before.Add(took/2), now, took
		}
	}
	return at, nanos
}
