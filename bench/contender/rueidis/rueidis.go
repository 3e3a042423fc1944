// Package rueidis is rueidis without anything on top, written well.
package rueidis

import (
	"context"
	"fmt"
	"strings"
	"unsafe"

	"github.com/redis/rueidis"

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
)

type client struct{}

// New is the contender.
func New() contender.Contender { return client{} }

// Info is what the report says.
func (client) Info() contender.Info {
	return contender.Info{
		Name: "rueidis", Module: "github.com/redis/rueidis",
		Settings: fmt.Sprintf("entries with the same CloudEvents fields as leat's; XADD by DoMulti of %d, %d under way; "+
			"%d loops of XREADGROUP COUNT %d and one variadic XACK, a dedicated connection each; entries as slices, not maps; no client-side cache, no retries; "+
			"data handed over without a copy; with slow handlers a goroutine for each, fed by a channel, and one that acknowledges all there is",
			size, flying, loops, count),
	}
}

func dial(s contender.Setup) (rueidis.Client, error) {
	return rueidis.NewClient(rueidis.ClientOption{
		InitAddress: []string{s.Addr}, ForceSingleClient: true, DisableCache: true, DisableRetry: true,
	})
}

// Prepare makes the group.
func (client) Prepare(ctx context.Context, s contender.Setup) error {
	rdb, err := dial(s)
	if err != nil {
		return err
	}
	defer rdb.Close()
	err = rdb.Do(ctx, rdb.B().XgroupCreate().Key(s.Queue).Group(s.Group).Id("0").Mkstream().Build()).Error()
	if err != nil && strings.HasPrefix(err.Error(), "BUSYGROUP") {
		return nil
	}
	return err
}

// Consume works the stream off.
func (client) Consume(ctx context.Context, s contender.Setup, w contender.Work) error {
	rdb, err := dial(s)
	if err != nil {
		return err
	}
	defer rdb.Close()
	c := &consumer{rdb: rdb, setup: s, name: loop.ConsumerName()}
	if w.Concurrency > 0 {
		return loop.Workers(ctx, w.Concurrency, c, w.Handle)
	}
	return loop.Batches(ctx, loops, count, c, w.Handle)
}

type consumer struct {
	rdb   rueidis.Client
	setup contender.Setup
	name  string
}

// Read reads. rueidis gives a command that blocks a connection of its own.
func (c *consumer) Read(ctx context.Context, count int) ([]rueidis.XRangeSlice, error) {
	streams, err := c.rdb.Do(ctx, c.rdb.B().Xreadgroup().Group(c.setup.Group, c.name).Count(int64(count)).
		Block(loop.Block.Milliseconds()).Streams().Key(c.setup.Queue).Id(">").Build()).AsXReadSlices()
	if rueidis.IsRedisNil(err) {
		return nil, nil
	}
	return streams[c.setup.Queue], err
}

// Ack acknowledges.
func (c *consumer) Ack(ctx context.Context, ids []string) error {
	n, err := c.rdb.Do(ctx, c.rdb.B().Xack().Key(c.setup.Queue).Group(c.setup.Group).Id(ids...).Build()).AsInt64()
	if err == nil && int(n) != len(ids) {
		err = fmt.Errorf("XACK %s: %d of %d entries were acknowledged", c.setup.Queue, n, len(ids))
	}
	return err
}

// Open takes an entry apart. The handler does not keep the data, so it needs no copy.
func (c *consumer) Open(m *rueidis.XRangeSlice) (id string, data []byte) {
	for _, field := range m.FieldValues {
		if field.Field == "data" {
			data = unsafe.Slice(unsafe.StringData(field.Value), len(field.Value))
		}
	}
	return m.ID, data
}
