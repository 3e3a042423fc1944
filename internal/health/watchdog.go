package health

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/stream"
)

// leastLimit is the shortest time after which a loop counts as standing still.
// Calls to Redis may take several times their timeout of 5 s one after the other.
const leastLimit = 30 * time.Second

// watched are the loops that beat by themselves, whether there is work or not;
// true for those that may wait for a free handler.
var watched = map[string]bool{"leaser": false, "fetcher": true, "retrier": true, "reclaimer": true}

// Watchdog looks at the loops of a consumer by its hooks. It is safe for
// concurrent use.
type Watchdog struct {
	limit time.Duration
	slots int64
	epoch time.Time

	running   atomic.Int64 // handlers
	fullUntil atomic.Int64 // when they all were busy last; since epoch, 0 never
	errorAt   atomic.Int64 // when Redis failed a loop last
	off       atomic.Bool

	mu    sync.Mutex
	beats map[beat]time.Duration
}

type beat struct{ loop, stream string }

// NewWatchdog watches a consumer with that lease and concurrency. A loop stands
// still when it has not gone round for a lease, or for 30 s if that is longer.
func NewWatchdog(lease time.Duration, concurrency int) *Watchdog {
	return &Watchdog{
		limit: max(lease, leastLimit), slots: int64(concurrency),
		epoch: time.Now().Add(-time.Nanosecond), beats: map[beat]time.Duration{},
	}
}

func (w *Watchdog) now() time.Duration { return time.Since(w.epoch) }

// Hooks are what the watchdog wants to be told.
func (w *Watchdog) Hooks() consumer.Hooks {
	return consumer.Hooks{
		Beat: w.beat,
		Started: func(*stream.Delivery) {
			w.running.Add(1)
		},
		Handled: func(*stream.Delivery, time.Duration, error) {
			if w.running.Add(-1) == w.slots-1 {
				w.fullUntil.Store(int64(w.now()))
			}
		},
		Error: func(string, string, error) { w.errorAt.Store(int64(w.now())) },
	}
}

func (w *Watchdog) beat(loop, stream string) {
	if _, ok := watched[loop]; !ok {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.beats[beat{loop, stream}] = w.now()
}

// Stop ends the watch: the consumer drains, and its loops end on purpose.
func (w *Watchdog) Stop() { w.off.Store(true) }

// Check says which loop stands still, if any does. The loops that take entries may
// stand still while all handlers are busy, and while what is finished cannot be
// settled because Redis is away; the one that keeps the leases never may.
func (w *Watchdog) Check() error {
	if w.off.Load() {
		return nil
	}
	now := w.now()
	excused := w.running.Load() >= w.slots || w.recent(&w.fullUntil, now) || w.recent(&w.errorAt, now)
	w.mu.Lock()
	defer w.mu.Unlock()
	for b, at := range w.beats {
		if waits := watched[b.loop]; now-at > w.limit && !(waits && excused) {
			return fmt.Errorf("%s of stream %s stands still for %s", b.loop, b.stream, (now - at).Round(time.Second))
		}
	}
	return nil
}

func (w *Watchdog) recent(at *atomic.Int64, now time.Duration) bool {
	t := time.Duration(at.Load())
	return t > 0 && now-t <= w.limit
}
