//go:build unix && !linux

package measure

import "time"

// waitUntil returns at that time or somewhat later, or at once when it has passed.
func waitUntil(at time.Time) { time.Sleep(time.Until(at)) }
