package consumer

import (
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/stream"
)

// item is one delivery on its way through the consumer: taken, waiting, running,
// settling, done.
type item struct {
	d     *stream.Delivery
	src   *source
	group *holding // the batch it came in
	at    int32    // where in it

	// extendedFrom is when, by the consumer's clock, the command was sent that extended
	// the lease last; 0 when none has: see leaseFrom.
	extendedFrom atomic.Int64
	// handledAt is when the handler returned, by the consumer's clock; 0 before.
	handledAt atomic.Int64
	done      atomic.Bool
	left      atomic.Bool // its place in the room is free again
	// orphan: its payload was deleted, it is pending no more. There is nothing
	// to settle.
	orphan atomic.Bool
	// lost: the entry is another's.
	lost atomic.Bool

	// running is the call that has it, where that is not the item's own one.
	running atomic.Pointer[call]
	// expireAt is when to stop extending a handler that ignores its timeout; 0 never.
	expireAt atomic.Int64

	key string // of OrderBy
}

// settling tells whether the handler has returned.
func (it *item) settling() bool { return it.handledAt.Load() > 0 }

// leaseFrom is when, by the consumer's clock, the command was sent that began the
// lease last: never later than Redis counts.
func (it *item) leaseFrom() time.Duration {
	if from := it.extendedFrom.Load(); from > 0 {
		return time.Duration(from)
	}
	return it.group.from
}

// leaseAge is how long ago the lease began, at the most.
func (it *item) leaseAge(now time.Duration) time.Duration { return now - it.leaseFrom() }

// lose marks the item as another's, and ends its handler. One that has not begun sees
// the mark; of the mark and the call one is looked at after the other was made.
func (it *item) lose() {
	it.lost.Store(true)
	running := it.running.Load()
	if running == nil {
		running = &it.group.calls[it.at]
	}
	running.end(ErrLeaseLost)
}

func (it *item) isLost() bool { return it.lost.Load() }

// begin makes the item known as running; false when it is lost already.
func (it *item) begin(running *call, expireAt time.Duration) bool {
	if expireAt > 0 {
		it.expireAt.Store(int64(expireAt))
	}
	if running != &it.group.calls[it.at] {
		it.running.Store(running)
	}
	return !it.lost.Load()
}

// end undoes begin.
func (it *item) end() {
	if it.running.Load() != nil {
		it.running.Store(nil)
	}
	if it.expireAt.Load() > 0 {
		it.expireAt.Store(0)
	}
}

// abandoned tells whether the handler ignores its timeout for longer than a
// lease: the entry is left to others then.
func (it *item) abandoned(now time.Duration) bool {
	at := time.Duration(it.expireAt.Load())
	return at > 0 && now > at
}

// tokens are the tokens of items.
func tokens(items []*item) []stream.Held {
	out := make([]stream.Held, len(items))
	for i, it := range items {
		out[i] = it.d.Held()
	}
	return out
}
