package producer

import (
	"context"
	"fmt"
	"time"

	"github.com/leat-io/leat/stream"
)

// Send accepts an event for a stream and returns at once; batches of what was
// accepted are added in the background (see Config.BatchEvents, BatchBytes and
// Linger). What becomes of the event is told by the receipt, which is never nil:
// an event that cannot be accepted (it is not valid, too large, or the producer
// is closed) has a receipt that says so.
//
// When MaxPending events or MaxPendingBytes are pending, Send blocks until there
// is room; if ctx ends before, the event is not accepted. Once it is, ctx does
// not matter.
//
// An event that lacks an ID, Source or Time gets one. Nothing of the event is
// kept: its Data and Extensions may be used for something else when Send returns.
func (p *Producer) Send(ctx context.Context, name string, e stream.Event) *Receipt {
	now := time.Now()
	c := p.parcels.Get().(*parcel) //nolint:errcheck // nothing else is in the pool
	r, size, err := p.pack(c, name, &e, now)
	if err == nil {
		err = p.post(ctx, c, now)
	}
	p.unpack(c)
	switch {
	case err != nil:
		r.settle(stream.ID{}, fmt.Errorf("send to stream %s: %w", name, err))
	case p.cfg.Hooks.Pending != nil:
		p.cfg.Hooks.Pending(1, size)
	}
	return r
}
