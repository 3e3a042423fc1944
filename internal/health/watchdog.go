package health

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/stream"
)

// patience is for how long a loop may be late: calls to Redis may take several times
// their timeout of 5 s one after the other.
const patience = 30 * time.Second

// waits are the loops that may wait for a free handler.
var waits = map[string]bool{"fetcher": true, "retrier": true, "reclaimer": true}

// Watchdog looks at the loops of a consumer by its hooks. It is safe for
// concurrent use.
type Watchdog struct {
	limits  map[string]time.Duration // by loop
	longest time.Duration
	slots   int64
	epoch   time.Time

	running   atomic.Int64 // handlers
	fullUntil atomic.Int64 // when they all were busy last; since epoch, 0 never
	errorAt   atomic.Int64 // when Redis failed a loop last
	off       atomic.Bool

	mu    sync.Mutex
	beats map[beat]time.Duration
}

type beat struct{ loop, stream string }

// Option changes what [NewWatchdog] makes.
type Option func(*Watchdog)

// WithPatience is for how long a loop may be late, 30 s else: where the connection's
// timeout is not the usual one, six times that.
func WithPatience(d time.Duration) Option {
	return func(w *Watchdog) {
		for loop, limit := range w.limits {
			w.limits[loop] = limit - patience + d
		}
	}
}

// NewWatchdog watches a consumer with that configuration, whose Concurrency is set. A loop stands still when it
// has not gone round for three times as long as it does when it has nothing to do
// ([consumer.Config.Beats]), and 30 s more.
func NewWatchdog(cfg consumer.Config, opts ...Option) *Watchdog {
	w := &Watchdog{
		limits: map[string]time.Duration{}, slots: int64(cfg.Concurrency),
		epoch: time.Now().Add(-time.Nanosecond), beats: map[beat]time.Duration{},
	}
	for loop, period := range cfg.Beats() {
		w.limits[loop] = 3*period + patience
	}
	for _, o := range opts {
		o(w)
	}
	for loop := range waits {
		w.longest = max(w.longest, w.limits[loop])
	}
	return w
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
	if _, ok := w.limits[loop]; !ok {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.beats[beat{loop, stream}] = w.now()
}

// Stop ends the watch: the consumer drains, and its loops end on purpose.
func (w *Watchdog) Stop() { w.off.Store(true) }

// Check says which loop stands still, if any does. The loops that take entries may
// while all handlers are busy. All but the leaser may while Redis fails them: they wait
// between their tries, and a restart would not bring it back.
func (w *Watchdog) Check() error {
	if w.off.Load() {
		return nil
	}
	now := w.now()
	busy := w.running.Load() >= w.slots || w.recent(&w.fullUntil, now)
	away := w.recent(&w.errorAt, now)
	w.mu.Lock()
	defer w.mu.Unlock()
	for b, at := range w.beats {
		still := now - at
		switch {
		case still <= w.limits[b.loop], busy && waits[b.loop], away && b.loop != "leaser":
		case b.stream == "":
			return fmt.Errorf("%s stands still for %s", b.loop, still.Round(time.Second))
		default:
			return fmt.Errorf("%s of stream %s stands still for %s", b.loop, b.stream, still.Round(time.Second))
		}
	}
	return nil
}

func (w *Watchdog) recent(at *atomic.Int64, now time.Duration) bool {
	t := time.Duration(at.Load())
	return t > 0 && now-t <= w.longest
}
