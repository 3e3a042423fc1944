// Package redisqueue is redisqueue: a producer and a consumer on Redis Streams, over go-redis v7.
//
// One goroutine reads for all workers, and each worker acknowledges what it handled with an XACK of its own. The reader asks
// for as many entries as its buffer has room for; when that is none, the client leaves COUNT out, and Redis answers with
// everything that is left of the stream. So a backlog is read in a handful of calls, whatever BufferSize says: good for
// the rate, but all of it is then in the client's memory, and the server answers nobody else while it writes the reply.
//
// A consumer that is stopped leaves what its workers have not begun pending, where it comes back after the visibility timeout.
// Each Consume leaves two sleeping goroutines behind, which wait for SIGINT or SIGTERM until the process ends, and takes the
// default handling of these signals away.
package redisqueue

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"
	"unsafe"

	"github.com/go-redis/redis/v7"
	"github.com/robinjoseph08/redisqueue/v2"

	"github.com/leat-io/leat/bench/contender"
)

const (
	workers    = 50
	buffer     = 10_000
	publishers = 50
	// visibility is the default, and reclaiming twice in that time is enough: each time all that is pending is looked through.
	visibility = time.Minute
	reclaim    = visibility / 2
	// block bounds how long a consumer of an empty stream takes to stop.
	block = 250 * time.Millisecond
	// field of the entry that the data is in.
	field = "data"
)

type peer struct{}

// New is the contender.
func New() contender.Contender { return peer{} }

// Info is what the report says.
func (peer) Info() contender.Info {
	return contender.Info{
		Name: "redisqueue", Module: "github.com/robinjoseph08/redisqueue/v2", Peer: true,
		Settings: fmt.Sprintf("%d goroutines call Enqueue, no StreamMaxLength; Concurrency %d, BufferSize %d, ReclaimInterval %v, "+
			"VisibilityTimeout %v, BlockingTimeout %v; connections for all of them", publishers, workers, buffer, reclaim, visibility, block),
	}
}

// Prepare does nothing: the consumer makes the group, at the beginning of the stream.
func (peer) Prepare(context.Context, contender.Setup) error { return nil }

// Consume works the stream off.
func (peer) Consume(ctx context.Context, s contender.Setup, w contender.Work) error {
	n := workers
	if w.Concurrency > 0 {
		n = w.Concurrency
	}
	client := redis.NewClient(&redis.Options{Addr: s.Addr, PoolSize: n + 10}) // the rest is for reading and reclaiming
	consumer, err := redisqueue.NewConsumerWithOptions(&redisqueue.ConsumerOptions{
		Name:              "consumer-" + rand.Text(),
		GroupName:         s.Group,
		VisibilityTimeout: visibility,
		BlockingTimeout:   block,
		ReclaimInterval:   reclaim,
		BufferSize:        max(buffer, n),
		Concurrency:       n,
		RedisClient:       client,
	})
	if err != nil {
		return errors.Join(fmt.Errorf("redisqueue: open a consumer of %s: %w", s.Addr, err), client.Close())
	}
	consumer.Register(s.Queue, func(m *redisqueue.Message) error {
		data, is := m.Values[field].(string)
		if !is {
			return fmt.Errorf("redisqueue: entry %s has no field %s", m.ID, field)
		}
		w.Handle(unsafe.Slice(unsafe.StringData(data), len(data)))
		return nil
	})
	return errors.Join(run(ctx, consumer), client.Close())
}

// run runs the consumer until ctx ends, and returns the first error that it reports.
func run(ctx context.Context, consumer *redisqueue.Consumer) (first error) {
	returned := make(chan struct{})
	go func() {
		defer close(returned)
		consumer.Run()
	}()
	stop := ctx.Done()
	for {
		select {
		case <-stop:
			stop = nil
			consumer.Shutdown()
		case err := <-consumer.Errors:
			if first == nil {
				first = err
			}
		case <-returned:
			if stop != nil && first == nil {
				first = errors.New("redisqueue: the consumer ended of its own accord")
			}
			return first
		}
	}
}
