package producer

import (
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/leat-io/leat/stream"
)

// settle tells the receipts and the hooks. It returns the number of events that
// have found their fate, and the sum of their sizes.
func (p *Producer) settle(f *flight, now time.Duration) (events, bytes int) {
	told := outcomes{stream: f.lane.stream}
	if f.stored > 0 {
		for i := range f.batch.events {
			if e := &f.batch.events[i]; f.errs[i] == nil {
				bytes += e.size
				e.receipt.settle(f.ids[i], nil)
			}
		}
		told.sum(stream.ClassNone, f.stored, bytes, now-f.oldest, nil)
	}
	for _, o := range f.lost {
		told.add(o.class, o.size, now-o.accepted, o.err)
		bytes += o.size
		o.receipt.settle(o.id, o.err)
	}
	if events = f.stored + len(f.lost); events == 0 {
		return 0, 0
	}
	told.tell(&p.cfg.Hooks)
	if p.cfg.Hooks.Pending != nil {
		p.cfg.Hooks.Pending(-events, -bytes)
	}
	for i := range told.sums {
		if s := &told.sums[i]; s.Err != nil {
			p.log.Error("sent events have no confirmation", zap.String("stream", s.Stream), zap.Int("events", s.Events),
				zap.Stringer("class", s.Class), zap.Error(s.Err))
		}
	}
	return events, bytes
}

// news is what a flight told about a stream.
type news uint8

const (
	noNews     news = iota
	takesNone       // Redis has begun to refuse events
	takesAgain      // it takes them again
)

func (p *Producer) tell(name string, n news, events int, wait time.Duration, err error) {
	switch n {
	case takesNone:
		p.log.Warn("redis does not take events, trying again", zap.String("stream", name), zap.Int("events", events),
			zap.Duration("for", p.cfg.RetryFor), zap.Error(err))
	case takesAgain:
		p.log.Info("redis takes events again", zap.String("stream", name))
	}
	if events > 0 {
		p.tellRetried(name, events, wait, err)
	}
}

func sendError(name string, err error) error {
	return fmt.Errorf("send to stream %s: %w", name, final(err))
}
