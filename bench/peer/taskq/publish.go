package taskq

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"
	"github.com/vmihailenco/taskq/redisq/v4"
	"github.com/vmihailenco/taskq/v4"

	"github.com/leat-io/leat/bench/contender"
	"github.com/leat-io/leat/bench/peer/client"
	"github.com/leat-io/leat/bench/peer/fanout"
)

// Publisher opens a queue, of which no consumer is started.
func (peer) Publisher(_ context.Context, s contender.Setup) (contender.Publisher, error) {
	rdb := client.New(s.Addr, publishers+5) // the rest is for housekeeping
	return &publisher{newQueue(rdb, s.Queue, new(taskq.QueueConfig)), rdb}, nil
}

type publisher struct {
	library *redisq.Queue
	client  *redis.Client
}

// Many publishes by many goroutines: AddJob takes one job.
func (p *publisher) Many(ctx context.Context, n int, data []byte) error {
	return fanout.Publish(ctx, n, publishers, func(ctx context.Context) error { return p.One(ctx, data) })
}

// One publishes one event.
func (p *publisher) One(ctx context.Context, data []byte) error {
	job := taskq.NewJob(data)
	job.TaskName = taskName
	if err := p.library.AddJob(ctx, job); err != nil {
		return fmt.Errorf("taskq: add a job to %s: %w", p.library.Name(), err)
	}
	return nil
}

// Close closes the queue, and the client, which the library leaves open.
func (p *publisher) Close() error { return errors.Join(p.library.Close(), p.client.Close()) }
