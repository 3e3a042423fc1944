package consumer_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/internal/embedded"
	"github.com/leat-io/leat/producer"
	"github.com/leat-io/leat/stream"
)

// connect is a connection to a broker in the process. A program dials its Redis:
// stream.Dial(ctx, "redis://127.0.0.1:6379").
func connect(ctx context.Context) (*stream.Conn, func()) {
	broker, err := embedded.Start(ctx)
	if err != nil {
		log.Fatal(err)
	}
	conn, err := stream.Dial(ctx, broker.URL())
	if err != nil {
		log.Fatal(err)
	}
	return conn, func() { _, _ = conn.Close(), broker.Close() }
}

// publish adds one event for each piece of data.
func publish(ctx context.Context, conn *stream.Conn, eventType string, data ...string) {
	p, err := producer.New(conn, producer.Config{Source: "shop"})
	if err != nil {
		log.Fatal(err)
	}
	for _, d := range data {
		e := stream.Event{Type: eventType, DataContentType: "application/json", Data: []byte(d)}
		if _, err := p.Publish(ctx, "orders", e); err != nil {
			log.Fatal(err)
		}
	}
	if err := p.Close(ctx); err != nil {
		log.Fatal(err)
	}
}

// A consumer handles what producers added, and drains when its context ends.
func Example() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, done := connect(ctx)
	defer done()
	publish(ctx, conn, "order.created", `"first"`, `"second"`)

	handled := 0
	run, stop := context.WithCancel(ctx)
	c, err := consumer.New(conn, func(_ context.Context, d *stream.Delivery) error {
		fmt.Printf("%s %s\n", d.Type, d.Data)
		if handled++; handled == 2 {
			stop() // a program stops at SIGTERM
		}
		return nil
	}, consumer.Config{Group: "billing", Streams: []string{"orders"}, Concurrency: 1})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("drained:", c.Run(run))
	// Output:
	// order.created "first"
	// order.created "second"
	// drained: <nil>
}

// Typed decodes the data; a Mux has a handler for each event type.
func ExampleTyped() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, done := connect(ctx)
	defer done()
	publish(ctx, conn, "order.created", `{"number": 7, "total": 12.5}`)

	type order struct {
		Number int
		Total  float64
	}
	run, stop := context.WithCancel(ctx)
	mux := consumer.NewMux()
	mux.Handle("order.created", consumer.Typed(func(_ context.Context, o order, _ *stream.Delivery) error {
		fmt.Printf("order %d: %.2f\n", o.Number, o.Total)
		stop()
		return nil
	}))
	c, err := consumer.New(conn, mux.Dispatch, consumer.Config{Group: "billing", Streams: []string{"orders"}})
	if err != nil {
		log.Fatal(err)
	}
	if err := c.Run(run); err != nil {
		log.Fatal(err)
	}
	// Output: order 7: 12.50
}

// A batch handler gets many deliveries at once, and names those that failed.
func ExampleNewBatch() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, done := connect(ctx)
	defer done()
	publish(ctx, conn, "order.created", `1`, `2`, `3`)

	run, stop := context.WithCancel(ctx)
	c, err := consumer.NewBatch(conn, func(_ context.Context, batch []*stream.Delivery) error {
		failed := consumer.BatchError{}
		for _, d := range batch {
			if string(d.Data) == "2" && d.Attempt == 1 {
				failed[d] = errors.New("the database was busy")
			}
		}
		fmt.Printf("%d deliveries, %d failed\n", len(batch), len(failed))
		if len(failed) > 0 {
			return failed
		}
		stop()
		return nil
	}, consumer.Config{
		Group: "billing", Streams: []string{"orders"}, Concurrency: 1, BatchSize: 100, BatchWait: 200 * time.Millisecond,
		Backoff: consumer.Constant(10 * time.Millisecond),
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := c.Run(run); err != nil {
		log.Fatal(err)
	}
	// Output:
	// 3 deliveries, 1 failed
	// 1 deliveries, 0 failed
}

// A handler's error is its verdict.
func ExampleHandler() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, done := connect(ctx)
	defer done()
	publish(ctx, conn, "order.created", `"broken"`, `"early"`, `"fine"`)

	run, stop := context.WithCancel(ctx)
	settled := 0
	c, err := consumer.New(conn, func(_ context.Context, d *stream.Delivery) error {
		switch {
		case string(d.Data) == `"broken"`:
			return consumer.Permanent(errors.New("no such article")) // a dead letter at once
		case string(d.Data) == `"early"` && d.Attempt == 1:
			return consumer.RetryAfter(errors.New("not open yet"), 300*time.Millisecond)
		}
		return nil // acknowledged
	}, consumer.Config{
		Group: "billing", Streams: []string{"orders"}, Concurrency: 1,
		Hooks: consumer.Hooks{Settled: func(d *stream.Delivery, outcome consumer.Outcome, _ time.Duration) {
			fmt.Printf("%s at attempt %d: %s\n", d.Data, d.Attempt, outcome)
			if outcome != consumer.Retried {
				settled++
			}
			if settled == 3 {
				stop()
			}
		}},
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := c.Run(run); err != nil {
		log.Fatal(err)
	}
	group, err := conn.Group("orders", "billing", stream.DeadLetter{})
	if err != nil {
		log.Fatal(err)
	}
	letters, _, err := group.Letters(ctx, stream.ID{}, 10)
	if err != nil {
		log.Fatal(err)
	}
	for _, letter := range letters {
		fmt.Printf("dead letter: %s: %s\n", letter.Reason, letter.Error)
	}
	// Unordered output:
	// "broken" at attempt 1: dead_lettered
	// "early" at attempt 1: retried
	// "fine" at attempt 1: acked
	// "early" at attempt 2: acked
	// dead letter: permanent: no such article
}
