package tracing

import (
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/leat-io/leat/stream"
)

const scope = "github.com/leat-io/leat/tracing"

// system is what messaging.system is: the conventions have no name for it, and ask for
// one of one's own then.
var system = semconv.MessagingSystemKey.String("redis")

// mostLinks is how many spans a batch links to at the most, which is what SDKs keep.
const mostLinks = 128

// Option changes how spans are made.
type Option func(*maker)

// WithTracerProvider makes spans with this provider instead of OpenTelemetry's global one.
func WithTracerProvider(p trace.TracerProvider) Option {
	return func(m *maker) { m.provider = p }
}

// AsParent makes the span of a handling a child of the span that published the event,
// and not a trace of its own that links to it. It has no effect on batches and on
// producers.
func AsParent() Option { return func(m *maker) { m.parent = true } }

// maker makes the spans of one kind.
type maker struct {
	provider trace.TracerProvider
	tracer   trace.Tracer
	parent   bool
	sampler  Sampler // nil: the provider is asked
	what     string  // operation
	kind     trace.SpanStartOption
	all      []attribute.KeyValue                 // what every span has
	streams  atomic.Pointer[map[string]*template] // by name; replaced, never changed
}

// mostTemplates bounds what is kept for a program that makes up names of streams.
const mostTemplates = 1000

// template is what all spans about a stream have. It is made once, so that a span that
// is not sampled costs little.
type template struct {
	name    string
	options []trace.SpanStartOption
}

func newMaker(kind trace.SpanKind, what string, kinds attribute.KeyValue, opts []Option, more ...attribute.KeyValue) *maker {
	m := &maker{provider: otel.GetTracerProvider(), what: what}
	for _, o := range opts {
		o(m)
	}
	m.tracer = m.provider.Tracer(scope, trace.WithSchemaURL(semconv.SchemaURL))
	m.kind = trace.WithSpanKind(kind)
	m.all = append(more, system, semconv.MessagingOperationName(what), kinds)
	return m
}

// about is the template for a stream.
func (m *maker) about(name string) *template {
	known := m.streams.Load()
	if known != nil {
		if t := (*known)[name]; t != nil {
			return t
		}
	}
	name = strings.Clone(name)
	t := &template{
		name: m.what + " " + name,
		// One option has all attributes: an SDK copies them together anew for each of them.
		options: []trace.SpanStartOption{m.kind, trace.WithAttributes(append(slices.Clip(m.all), semconv.MessagingDestinationName(name))...)},
	}
	next := map[string]*template{name: t}
	if known != nil {
		if len(*known) >= mostTemplates {
			return t
		}
		maps.Copy(next, *known)
	}
	m.streams.CompareAndSwap(known, &next) // who was faster is as good
	return t
}

// describe are the attributes of one event. Its strings are copied: a span is exported
// when the memory that they are in may be another delivery's.
func describe(e *stream.Event) []attribute.KeyValue {
	out := []attribute.KeyValue{semconv.MessagingMessageBodySize(len(e.Data))}
	if e.ID != "" {
		out = append(out, semconv.CloudEventsEventID(strings.Clone(e.ID)))
	}
	if e.Source != "" {
		out = append(out, semconv.CloudEventsEventSource(strings.Clone(e.Source)))
	}
	if e.Type != "" {
		out = append(out, semconv.CloudEventsEventType(strings.Clone(e.Type)))
	}
	return out
}

// failed notes an error and its kind.
func failed(span trace.Span, kind string, err error) {
	span.SetStatus(codes.Error, err.Error())
	span.SetAttributes(semconv.ErrorTypeKey.String(kind))
}
