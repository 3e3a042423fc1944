package measure

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// ServerCPU is the CPU time so far of the process with that ID, all threads; 0 when
// there is no such process.
func ServerCPU(pid int) time.Duration {
	if pid <= 0 {
		return 0
	}
	// Linux has a clock for every process; this is how its number is made (see
	// clock_getcpuclockid). It counts nanoseconds, where /proc/<pid>/stat has ticks
	// of 10 ms, and it costs no round trip to a server that is busy.
	const scheduled = 2
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|scheduled), &t); err != nil {
		return 0
	}
	return time.Duration(t.Nano())
}

// PeakRSS is the most memory that this process has had resident so far, in bytes.
// Unlike the figure of getrusage it does not begin with that of the process which
// started this one.
func PeakRSS() int64 { return statusBytes("VmHWM") }

// statusBytes reads a size out of /proc/self/status; 0 when it is not there.
func statusBytes(name string) int64 {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0
	}
	defer f.Close() //nolint:errcheck // all that was asked has been answered by then
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), name+":"); ok {
			var kilobytes int64
			if _, err := fmt.Sscan(rest, &kilobytes); err != nil {
				return 0
			}
			return kilobytes << 10
		}
	}
	return 0
}
