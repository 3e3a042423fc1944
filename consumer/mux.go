package consumer

import (
	"context"
	"fmt"

	"github.com/leat-io/leat/stream"
)

// Mux hands each delivery to the handler registered for its event type. Register
// before the consumer runs; a Mux in use may be read by any number of goroutines.
type Mux struct {
	handlers map[string]Handler
	fallback Handler
}

// ErrNoHandler is the verdict on an event of a type that nobody registered for:
// permanent, the entry becomes a dead letter and can be redriven once there is a
// handler. Set another fallback with [Mux.Default].
var ErrNoHandler = fmt.Errorf("no handler for this event type")

// NewMux is a Mux without handlers.
func NewMux() *Mux { return &Mux{handlers: map[string]Handler{}} }

// Handle registers h, inside the middleware, for an event type. Registering a
// type twice, or a nil handler, is a mistake in the program and panics. Foreign
// entries have the type stream.ForeignType.
func (m *Mux) Handle(eventType string, h Handler, middleware ...Middleware) {
	switch _, taken := m.handlers[eventType]; {
	case h == nil:
		panic(fmt.Sprintf("consumer: nil handler for event type %q", eventType))
	case taken:
		panic(fmt.Sprintf("consumer: event type %q is registered twice", eventType))
	}
	m.handlers[eventType] = Chain(h, middleware...)
}

// Default registers what handles events of all other types.
func (m *Mux) Default(h Handler, middleware ...Middleware) { m.fallback = Chain(h, middleware...) }

// Dispatch is the Mux as a [Handler].
func (m *Mux) Dispatch(ctx context.Context, d *stream.Delivery) error {
	eventType := d.Type
	if d.Foreign() {
		eventType = stream.ForeignType
	}
	h, ok := m.handlers[eventType]
	if !ok {
		h = m.fallback
	}
	if h == nil {
		return Permanent(fmt.Errorf("%w: %q", ErrNoHandler, eventType))
	}
	return h(ctx, d)
}
