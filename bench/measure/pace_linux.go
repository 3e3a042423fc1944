package measure

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// spin is how long before its time a wait turns into looking at the clock: a
// thread that sleeps wakes some tens of microseconds late.
const spin = 120 * time.Microsecond

// waitUntil returns at that time, or at once when it has passed. Go's own timers
// are late by a tenth of a millisecond and more, which would be most of what is
// measured.
func waitUntil(at time.Time) {
	for {
		left := time.Until(at)
		switch {
		case left <= 0:
			return
		case left > spin:
			// The kernel may round a thread's sleep up by its timer slack, 50
			// microseconds by default; goroutines change threads, so set it each time.
			_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
			pause := unix.NsecToTimespec(int64(left - spin))
			_ = unix.Nanosleep(&pause, nil)
		default:
			runtime.Gosched()
		}
	}
}
