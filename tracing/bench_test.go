package tracing_test

import (
	"context"
	"testing"

	sdk "go.opentelemetry.io/otel/sdk/trace"

	"github.com/leat-io/leat/stream"
	"github.com/leat-io/leat/tracing"
)

// BenchmarkHandlingNotSampled is what the middleware costs for a delivery that is not sampled: without a context in the entry, and
// with one.
func BenchmarkHandlingNotSampled(b *testing.B) {
	provider := sdk.NewTracerProvider(sdk.WithSampler(sdk.ParentBased(sdk.NeverSample())))
	handle := tracing.Consumer("g", tracing.WithTracerProvider(provider), tracing.AsParent())(func(context.Context, *stream.Delivery) error { return nil })
	plain := &stream.Delivery{Event: stream.Event{ID: "1", Type: "t"}, Stream: "orders"}
	carrying := &stream.Delivery{Event: stream.Event{ID: "1", Type: "t", Extensions: map[string]string{
		"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",
	}}, Stream: "orders"}
	for name, d := range map[string]*stream.Delivery{"plain": plain, "carrying": carrying} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = handle(b.Context(), d)
			}
		})
	}
}
