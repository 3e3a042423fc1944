//go:build !linux

package stream

import "time"

// await does not wait: replies are read as they come.
func (*wire) await(*cursor, int, time.Time) error { return nil }
