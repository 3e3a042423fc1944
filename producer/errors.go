package producer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/leat-io/leat/stream"
)

var (
	// ErrClosed is wrapped by the errors of events that came after
	// [Producer.Close], or that it could not send in its time. They are not
	// stored.
	ErrClosed = errors.New("producer is closed")
	// ErrTooLarge is wrapped by [TooLargeError].
	ErrTooLarge = errors.New("event is too large")
	// ErrOutOfMemory is wrapped by the errors of events that Redis would not take
	// for want of memory (its reply OOM) until the time for trying again was over.
	// They are not stored.
	ErrOutOfMemory = errors.New("redis is at maxmemory and evicts nothing: raise maxmemory or trim streams")

	// errEarlier marks events of a Publish of several pipelines that were not sent
	// because a pipeline before theirs was not stored in full.
	errEarlier = errors.New("not sent: an event before it was not stored as asked for")
	errNoRoom  = errors.New("not sent: no room among the pending events")
)

// TooLargeError says that an event exceeds [Config.MaxEventBytes]. Nothing was
// sent.
type TooLargeError struct {
	Size  int // bytes, as [stream.Event.Size] counts them
	Limit int // bytes, Config.MaxEventBytes
}

// Error names the size and the limit.
func (e *TooLargeError) Error() string {
	return fmt.Sprintf("%v: %d bytes, the limit is %d", ErrTooLarge, e.Size, e.Limit)
}

// Unwrap is [ErrTooLarge].
func (e *TooLargeError) Unwrap() error { return ErrTooLarge }

// EventError says which event of a Publish cannot be sent, and why. Nothing of
// the call was sent.
type EventError struct {
	Index int // in the events of the call
	Err   error
}

// Error names the event.
func (e *EventError) Error() string { return fmt.Sprintf("event %d: %v", e.Index, e.Err) }

// Unwrap is the reason.
func (e *EventError) Unwrap() error { return e.Err }

// PublishError says which events of a Publish have an error. They have no ID, but for
// those that are stored less durably than asked for. Errors.Is and errors.As look into
// the error of each: where errors.Is finds [stream.ErrUnknownOutcome], at least one of
// them may be stored all the same.
type PublishError struct {
	Stream string
	Events int           // in the call
	Errs   map[int]error // by index in the events of the call
}

// Error counts the events by their fate and gives the reason of the first.
func (e *PublishError) Error() string {
	unknown, weak, first := 0, 0, e.Events
	for i, err := range e.Errs {
		first = min(first, i)
		switch {
		case errors.Is(err, stream.ErrNotDurable):
			weak++
		case errors.Is(err, stream.ErrUnknownOutcome):
			unknown++
		}
	}
	less := ""
	if weak > 0 {
		less = fmt.Sprintf(", %d are stored less durably than asked for", weak)
	}
	return fmt.Sprintf("publish to stream %s: %d of %d events are not stored, of %d the outcome is unknown%s; event %d: %v",
		e.Stream, len(e.Errs)-unknown-weak, e.Events, unknown, less, first, e.Errs[first])
}

// Unwrap is the error of each event, in the order of the events.
func (e *PublishError) Unwrap() []error {
	errs := make([]error, 0, len(e.Errs))
	for _, i := range slices.Sorted(maps.Keys(e.Errs)) {
		errs = append(errs, e.Errs[i])
	}
	return errs
}

// final is the error of an event that is not sent again.
func final(err error) error {
	switch {
	case stream.Code(err) == "OOM":
		return fmt.Errorf("%w: %w", ErrOutOfMemory, err)
	case stream.Classify(err) == stream.ClassUnknown && !errors.Is(err, stream.ErrUnknownOutcome):
		// A reply that cannot be read tells no more than none.
		return fmt.Errorf("%w: %w", stream.ErrUnknownOutcome, err)
	}
	return err
}

// waitError is the error of an event for which ctx left no more time to try.
func waitError(ctx context.Context, last error) error {
	return fmt.Errorf("not tried again: %w; last try: %w", context.Cause(ctx), final(last))
}
