package watermill

import (
	"context"
	"fmt"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill-redisstream/pkg/redisstream"
	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/leat-io/leat/bench/contender"
	"github.com/leat-io/leat/bench/peer/client"
	"github.com/leat-io/leat/bench/peer/fanout"
)

// Publisher opens a publisher.
func (peer) Publisher(_ context.Context, s contender.Setup) (contender.Publisher, error) {
	library, err := redisstream.NewPublisher(redisstream.PublisherConfig{Client: client.New(s.Addr, publishers)}, watermill.NopLogger{})
	if err != nil {
		return nil, fmt.Errorf("watermill: open a publisher on %s: %w", s.Addr, err)
	}
	return &publisher{library, s.Queue}, nil
}

type publisher struct {
	library *redisstream.Publisher
	topic   string
}

// Many publishes by many goroutines: Publish takes several messages, but sends one after the other.
func (p *publisher) Many(ctx context.Context, n int, data []byte) error {
	return fanout.Publish(ctx, n, publishers, func(ctx context.Context) error { return p.One(ctx, data) })
}

// One publishes one event.
func (p *publisher) One(ctx context.Context, data []byte) error {
	if err := p.library.Publish(p.topic, message.NewMessageWithContext(ctx, watermill.NewUUID(), data)); err != nil {
		return fmt.Errorf("watermill: publish to %s: %w", p.topic, err)
	}
	return nil
}

// Close closes the publisher and its client.
func (p *publisher) Close() error { return p.library.Close() }
