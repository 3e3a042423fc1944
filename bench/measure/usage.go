package measure

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"github.com/leat-io/leat/bench/result"
)

// usage is what has been used up until one moment.
type usage struct {
	at             time.Time
	client, server time.Duration // CPU time of this process, of redis-server
	mallocs, bytes uint64        // heap allocations of this process
}

// Window is the part of a measurement that counts: from the first message to the
// last one. Reading allocations stops the process for some microseconds, which are
// left outside.
type Window struct {
	ServerPID int
	from, to  usage
	peak      int64
}

// Open begins the window.
func (w *Window) Open() {
	w.from.allocations()
	w.from.times(w.ServerPID)
}

// Close ends it.
func (w *Window) Close() {
	w.to.times(w.ServerPID)
	w.to.allocations()
	w.peak = PeakRSS()
}

// Span is when the window opened and closed.
func (w *Window) Span() (from, to time.Time) { return w.from.at, w.to.at }

// Cost writes what the window cost into s, a message where that applies.
func (w *Window) Cost(s *result.Sample, messages int) {
	n := float64(messages)
	s.Took = w.to.at.Sub(w.from.at)
	s.PerSecond = n / s.Took.Seconds()
	s.ClientMicro = micro(w.to.client-w.from.client) / n
	s.ServerMicro = micro(w.to.server-w.from.server) / n
	s.Allocs = float64(w.to.mallocs-w.from.mallocs) / n
	s.AllocBytes = float64(w.to.bytes-w.from.bytes) / n
	s.PeakRSS = w.peak
}

func (u *usage) times(server int) {
	u.at, u.client, u.server = time.Now(), ClientCPU(), ServerCPU(server)
}

func (u *usage) allocations() {
	var m runtime.MemStats
	// Unlike package runtime/metrics, this counts what the threads' own caches have
	// given out to the last object.
	runtime.ReadMemStats(&m)
	u.mallocs, u.bytes = m.Mallocs, m.TotalAlloc
}

// ClientCPU is the CPU time of this process so far, all threads, user and system.
func ClientCPU() time.Duration {
	var r unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

func micro(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
