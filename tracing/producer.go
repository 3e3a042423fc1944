package tracing

import (
	"context"
	"sync"

	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/leat-io/leat/producer"
	"github.com/leat-io/leat/stream"
)

// Producer publishes with spans. It is safe for concurrent use.
type Producer struct {
	plain  *producer.Producer
	maker  *maker
	ending sync.WaitGroup
}

// NewProducer is a producer that makes a PRODUCER span, "send <stream>", for each call of
// Publish and Send, and gives its context to the events that have none yet. It borrows
// p, until [Producer.Close], which closes it.
func NewProducer(p *producer.Producer, opts ...Option) *Producer {
	return &Producer{plain: p, maker: newMaker(trace.SpanKindProducer, "send", semconv.MessagingOperationTypeSend, opts)}
}

// Publish is producer.Producer.Publish with a span that lasts until all events are
// stored.
func (p *Producer) Publish(ctx context.Context, name string, events ...stream.Event) ([]stream.ID, error) {
	ctx, span := p.begin(ctx, name)
	events = Inject(ctx, events...)
	if !span.IsRecording() {
		return p.plain.Publish(ctx, name, events...)
	}
	defer span.End()
	if len(events) == 1 {
		span.SetAttributes(describe(&events[0])...)
	} else {
		span.SetAttributes(semconv.MessagingBatchMessageCount(len(events)))
	}
	for i := range events[:min(len(events), mostLinks)] {
		origin(span, &events[i])
	}
	ids, err := p.plain.Publish(ctx, name, events...)
	if len(ids) == 1 && !ids[0].IsZero() {
		span.SetAttributes(semconv.MessagingMessageID(ids[0].String()))
	}
	if err != nil {
		failed(span, stream.Label(err), err)
	}
	return ids, err
}

// Send is producer.Producer.Send with a span that lasts until the event's fate is
// known.
func (p *Producer) Send(ctx context.Context, name string, e stream.Event) *producer.Receipt {
	ctx, span := p.begin(ctx, name)
	var c carrier
	w3c.Inject(ctx, &c)
	e.Extensions = c.with(e.Extensions)
	if !span.IsRecording() {
		return p.plain.Send(ctx, name, e)
	}
	span.SetAttributes(describe(&e)...)
	origin(span, &e)
	r := p.plain.Send(ctx, name, e)
	p.ending.Go(func() { // no more of them than events may be pending
		defer span.End()
		id, err := r.Wait(context.WithoutCancel(ctx))
		if !id.IsZero() {
			span.SetAttributes(semconv.MessagingMessageID(id.String()))
		}
		if err != nil {
			failed(span, stream.Label(err), err)
		}
	})
	return r
}

// Close closes the producer, and ends the spans of what was sent.
func (p *Producer) Close(ctx context.Context) error {
	err := p.plain.Close(ctx)
	p.ending.Wait() // Close has settled every receipt
	return err
}

func (p *Producer) begin(ctx context.Context, name string) (context.Context, trace.Span) {
	if p.maker.sampler != nil {
		if parent := trace.SpanContextFromContext(ctx); !p.maker.sampler(parent) {
			return without(ctx, parent), none
		}
	}
	t := p.maker.about(name)
	return p.maker.tracer.Start(ctx, t.name, t.options...)
}

// origin links to where an event came from that had a context before.
func origin(span trace.Span, e *stream.Event) {
	if e.Extensions[traceParent] == "" {
		return
	}
	from := remote(&stream.Delivery{Event: *e})
	if from.IsValid() && from.SpanID() != span.SpanContext().SpanID() {
		span.AddLink(trace.Link{SpanContext: from})
	}
}
