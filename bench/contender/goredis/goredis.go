// Package goredis is go-redis without anything on top, written well.
package goredis

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unsafe"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/leat-io/leat/bench/contender"
	"github.com/leat-io/leat/bench/contender/loop"
)

const (
	// loops read, handle and acknowledge; while one handles, another reads.
	loops = 4
	count = 300
	// flying pipelines of size entries are under way.
	flying = 4
	size   = 500
	// buffer is of each connection. A reply of 300 entries is larger than the default.
	buffer = 256 << 10
)

type client struct{}

// New is the contender.
func New() contender.Contender { return client{} }

// Info is what the report says.
func (client) Info() contender.Info {
	return contender.Info{
		Name: "go-redis", Module: "github.com/redis/go-redis/v9",
		Settings: fmt.Sprintf("typed commands, entries with the same CloudEvents fields as leat's; XAdd in pipelines of %d, %d under way; "+
			"%d loops of XReadGroup COUNT %d and one variadic XAck, a connection each; buffers of 256 KiB, no retries; data handed over without a copy; "+
			"with slow handlers a goroutine for each, fed by a channel, and one that acknowledges all there is", size, flying, loops, count),
	}
}

func dial(s contender.Setup) *redis.Client {
	return redis.NewClient(&redis.Options{
		Addr: s.Addr, MaxRetries: -1, ReadBufferSize: buffer, WriteBufferSize: buffer, DisableIdentity: true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
}

// Prepare makes the group.
func (client) Prepare(ctx context.Context, s contender.Setup) error {
	rdb := dial(s)
	defer func() { _ = rdb.Close() }()
	err := rdb.XGroupCreateMkStream(ctx, s.Queue, s.Group, "0").Err()
	if err != nil && strings.HasPrefix(err.Error(), "BUSYGROUP") {
		return nil
	}
	return err
}

// Consume works the stream off.
func (client) Consume(ctx context.Context, s contender.Setup, w contender.Work) error {
	rdb := dial(s)
	defer func() { _ = rdb.Close() }()
	c := &consumer{rdb: rdb, setup: s, name: loop.ConsumerName()}
	if w.Concurrency > 0 {
		return loop.Workers(ctx, w.Concurrency, c, w.Handle)
	}
	return loop.Batches(ctx, loops, count, c, w.Handle)
}

type consumer struct {
	rdb   *redis.Client
	setup contender.Setup
	name  string
}

// Read reads.
func (c *consumer) Read(ctx context.Context, count int) ([]redis.XMessage, error) {
	streams, err := c.rdb.XReadGroup(ctx, &redis.XReadGroupArgs{
		Group: c.setup.Group, Consumer: c.name, Streams: []string{c.setup.Queue, ">"}, Count: int64(count), Block: loop.Block,
	}).Result()
	if errors.Is(err, redis.Nil) || err == nil && len(streams) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return streams[0].Messages, nil
}

// Ack acknowledges.
func (c *consumer) Ack(ctx context.Context, ids []string) error {
	n, err := c.rdb.XAck(ctx, c.setup.Queue, c.setup.Group, ids...).Result()
	if err == nil && int(n) != len(ids) {
		err = fmt.Errorf("XACK %s: %d of %d entries were acknowledged", c.setup.Queue, n, len(ids))
	}
	return err
}

// Open takes an entry apart. The handler does not keep the data, so it needs no copy.
func (c *consumer) Open(m *redis.XMessage) (id string, data []byte) {
	s, _ := m.Values["data"].(string)
	return m.ID, unsafe.Slice(unsafe.StringData(s), len(s))
}
