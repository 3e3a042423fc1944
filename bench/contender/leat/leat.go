// Package leat is leat as its users get it, by its defaults, and beside that with the
// memory of deliveries used again, and its protocol layer alone.
package leat

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/leat-io/leat/bench/contender"
	"github.com/leat-io/leat/bench/contender/envelope"
	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/producer"
	"github.com/leat-io/leat/stream"
)

type ours struct{ reuse bool }

// New is leat by its defaults.
func New() contender.Contender { return ours{} }

// NewReusing is leat with Config.Reuse: deliveries are valid until their handler has
// returned.
func NewReusing() contender.Contender { return ours{reuse: true} }

// Info is what the report says.
func (o ours) Info() contender.Info {
	if o.reuse {
		return contender.Info{
			Name:     "leat, Reuse",
			Settings: "as leat, with Config.Reuse: the memory of deliveries is used again when they are settled",
		}
	}
	return contender.Info{
		Name: "leat",
		Settings: "defaults: at least once, event IDs made by the producer; many are published with Send and each receipt is checked, one with Publish; " +
			"with slow handlers Config.Concurrency is as many as may run at once",
	}
}

func dial(ctx context.Context, s contender.Setup) (*stream.Conn, error) {
	return stream.Dial(ctx, "redis://"+s.Addr)
}

// onGroup does something with the group, on a connection of its own.
func onGroup(ctx context.Context, s contender.Setup, do func(*stream.Group) error) error {
	conn, err := dial(ctx, s)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	group, err := conn.Group(s.Queue, s.Group, stream.DeadLetter{})
	if err != nil {
		return err
	}
	return do(group)
}

// Prepare makes the group.
func (ours) Prepare(ctx context.Context, s contender.Setup) error {
	return onGroup(ctx, s, func(group *stream.Group) error {
		_, err := group.Create(ctx, stream.Oldest())
		return err
	})
}

// Consume runs a consumer.
func (o ours) Consume(ctx context.Context, s contender.Setup, w contender.Work) error {
	conn, err := dial(ctx, s)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	c, err := consumer.New(conn, func(_ context.Context, d *stream.Delivery) error {
		w.Handle(d.Data)
		return nil
	}, consumer.Config{Group: s.Group, Streams: []string{s.Queue}, Concurrency: w.Concurrency, Reuse: o.reuse})
	if err != nil {
		return err
	}
	return c.Run(ctx)
}

// Publisher makes a producer.
func (ours) Publisher(ctx context.Context, s contender.Setup) (contender.Publisher, error) {
	conn, err := dial(ctx, s)
	if err != nil {
		return nil, err
	}
	p, err := producer.New(conn, producer.Config{Source: envelope.Source})
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return &publisher{conn: conn, p: p, queue: s.Queue}, nil
}

type publisher struct {
	conn     *stream.Conn
	p        *producer.Producer
	queue    string
	receipts [producer.DefaultMaxPending]*producer.Receipt
}

// Many publishes with Send, which holds it up when MaxPending events are under way.
// So receipts are looked at that many events later, when they have been settled,
// and the last ones are waited for.
func (p *publisher) Many(ctx context.Context, n int, data []byte) (err error) {
	for i := 0; i < n && err == nil; i++ {
		at := &p.receipts[i%len(p.receipts)]
		err = settled(ctx, *at)
		*at = p.p.Send(ctx, p.queue, stream.Event{Type: envelope.Type, Data: data})
	}
	for i, r := range p.receipts {
		err = cmp.Or(err, settled(ctx, r))
		p.receipts[i] = nil
	}
	return err
}

func settled(ctx context.Context, r *producer.Receipt) error {
	if r == nil {
		return nil
	}
	if _, err := r.Wait(ctx); err != nil {
		return fmt.Errorf("event %s: %w", r.EventID(), err)
	}
	return nil
}

// One publishes with Publish.
func (p *publisher) One(ctx context.Context, data []byte) error {
	_, err := p.p.Publish(ctx, p.queue, stream.Event{Type: envelope.Type, Data: data})
	return err
}

// Close closes the producer, whose error would name events that are not stored.
func (p *publisher) Close() error {
	return errors.Join(p.p.Close(context.Background()), p.conn.Close())
}
