package health

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/stac/poll"
)

// Poller looks at a poller by its hooks. It is safe for concurrent use.
type Poller struct {
	patience time.Duration
	epoch    time.Time
	off      atomic.Bool

	mu      sync.Mutex
	sources map[string]*steps
}

// steps are those of one source.
type steps struct {
	at, within time.Duration // the last one, since epoch, and when another one has to come
	asked      bool          // Redis was
	redis      error         // what it answered
}

// NewPoller watches a poller that has the hooks. A source stands still when a step
// takes longer than it may ([poll.Hooks.Beat]), and 30 s more.
func NewPoller() *Poller {
	return &Poller{patience: patience, epoch: time.Now(), sources: map[string]*steps{}}
}

// Hooks are what it wants to be told.
func (p *Poller) Hooks() poll.Hooks {
	return poll.Hooks{
		Started: func(source string, _, _ time.Duration) { p.tell(source, func(*steps) {}) },
		Beat: func(source string, within time.Duration) {
			p.tell(source, func(s *steps) { s.at, s.within = p.now(), within })
		},
		Leased: func(source string, err error) {
			p.tell(source, func(s *steps) { s.asked, s.redis = true, err })
		},
	}
}

func (p *Poller) now() time.Duration { return time.Since(p.epoch) }

func (p *Poller) tell(source string, change func(*steps)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.sources[source]
	if s == nil {
		s = &steps{within: -1}
		p.sources[source] = s
	}
	change(s)
}

// Stop ends the watch: the poller ends on purpose, and is not ready any more.
func (p *Poller) Stop() { p.off.Store(true) }

// Check says which source stands still, if any does. A server that fails, or a Redis
// that does, is tried again: that is no standing still.
func (p *Poller) Check() error {
	if p.off.Load() {
		return nil
	}
	now := p.now()
	return p.first(func(name string, s *steps) error {
		if still := now - s.at; s.within >= 0 && still > s.within+p.patience {
			return fmt.Errorf("source %s stands still for %s", name, still.Round(time.Second))
		}
		return nil
	})
}

var (
	errPollerEnds = errors.New("the poller ends")
	errNotPolled  = errors.New("the poller has not begun: redis has not been reached yet")
)

// Ready says why it cannot poll: it has not begun, it ends, or Redis did not answer
// when it was asked for a lease last. Whoever waits for another replica's is ready.
func (p *Poller) Ready() error {
	if p.off.Load() {
		return errPollerEnds
	}
	p.mu.Lock()
	begun := len(p.sources) > 0
	p.mu.Unlock()
	if !begun {
		return errNotPolled
	}
	return p.first(func(name string, s *steps) error {
		switch {
		case !s.asked:
			return fmt.Errorf("source %s: %w", name, errNotPolled)
		case s.redis != nil:
			return fmt.Errorf("source %s: %w", name, s.redis)
		}
		return nil
	})
}

// first is what is wrong with the first source of which anything is.
func (p *Poller) first(check func(name string, s *steps) error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(p.sources)) {
		if err := check(name, p.sources[name]); err != nil {
			return err
		}
	}
	return nil
}
