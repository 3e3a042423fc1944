//go:build !linux

package gauge

// What the kernel tells on Linux alone is not known here.
func loadAverage() *float64 { return nil }

func hugePages() string { return "" }

type ticks struct{ all, idle, stolen float64 }

func machineTicks() ticks { return ticks{} }
