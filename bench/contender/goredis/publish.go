package goredis

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/leat-io/leat/bench/contender"
	"github.com/leat-io/leat/bench/contender/envelope"
	"github.com/leat-io/leat/bench/contender/loop"
)

type publisher struct {
	rdb   *redis.Client
	queue string
	ids   [flying]*envelope.IDs
}

// Publisher makes a client.
func (client) Publisher(_ context.Context, s contender.Setup) (contender.Publisher, error) {
	p := &publisher{rdb: dial(s), queue: s.Queue}
	for i := range p.ids {
		p.ids[i] = envelope.NewIDs()
	}
	return p, nil
}

// event is XADD's arguments. data is a []byte, made an interface once for all.
func (p *publisher) event(ids *envelope.IDs, time, data any) *redis.XAddArgs {
	return &redis.XAddArgs{Stream: p.queue, Values: []any{
		"specversion", envelope.SpecVersion, "id", string(ids.Next()), "source", envelope.Source,
		"type", envelope.Type, "time", time, "data", data,
	}}
}

// Many publishes in pipelines. The clock is read once for each.
func (p *publisher) Many(ctx context.Context, n int, data []byte) error {
	return loop.Pipelines(ctx, flying, n, size, func(ctx context.Context, worker, n int) error {
		pipe := p.rdb.Pipeline()
		var value, at any = data, string(envelope.AppendTime(nil, time.Now()))
		for range n {
			pipe.XAdd(ctx, p.event(p.ids[worker], at, value))
		}
		_, err := pipe.Exec(ctx)
		return err
	})
}

// One publishes in one round trip.
func (p *publisher) One(ctx context.Context, data []byte) error {
	return p.rdb.XAdd(ctx, p.event(p.ids[0], string(envelope.AppendTime(nil, time.Now())), data)).Err()
}

// Close closes the client.
func (p *publisher) Close() error { return p.rdb.Close() }
