package redisqueue

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-redis/redis/v7"
	"github.com/robinjoseph08/redisqueue/v2"

	"github.com/leat-io/leat/bench/contender"
	"github.com/leat-io/leat/bench/peer/fanout"
)

// Publisher opens a producer.
func (peer) Publisher(_ context.Context, s contender.Setup) (contender.Publisher, error) {
	client := redis.NewClient(&redis.Options{Addr: s.Addr, PoolSize: publishers})
	library, err := redisqueue.NewProducerWithOptions(&redisqueue.ProducerOptions{RedisClient: client})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("redisqueue: open a producer on %s: %w", s.Addr, err), client.Close())
	}
	return &publisher{library, client, s.Queue}, nil
}

type publisher struct {
	library *redisqueue.Producer
	client  *redis.Client
	stream  string
}

// Many publishes by many goroutines: Enqueue takes one message.
func (p *publisher) Many(ctx context.Context, n int, data []byte) error {
	return fanout.Publish(ctx, n, publishers, func(ctx context.Context) error { return p.One(ctx, data) })
}

// One publishes one event. The library knows no context.
func (p *publisher) One(_ context.Context, data []byte) error {
	if err := p.library.Enqueue(&redisqueue.Message{Stream: p.stream, Values: map[string]any{field: data}}); err != nil {
		return fmt.Errorf("redisqueue: enqueue to %s: %w", p.stream, err)
	}
	return nil
}

// Close closes the client, which the library leaves open.
func (p *publisher) Close() error { return p.client.Close() }
