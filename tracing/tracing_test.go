package tracing_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/internal/otlp"
	"github.com/leat-io/leat/internal/otlptest"
	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/internal/streamtest"
	"github.com/leat-io/leat/producer"
	"github.com/leat-io/leat/stream"
	"github.com/leat-io/leat/tracing"
)

// scene is a lab whose spans go to a backend.
type scene struct {
	*streamtest.Lab
	backend  *otlptest.Receiver
	provider *sdk.TracerProvider
}

func newScene(t *testing.T, sampler sdk.Sampler) *scene {
	t.Helper()
	s := &scene{streamtest.New(t, redistest.Shared(t).URL()), otlptest.Start(t), nil}
	exporter, err := otlp.New(s.Ctx, s.backend.Environment)
	require.NoError(t, err)
	s.provider = sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithSampler(sampler))
	t.Cleanup(func() { _ = s.provider.Shutdown(context.Background()) })
	return s
}

// option makes spans with the scene's provider.
func (s *scene) option() tracing.Option { return tracing.WithTracerProvider(s.provider) }

func (s *scene) producer() *tracing.Producer {
	s.T.Helper()
	plain, err := producer.New(s.Conn, producer.Config{Source: "test"})
	require.NoError(s.T, err)
	p := tracing.NewProducer(plain, s.option())
	s.T.Cleanup(func() { _ = p.Close(context.Background()) })
	return p
}

// named waits for n spans of that name.
func (s *scene) named(name string, n int) []otlptest.Span {
	s.T.Helper()
	streamtest.Eventually(s.T, func() bool {
		require.NoError(s.T, s.provider.ForceFlush(s.Ctx))
		return len(s.backend.Named(name)) >= n
	}, "%d spans %q", n, name)
	all := s.backend.Named(name)
	require.Len(s.T, all, n)
	return all
}

// stages runs two: what comes to the first makes an event for the second.
func (s *scene) stages(p *tracing.Producer, opts ...tracing.Option) (second string) {
	second = s.Stream + "-2"
	opts = append(opts, s.option())
	s.Run(func(ctx context.Context, d *stream.Delivery) error {
		_, err := p.Publish(ctx, second, stream.Event{Type: "made", Subject: d.ID})
		return err
	}, func(c *consumer.Config) { c.Middleware = []consumer.Middleware{tracing.Consumer("workers", opts...)} })
	s.Run(func(context.Context, *stream.Delivery) error { return nil }, func(c *consumer.Config) {
		c.Streams, c.Middleware = []string{second}, []consumer.Middleware{tracing.Consumer("workers", opts...)}
	})
	return second
}

// TestTwoStagesAreOneTree: from the program's own span to the handling in the second stage, everything is in one trace, each
// span the child of the one before.
func TestTwoStagesAreOneTree(t *testing.T) {
	t.Parallel()
	s := newScene(t, sdk.AlwaysSample())
	p := s.producer()
	second := s.stages(p, tracing.AsParent())
	ctx, root := s.provider.Tracer("test").Start(s.Ctx, "root "+s.Stream)
	_, err := p.Publish(ctx, s.Stream, stream.Event{Type: "begun", Data: []byte("12345")})
	require.NoError(t, err)
	root.End()

	chain := []otlptest.Span{}
	for _, name := range []string{"root " + s.Stream, "send " + s.Stream, "process " + s.Stream, "send " + second, "process " + second} {
		chain = append(chain, s.named(name, 1)[0])
	}
	for i, span := range chain {
		require.Equal(t, chain[0].Trace, span.Trace, span.Name)
		if i > 0 {
			require.Equal(t, chain[i-1].ID, span.Parent, span.Name)
		}
	}
	require.Empty(t, chain[0].Parent)
	require.Equal(t, []string{"producer", "consumer", "producer", "consumer"}, []string{chain[1].Kind, chain[2].Kind, chain[3].Kind, chain[4].Kind})
}

