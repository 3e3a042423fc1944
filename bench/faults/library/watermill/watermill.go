// Package watermill is watermill-redisstream under Watermill's router, which is how Watermill's documentation runs handlers.
//
// A subscription has one message in hand, so there are as many of them as handlers are to run at once. When one ends, which a
// message that cannot be unmarshalled makes it do, the router goes on with the others, and ends itself after the last.
package watermill

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill-redisstream/pkg/redisstream"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/redis/go-redis/v9"

	"github.com/leat-io/leat/bench/faults/library"
	"github.com/leat-io/leat/bench/faults/library/look"
)

// claim is how often pending messages are looked through: as often as others do that; the default is 5 s.
const claim = time.Second

type peer struct{}

// New is the library.
func New() library.Library { return peer{} }

// Info is what is said about it.
func (peer) Info() library.Info {
	return library.Info{
		Name: "watermill-redisstream", Module: "github.com/ThreeDotsLabs/watermill-redisstream",
		Settings: fmt.Sprintf("ConsumerGroup, MaxIdleTime is the lease (the default is 60 s), ClaimInterval %v (5 s), ConsumerTimeout and the rest by default; "+
			"one handler of the router for each message at once; tries again in process and then publishes to a poison topic, as the middlewares Retry and "+
			"PoisonQueue do; go-redis v9 with its defaults", claim),
		Promise: "\"built with at-least-once delivery semantics\" (watermill.io/docs/pub-sub); ExactlyOnceDelivery: no (watermill.io/pubsubs/redisstream)",
	}
}

// Work runs a router.
func (p peer) Work(ctx context.Context, j library.Job) error {
	poison, err := p.Publisher(ctx, library.Job{Addr: j.Addr, Queue: poisonTopic(j)})
	if err != nil {
		return err
	}
	defer func() { _ = poison.Close() }()
	told := logger{report: j.Report}
	subscriber, err := redisstream.NewSubscriber(redisstream.SubscriberConfig{
		Client: redis.NewClient(&redis.Options{Addr: j.Addr}), Consumer: j.Name, ConsumerGroup: j.Group,
		MaxIdleTime: j.Lease, ClaimInterval: claim, DisableIndefiniteInitialBlock: true,
	}, told)
	if err != nil {
		return fmt.Errorf("watermill: open a subscriber of %s: %w", j.Addr, err)
	}
	router, err := message.NewRouter(message.RouterConfig{CloseTimeout: j.Shutdown}, told)
	if err != nil {
		return fmt.Errorf("watermill: make a router: %w", err)
	}
	handler := persist(j, poison)
	for i := range j.Concurrency {
		router.AddConsumerHandler(fmt.Sprintf("handler-%d", i), j.Queue, subscriber, handler)
	}
	ended := make(chan error, 1)
	go func() { ended <- router.Run(context.Background()) }()
	select {
	case err = <-ended:
		err = errors.Join(errors.New("watermill: the router ended by itself"), err)
	case <-ctx.Done():
		err = router.Close()
		err = errors.Join(err, <-ended)
	}
	return errors.Join(err, subscriber.Close())
}

// persist tries a message that fails again, with it in hand, and publishes it to the poison topic at last.
func persist(j library.Job, poison library.Publisher) message.NoPublishHandlerFunc {
	return func(m *message.Message) error {
		ctx := m.Context()
		for attempt := 1; ; attempt++ {
			err := j.Handle(ctx, m.Payload)
			switch {
			case err == nil:
				return nil
			case ctx.Err() != nil: // it is stopping: not the message's fault
				return err
			case attempt == j.Attempts:
				return poison.Publish(ctx, m.Payload)
			}
			pause := time.NewTimer(j.Pause)
			select {
			case <-pause.C:
			case <-ctx.Done():
				pause.Stop()
				return err
			}
		}
	}
}

func poisonTopic(j library.Job) string { return j.Queue + "-poison" }

// Publisher opens a publisher.
func (peer) Publisher(_ context.Context, j library.Job) (library.Publisher, error) {
	p, err := redisstream.NewPublisher(redisstream.PublisherConfig{Client: redis.NewClient(&redis.Options{Addr: j.Addr})}, nil)
	if err != nil {
		return nil, fmt.Errorf("watermill: open a publisher on %s: %w", j.Addr, err)
	}
	return &publisher{p, j.Queue}, nil
}

type publisher struct {
	library *redisstream.Publisher
	topic   string
}

// Publish publishes a message.
func (p *publisher) Publish(ctx context.Context, data []byte) error {
	return p.library.Publish(p.topic, message.NewMessageWithContext(ctx, watermill.NewUUID(), data))
}

// Close closes the publisher and its client.
func (p *publisher) Close() error { return p.library.Close() }

// Look looks at the stream, the group and the poison topic.
func (peer) Look(ctx context.Context, rdb *redis.Client, j library.Job) (library.Left, error) {
	return look.Group(ctx, rdb, j.Queue, j.Group, poisonTopic(j))
}

// Unsettled counts.
func (peer) Unsettled(ctx context.Context, rdb *redis.Client, j library.Job) (int, error) {
	return look.Unsettled(ctx, rdb, j.Queue, j.Group)
}

// Malform adds a foreign entry, or one whose metadata cannot be decoded.
func (peer) Malform(ctx context.Context, rdb *redis.Client, j library.Job, n int) error {
	if n%2 == 0 {
		return look.Foreign(ctx, rdb, j.Queue)
	}
	return look.Add(ctx, rdb, j.Queue, redisstream.UUIDHeaderKey, watermill.NewUUID(), "metadata", "hello", "payload", "hello")
}

// logger passes on errors alone.
type logger struct {
	watermill.NopLogger
	report func(error)
}

// Error is called for what goes wrong.
func (l logger) Error(what string, err error, _ watermill.LogFields) {
	l.report(fmt.Errorf("watermill: %s: %w", what, err))
}

// With is called for every message; the fields are not of interest.
func (l logger) With(watermill.LogFields) watermill.LoggerAdapter { return l }
