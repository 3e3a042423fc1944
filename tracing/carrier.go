package tracing

import (
	"context"
	"maps"
	"strings"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/leat-io/leat/stream"
)

// The attributes of CloudEvents' distributed tracing extension, which are the fields of
// W3C Trace Context.
const (
	traceParent = "traceparent"
	traceState  = "tracestate"
)

var w3c propagation.TraceContext

// remote is the context that came with a delivery; not valid when none did.
func remote(d *stream.Delivery) trace.SpanContext {
	parent, state := d.Extensions[traceParent], ""
	if len(d.Extensions) > 1 {
		state = d.Extensions[traceState]
	}
	if parent == "" && d.Foreign() { // of a client that is not leat's
		p, _ := d.Field(traceParent)
		s, _ := d.Field(traceState)
		parent, state = string(p), string(s)
	}
	if parent == "" {
		return trace.SpanContext{}
	}
	if from, ok := usual(parent, state); ok {
		return from
	}
	// The state stays a string, which may be in memory that is used again.
	c := carrier{parent, strings.Clone(state)}
	return trace.SpanContextFromContext(w3c.Extract(context.Background(), &c))
}

// usual reads what nearly all contexts look like: version 00, flags 00 or 01, no state.
// The propagator, which reads the others, makes a context for each, which is most of
// what a handling costs that is not sampled.
func usual(parent, state string) (trace.SpanContext, bool) {
	const version, ids, span, flags = 0, 3, 36, 53
	if len(parent) != 55 || state != "" || parent[version:ids] != "00-" || parent[span-1] != '-' || parent[flags-1] != '-' {
		return trace.SpanContext{}, false
	}
	c := trace.SpanContextConfig{Remote: true}
	switch parent[flags:] {
	case "00":
	case "01":
		c.TraceFlags = trace.FlagsSampled
	default:
		return trace.SpanContext{}, false
	}
	var err error
	if c.TraceID, err = trace.TraceIDFromHex(parent[ids : span-1]); err != nil {
		return trace.SpanContext{}, false
	}
	if c.SpanID, err = trace.SpanIDFromHex(parent[span : flags-1]); err != nil {
		return trace.SpanContext{}, false
	}
	return trace.NewSpanContext(c), true
}

// carrier is both fields.
type carrier struct{ parent, state string }

// Get is one of the fields.
func (c *carrier) Get(key string) string {
	switch key {
	case traceParent:
		return c.parent
	case traceState:
		return c.state
	}
	return ""
}

// Set sets one of the fields.
func (c *carrier) Set(key, value string) {
	switch key {
	case traceParent:
		c.parent = value
	case traceState:
		c.state = value
	}
}

// Keys are both names.
func (*carrier) Keys() []string { return []string{traceParent, traceState} }

// with is the event's extensions and the context of ctx. One that it has already stays:
// it is that of where the event came from. The caller's map stays as it is.
func (c *carrier) with(extensions map[string]string) map[string]string {
	if extensions[traceParent] != "" || c.parent == "" {
		return extensions
	}
	out := make(map[string]string, len(extensions)+2)
	maps.Copy(out, extensions)
	out[traceParent] = c.parent
	if c.state != "" {
		out[traceState] = c.state
	}
	return out
}

// Inject gives events that have none yet the trace context of ctx, for those who
// publish without a [Producer]. The slice and the maps of the caller stay as they are.
func Inject(ctx context.Context, events ...stream.Event) []stream.Event {
	var c carrier
	w3c.Inject(ctx, &c)
	if c.parent == "" {
		return events
	}
	out := make([]stream.Event, len(events))
	var shared map[string]string // by events that have no others
	for i, e := range events {
		if len(e.Extensions) == 0 {
			if shared == nil {
				shared = c.with(nil)
			}
			e.Extensions = shared
		} else {
			e.Extensions = c.with(e.Extensions)
		}
		out[i] = e
	}
	return out
}

// Extract is ctx with the trace context that came with a delivery as its remote parent,
// for those who handle without [Consumer].
func Extract(ctx context.Context, d *stream.Delivery) context.Context {
	if from := remote(d); from.IsValid() {
		return trace.ContextWithRemoteSpanContext(ctx, from)
	}
	return ctx
}