// TestHandlingLinksToWhatWasPublished: without AsParent it is a trace of its own.
func TestHandlingLinksToWhatWasPublished(t *testing.T) {
	t.Parallel()
	s := newScene(t, sdk.AlwaysSample())
	p := s.producer()
	second := s.stages(p)
	_, err := p.Publish(s.Ctx, s.Stream, stream.Event{Type: "begun"})
	require.NoError(t, err)
	sent, handled := s.named("send "+s.Stream, 1)[0], s.named("process "+s.Stream, 1)[0]
	require.NotEqual(t, sent.Trace, handled.Trace)
	require.Empty(t, handled.Parent)
	require.Equal(t, []otlptest.Link{{Trace: sent.Trace, ID: sent.ID}}, handled.Links)
	sentOn, handledOn := s.named("send "+second, 1)[0], s.named("process "+second, 1)[0]
	require.Equal(t, handled.ID, sentOn.Parent, "what a handler publishes is a part of its trace")
	require.Equal(t, []otlptest.Link{{Trace: sentOn.Trace, ID: sentOn.ID}}, handledOn.Links)
}

func TestSpansSayWhatTheConventionsAskFor(t *testing.T) {
	t.Parallel()
	s := newScene(t, sdk.AlwaysSample())
	p := s.producer()
	ids, err := p.Publish(s.Ctx, s.Stream, stream.Event{ID: "e1", Type: "begun", Data: []byte("12345")})
	require.NoError(t, err)
	s.Run(func(context.Context, *stream.Delivery) error { return consumer.Permanent(errors.New("no good")) }, func(c *consumer.Config) {
		c.Middleware = []consumer.Middleware{tracing.Consumer("workers", s.option())}
	})
	sent, handled := s.named("send "+s.Stream, 1)[0], s.named("process "+s.Stream, 1)[0]
	for key, want := range map[string]string{
		"messaging.system": "redis", "messaging.operation.name": "send", "messaging.operation.type": "send",
		"messaging.destination.name": s.Stream, "messaging.message.id": ids[0].String(), "messaging.message.body.size": "int_value:5",
		"cloudevents.event_id": "e1", "cloudevents.event_type": "begun",
	} {
		require.Equal(t, want, sent.Attributes[key], key)
	}
	for key, want := range map[string]string{
		"messaging.system": "redis", "messaging.operation.name": "process", "messaging.operation.type": "process",
		"messaging.destination.name": s.Stream, "messaging.message.id": ids[0].String(), "messaging.consumer.group.name": "workers",
		"cloudevents.event_id": "e1", "cloudevents.event_type": "begun", "cloudevents.event_source": "test",
		"error.type": "permanent", "leat.attempt": "int_value:1", "leat.deliveries": "int_value:1",
	} {
		require.Equal(t, want, handled.Attributes[key], key)
	}
	require.True(t, handled.Failed)
	require.Equal(t, "no good", handled.Status)
	require.False(t, sent.Failed)
}

// TestContextIsInTheEntry: any client can read it, and one that the event brings stays.
func TestContextIsInTheEntry(t *testing.T) {
	t.Parallel()
	s := newScene(t, sdk.AlwaysSample())
	p := s.producer()
	const origin = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	mine := map[string]string{"partitionkey": "k"}
	brought := map[string]string{"traceparent": origin, "tracestate": "vendor=1"}
	_, err := p.Publish(s.Ctx, s.Stream, stream.Event{Type: "a"}, stream.Event{Type: "b", Extensions: mine}, stream.Event{Type: "c", Extensions: brought})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"partitionkey": "k"}, mine, "the caller's map stays as it is")
	sent := s.named("send "+s.Stream, 1)[0]
	require.Equal(t, "int_value:3", sent.Attributes["messaging.batch.message_count"])
	require.Equal(t, []otlptest.Link{{Trace: "4bf92f3577b34da6a3ce929d0e0e4736", ID: "00f067aa0ba902b7"}}, sent.Links)

	entries := redistest.Shared(t).Client(t).XRange(s.Ctx, s.Stream, "-", "+").Val()
	here := "00-" + sent.Trace + "-" + sent.ID + "-01"
	require.Equal(t, here, entries[0].Values["traceparent"])
	require.Equal(t, here, entries[1].Values["traceparent"])
	require.Equal(t, "k", entries[1].Values["partitionkey"])
	require.Equal(t, origin, entries[2].Values["traceparent"])
	require.Equal(t, "vendor=1", entries[2].Values["tracestate"])
}

