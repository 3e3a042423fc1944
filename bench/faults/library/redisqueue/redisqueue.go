// Package redisqueue is redisqueue: a producer and a consumer on Redis Streams, over go-redis v7.
//
// It reclaims what was idle for the visibility timeout, and does not extend it for what is being handled: the timeout has to be
// well above what a handler takes. There is no limit to the tries of a message that fails, and nowhere to put it.
package redisqueue

import (
	"context"
	"errors"
	"fmt"
	"time"

	client "github.com/go-redis/redis/v7"
	"github.com/redis/go-redis/v9"
	"github.com/robinjoseph08/redisqueue/v2"

	"github.com/leat-io/leat/bench/faults/library"
	"github.com/leat-io/leat/bench/faults/library/look"
)

const (
	// buffer and reclaim are the defaults, and what the README's example has.
	buffer  = 100
	reclaim = time.Second
	// block is the least that is recommended: the time that an idle consumer takes to stop.
	block = time.Second
	// field of an entry that the message is in.
	field = "data"
)

type peer struct{}

// New is the library.
func New() library.Library { return peer{} }

// Info is what is said about it.
func (peer) Info() library.Info {
	return library.Info{
		Name: "redisqueue", Module: "github.com/robinjoseph08/redisqueue/v2",
		Settings: fmt.Sprintf("VisibilityTimeout is the lease (the default is 60 s), ReclaimInterval %v, BufferSize %d, BlockingTimeout %v, no StreamMaxLength, "+
			"so that nothing is trimmed; it has no limit of tries and no dead letters", reclaim, buffer, block),
		Promise: "\"guarantees at least once delivery\" (README)",
	}
}

// Work runs a consumer. It listens to SIGTERM itself; ctx ends it where there is none.
func (peer) Work(ctx context.Context, j library.Job) error {
	rdb := client.NewClient(&client.Options{Addr: j.Addr})
	consumer, err := redisqueue.NewConsumerWithOptions(&redisqueue.ConsumerOptions{
		Name: j.Name, GroupName: j.Group, VisibilityTimeout: j.Lease, ReclaimInterval: reclaim, BlockingTimeout: block,
		BufferSize: buffer, Concurrency: j.Concurrency, RedisClient: rdb,
	})
	if err != nil {
		return errors.Join(fmt.Errorf("redisqueue: open a consumer of %s: %w", j.Addr, err), rdb.Close())
	}
	consumer.Register(j.Queue, func(m *redisqueue.Message) error {
		data, ok := m.Values[field].(string)
		if !ok {
			return fmt.Errorf("redisqueue: entry %s has no field %s", m.ID, field)
		}
		return j.Handle(context.Background(), []byte(data))
	})
	returned := make(chan struct{})
	go func() {
		defer close(returned)
		consumer.Run()
	}()
	stop := ctx.Done()
	for {
		select {
		case <-stop:
			stop = nil
			go consumer.Shutdown()
		case err := <-consumer.Errors:
			j.Report(err)
		case <-returned:
			return rdb.Close()
		}
	}
}

// Publisher opens a producer.
func (peer) Publisher(_ context.Context, j library.Job) (library.Publisher, error) {
	rdb := client.NewClient(&client.Options{Addr: j.Addr})
	producer, err := redisqueue.NewProducerWithOptions(&redisqueue.ProducerOptions{RedisClient: rdb})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("redisqueue: open a producer on %s: %w", j.Addr, err), rdb.Close())
	}
	return &publisher{producer, rdb, j.Queue}, nil
}

type publisher struct {
	producer *redisqueue.Producer
	rdb      *client.Client
	queue    string
}

// Publish enqueues a message. The library knows no context.
func (p *publisher) Publish(_ context.Context, data []byte) error {
	return p.producer.Enqueue(&redisqueue.Message{Stream: p.queue, Values: map[string]any{field: data}})
}

// Close closes the client, which the library leaves open.
func (p *publisher) Close() error { return p.rdb.Close() }

// Look looks at the stream and the group.
func (peer) Look(ctx context.Context, rdb *redis.Client, j library.Job) (library.Left, error) {
	return look.Group(ctx, rdb, j.Queue, j.Group, "")
}

// Unsettled counts.
func (peer) Unsettled(ctx context.Context, rdb *redis.Client, j library.Job) (int, error) {
	return look.Unsettled(ctx, rdb, j.Queue, j.Group)
}

// Malform adds a foreign entry: the library gives entries as they are to the handler, so there is no other kind.
func (peer) Malform(ctx context.Context, rdb *redis.Client, j library.Job, _ int) error {
	return look.Foreign(ctx, rdb, j.Queue)
}
