package child

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/leat-io/leat/internal/history"
	"github.com/leat-io/leat/producer"
	"github.com/leat-io/leat/stream"
)

// produce sends events until ctx ends, then waits for the fate of those that are on their way.
func (c *child) produce(ctx context.Context, conn *stream.Conn) error {
	p := &c.Producer
	prod, err := producer.New(conn, producer.Config{Source: "faults", MaxPending: p.Pending, RetryFor: p.Retry})
	if err != nil {
		return err
	}
	sent := make(chan *producer.Receipt, 1<<16)
	var noting sync.WaitGroup
	noting.Go(func() {
		for r := range sent {
			c.notePublished(c.resend(ctx, prod, r))
		}
	})
	c.send(ctx, prod, sent)
	close(sent)
	closing, cancel := context.WithTimeout(context.Background(), p.Close)
	defer cancel()
	_ = prod.Close(closing) // what it could not get rid of is told by the receipts
	noting.Wait()
	return nil
}

// send sends events at the rate that is asked for.
func (c *child) send(ctx context.Context, prod *producer.Producer, sent chan<- *producer.Receipt) {
	const tick = 5 * time.Millisecond
	p := &c.Producer
	data := []byte(strings.Repeat("x", p.Size))
	began := time.Now()
	pace := time.NewTicker(tick)
	defer pace.Stop()
	for n := 0; p.Most == 0 || n < p.Most; {
		due := n + 500
		if p.Rate > 0 {
			due = int(time.Since(began).Seconds() * float64(p.Rate))
		}
		for ; n < due && (p.Most == 0 || n < p.Most) && ctx.Err() == nil; n++ {
			sent <- prod.Send(ctx, c.Stream, stream.Event{ID: c.Event(n), Type: "test.event", Data: data})
		}
		if p.Rate > 0 {
			select {
			case <-pace.C:
			case <-ctx.Done():
			}
		}
		if ctx.Err() != nil {
			return
		}
	}
	<-ctx.Done()
}

// notePublished notes the fate of an event. That of what is stored may be lost with this process: the check is weaker then.
func (c *child) notePublished(receipt *producer.Receipt) {
	entry, err := receipt.Wait(context.Background())
	r := history.Record{At: history.Now(), Process: c.Name, Op: history.Publish, ID: receipt.EventID(), Entry: entry}
	switch {
	case err == nil:
		r.Outcome = history.OK
	case stream.Classify(err) == stream.ClassUnknown:
		r.Outcome = history.Unknown
	default:
		r.Outcome = history.Fail
	}
	if c.Sabotage == SabotageLie && r.Outcome == history.Unknown {
		r.Outcome = history.Fail
	}
	_ = c.record.Later(r)
}