func TestEntriesOfOtherClientsCarryAContextToo(t *testing.T) {
	t.Parallel()
	s := newScene(t, sdk.AlwaysSample())
	rdb := redistest.Shared(t).Client(t)
	require.NoError(t, rdb.Do(s.Ctx, "XADD", s.Stream, "*", "n", "1", "traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").Err())
	require.NoError(t, rdb.Do(s.Ctx, "XADD", s.Stream, "*", "n", "2", "traceparent", "no context at all").Err())
	s.Run(func(context.Context, *stream.Delivery) error { return nil }, func(c *consumer.Config) {
		c.Middleware = []consumer.Middleware{tracing.Consumer("workers", s.option(), tracing.AsParent())}
	})
	all := s.named("process "+s.Stream, 2)
	require.True(t, slices.ContainsFunc(all, func(s otlptest.Span) bool {
		return s.Trace == "4bf92f3577b34da6a3ce929d0e0e4736" && s.Parent == "00f067aa0ba902b7"
	}))
	require.True(t, slices.ContainsFunc(all, func(s otlptest.Span) bool { return s.Parent == "" }))
}

func TestSendsSpanLastsUntilItsFateIsKnown(t *testing.T) {
	t.Parallel()
	s := newScene(t, sdk.AlwaysSample())
	p := s.producer()
	id, err := p.Send(s.Ctx, s.Stream, stream.Event{Type: "a"}).Wait(s.Ctx)
	require.NoError(t, err)
	wrong := s.Stream + "-wrong"
	require.NoError(t, redistest.Shared(t).Client(t).Set(s.Ctx, wrong, "x", 0).Err())
	_, err = p.Send(s.Ctx, wrong, stream.Event{Type: "a"}).Wait(s.Ctx)
	require.Error(t, err)
	_, err = p.Publish(s.Ctx, wrong, stream.Event{Type: "a"})
	require.Error(t, err)
	require.Equal(t, id.String(), s.named("send "+s.Stream, 1)[0].Attributes["messaging.message.id"])
	for _, span := range s.named("send "+wrong, 2) {
		require.True(t, span.Failed)
		require.Equal(t, "wrongtype", span.Attributes["error.type"])
	}
}

// TestWhatIsNotSampledIsNotExported, and its decision goes on: no stage samples what the first did not.
func TestWhatIsNotSampledIsNotExported(t *testing.T) {
	t.Parallel()
	s := newScene(t, sdk.ParentBased(sdk.NeverSample()))
	p := s.producer()
	second := s.stages(p, tracing.AsParent())
	_, err := p.Publish(s.Ctx, s.Stream, stream.Event{Type: "begun"})
	require.NoError(t, err)
	_, err = p.Send(s.Ctx, s.Stream, stream.Event{Type: "begun"}).Wait(s.Ctx)
	require.NoError(t, err)
	s.Settled()
	rdb := redistest.Shared(t).Client(t)
	streamtest.Eventually(t, func() bool { return rdb.XLen(s.Ctx, second).Val() == 2 }, "the second stage has both")
	for _, entry := range rdb.XRange(s.Ctx, second, "-", "+").Val() {
		parent, _ := entry.Values["traceparent"].(string)
		require.True(t, strings.HasSuffix(parent, "-00"), parent)
	}
	require.NoError(t, s.provider.ForceFlush(s.Ctx))
	require.Empty(t, s.backend.Spans())
}

