package gauge

import (
	"os"
	"strconv"
	"strings"
)

// loadAverage is that of the last minute.
func loadAverage() *float64 {
	fields := strings.Fields(contents("/proc/loadavg"))
	if len(fields) == 0 {
		return nil
	}
	x, err := strconv.ParseFloat(fields[0], 64)
	if err != nil {
		return nil
	}
	return &x
}

// hugePages is the setting that is chosen of "always [madvise] never".
func hugePages() string {
	_, rest, _ := strings.Cut(contents("/sys/kernel/mm/transparent_hugepage/enabled"), "[")
	chosen, _, _ := strings.Cut(rest, "]")
	return chosen
}

// ticks are the processor time of the machine up to a moment: all of it, what nobody
// wanted, and what the hypervisor gave to others.
type ticks struct{ all, idle, stolen float64 }

// machineTicks reads the first line of /proc/stat: user, nice, system, idle, iowait,
// irq, softirq, steal. What follows is in the first ones.
func machineTicks() (t ticks) {
	line, _, _ := strings.Cut(contents("/proc/stat"), "\n")
	for i, field := range strings.Fields(line) {
		x, err := strconv.ParseFloat(field, 64)
		if err != nil || i > 8 {
			continue
		}
		t.all += x
		switch i {
		case 4, 5:
			t.idle += x
		case 8:
			t.stolen += x
		}
	}
	return t
}

func contents(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return string(b)
}
