package stream_test

import (
	"context"
	"fmt"
	"time"

	"github.com/leat-io/leat/internal/embedded"
	"github.com/leat-io/leat/stream"
)

// check keeps the examples short. A program of yours returns the error.
func check(err error) {
	if err != nil {
		panic(err)
	}
}

func ExampleJSON() {
	e, err := stream.JSON("order.created", map[string]any{"order": 42})
	check(err)
	fmt.Println(e.Type, e.DataContentType, string(e.Data))
	// Output: order.created application/json {"order":42}
}

func ExampleParseID() {
	id, err := stream.ParseID("1700000000000-7")
	check(err)
	fmt.Println(id.Time().UTC().Format(time.RFC3339), id.Seq, id.Next())
	// Output: 2023-11-14T22:13:20Z 7 1700000000000-8
}

func ExampleKeysOf() {
	for _, name := range []string{"orders", "eu:{7}:orders"} {
		keys, err := stream.KeysOf(name)
		check(err)
		fmt.Println(keys.Dead("billing"))
	}
	// Output:
	// leat:{orders}:dead:billing
	// leat:{7}@eu%3A%7B7%7D%3Aorders:dead:billing
}

// broker is a server for the examples; a program of yours has a Redis.
func broker(ctx context.Context) (url string, stop func()) {
	b, err := embedded.Start(ctx)
	check(err)
	return b.URL(), func() { _ = b.Close() }
}

func ExampleDial() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	url, stop := broker(ctx) // redis://user:password@redis.example.org:6379
	defer stop()

	conn, err := stream.Dial(ctx, url, stream.WithTimeout(3*time.Second))
	check(err)
	defer func() { _ = conn.Close() }()
	fmt.Println(conn.Ping(ctx))
	// Output: <nil>
}

// What package consumer does with an entry, step by step.
func ExampleGroup() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	url, stop := broker(ctx)
	defer stop()
	conn, err := stream.Dial(ctx, url)
	check(err)
	defer func() { _ = conn.Close() }()

	group, err := conn.Group("orders", "billing", stream.DeadLetter{})
	check(err)
	_, err = group.Create(ctx, stream.Oldest())
	check(err)
	event := stream.Event{ID: "1", Source: "/shop", Type: "order.created", Data: []byte("42")}
	_, errs := conn.Add(ctx, "orders", []stream.Event{event})
	check(errs[0])

	reader := group.Reader("worker-1", false)
	defer func() { _ = reader.Close() }()
	batch, err := reader.Read(ctx, 10, time.Second)
	check(err)
	for i := range batch {
		d := &batch[i]
		fmt.Println(d.Type, string(d.Data), "attempt", d.Attempt)
		ok, err := group.AckFenced(ctx, "worker-1", []stream.Held{d.Held()})
		fmt.Println("acknowledged", ok, err)
	}
	// Output:
	// order.created 42 attempt 1
	// acknowledged [true] <nil>
}

// Look at what was given up, and give it back.
func ExampleGroup_Letters() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	url, stop := broker(ctx)
	defer stop()
	conn, err := stream.Dial(ctx, url)
	check(err)
	defer func() { _ = conn.Close() }()
	group := withDeadLetter(ctx, conn)

	for from, more := (stream.ID{}), true; more; {
		letters, next, err := group.Letters(ctx, from, 100)
		check(err)
		for _, letter := range letters {
			fmt.Println(letter.Stream, letter.Group, letter.Reason, letter.Error, "attempts:", letter.Attempts)
			_, err = group.Redrive(ctx, letter)
			check(err)
		}
		from, more = next, !next.IsZero()
	}
	info, err := group.Info(ctx)
	fmt.Println("dead:", info.Dead, "waiting:", info.Waiting, err)
	// Output:
	// orders billing permanent no such customer attempts: 1
	// dead: 0 waiting: 1 <nil>
}

// withDeadLetter is a group of which one entry was given up.
func withDeadLetter(ctx context.Context, conn *stream.Conn) *stream.Group {
	group, err := conn.Group("orders", "billing", stream.DeadLetter{})
	check(err)
	_, err = group.Create(ctx, stream.Oldest())
	check(err)
	_, errs := conn.Add(ctx, "orders", []stream.Event{{ID: "1", Source: "/shop", Type: "order.created"}})
	check(errs[0])
	reader := group.Reader("worker-1", false)
	defer func() { _ = reader.Close() }()
	batch, err := reader.Read(ctx, 1, time.Second)
	check(err)
	check(group.Bury(ctx, "worker-1", &batch[0], stream.ReasonPermanent, "no such customer", true))
	return group
}
