//go:build unix && !linux

package measure

import (
	"time"

	"golang.org/x/sys/unix"
)

// ServerCPU is not measured here: 0.
func ServerCPU(int) time.Duration { return 0 }

// PeakRSS is the most memory that this process has had resident so far, in the
// unit of this system's getrusage.
func PeakRSS() int64 {
	var r unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return r.Maxrss
}
