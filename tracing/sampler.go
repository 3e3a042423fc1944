package tracing

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel/trace"

	"github.com/leat-io/leat/stream"
)

// Sampler says whether a span is to be made. parent is what it would be a child of, and
// not valid for the root of a trace.
type Sampler func(parent trace.SpanContext) bool

// ParentSampled takes all roots, and of the others those whose parent is sampled: what
// the SDK's ParentBased(AlwaysSample()) takes.
func ParentSampled(parent trace.SpanContext) bool { return !parent.IsValid() || parent.IsSampled() }

// Ratio takes that share of the roots, by chance, and of the others those whose parent is
// sampled.
func Ratio(share float64) Sampler {
	return func(parent trace.SpanContext) bool {
		if parent.IsValid() {
			return parent.IsSampled()
		}
		return rand.Float64() < share
	}
}

// WithSampler asks s before a span is made, and the provider only about those that it
// takes: so the provider's own sampler should take these all, as the SDK's does by
// default. For handlers that take microseconds: a provider has made most of a span when
// it finds that it is not sampled. A context in which there is no span for that reason
// still says so to all that is made and published with it, as OpenTelemetry wants it.
func WithSampler(s Sampler) Option { return func(m *maker) { m.sampler = s } }

// takes asks the sampler, if there is one.
func (m *maker) takes(parent trace.SpanContext) bool { return m.sampler == nil || m.sampler(parent) }

// unsampled is a context in which a trace goes on that is not sampled: as that of the
// parent, or as one of its own. Hardly anybody looks, so it is made for who does, and has
// no more of the parent than what nearly all parents are.
type unsampled struct {
	context.Context //nolint:containedctx // it is one
	trace           trace.TraceID
	parent          trace.SpanID // not valid for a root
	made            atomic.Pointer[trace.Span]
}

// without is ctx with the parent's trace, or a new one, that is not sampled.
func without(ctx context.Context, parent trace.SpanContext) context.Context {
	u := next()
	u.Context = ctx
	switch flags := parent.TraceFlags() &^ trace.FlagsSampled; {
	case !parent.IsValid():
	case flags == 0 && parent.TraceState().Len() == 0:
		u.trace, u.parent = parent.TraceID(), parent.SpanID()
	default:
		span := remoteSpan(parent.WithTraceFlags(flags))
		u.made.Store(&span)
	}
	return u
}

// together is how many of them are made at a time: each by itself would be a third of what a
// handling costs that is not sampled. Whoever keeps one keeps its neighbours.
const together = 32

type neighbours struct{ left []unsampled }

var spare = sync.Pool{New: func() any { return new(neighbours) }}

func next() *unsampled {
	n, _ := spare.Get().(*neighbours)
	if len(n.left) == 0 {
		n.left = make([]unsampled, together)
	}
	u := &n.left[0]
	n.left = n.left[1:]
	spare.Put(n)
	return u
}

func remoteSpan(of trace.SpanContext) trace.Span {
	return trace.SpanFromContext(trace.ContextWithRemoteSpanContext(context.Background(), of))
}

// spanKey is under what key a context has its span, which is the API's secret: it is
// what it asks a context for.
var spanKey = func() any {
	var asked keyhole
	trace.SpanFromContext(&asked)
	return asked.key
}()

type keyhole struct {
	context.Context //nolint:containedctx // nil: nothing else is asked for
	key             any
}

// Value notes the key.
func (k *keyhole) Value(key any) any {
	k.key = key
	return nil
}

// Value has the span beside what there is.
func (u *unsampled) Value(key any) any {
	if key == spanKey {
		return u.span()
	}
	return u.Context.Value(key)
}

func (u *unsampled) span() trace.Span {
	if made := u.made.Load(); made != nil {
		return *made
	}
	c := trace.SpanContextConfig{TraceID: u.trace, SpanID: u.parent}
	for !c.TraceID.IsValid() || !c.SpanID.IsValid() { // a root's
		binary.BigEndian.PutUint64(c.TraceID[:8], rand.Uint64())
		binary.BigEndian.PutUint64(c.TraceID[8:], rand.Uint64())
		binary.BigEndian.PutUint64(c.SpanID[:], rand.Uint64())
	}
	span := remoteSpan(trace.NewSpanContext(c))
	if !u.made.CompareAndSwap(nil, &span) { // somebody was faster: all have to see the same
		return *u.made.Load()
	}
	return span
}

// parentOf is what a handling is a child of.
func (m *maker) parentOf(d *stream.Delivery) trace.SpanContext {
	if m.parent {
		return remote(d)
	}
	return trace.SpanContext{}
}

// none is the span that is not made.
var none = trace.SpanFromContext(context.Background())
