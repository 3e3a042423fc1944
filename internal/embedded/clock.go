package embedded

import "time"

// now is the broker's wall clock, which only TIME, entry IDs, idle times and
// the ends of keys' times look at. How long a client blocks is measured by
// timers instead.
func (b *Broker) now() time.Time {
	if b.clock != nil {
		return b.clock().Add(b.offset)
	}
	return time.Now().Add(b.offset)
}

func (b *Broker) nowMillis() int64 { return b.now().UnixMilli() }

// SetClockOffset sets what the broker adds to its clock, as if somebody had
// set the machine's. Clients that are blocked go on waiting for as long as
// they said, other than in Redis 7.0, whose timeouts are points of the wall
// clock.
func (b *Broker) SetClockOffset(offset time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.offset = offset
}

// SetClock has the broker ask now instead of time.Now what time it is; nil
// puts time.Now back. Timeouts of blocked clients are real all the same.
func (b *Broker) SetClock(now func() time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.clock = now
}
