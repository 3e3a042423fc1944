package producer

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/leat-io/leat/stream"
)

// Receipt is what [Producer.Send] gives for an event. It is safe for concurrent
// use, and nobody has to look at it.
type Receipt struct {
	eventID  string
	event    stream.Event // dropped when the fate is known
	size     int
	accepted time.Time

	mu      sync.Mutex
	settled bool
	done    chan struct{} // made when somebody asks for it
	id      stream.ID
	err     error
}

// settledChan is what Done gives for a fate that was known before anybody asked.
var settledChan = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// EventID is the ID of the event, which the producer made if it had none.
func (r *Receipt) EventID() string { return r.eventID }

// Done is closed when the event's fate is known: Wait does not block any more.
func (r *Receipt) Done() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.done == nil {
		if r.settled {
			return settledChan
		}
		r.done = make(chan struct{})
	}
	return r.done
}

// Wait blocks until the event's fate is known and returns the ID of its entry,
// or its error (what errors mean is in the package's documentation). When ctx
// ends before, the error wraps ctx's: the event is still on its way, and its
// fate can be waited for again.
func (r *Receipt) Wait(ctx context.Context) (stream.ID, error) {
	done := r.Done()
	select {
	case <-done:
		return r.id, r.err
	default:
	}
	select {
	case <-done:
		return r.id, r.err
	case <-ctx.Done():
		return stream.ID{}, fmt.Errorf("wait for event %q, which is still pending: %w", r.eventID, context.Cause(ctx))
	}
}

// settle makes the fate known. The first call counts.
func (r *Receipt) settle(id stream.ID, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.settled {
		return
	}
	r.settled, r.id, r.err, r.event = true, id, err, stream.Event{}
	if r.done != nil {
		close(r.done)
	}
}

// refused is the receipt of an event that was not accepted.
func refused(name, eventID string, err error) *Receipt {
	return &Receipt{eventID: eventID, settled: true, err: fmt.Errorf("send to stream %s: %w", name, err)}
}