func TestPanicEndsTheSpan(t *testing.T) {
	t.Parallel()
	s := newScene(t, sdk.AlwaysSample())
	handle := tracing.Consumer("workers", s.option())(func(context.Context, *stream.Delivery) error { panic("oh") })
	require.PanicsWithValue(t, "oh", func() { _ = handle(s.Ctx, stream.NewDelivery(s.Stream, stream.ID{Ms: 1}, nil)) })
	require.Equal(t, "panic", s.named("process "+s.Stream, 1)[0].Attributes["error.type"])
}

func TestErrorTypeSaysWhyAHandlerWasEnded(t *testing.T) {
	t.Parallel()
	s := newScene(t, sdk.AlwaysSample())
	for want, cause := range map[string]error{
		"shutdown": consumer.ErrShutdown, "lease_lost": consumer.ErrLeaseLost, "timeout": consumer.ErrTimeout, "retry": errors.New("other"),
	} {
		name := s.Stream + "-" + want
		handle := tracing.Consumer("workers", s.option())(func(ctx context.Context, _ *stream.Delivery) error { return ctx.Err() })
		ctx, cancel := context.WithCancelCause(s.Ctx)
		cancel(cause)
		require.Error(t, handle(ctx, stream.NewDelivery(name, stream.ID{Ms: 1}, nil)))
		require.Equal(t, want, s.named("process "+name, 1)[0].Attributes["error.type"])
	}
}

func TestBatchLinksToEach(t *testing.T) {
	t.Parallel()
	s := newScene(t, sdk.AlwaysSample())
	p := s.producer()
	for range 3 {
		_, err := p.Publish(s.Ctx, s.Stream, stream.Event{Type: "a"})
		require.NoError(t, err)
	}
	handle := tracing.Batch("workers", func(context.Context, []*stream.Delivery) error { return nil }, s.option())
	c, err := consumer.NewBatch(s.Conn, handle, s.Config(nil))
	require.NoError(t, err)
	s.Start(c)
	sent := s.named("send "+s.Stream, 3)
	var want, links []string
	for _, span := range sent {
		want = append(want, span.ID)
	}
	streamtest.Eventually(t, func() bool {
		require.NoError(t, s.provider.ForceFlush(s.Ctx))
		links = nil
		for _, span := range s.backend.Named("process " + s.Stream) {
			for _, l := range span.Links {
				links = append(links, l.ID)
			}
		}
		return len(links) == 3
	}, "links")
	require.ElementsMatch(t, want, links)
}

func TestExtractAndInject(t *testing.T) {
	t.Parallel()
	d := stream.NewDelivery("s", stream.ID{Ms: 1}, stream.Fields{{Name: []byte("traceparent"), Value: []byte("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")}})
	ctx := tracing.Extract(t.Context(), d)
	require.Equal(t, "4bf92f3577b34da6a3ce929d0e0e4736", trace.SpanContextFromContext(ctx).TraceID().String())
	events := tracing.Inject(ctx, stream.Event{Type: "a"}, stream.Event{Type: "b"})
	require.Equal(t, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", events[1].Extensions["traceparent"])
	plain := []stream.Event{{Type: "a"}}
	require.Equal(t, plain, tracing.Inject(t.Context(), plain...))
	require.Equal(t, t.Context(), tracing.Extract(t.Context(), stream.NewDelivery("s", stream.ID{Ms: 1}, nil)))
}

func ExampleConsumer() {
	cfg := consumer.Config{Group: "billing", Streams: []string{"orders"}}
	cfg.Middleware = []consumer.Middleware{tracing.Consumer(cfg.Group, tracing.AsParent())}
	fmt.Println(len(cfg.Middleware))
	// Output: 1
}
