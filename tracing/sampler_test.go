package tracing_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/producer"
	"github.com/leat-io/leat/stream"
	"github.com/leat-io/leat/tracing"
)

// TestWhatTheSamplerLeavesOutIsNotSampledAnywhere: no span is made of it, and what the handler makes and publishes knows: as part
// of the trace that it came with, or of one of its own, the same for all who ask.
func TestWhatTheSamplerLeavesOutIsNotSampledAnywhere(t *testing.T) {
	t.Parallel()
	s := newScene(t, sdk.ParentBased(sdk.AlwaysSample()))
	plain, err := producer.New(s.Conn, producer.Config{Source: "test"})
	require.NoError(t, err)
	p := tracing.NewProducer(plain, s.option(), tracing.WithSampler(tracing.ParentSampled))
	t.Cleanup(func() { _ = p.Close(context.Background()) })
	const trace1, parent = "4bf92f3577b34da6a3ce929d0e0e4736", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
	type key struct{}
	for name, c := range map[string]struct {
		opts   []tracing.Option
		inside func(ctx context.Context)
	}{
		"parent": {[]tracing.Option{tracing.AsParent(), tracing.WithSampler(tracing.ParentSampled)}, func(ctx context.Context) {
			of := trace.SpanContextFromContext(ctx)
			require.Equal(t, trace1, of.TraceID().String())
			require.Equal(t, parent, tracing.Inject(ctx, stream.Event{})[0].Extensions["traceparent"])
		}},
		"sampled, with a state": {[]tracing.Option{tracing.AsParent(), tracing.WithSampler(func(trace.SpanContext) bool { return false })}, func(ctx context.Context) {
			require.Equal(t, "vendor=1", trace.SpanContextFromContext(ctx).TraceState().String())
		}},
		"root": {[]tracing.Option{tracing.WithSampler(tracing.Ratio(0))}, func(ctx context.Context) {
			of := trace.SpanContextFromContext(ctx)
			require.True(t, of.IsValid())
			require.NotEqual(t, trace1, of.TraceID().String())
			require.Equal(t, of, trace.SpanContextFromContext(ctx))
		}},
	} {
		d := &stream.Delivery{Stream: "orders", Event: stream.Event{Extensions: map[string]string{"traceparent": parent}}}
		if name == "sampled, with a state" {
			d.Extensions = map[string]string{"traceparent": parent[:len(parent)-1] + "1", "tracestate": "vendor=1"}
		}
		outer, cancel := context.WithTimeout(context.WithValue(s.Ctx, key{}, name), time.Hour)
		err := tracing.Consumer("g", append(c.opts, s.option())...)(func(ctx context.Context, _ *stream.Delivery) error {
			require.Equal(t, name, ctx.Value(key{}))
			require.False(t, trace.SpanContextFromContext(ctx).IsSampled())
			require.False(t, trace.SpanFromContext(ctx).IsRecording())
			c.inside(ctx)
			_, span := s.provider.Tracer("handler").Start(ctx, "inside")
			require.False(t, span.IsRecording(), "ParentBased holds")
			_, err := p.Publish(ctx, s.Stream, stream.Event{ID: name, Type: "t"})
			require.NoError(t, err)
			_, err = p.Send(ctx, s.Stream, stream.Event{ID: name, Type: "t"}).Wait(ctx)
			require.NoError(t, err)
			inner, stop := context.WithCancel(ctx)
			defer stop()
			cancel()
			<-inner.Done()
			return context.Cause(inner)
		})(outer, d)
		require.ErrorIs(t, err, context.Canceled)
	}
	require.NoError(t, s.provider.ForceFlush(s.Ctx))
	require.Empty(t, s.backend.Spans())
	entries := redistest.Shared(t).Client(t).XRange(s.Ctx, s.Stream, "-", "+").Val()
	require.Len(t, entries, 6)
	for _, e := range entries {
		require.Regexp(t, `^00-\w{32}-\w{16}-00$`, e.Values["traceparent"])
	}
}

// TestSamplers: what they take of roots, and of children.
func TestSamplers(t *testing.T) {
	t.Parallel()
	of := func(flags trace.TraceFlags) trace.SpanContext {
		return trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}, TraceFlags: flags})
	}
	for _, s := range []tracing.Sampler{tracing.ParentSampled, tracing.Ratio(0), tracing.Ratio(1)} {
		require.True(t, s(of(trace.FlagsSampled)))
		require.False(t, s(of(0)))
	}
	require.True(t, tracing.ParentSampled(trace.SpanContext{}))
	taken := 0
	for range 1000 {
		require.False(t, tracing.Ratio(0)(trace.SpanContext{}))
		require.True(t, tracing.Ratio(1)(trace.SpanContext{}))
		if tracing.Ratio(0.5)(trace.SpanContext{}) {
			taken++
		}
	}
	require.InDelta(t, 500, taken, 200)
}

// TestTheSamplerTakesOver: what it takes is a span as ever, of all three makers.
func TestTheSamplerTakesOver(t *testing.T) {
	t.Parallel()
	s := newScene(t, sdk.AlwaysSample())
	all := tracing.WithSampler(tracing.Ratio(1))
	d := &stream.Delivery{Stream: "orders"}
	require.NoError(t, tracing.Consumer("g", all, s.option())(func(context.Context, *stream.Delivery) error { return nil })(s.Ctx, d))
	require.NoError(t, tracing.Batch("g", func(context.Context, []*stream.Delivery) error { return nil }, all, s.option())(s.Ctx, []*stream.Delivery{d}))
	s.named("process orders", 2)
	var inside bool
	require.NoError(t, tracing.Batch("g", func(ctx context.Context, _ []*stream.Delivery) error {
		inside = trace.SpanContextFromContext(ctx).IsValid() && !trace.SpanContextFromContext(ctx).IsSampled()
		return nil
	}, tracing.WithSampler(tracing.Ratio(0)), s.option())(s.Ctx, []*stream.Delivery{d}))
	require.True(t, inside)
	require.Len(t, s.named("process orders", 2), 2)
}
