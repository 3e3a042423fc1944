package nemesis

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/leat-io/leat/internal/history"
	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/test/faults/world"
)

// behind is for how long a replica that is well may be behind its master: replication is asynchronous.
const behind = time.Second

// FailOver kills the master that has the stream, waits until a replica has taken over, and brings the killed one back as a replica.
// What the replica had not got is lost, acknowledged or not.
var FailOver = failOver("sentinel-failover")

// ClusterFailOver is the same in a cluster. It has a name of its own since clusters find out in another way, and take another time.
var ClusterFailOver = failOver("cluster-failover")

func failOver(kind string) Fault {
	return Fault{Name: kind, Servers: true, Do: func(_ context.Context, a *Arena) error {
		return a.failOver(kind, history.Now()-int64(behind))
	}}
}

// FailOverLagging is FailOver with replicas that stood still before it for up to two seconds.
var FailOverLagging = Fault{Name: "sentinel-failover-lagging", Servers: true, Do: func(ctx context.Context, a *Arena) error {
	master, err := a.World.Master(a.Stream)
	if err != nil {
		return err
	}
	since := history.Now()
	replicas := a.World.Replicas(master)
	for _, r := range replicas {
		if err := world.Try(r.Pause); err != nil {
			return err
		}
	}
	wait(ctx, time.Duration(a.float(0.2, 2)*float64(time.Second)))
	// What the kernel holds for a replica it gets when it goes on; more than that is lost with the master.
	if err := world.Try(master.Kill); err != nil {
		return err
	}
	for _, r := range replicas {
		if err := world.Try(r.Resume); err != nil {
			return err
		}
	}
	return a.failOverFrom(master, "sentinel-failover-lagging", since-int64(behind))
}}

// failOver kills the master when its replicas are well.
func (a *Arena) failOver(kind string, since int64) error {
	if err := a.World.Settle(); err != nil {
		return err
	}
	master, err := a.World.Master(a.Stream)
	if err != nil {
		return err
	}
	return a.failOverFrom(master, kind, since)
}

// failOverFrom kills a master, unless it is dead, and sees to the rest.
func (a *Arena) failOverFrom(master *redistest.Server, kind string, since int64) error {
	id, err := a.begin(kind, history.Excuse{Loses: true, Rollback: true, Since: since})
	if err != nil {
		return err
	}
	if err := world.Try(master.Kill); err != nil {
		return err
	}
	if err := a.World.AwaitOther(a.Stream, master); err != nil {
		return err
	}
	if err := a.end(id); err != nil {
		return err
	}
	if err := world.Try(master.Restart); err != nil {
		return err
	}
	return a.World.Settle()
}

// MoveSlot moves the slot of the stream to another master of a cluster, key by key, while it is used. Nothing is lost by that.
var MoveSlot = Fault{Name: "slot-move", Servers: true, Do: func(_ context.Context, a *Arena) error {
	from, err := a.World.Master(a.Stream)
	if err != nil {
		return err
	}
	to, err := a.World.OtherMaster(a.Stream)
	if err != nil || to == nil {
		return err
	}
	id, err := a.begin("slot-move", history.Excuse{})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return errors.Join(a.moveSlot(ctx, from, to), a.end(id))
}}

func (a *Arena) moveSlot(ctx context.Context, from, to *redistest.Server) error {
	source, target := world.ClientOf(from), world.ClientOf(to)
	defer func() { _, _ = source.Close(), target.Close() }()
	slot, err := source.ClusterKeySlot(ctx, a.Stream).Result()
	if err != nil {
		return fmt.Errorf("move the slot of %s: %w", a.Stream, err)
	}
	fromID, toID := source.Do(ctx, "CLUSTER", "MYID").Val(), target.Do(ctx, "CLUSTER", "MYID").Val()
	steps := []struct {
		c    *redis.Client
		args []any
	}{
		{target, []any{"CLUSTER", "SETSLOT", slot, "IMPORTING", fromID}},
		{source, []any{"CLUSTER", "SETSLOT", slot, "MIGRATING", toID}},
	}
	for _, s := range steps {
		if err := s.c.Do(ctx, s.args...).Err(); err != nil {
			return fmt.Errorf("%v: %w", s.args, err)
		}
	}
	if err := migrate(ctx, source, to.Addr(), int(slot)); err != nil {
		return err
	}
	for _, c := range []*redis.Client{target, source} {
		if err := c.Do(ctx, "CLUSTER", "SETSLOT", slot, "NODE", toID).Err(); err != nil {
			return fmt.Errorf("give slot %d away: %w", slot, err)
		}
	}
	return nil
}

// migrate moves all keys of a slot.
func migrate(ctx context.Context, source *redis.Client, addr string, slot int) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return err
	}
	for {
		keys, err := source.ClusterGetKeysInSlot(ctx, slot, 100).Result()
		if err != nil {
			return fmt.Errorf("list the keys of slot %d: %w", slot, err)
		}
		if len(keys) == 0 {
			return nil
		}
		for _, key := range keys {
			if err := source.Do(ctx, "MIGRATE", host, port, key, 0, 30_000).Err(); err != nil {
				return fmt.Errorf("migrate %s: %w", key, err)
			}
		}
	}
}
