package durability

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/producer"
	"github.com/leat-io/leat/stream"
)

// publisher publishes as fast as it can, and knows what it was told of each event.
type publisher struct {
	producer *producer.Producer
	event    stream.Event
	receipts chan *producer.Receipt
	cancel   context.CancelFunc
	ended    chan struct{} // closed when it is known what it was told of all

	count atomic.Int64 // of acknowledged, while it is still going on
	// What follows is complete when ended is closed.
	acknowledged, weak []stream.ID
	unknown, refused   int
}

func newPublisher(conn *stream.Conn, cfg producer.Config, payload int) (*publisher, error) {
	p, err := producer.New(conn, cfg)
	if err != nil {
		return nil, err
	}
	return &publisher{
		producer: p, event: stream.Event{Type: "durability", Data: bytes.Repeat([]byte("x"), payload)},
		receipts: make(chan *producer.Receipt, 64_000), ended: make(chan struct{}),
	}, nil
}

// settling is how long a publisher is given to come up to speed.
const settling = 300 * time.Millisecond

// begin publishes, and goes on when it returns. It returns how many entries a second were acknowledged in that time, in which
// nothing disturbs it.
func (p *publisher) begin(ctx context.Context, d time.Duration) (perSecond float64, err error) {
	sending, cancel := context.WithCancel(ctx)
	p.cancel = cancel
	go p.collect(ctx)
	go func() {
		defer close(p.receipts)
		for sending.Err() == nil {
			p.receipts <- p.producer.Send(sending, streamName, p.event)
		}
	}()
	timer := time.NewTimer(settling)
	defer timer.Stop()
	var first int64
	var began time.Time
	for range 2 {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
		if began.IsZero() {
			first, began = p.count.Load(), time.Now()
			timer.Reset(d)
		}
	}
	return float64(p.count.Load()-first) / time.Since(began).Seconds(), nil
}

// collect writes down what became of each event.
func (p *publisher) collect(ctx context.Context) {
	defer close(p.ended)
	for r := range p.receipts {
		switch id, err := r.Wait(ctx); {
		case err == nil:
			p.acknowledged = append(p.acknowledged, id)
			p.count.Add(1)
		case errors.Is(err, stream.ErrNotDurable):
			p.weak = append(p.weak, id)
		case stream.Classify(err) == stream.ClassUnknown:
			p.unknown++
		default:
			p.refused++
		}
	}
}

// stop ends the sending.
func (p *publisher) stop() { p.cancel() }

// end waits until it is known what became of each event.
func (p *publisher) end(ctx context.Context) error {
	p.stop()
	_ = p.producer.Close(ctx) // says what is lost, which is no news here
	select {
	case <-p.ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("the fate of some events is not known in time: %w", context.Cause(ctx))
	}
}

// compare fills in what was lost.
func (p *publisher) compare(out *Round, there map[stream.ID]bool, struck time.Time) {
	out.Acknowledged, out.Weak, out.Unknown, out.Refused = len(p.acknowledged), len(p.weak), p.unknown, p.refused
	known := 0
	oldest := struck
	for _, id := range p.acknowledged {
		if there[id] {
			known++
			continue
		}
		out.Lost++
		if at := time.UnixMilli(int64(id.Ms)); at.Before(oldest) {
			oldest = at
		}
	}
	for _, id := range p.weak {
		if there[id] {
			known++
		} else {
			out.WeakLost++
		}
	}
	out.Extra = len(there) - known
	out.Window = float64(struck.Sub(oldest).Microseconds()) / 1000
}
