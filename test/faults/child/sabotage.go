package child

import (
	"context"

	"github.com/redis/go-redis/v9"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/internal/history"
	"github.com/leat-io/leat/producer"
	"github.com/leat-io/leat/stream"
)

// What a child may be told to do wrong. Each is something that real programs do.
const (
	// SabotageAckFirst acknowledges an entry before it is handled: what a killed worker had is lost (I1).
	SabotageAckFirst = "ack-first"
	// SabotageForget acknowledges some entries without doing them (I1).
	SabotageForget = "forget"
	// SabotageImpatient takes over from the living: its lease is a tenth of the others' (I4).
	SabotageImpatient = "impatient"
	// SabotageUnfenced acknowledges by itself, by plain XACK, without asking whose the entry is (I2, I3).
	SabotageUnfenced = "unfenced"
	// SabotageResend sends again what may be stored, and tells of the last time only (I5).
	SabotageResend = "resend"
	// SabotageLie reports a publish of unknown outcome as failed (I5).
	SabotageLie = "lie"
)

// sabotage changes what a worker does.
func (c *child) sabotage(cfg *consumer.Config, h consumer.Handler) consumer.Handler {
	switch c.Sabotage {
	case SabotageAckFirst:
		return c.ackFirst(h)
	case SabotageForget:
		return func(ctx context.Context, d *stream.Delivery) error {
			if d.EntryID.Ms%10 == 0 {
				return nil
			}
			return h(ctx, d)
		}
	case SabotageImpatient:
		cfg.Lease /= 10
	case SabotageUnfenced:
		return c.unfenced(h)
	}
	return h
}

// raw is a client of its own, which asks nobody.
func (c *child) raw() *redis.Client {
	opts, err := redis.ParseURL(c.URL)
	if err != nil {
		panic(err)
	}
	return redis.NewClient(opts)
}

func (c *child) ackFirst(h consumer.Handler) consumer.Handler {
	rdb := c.raw()
	return func(ctx context.Context, d *stream.Delivery) error {
		_ = rdb.XAck(ctx, c.Stream, c.Group, d.EntryID.String()).Err()
		return h(ctx, d)
	}
}

// unfenced goes on with what it has lost, and acknowledges it.
func (c *child) unfenced(h consumer.Handler) consumer.Handler {
	rdb := c.raw()
	return func(ctx context.Context, d *stream.Delivery) error {
		err := h(context.WithoutCancel(ctx), d)
		if err != nil {
			return err
		}
		if rdb.XAck(context.WithoutCancel(ctx), c.Stream, c.Group, d.EntryID.String()).Err() == nil {
			r := history.Event(c.Name, history.Settle, history.OK, d)
			r.Settled = consumer.Acked
			_ = c.record.Write(r)
		}
		return nil
	}
}

// resend sends an event again whose outcome is unknown.
func (c *child) resend(ctx context.Context, prod *producer.Producer, receipt *producer.Receipt) *producer.Receipt {
	if c.Sabotage != SabotageResend {
		return receipt
	}
	if _, err := receipt.Wait(context.Background()); stream.Classify(err) != stream.ClassUnknown {
		return receipt
	}
	return prod.Send(ctx, c.Stream, stream.Event{ID: receipt.EventID(), Type: "test.event"})
}
