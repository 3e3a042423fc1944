package producer

import (
	"container/list"
	"time"

	"github.com/leat-io/leat/stream"
)

// parcel is one event on its way through Send. It is encoded here, by the goroutine
// that sends it, so that nothing but a copy is left to do under the producer's
// lock. Parcels are used again and again.
type parcel struct {
	stream string
	adds   stream.Adds // the event
	event  pending
	text   uuidText

	spare []Receipt // for the events to come

	// Of an event that waits for room:
	place   *list.Element // in Producer.waiting, nil when it is decided
	decided chan error    // gets the decision
}

// receiptsAtOnce is how many receipts are allocated together: one for itself would
// be an allocation for each event. One that is kept keeps the others, less than
// 1 KiB, and the IDs that their events came with.
const receiptsAtOnce = 16

// newParcel is for a sync.Pool.
func newParcel() any { return &parcel{decided: make(chan error, 1)} }

// newReceipt takes one of the spare receipts.
func (c *parcel) newReceipt() *Receipt {
	if len(c.spare) == 0 {
		c.spare = make([]Receipt, receiptsAtOnce)
	}
	r := &c.spare[0]
	c.spare = c.spare[1:]
	return r
}

// pack encodes the event. The receipt is there whether it can be sent or not.
func (p *Producer) pack(c *parcel, name string, e *stream.Event, now time.Time) (r *Receipt, size int, err error) {
	r = c.newReceipt()
	r.event = p.identify(e.ID, now)
	p.complete(e, &r.event, &c.text, now)
	if size, err = p.check(e); err != nil {
		return r, size, err
	}
	c.stream, c.event = name, pending{receipt: r, size: size}
	c.adds.Reset(name)
	c.adds.Append(e)
	return r, size, nil
}

// unpack makes the parcel ready for the next event.
func (p *Producer) unpack(c *parcel) {
	c.stream, c.event = "", pending{}
	release(&c.adds)
	p.parcels.Put(c)
}
