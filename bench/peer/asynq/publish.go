package asynq

import (
	"context"
	"fmt"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/leat-io/leat/bench/contender"
	"github.com/leat-io/leat/bench/peer/client"
	"github.com/leat-io/leat/bench/peer/fanout"
)

// Publisher opens a client.
func (peer) Publisher(_ context.Context, s contender.Setup) (contender.Publisher, error) {
	rdb := client.New(s.Addr, publishers)
	return &publisher{asynq.NewClientFromRedisClient(rdb), rdb, s.Queue}, nil
}

type publisher struct {
	library *asynq.Client
	client  *redis.Client
	queue   string
}

// Many publishes by many goroutines: Enqueue takes one task.
func (p *publisher) Many(ctx context.Context, n int, data []byte) error {
	return fanout.Publish(ctx, n, publishers, func(ctx context.Context) error { return p.One(ctx, data) })
}

// One publishes one event.
func (p *publisher) One(ctx context.Context, data []byte) error {
	if _, err := p.library.EnqueueContext(ctx, asynq.NewTask(taskType, data), asynq.Queue(p.queue)); err != nil {
		return fmt.Errorf("asynq: enqueue to %s: %w", p.queue, err)
	}
	return nil
}

// Close closes the client, which the library leaves open.
func (p *publisher) Close() error { return p.client.Close() }
