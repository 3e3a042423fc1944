package producer

import (
	"time"

	"github.com/leat-io/leat/stream"
)

// Hooks are told what a producer does, for metrics and traces. Any may be nil.
// They are called without locks held, from any goroutine, several at a time, and
// hold up the producer while they run: they must be quick and safe for
// concurrent use.
type Hooks struct {
	// Published is told when the fate of events of a stream is known: once for
	// each class of outcome among those whose fate one pipeline decided. Events
	// that were refused before anything was sent (not valid, too large, producer
	// closed, no room) are not told of: their caller has the error.
	Published func(Published)
	// Retried is told when events that Redis did not execute are to be sent again.
	Retried func(Retried)
	// Pending is told of changes of what Send has accepted and whose fate is open:
	// +1 event and its bytes, later less the same. The sum is the gauge.
	Pending func(events, bytes int)
	// Blocked is told when a Send had to wait for room, after the wait.
	Blocked func(stream string, waited time.Duration)
}

// Published is what [Hooks.Published] is told.
type Published struct {
	Stream string
	Events int
	Bytes  int           // sum of the events' Size
	Took   time.Duration // since the first of them was accepted, waits and retries included
	// Class is [stream.ClassNone] for events that are stored, [stream.ClassUnknown]
	// for those of unknown outcome, and for those that are stored less durably than
	// asked for, whose Err wraps [stream.ErrNotDurable]. Events of any other class are not stored.
	Class stream.Class
	Err   error // of the first of them; nil for events that are stored
}

// Retried is what [Hooks.Retried] is told.
type Retried struct {
	Stream string
	Events int
	Wait   time.Duration // until they are sent again
	Err    error         // of the first of them
}

// outcomes gathers the events whose fate one pipeline decided, by class.
type outcomes struct {
	stream string
	sums   [stream.ClassCanceled + 1]Published
	any    bool
}

func (o *outcomes) add(class stream.Class, size int, took time.Duration, err error) {
	o.sum(class, 1, size, took, err)
}

// sum adds events of one class, the first of which took so long.
func (o *outcomes) sum(class stream.Class, events, bytes int, took time.Duration, err error) {
	s := &o.sums[class]
	if s.Events == 0 {
		s.Stream, s.Class, s.Err = o.stream, class, err
	}
	s.Events += events
	s.Bytes += bytes
	s.Took = max(s.Took, took)
	o.any = true
}

func (o *outcomes) tell(hooks *Hooks) {
	if hooks.Published == nil || !o.any {
		return
	}
	for i := range o.sums {
		if o.sums[i].Events > 0 {
			hooks.Published(o.sums[i])
		}
	}
}
