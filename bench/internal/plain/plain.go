// Package plain is a contender of a few lines on go-redis, for the tests of the
// benchmark itself. It can be told to make the mistakes that the benchmark has to
// find.
package plain

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/leat-io/leat/bench/contender"
)

// Fault is a mistake.
type Fault string

// The mistakes that a contender can make.
const (
	None          Fault = ""
	NeverAcks     Fault = "never-acks"      // leaves all it handled pending
	Twice         Fault = "twice"           // handles everything two times
	Stalls        Fault = "stalls"          // consumes nothing
	Dies          Fault = "dies"            // ends its process while it consumes
	Ends          Fault = "ends"            // returns before it was told to
	PublishesLess Fault = "publishes-less"  // forgets half of the events
	NeverReturns  Fault = "never-returns"   // does not care about its context
	StopsBadly    Fault = "stops-with-what" // returns an error when it was told to stop
)

// Contender is the contender. The name is what it is known by.
type Contender struct {
	Name  string
	Fault Fault
}

const (
	batch    = 500
	block    = 100 * time.Millisecond
	consumer = "plain"
	field    = "data"
)

// Info says what it is.
func (c Contender) Info() contender.Info {
	return contender.Info{Name: c.Name, Module: "github.com/redis/go-redis/v9", Settings: "For tests."}
}

// Prepare makes the group.
func (Contender) Prepare(ctx context.Context, s contender.Setup) error {
	rdb := redis.NewClient(&redis.Options{Addr: s.Addr})
	defer rdb.Close() //nolint:errcheck // all that was asked has been answered by then
	return rdb.XGroupCreateMkStream(ctx, s.Queue, s.Group, "0").Err()
}

// Consume reads, handles and acknowledges, one batch after the other.
func (c Contender) Consume(ctx context.Context, s contender.Setup, w contender.Work) error {
	switch c.Fault {
	case Stalls:
		<-ctx.Done()
		return ctx.Err()
	case NeverReturns:
		select {}
	case Ends:
		return errors.New("out of order")
	}
	rdb := redis.NewClient(&redis.Options{Addr: s.Addr})
	defer rdb.Close() //nolint:errcheck // all that was asked has been answered by then
	for ctx.Err() == nil {
		if err := c.batch(ctx, rdb, s, w); err != nil && ctx.Err() == nil {
			return err
		}
	}
	if c.Fault == StopsBadly {
		return errors.New("cannot stop")
	}
	return ctx.Err()
}

func (c Contender) batch(ctx context.Context, rdb *redis.Client, s contender.Setup, w contender.Work) error {
	read, err := rdb.XReadGroup(ctx, &redis.XReadGroupArgs{
		Group: s.Group, Consumer: fmt.Sprint(consumer, os.Getpid()), Streams: []string{s.Queue, ">"}, Count: batch, Block: block,
	}).Result()
	if errors.Is(err, redis.Nil) {
		return nil // nothing came
	}
	if err != nil {
		return fmt.Errorf("XREADGROUP: %w", err)
	}
	var ids []string
	slots := make(chan struct{}, max(w.Concurrency, 1))
	for _, m := range read[0].Messages {
		text, ok := m.Values[field].(string)
		if !ok {
			return fmt.Errorf("entry %s has no %s", m.ID, field)
		}
		ids = append(ids, m.ID)
		slots <- struct{}{}
		go func() {
			w.Handle([]byte(text))
			<-slots
		}()
	}
	for range cap(slots) { // all have returned
		slots <- struct{}{}
	}
	switch c.Fault {
	case NeverAcks:
		return nil
	case Dies:
		fmt.Fprintln(os.Stderr, "the contender dies")
		os.Exit(3)
	case Twice:
		for range ids {
			w.Handle(nil)
		}
	}
	// What was handled is acknowledged even when ctx has ended.
	return rdb.XAck(context.WithoutCancel(ctx), s.Queue, s.Group, ids...).Err()
}

// Publisher opens a publisher.
func (c Contender) Publisher(_ context.Context, s contender.Setup) (contender.Publisher, error) {
	return &publisher{redis.NewClient(&redis.Options{Addr: s.Addr}), s.Queue, c.Fault == PublishesLess}, nil
}

type publisher struct {
	rdb   *redis.Client
	queue string
	less  bool
}

func (p *publisher) Many(ctx context.Context, n int, data []byte) error {
	if p.less {
		n /= 2
	}
	for n > 0 {
		size := min(n, batch)
		n -= size
		_, err := p.rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
			for range size {
				pipe.XAdd(ctx, &redis.XAddArgs{Stream: p.queue, Values: []any{field, data}})
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("XADD: %w", err)
		}
	}
	return nil
}

func (p *publisher) One(ctx context.Context, data []byte) error { return p.Many(ctx, 1, data) }

func (p *publisher) Close() error { return p.rdb.Close() }
