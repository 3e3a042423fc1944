package producer_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/leat-io/leat/internal/embedded"
	"github.com/leat-io/leat/producer"
	"github.com/leat-io/leat/stream"
)

// connect is a connection to a broker in this process; yours is
// stream.Dial(ctx, "redis://127.0.0.1:6379").
func connect(ctx context.Context) (conn *stream.Conn, close func()) {
	broker, err := embedded.Start(ctx)
	if err != nil {
		panic(err)
	}
	if conn, err = stream.Dial(ctx, broker.URL()); err != nil {
		panic(err)
	}
	return conn, func() { _, _ = conn.Close(), broker.Close() }
}

// Publish returns when the events are stored.
func ExampleProducer_Publish() {
	ctx := context.Background()
	conn, disconnect := connect(ctx)
	defer disconnect()

	p, err := producer.New(conn, producer.Config{Source: "https://shop.example"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer p.Close(ctx)

	order, err := stream.JSON("order.created", map[string]int{"amount": 42})
	if err != nil {
		fmt.Println(err)
		return
	}
	ids, err := p.Publish(ctx, "orders", order)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(ids), "stored within the last minute:", time.Since(ids[0].Time()) < time.Minute)
	// Output: 1 stored within the last minute: true
}

// Send batches in the background. Close flushes, and tells of what was not stored.
func ExampleProducer_Send() {
	ctx := context.Background()
	conn, disconnect := connect(ctx)
	defer disconnect()

	p, err := producer.New(conn, producer.Config{Linger: 5 * time.Millisecond})
	if err != nil {
		fmt.Println(err)
		return
	}
	for i := range 999 {
		p.Send(ctx, "readings", stream.Event{Type: "reading", Data: fmt.Append(nil, i)})
	}
	receipt := p.Send(ctx, "readings", stream.Event{ID: "last", Type: "reading"})

	if _, err := receipt.Wait(ctx); err != nil { // for those who want to know
		fmt.Println(err)
	}
	if err := p.Close(ctx); err != nil {
		fmt.Println(err)
	}
	fmt.Println(receipt.EventID(), "is stored")
	// Output: last is stored
}

// A PublishError says of each event that has no ID whether it is surely not
// stored, or may be.
func ExamplePublishError() {
	ctx := context.Background()
	conn, disconnect := connect(ctx)
	defer disconnect()
	p, err := producer.New(conn, producer.Config{MaxEventBytes: 1000})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer p.Close(ctx)

	_, err = p.Publish(ctx, "orders",
		stream.Event{Type: "order.created"},
		stream.Event{Type: "order.created", Data: make([]byte, 2000)})

	var bad *producer.EventError
	var some *producer.PublishError
	switch {
	case errors.As(err, &bad):
		fmt.Println("nothing was sent because of event", bad.Index)
	case errors.Is(err, producer.ErrOutOfMemory):
		fmt.Println("slow down, redis is full")
	case errors.As(err, &some):
		for i, err := range some.Errs {
			fmt.Println(i, "may be stored:", errors.Is(err, stream.ErrUnknownOutcome))
		}
	}
	// Output: nothing was sent because of event 1
}

// With Replicas an event counts as stored when a replica has it. This broker has
// none: the event is in its stream all the same, which the error says.
func ExampleConfig_replicas() {
	ctx := context.Background()
	conn, disconnect := connect(ctx)
	defer disconnect()
	p, err := producer.New(conn, producer.Config{Replicas: 1, DurabilityTimeout: time.Millisecond})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer p.Close(ctx)

	ids, err := p.Publish(ctx, "orders", stream.Event{Type: "order.created"})
	var weak *stream.NotDurableError
	if errors.As(err, &weak) { // an alarm; to send it again would add it twice
		fmt.Println("the master alone has it:", weak.ID == ids[0] && weak.Replicas == 0)
	}
	// Output: the master alone has it: true
}

// Hooks feed metrics.
func ExampleHooks() {
	ctx := context.Background()
	conn, disconnect := connect(ctx)
	defer disconnect()

	p, err := producer.New(conn, producer.Config{Hooks: producer.Hooks{
		Published: func(e producer.Published) {
			fmt.Println(e.Stream, e.Events, e.Class, e.Err)
		},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer p.Close(ctx)

	if _, err := p.Publish(ctx, "orders", stream.Event{Type: "a"}, stream.Event{Type: "b"}); err != nil {
		fmt.Println(err)
	}
	// Output: orders 2 none <nil>
}
