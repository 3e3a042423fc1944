package producer

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/stream"
)

// Receipt is what [Producer.Send] gives for an event. It is safe for concurrent
// use, and nobody has to look at it.
type Receipt struct {
	event    identity
	size     int           // of the event, as Event.Size counts
	accepted time.Duration // by Producer.clock

	fate atomic.Pointer[fate] // nil as long as it is open and nobody waits for it
	id   stream.ID            // this and err are written before fate becomes known
	err  error
}

// fate is whether it is known what became of an event.
type fate struct{ known chan struct{} }

// settled is the fate of all receipts that are settled.
var settled = func() *fate {
	f := &fate{make(chan struct{})}
	close(f.known)
	return f
}()

// EventID is the ID of the event, which the producer made if it had none.
func (r *Receipt) EventID() string { return r.event.String() }

// Done is closed when the event's fate is known: Wait does not block any more.
func (r *Receipt) Done() <-chan struct{} {
	f := r.fate.Load()
	if f == nil {
		if f = (&fate{make(chan struct{})}); !r.fate.CompareAndSwap(nil, f) {
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
	if r.fate.Load() == settled { // whatever ctx says
		return r.id, r.err
	}
	done := r.Done()
	select {
	case <-done:
		return r.id, r.err
	case <-ctx.Done():
	}
	if r.fate.Load() == settled {
		return r.id, r.err
	}
	return stream.ID{}, fmt.Errorf("wait for event %q, which is still pending: %w", r.EventID(), context.Cause(ctx))
}

// settle makes the fate known. It is called once, by whom the event has been
// taken from the pending ones by.
func (r *Receipt) settle(id stream.ID, err error) {
	r.id, r.err = id, err
	if f := r.fate.Swap(settled); f != nil {
		close(f.known)
	}
}
