// Package watermill is watermill-redisstream: Watermill's publisher and subscriber on Redis Streams.
//
// It is used without Watermill's router, which would only add to the cost. What bounds it is that a subscription reads one
// entry at a time (XREADGROUP COUNT 1), hands it over, and reads on when it is acknowledged (one XACK), so that only several
// subscriptions use more than one round trip at once.
//
// Closing a subscriber discards what it has read and not handed over, and races with the acknowledgement of what was just
// handled. The latter is awaited here, by the message's context, which the library ends when its XACK has returned. The former
// is up to three entries a subscription; they stay pending and come back after MaxIdleTime, a minute.
package watermill

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill-redisstream/pkg/redisstream"
	"github.com/ThreeDotsLabs/watermill/message"
	"golang.org/x/sync/errgroup"

	"github.com/leat-io/leat/bench/contender"
	"github.com/leat-io/leat/bench/peer/client"
)

const (
	// subscriptions is how many read at once. More are no faster: Redis and the client share the CPU.
	subscriptions = 10
	publishers    = 50
	// settleTimeout bounds the wait for the last XACK, which the library repeats for ever when Redis does not answer.
	settleTimeout = 10 * time.Second
)

type peer struct{}

// New is the contender.
func New() contender.Contender { return peer{} }

// Info is what the report says.
func (peer) Info() contender.Info {
	return contender.Info{
		Name: "watermill-redisstream", Module: "github.com/ThreeDotsLabs/watermill-redisstream", Peer: true,
		Settings: fmt.Sprintf("%d goroutines call Publish; %d subscriptions of one Subscriber, one goroutine each, without the router; "+
			"claim and block intervals as by default; NopLogger; connections for all of them", publishers, subscriptions),
	}
}

// Prepare does nothing: the subscriber makes the group, at the beginning of the stream.
func (peer) Prepare(context.Context, contender.Setup) error { return nil }

// Consume works the stream off, by as many subscriptions as there are handlers.
func (peer) Consume(ctx context.Context, s contender.Setup, w contender.Work) error {
	n := subscriptions
	if w.Concurrency > 0 {
		n = w.Concurrency
	}
	subscriber, err := redisstream.NewSubscriber(redisstream.SubscriberConfig{
		Client:        connection{client.New(s.Addr, 2*n+10)}, // a read and an XACK each; the rest is for claiming
		ConsumerGroup: s.Group,
		// Without it a subscription of an empty stream could not be ended.
		DisableIndefiniteInitialBlock: true,
	}, watermill.NopLogger{})
	if err != nil {
		return fmt.Errorf("watermill: open a subscriber of %s: %w", s.Addr, err)
	}
	group, ctx := errgroup.WithContext(ctx)
	for range n {
		// The subscriptions outlive ctx until they are closed, so that the last acknowledgements get through.
		messages, err := subscriber.Subscribe(context.Background(), s.Queue)
		group.Go(func() error {
			if err != nil {
				return fmt.Errorf("watermill: subscribe to %s: %w", s.Queue, err)
			}
			return work(ctx, messages, w.Handle)
		})
	}
	err = group.Wait()
	return errors.Join(err, subscriber.Close())
}

// work handles the messages of one subscription until ctx ends.
func work(ctx context.Context, messages <-chan *message.Message, handle func([]byte)) error {
	settled := closed
	for {
		select {
		case <-ctx.Done():
			return await(settled)
		case m, open := <-messages:
			if !open {
				return errors.New("watermill: a subscription ended of its own accord")
			}
			handle(m.Payload)
			m.Ack()
			settled = m.Context().Done()
		}
	}
}

var closed = func() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

func await(settled <-chan struct{}) error {
	select {
	case <-settled:
		return nil
	case <-time.After(settleTimeout):
		return fmt.Errorf("watermill: the last message of a subscription is not acknowledged after %v", settleTimeout)
	}
}
