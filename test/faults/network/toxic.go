package network

import "time"

// Toxic is something bad that a Proxy does to what goes through it. Several work one after the other.
type Toxic struct {
	Direction Direction
	// Share is the part of the connections that it works on, from above 0 to 1; 0 means all.
	Share float64

	kind       string
	attributes map[string]any
}

func toxic(kind string, d Direction, attributes map[string]any) Toxic {
	return Toxic{Direction: d, kind: kind, attributes: attributes}
}

// Latency delays everything by d, give or take jitter. The order stays.
func Latency(dir Direction, d, jitter time.Duration) Toxic {
	return toxic("latency", dir, map[string]any{"latency": d.Milliseconds(), "jitter": jitter.Milliseconds()})
}

// Bandwidth lets so many KiB a second through: a slow trickle.
func Bandwidth(dir Direction, kib int) Toxic {
	return toxic("bandwidth", dir, map[string]any{"rate": kib})
}

// Slice cuts what goes through into pieces of size bytes, give or take variation, with a pause after each: nobody gets a reply in
// one read.
func Slice(dir Direction, size, variation int, pause time.Duration) Toxic {
	return toxic("slicer", dir, map[string]any{"average_size": size, "size_variation": variation, "delay": pause.Microseconds()})
}

// BlackHole lets nothing through and ends nothing. On the replies alone, commands are carried out. When it is taken away, the
// connections that were in it end.
func BlackHole(dir Direction) Toxic { return Timeout(dir, 0) }

// Timeout lets nothing through and ends the connection after d; 0: never.
func Timeout(dir Direction, d time.Duration) Toxic {
	return toxic("timeout", dir, map[string]any{"timeout": d.Milliseconds()})
}

// Reset ends the connection d after the first byte has come. Connections that were made under it see a reset, older ones an end
// of file.
func Reset(dir Direction, d time.Duration) Toxic {
	return toxic("reset_peer", dir, map[string]any{"timeout": d.Milliseconds()})
}

// Limit lets so many bytes of each connection through and then ends it: a reply breaks off in the middle.
func Limit(dir Direction, bytes int) Toxic {
	return toxic("limit_data", dir, map[string]any{"bytes": bytes})
}
