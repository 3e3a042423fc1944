package producer

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/leat-io/leat/stream"
)

// Receipt is what [Producer.Send] gives for an event. It is safe for concurrent
// use, and nobody has to look at it.
//
// It is all that stays of an event with whoever keeps receipts, so it is small: what
// the producer needs until the event is settled is in the batch.
type Receipt struct {
	event identity
	id    stream.ID            // written before fate is settled
	fate  atomic.Pointer[fate] // nil as long as it is open and nobody waits for it
}

// fate is whether it is known what became of an event.
type fate struct {
	known   chan struct{}
	settled bool // known is closed, and err says why the event is not stored
	err     error
}

// stored is the fate of all events that are stored.
var stored = func() *fate {
	f := &fate{known: make(chan struct{}), settled: true}
	close(f.known)
	return f
}()

// EventID is the ID of the event, which the producer made if it had none.
func (r *Receipt) EventID() string { return r.event.String() }

// Done is closed when the event's fate is known: Wait does not block any more.
func (r *Receipt) Done() <-chan struct{} {
	f := r.fate.Load()
	if f == nil {
		if f = (&fate{known: make(chan struct{})}); !r.fate.CompareAndSwap(nil, f) {
			f = r.fate.Load()
		}
	}
	return f.known
}

// Wait blocks until the event's fate is known and returns the ID of its entry,
// or its error (what errors mean is in the package's documentation); both for one
// that is stored less durably than asked for. When ctx
// ends before, the error wraps ctx's: the event is still on its way, and its
// fate can be waited for again.
func (r *Receipt) Wait(ctx context.Context) (stream.ID, error) {
	if f := r.fate.Load(); f == nil || !f.settled { // whatever ctx says of one that is
		select {
		case <-r.Done():
		case <-ctx.Done():
		}
	}
	if f := r.fate.Load(); f != nil && f.settled {
		return r.id, f.err
	}
	return stream.ID{}, fmt.Errorf("wait for event %q, which is still pending: %w", r.EventID(), context.Cause(ctx))
}

// settle makes the fate known. It is called once, by whom the event has been
// taken from the pending ones by.
func (r *Receipt) settle(id stream.ID, err error) {
	r.id = id
	f := stored
	if err != nil {
		f = &fate{known: stored.known, settled: true, err: err}
	}
	if waited := r.fate.Swap(f); waited != nil {
		close(waited.known)
	}
}
