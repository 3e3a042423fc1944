package tracing

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/stream"
)

// What leat says of a delivery beside the conventions.
const (
	attemptKey    = attribute.Key("leat.attempt")
	deliveriesKey = attribute.Key("leat.deliveries")
)

// Consumer is a middleware that makes a CONSUMER span, "process <stream>", for each
// handling of a group's deliveries. A handler's context carries it. The span's error is
// the handler's, with an error.type of permanent, retry, timeout, shutdown or
// lease_lost.
func Consumer(group string, opts ...Option) consumer.Middleware {
	m := newMaker(trace.SpanKindConsumer, "process", semconv.MessagingOperationTypeProcess, opts, semconv.MessagingConsumerGroupName(group))
	return func(next consumer.Handler) consumer.Handler {
		return func(ctx context.Context, d *stream.Delivery) (err error) {
			ctx, span := m.handling(ctx, d)
			if !span.IsRecording() {
				return next(ctx, d)
			}
			defer ending(ctx, span, &err)()
			return next(ctx, d)
		}
	}
}

// handling begins the span of one delivery.
func (m *maker) handling(ctx context.Context, d *stream.Delivery) (context.Context, trace.Span) {
	parent := m.parentOf(d)
	if !m.takes(parent) {
		return without(ctx, parent), none
	}
	if parent.IsValid() {
		ctx = trace.ContextWithRemoteSpanContext(ctx, parent)
	}
	t := m.about(d.Stream)
	ctx, span := m.tracer.Start(ctx, t.name, t.options...)
	if span.IsRecording() {
		if !m.parent {
			if from := remote(d); from.IsValid() {
				span.AddLink(trace.Link{SpanContext: from})
			}
		}
		span.SetAttributes(append(describe(&d.Event), semconv.MessagingMessageID(d.EntryID.String()),
			attemptKey.Int(d.Attempt), deliveriesKey.Int(d.Deliveries))...)
	}
	return ctx, span
}

// ending is to be deferred: it ends the span with the error that is there then. A
// handler that panics, or ends its goroutine, has none.
func ending(ctx context.Context, span trace.Span, err *error) func() {
	returned := errors.New("handler panicked or ended its goroutine")
	if *err == nil {
		*err = returned
	}
	return func() {
		switch {
		case *err == returned: //nolint:errorlint // the very one
			span.SetStatus(codes.Error, returned.Error())
			span.SetAttributes(semconv.ErrorTypeKey.String("panic"))
		case *err != nil:
			failed(span, kindOf(ctx, *err), *err)
		}
		span.End()
	}
}

// kindOf is the error.type of a handler's error.
func kindOf(ctx context.Context, err error) string {
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, consumer.ErrShutdown):
		return "shutdown"
	case errors.Is(cause, consumer.ErrLeaseLost):
		return "lease_lost"
	case errors.Is(cause, consumer.ErrTimeout):
		return "timeout"
	case consumer.IsPermanent(err):
		return "permanent"
	}
	return "retry"
}

// Batch is [Consumer] for a batch handler: one span for each call, "process <stream>",
// that links to what published each of its deliveries, up to 128.
func Batch(group string, next consumer.BatchHandler, opts ...Option) consumer.BatchHandler {
	m := newMaker(trace.SpanKindConsumer, "process", semconv.MessagingOperationTypeProcess, opts, semconv.MessagingConsumerGroupName(group))
	return func(ctx context.Context, batch []*stream.Delivery) (err error) {
		if !m.takes(trace.SpanContext{}) {
			return next(without(ctx, trace.SpanContext{}), batch)
		}
		t := m.about(batch[0].Stream)
		ctx, span := m.tracer.Start(ctx, t.name, t.options...)
		if !span.IsRecording() {
			return next(ctx, batch)
		}
		span.SetAttributes(semconv.MessagingBatchMessageCount(len(batch)))
		for _, d := range batch[:min(len(batch), mostLinks)] {
			if from := remote(d); from.IsValid() {
				span.AddLink(trace.Link{SpanContext: from})
			}
		}
		defer ending(ctx, span, &err)()
		return next(ctx, batch)
	}
}
