package rueidis

import (
	"context"
	"time"

	"github.com/redis/rueidis"

	"github.com/leat-io/leat/bench/contender"
	"github.com/leat-io/leat/bench/contender/envelope"
	"github.com/leat-io/leat/bench/contender/loop"
)

type publisher struct {
	rdb   rueidis.Client
	queue string
	ids   [flying]*envelope.IDs
	batch [flying]rueidis.Commands
}

// Publisher makes a client.
func (client) Publisher(_ context.Context, s contender.Setup) (contender.Publisher, error) {
	rdb, err := dial(s)
	if err != nil {
		return nil, err
	}
	p := &publisher{rdb: rdb, queue: s.Queue}
	for i := range p.ids {
		p.ids[i] = envelope.NewIDs()
	}
	return p, nil
}

func (p *publisher) event(ids *envelope.IDs, time, data string) rueidis.Completed {
	return p.rdb.B().Xadd().Key(p.queue).Id("*").FieldValue().FieldValue("specversion", envelope.SpecVersion).
		FieldValue("id", string(ids.Next())).FieldValue("source", envelope.Source).FieldValue("type", envelope.Type).
		FieldValue("time", time).FieldValue("data", data).Build()
}

// Many publishes in pipelines. The clock is read once for each.
func (p *publisher) Many(ctx context.Context, n int, data []byte) error {
	return loop.Pipelines(ctx, flying, n, size, func(ctx context.Context, worker, n int) error {
		at, batch := string(envelope.AppendTime(nil, time.Now())), p.batch[worker][:0]
		for range n {
			batch = append(batch, p.event(p.ids[worker], at, rueidis.BinaryString(data)))
		}
		p.batch[worker] = batch
		for _, result := range p.rdb.DoMulti(ctx, batch...) {
			if err := result.Error(); err != nil {
				return err
			}
		}
		return nil
	})
}

// One publishes in one round trip.
func (p *publisher) One(ctx context.Context, data []byte) error {
	at := string(envelope.AppendTime(nil, time.Now()))
	return p.rdb.Do(ctx, p.event(p.ids[0], at, rueidis.BinaryString(data))).Error()
}

// Close closes the client.
func (p *publisher) Close() error {
	p.rdb.Close()
	return nil
}
