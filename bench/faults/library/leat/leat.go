// Package leat is leat by its defaults, but for what all have alike: the lease, how many handlers there are, how often and after
// what time a message is tried that fails.
package leat

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"

	"github.com/leat-io/leat/bench/faults/library"
	"github.com/leat-io/leat/bench/faults/library/look"
	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/producer"
	"github.com/leat-io/leat/stream"
)

type ours struct{}

// New is the library.
func New() library.Library { return ours{} }

// Info is what is said about it.
func (ours) Info() library.Info {
	return library.Info{
		Name: "leat", Once: true,
		Settings: "defaults, but for Lease, Concurrency, MaxAttempts, Backoff and ShutdownTimeout; the producer's Publish, which sends again what Redis " +
			"did not execute, and nothing else",
		Promise: "at least once; the outcome of a publish is known or said to be unknown; poison is bounded and kept (docs/guarantees.md)",
	}
}

func dial(ctx context.Context, j library.Job) (*stream.Conn, error) {
	return stream.Dial(ctx, "redis://"+j.Addr)
}

// Work runs a consumer.
func (ours) Work(ctx context.Context, j library.Job) (err error) {
	conn, err := dial(ctx, j)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	cfg := consumer.Config{
		Group: j.Group, Streams: []string{j.Queue}, Name: j.Name, Lease: j.Lease, Concurrency: j.Concurrency,
		MaxAttempts: j.Attempts, Backoff: consumer.Constant(j.Pause), ShutdownTimeout: j.Shutdown,
	}
	if j.AtMostOnce {
		cfg.Guarantee = consumer.AtMostOnce
	}
	c, err := consumer.New(conn, func(ctx context.Context, d *stream.Delivery) error { return j.Handle(ctx, d.Data) }, cfg)
	if err != nil {
		return err
	}
	return c.Run(ctx)
}

// Publisher makes a producer.
func (ours) Publisher(ctx context.Context, j library.Job) (library.Publisher, error) {
	conn, err := dial(ctx, j)
	if err != nil {
		return nil, err
	}
	p, err := producer.New(conn, producer.Config{Source: "faults"})
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return &publisher{conn, p, j.Queue}, nil
}

type publisher struct {
	conn     *stream.Conn
	producer *producer.Producer
	queue    string
}

// Publish publishes an event.
func (p *publisher) Publish(ctx context.Context, data []byte) error {
	_, err := p.producer.Publish(ctx, p.queue, stream.Event{Type: "faults.message", Data: data})
	return err
}

// Close closes the producer and its connection.
func (p *publisher) Close() error {
	return errors.Join(p.producer.Close(context.Background()), p.conn.Close())
}

// Look looks at the stream, the group and its dead letters. What waits for another try is pending.
func (ours) Look(ctx context.Context, rdb *redis.Client, j library.Job) (library.Left, error) {
	keys, err := stream.KeysOf(j.Queue)
	if err != nil {
		return library.Left{}, err
	}
	return look.Group(ctx, rdb, j.Queue, j.Group, keys.Dead(j.Group))
}

// Unsettled counts.
func (ours) Unsettled(ctx context.Context, rdb *redis.Client, j library.Job) (int, error) {
	return look.Unsettled(ctx, rdb, j.Queue, j.Group)
}

// Malform adds a foreign entry, or one that says that it is a CloudEvent and has no attributes of one.
func (ours) Malform(ctx context.Context, rdb *redis.Client, j library.Job, n int) error {
	if n%2 == 0 {
		return look.Foreign(ctx, rdb, j.Queue)
	}
	return look.Add(ctx, rdb, j.Queue, "specversion", "1.0", "greeting", "hello")
}
