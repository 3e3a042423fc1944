// Package taskq is taskq on its Redis Streams backend, redisq.
//
// It is version 4, which is a beta, since version 3 cannot be built beside it and is no faster (measured by itself, on go-redis
// v8). A fetcher reads in batches; a worker settles what it handled with an XACK and then an XDEL, a round trip each.
//
// A queue that is closed amid a backlog loses messages: what a fetcher has read and not handed to a worker stays in its
// consumer's pending list, and Close deletes that consumer with its list, so that no other ever gets them. At most
// ReservationSize entries a fetcher; they remain in the stream.
//
// Close also returns before the queue's three housekeeping goroutines have ended, which sleep for up to a second and a half.
package taskq

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-logr/logr"
	"github.com/redis/go-redis/v9"
	"github.com/vmihailenco/taskq/redisq/v4"
	"github.com/vmihailenco/taskq/v4"

	"github.com/leat-io/leat/bench/contender"
	"github.com/leat-io/leat/bench/peer/client"
)

const (
	workers    = 20
	fetchers   = 1
	reserve    = 100
	publishers = 50
	// wait bounds how long a consumer of an empty stream takes to stop.
	wait = 250 * time.Millisecond
	// taskName is what messages are told apart by.
	taskName = "event"
)

type peer struct{}

// New is the contender.
func New() contender.Contender {
	taskq.SetLogger(logr.Discard())
	return peer{}
}

// Info is what the report says.
func (peer) Info() contender.Info {
	return contender.Info{
		Name: "taskq", Module: "github.com/vmihailenco/taskq/v4", Peer: true,
		Settings: fmt.Sprintf("redisq; %d goroutines call AddJob; NumWorker %d, NumFetcher %d, ReservationSize and BufferSize %d, WaitTimeout %v; "+
			"nothing logged; connections for all of them", publishers, workers, fetchers, reserve, wait),
	}
}

// Prepare does nothing: the consumer makes the group, at the beginning of the stream.
func (peer) Prepare(context.Context, contender.Setup) error { return nil }

// Consume works the queue off. The library's group is always called taskq.
func (peer) Consume(ctx context.Context, s contender.Setup, w contender.Work) error {
	n := workers
	if w.Concurrency > 0 {
		n = w.Concurrency
	}
	var tasks taskq.TaskMap
	_, err := tasks.Register(taskName, &taskq.TaskConfig{Handler: func(data []byte) { w.Handle(data) }})
	if err != nil {
		return fmt.Errorf("taskq: register the task: %w", err)
	}
	rdb := client.New(s.Addr, n+fetchers+5) // the rest is for housekeeping
	queue := newQueue(rdb, s.Queue, &taskq.QueueConfig{
		NumWorker: n, NumFetcher: fetchers, ReservationSize: reserve, BufferSize: reserve, WaitTimeout: wait, Handler: &tasks,
	})
	// Not ctx: its end would stop fetchers and workers at once, and leave what is between them. Close stops one after the other.
	err = queue.Consumer().Start(context.Background())
	if err == nil {
		<-ctx.Done()
	}
	return errors.Join(err, queue.Close(), rdb.Close())
}

func newQueue(rdb *redis.Client, name string, config *taskq.QueueConfig) *redisq.Queue {
	config.Name = name
	config.Redis = rdb
	return redisq.NewQueue(config)
}
