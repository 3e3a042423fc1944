// Package asynq is asynq: a task queue on Redis lists, sorted sets and hashes, moved by scripts. It does not use streams, and is
// here for being what many would use instead.
//
// Its lease is 30 s and cannot be chosen. The recoverer of each server, which looks once a minute, gives to others what was not
// extended for 30 s more: a task of a dead worker comes back after one to two minutes.
package asynq

import (
	"context"
	"fmt"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/leat-io/leat/bench/faults/library"
)

const (
	lease = 30 * time.Second
	// grace is by how much the recoverer lets a lease run out, for clocks that differ.
	grace = 30 * time.Second
	// forward is how often what is due again is moved: less than the default of 5 s, so that pauses are what they are for others.
	forward = time.Second
	// taskType is the name that a task has to have.
	taskType = "faults:message"
)

type peer struct{}

// New is the library.
func New() library.Library { return peer{} }

// Info is what is said about it.
func (peer) Info() library.Info {
	return library.Info{
		Name: "asynq", Module: "github.com/hibiken/asynq", Lease: lease + grace,
		Settings: fmt.Sprintf("one queue, MaxRetry, RetryDelayFunc and ShutdownTimeout as for the others, DelayedTaskCheckInterval %v (the default is 5 s), the rest "+
			"by default; its lease is %v by design, others may take over %v after that has run out, and servers look for such tasks once a minute",
			forward, lease, grace),
		Promise: "\"Guaranteed at least one execution of a task\", \"Automatic recovery of tasks in the event of a worker crash\" (README)",
	}
}

// Work runs a server.
func (peer) Work(ctx context.Context, j library.Job) error {
	server := asynq.NewServer(asynq.RedisClientOpt{Addr: j.Addr}, asynq.Config{
		Concurrency: j.Concurrency, Queues: map[string]int{j.Queue: 1}, DelayedTaskCheckInterval: forward, ShutdownTimeout: j.Shutdown,
		RetryDelayFunc: func(int, error, *asynq.Task) time.Duration { return j.Pause },
		Logger:         logger{j.Report}, LogLevel: asynq.WarnLevel,
	})
	err := server.Start(asynq.HandlerFunc(func(ctx context.Context, t *asynq.Task) error { return j.Handle(ctx, t.Payload()) }))
	if err != nil {
		return fmt.Errorf("asynq: start a server of queue %s: %w", j.Queue, err)
	}
	<-ctx.Done()
	server.Shutdown()
	return nil
}

// Publisher opens a client.
func (peer) Publisher(_ context.Context, j library.Job) (library.Publisher, error) {
	return &publisher{asynq.NewClient(asynq.RedisClientOpt{Addr: j.Addr}), j}, nil
}

type publisher struct {
	*asynq.Client
	job library.Job
}

// Publish enqueues a task.
func (p *publisher) Publish(ctx context.Context, data []byte) error {
	_, err := p.EnqueueContext(ctx, asynq.NewTask(taskType, data), asynq.Queue(p.job.Queue), asynq.MaxRetry(p.job.Attempts-1))
	return err
}

// key is one of the queue's.
func key(j library.Job, kind string) string { return "asynq:{" + j.Queue + "}:" + kind }

// states are where a task is that is not done: lists first, then sets.
var states = []string{"pending", "active", "scheduled", "retry", "archived"}

// lists is how many of them are lists.
const lists = 2

// tasks are the IDs of the tasks in each state, all of the same moment: tasks move.
func tasks(ctx context.Context, rdb *redis.Client, j library.Job) (map[string][]string, error) {
	found := map[string]*redis.StringSliceCmd{}
	_, err := rdb.TxPipelined(ctx, func(p redis.Pipeliner) error {
		for i, state := range states {
			if i < lists {
				found[state] = p.LRange(ctx, key(j, state), 0, -1)
			} else {
				found[state] = p.ZRange(ctx, key(j, state), 0, -1)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list the tasks of %s: %w", j.Queue, err)
	}
	all := map[string][]string{}
	for state, ids := range found {
		all[state] = ids.Val()
	}
	return all, nil
}

// Look looks at the queue's lists and sets.
func (peer) Look(ctx context.Context, rdb *redis.Client, j library.Job) (library.Left, error) {
	left := library.Left{Open: map[string]string{}, Buried: map[string]bool{}}
	all, err := tasks(ctx, rdb, j)
	if err != nil {
		return left, err
	}
	for state, ids := range all {
		for _, task := range ids {
			text, err := rdb.HGet(ctx, key(j, "t:"+task), "msg").Result()
			if err != nil && err != redis.Nil { //nolint:errorlint // go-redis returns it as it is
				return left, fmt.Errorf("read task %s: %w", task, err)
			}
			id, ok := library.Decode(text)
			switch {
			case !ok:
				left.Strange++
			case state == "archived":
				left.Buried[id] = true
			default:
				left.Open[id] = state
			}
		}
	}
	return left, nil
}

// Unsettled counts.
func (peer) Unsettled(ctx context.Context, rdb *redis.Client, j library.Job) (n int, err error) {
	all, err := tasks(ctx, rdb, j)
	for state, ids := range all {
		if state != "archived" {
			n += len(ids)
		}
	}
	return n, err
}

// Malform adds a task that is a name without anything behind it, or one that cannot be decoded.
func (peer) Malform(ctx context.Context, rdb *redis.Client, j library.Job, n int) error {
	task := fmt.Sprintf("strange-%d", n)
	_, err := rdb.TxPipelined(ctx, func(p redis.Pipeliner) error {
		if n%2 == 1 {
			p.HSet(ctx, key(j, "t:"+task), "msg", "hello", "state", "pending", "pending_since", time.Now().UnixNano())
		}
		p.LPush(ctx, key(j, "pending"), task)
		return nil
	})
	if err != nil {
		return fmt.Errorf("add task %s: %w", task, err)
	}
	return nil
}

// logger passes on what goes wrong.
type logger struct{ report func(error) }

// Debug, Info, Warn, Error and Fatal are asynq's.
func (logger) Debug(...any) {}

// Info is not of interest.
func (logger) Info(...any) {}

// Warn is told what asynq will try again.
func (l logger) Warn(args ...any) { l.report(fmt.Errorf("asynq: %s", fmt.Sprint(args...))) }

// Error is told what it will not.
func (l logger) Error(args ...any) { l.Warn(args...) }

// Fatal ends the process, as asynq wants it to.
func (l logger) Fatal(args ...any) {
	l.Warn(args...)
	panic(fmt.Sprint(args...))
}
