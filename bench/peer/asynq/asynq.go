// Package asynq is asynq: a task queue on Redis lists, sorted sets and hashes, moved by scripts. It does not use streams, and
// is here for being what many would use instead.
//
// A server takes tasks one by one, a script and a round trip each, whatever its Concurrency; that loop is what bounds it. Its
// documentation scales by running several servers, which need not be in several processes, so a few run here in one.
//
// A server whose queue is empty does not block on Redis but looks again after TaskCheckInterval, more or less by half. That decides its
// latency, and what it costs Redis while there is nothing to do.
package asynq

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/leat-io/leat/bench/contender"
	"github.com/leat-io/leat/bench/peer/client"
)

const (
	servers    = 8
	workers    = 80 // of all servers
	publishers = 50
	check      = 5 * time.Millisecond
	// taskType is the name that a task has to have.
	taskType = "event"
)

type peer struct{}

// New is the contender.
func New() contender.Contender { return peer{} }

// Info is what the report says.
func (peer) Info() contender.Info {
	return contender.Info{
		Name: "asynq", Module: "github.com/hibiken/asynq", Peer: true,
		Settings: fmt.Sprintf("%d goroutines call Enqueue, no Retention; %d Servers of Concurrency %d in the process, one queue, TaskCheckInterval %v; "+
			"nothing logged; connections for all of them", publishers, servers, workers/servers, check),
	}
}

// Prepare does nothing: a queue needs no making.
func (peer) Prepare(context.Context, contender.Setup) error { return nil }

// Consume works the queue off. A handler that has not returned 8 seconds after ctx has ended runs on, and its task is given back.
func (peer) Consume(ctx context.Context, s contender.Setup, w contender.Work) error {
	n := workers
	if w.Concurrency > 0 {
		n = w.Concurrency
	}
	k := min(servers, n)
	rdb := client.New(s.Addr, n+3*k) // each server reads, listens for cancellations, and looks after leases
	handler := asynq.HandlerFunc(func(_ context.Context, task *asynq.Task) error {
		w.Handle(task.Payload())
		return nil
	})
	var started []*asynq.Server
	var err error
	for i := 0; i < k && err == nil; i++ {
		server := newServer(rdb, s.Queue, (n+i)/k) // the shares add up to n
		if err = server.Start(handler); err == nil {
			started = append(started, server)
		}
	}
	if err == nil {
		<-ctx.Done()
	} else {
		err = fmt.Errorf("asynq: start a server of queue %s: %w", s.Queue, err)
	}
	shutDown(started)
	if closing := rdb.Close(); err == nil {
		err = closing
	}
	return err
}

func newServer(rdb *redis.Client, queue string, concurrency int) *asynq.Server {
	return asynq.NewServerFromRedisClient(rdb, asynq.Config{
		Concurrency:       concurrency,
		Queues:            map[string]int{queue: 1},
		TaskCheckInterval: check,
		LogLevel:          asynq.FatalLevel, // of which there are no messages
	})
}

func shutDown(started []*asynq.Server) {
	var all sync.WaitGroup
	for _, server := range started {
		all.Go(server.Shutdown)
	}
	all.Wait()
}
