package consumer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/leat-io/leat/stream"
)

// Handler works one delivery off. Its error is the verdict: nil acknowledges,
// [Permanent] makes a dead letter, [RetryAfter] sets the time of the next try,
// any other error is tried again by Config.Backoff until Config.MaxAttempts. A
// panic is an error with its stack.
//
// The context ends when the entry must be given up; [context.Cause] says why:
// [ErrShutdown], [ErrLeaseLost] or [ErrTimeout].
type Handler func(ctx context.Context, d *stream.Delivery) error

// BatchHandler works several deliveries off at once. nil acknowledges all of
// them, a [BatchError] names those that failed, any other error is the verdict
// on each.
type BatchHandler func(ctx context.Context, batch []*stream.Delivery) error

// Middleware wraps a handler in another one. Of Config.Middleware the first
// listed is the outermost.
type Middleware func(Handler) Handler

// Chain is h inside the middleware, the first listed outermost.
func Chain(h Handler, middleware ...Middleware) Handler {
	for _, m := range slices.Backward(middleware) {
		h = m(h)
	}
	return h
}

// Typed is a handler that gets the event's data decoded from JSON. Data that is
// not JSON of a T is [Permanent]: trying again would not change it. The data of
// a foreign entry are its fields, as stream.Delivery.AsEvent makes them.
func Typed[T any](fn func(ctx context.Context, v T, d *stream.Delivery) error) Handler {
	return func(ctx context.Context, d *stream.Delivery) error {
		data := d.Data
		if d.Foreign() {
			data = d.AsEvent().Data
		}
		var v T
		if err := json.Unmarshal(data, &v); err != nil {
			return Permanent(fmt.Errorf("decode data of event %q as %T: %w", d.ID, v, err))
		}
		return fn(ctx, v, d)
	}
}

// BatchError is a batch handler's verdict on single deliveries: those in it
// failed with that error, which may be a [Permanent] or a [RetryAfter]; those
// that are not are acknowledged.
type BatchError map[*stream.Delivery]error

// Error lists the failures.
func (e BatchError) Error() string {
	lines := make([]string, 0, len(e))
	for d, err := range e {
		if d != nil && err != nil {
			lines = append(lines, fmt.Sprintf("%s: %v", d.EntryID, err))
		}
	}
	slices.Sort(lines)
	return fmt.Sprintf("%d of the batch: %s", len(lines), strings.Join(lines, "; "))
}

// Unwrap gives the errors to [errors.Is] and [errors.As].
func (e BatchError) Unwrap() []error { return slices.Collect(maps.Values(e)) }

// asBatchError finds a BatchError that is the verdict itself, maybe wrapped.
func asBatchError(err error) (BatchError, bool) {
	var b BatchError
	return b, errors.As(err, &b)
}
