package nemesis

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/leat-io/leat/internal/history"
	"github.com/leat-io/leat/stream"
	"github.com/leat-io/leat/test/faults/world"
)

// unsynced is how old a write may be that a Redis with appendfsync everysec has not handed to the kernel when it is killed: it
// puts writing off for up to two seconds while a sync is under way.
const unsynced = 2500 * time.Millisecond

// KillRedis kills a standalone Redis and starts it again, at once or after up to two leases. With its file synced always that
// excuses no loss; with everysec what was written in the last moments may be gone.
var KillRedis = Fault{Name: "redis-kill", Servers: true, Do: func(ctx context.Context, a *Arena) error {
	var excuse history.Excuse
	if a.World.Kind == world.Everysec {
		excuse = history.Excuse{Loses: true, Rollback: true, Since: history.Now() - int64(unsynced)}
	}
	id, err := a.begin("redis-kill", excuse)
	if err != nil {
		return err
	}
	if err := world.Try(a.World.Server.Kill); err != nil {
		return err
	}
	if a.Pick(2) == 0 {
		wait(ctx, a.leases(0, 2))
	}
	return errors.Join(world.Try(a.World.Server.Restart), a.end(id))
}}

// Outage kills a standalone Redis and starts it again when every lease has run out.
var Outage = Fault{Name: "redis-outage", Servers: true, Do: func(ctx context.Context, a *Arena) error {
	id, err := a.begin("redis-outage", history.Excuse{})
	if err != nil {
		return err
	}
	if err := world.Try(a.World.Server.Kill); err != nil {
		return err
	}
	wait(ctx, a.leases(1.2, 2))
	return errors.Join(world.Try(a.World.Server.Restart), a.end(id))
}}

// StopRedis makes Redis stand still (SIGSTOP) for up to two leases. What was sent to it before is carried out when it goes on.
var StopRedis = standstill("redis-stop", 0.2, 2)

// Standstill makes Redis stand still until every lease has run out.
var Standstill = standstill("redis-standstill", 1.2, 1.6)

// standstill makes Redis stand still for so many leases.
func standstill(kind string, low, high float64) Fault {
	return Fault{Name: kind, Servers: true, Do: func(ctx context.Context, a *Arena) error {
		server, err := a.World.Master(a.Stream)
		if err != nil {
			return err
		}
		id, err := a.begin(kind, history.Excuse{Late: true})
		if err != nil {
			return err
		}
		if err := world.Try(server.Pause); err != nil {
			return err
		}
		wait(ctx, a.leases(low, high))
		return errors.Join(world.Try(server.Resume), a.end(id))
	}}
}

// command is a fault that one command makes, and that excuses no loss.
func command(kind string, args func(a *Arena) []any) Fault {
	return Fault{Name: kind, Servers: true, Do: func(_ context.Context, a *Arena) error {
		id, err := a.begin(kind, history.Excuse{})
		if err != nil {
			return err
		}
		return errors.Join(a.client(func(ctx context.Context, c *redis.Client) error {
			args := args(a)
			if err := c.Do(ctx, args...).Err(); err != nil {
				return fmt.Errorf("%v: %w", args, err)
			}
			return nil
		}), a.end(id))
	}}
}

// KillClients closes all connections: replies that were on their way are lost.
var KillClients = command("client-kill", func(*Arena) []any { return []any{"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"} })

// FlushScripts makes Redis forget all scripts.
var FlushScripts = command("script-flush", func(*Arena) []any { return []any{"SCRIPT", "FLUSH"} })

// DeleteConsumer is an outsider who deletes the name of a living worker from the group, and with it what is pending under it. The
// worker knows what that was. What one held that could not say so, since it was dead or stood still, nobody knows of any more.
var DeleteConsumer = Fault{Name: "delconsumer", Servers: true, Do: func(_ context.Context, a *Arena) error {
	p := a.victim()
	if p == nil {
		return nil
	}
	id, err := a.begin("delconsumer", history.Excuse{Loses: true, Holder: p.Name()})
	if err != nil {
		return err
	}
	return errors.Join(a.client(func(ctx context.Context, c *redis.Client) error {
		return unlessGone(c.XGroupDelConsumer(ctx, a.Stream, a.Group, p.Name()).Err())
	}), a.end(id))
}}

// unlessGone is an error, unless it says that there is no stream, or no group, to do anything to.
func unlessGone(err error) error {
	if err != nil && (strings.Contains(err.Error(), "requires the key to exist") || strings.HasPrefix(err.Error(), "NOGROUP")) {
		return nil
	}
	return err
}

// DestroyGroup deletes the group. What is made anew begins at the lowest entry that anybody holds, so that what was settled above
// that is handled again.
var DestroyGroup = Fault{Name: "group-destroy", Servers: true, Do: func(_ context.Context, a *Arena) error {
	id, err := a.begin("group-destroy", history.Excuse{Rollback: true})
	if err != nil {
		return err
	}
	return errors.Join(a.client(func(ctx context.Context, c *redis.Client) error {
		return unlessGone(c.XGroupDestroy(ctx, a.Stream, a.Group).Err())
	}), a.end(id))
}}

// OutOfMemory lets Redis refuse what needs memory for a while (maxmemory, noeviction).
var OutOfMemory = Fault{Name: "oom", Servers: true, Do: func(ctx context.Context, a *Arena) error {
	id, err := a.begin("oom", history.Excuse{})
	if err != nil {
		return err
	}
	set := func(to string) error {
		return a.client(func(ctx context.Context, c *redis.Client) error { return c.ConfigSet(ctx, "maxmemory", to).Err() })
	}
	if err := set("1"); err != nil {
		return err
	}
	wait(ctx, a.leases(0.2, 2))
	return errors.Join(set("0"), a.end(id))
}}

// FlushAll empties Redis: whatever was stored by then may be gone.
var FlushAll = Fault{Name: "flushall", Servers: true, Do: func(_ context.Context, a *Arena) error {
	return a.deletes("flushall", func(ctx context.Context, c *redis.Client) (below stream.ID, err error) {
		var at *redis.TimeCmd
		_, err = c.TxPipelined(ctx, func(p redis.Pipeliner) error {
			at = p.Time(ctx)
			p.FlushAll(ctx) //nolint:forbidigo // the server is this run's own
			return nil
		})
		if err != nil {
			return below, err
		}
		return stream.ID{Ms: uint64(at.Val().UnixMilli()) + 1}, nil
	})
}}

// Trim is an outsider's XTRIM MAXLEN, which leaves some of the newest entries, read or not.
var Trim = Fault{Name: "trim", Servers: true, Do: func(_ context.Context, a *Arena) error {
	return a.deletes("trim", func(ctx context.Context, c *redis.Client) (below stream.ID, err error) {
		keep := 1 + a.Pick(200)
		var first *redis.XMessageSliceCmd
		_, err = c.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.Do(ctx, "XTRIM", a.Stream, "MAXLEN", strconv.Itoa(keep))
			first = p.XRangeN(ctx, a.Stream, "-", "+", 1)
			return nil
		})
		if err != nil || len(first.Val()) == 0 {
			return below, err
		}
		return stream.ParseID(first.Val()[0].ID)
	})
}}

// deletes is a fault that deletes entries: those below the one that do returns.
func (a *Arena) deletes(kind string, do func(ctx context.Context, c *redis.Client) (below stream.ID, err error)) error {
	id, err := a.begin(kind, history.Excuse{Loses: true})
	if err != nil {
		return err
	}
	var below stream.ID
	err = a.client(func(ctx context.Context, c *redis.Client) (err error) {
		below, err = do(ctx, c)
		return err
	})
	if err != nil {
		return fmt.Errorf("%s: %w", kind, err)
	}
	return a.Record.Write(history.EndKnowing(history.Now(), process, id, history.Excuse{Loses: true, Below: below}))
}

// Undeclared is a fault of which nothing is noted: to see that what it does is found.
func Undeclared(f Fault) Fault {
	return Fault{Name: f.Name, Servers: f.Servers, Do: func(ctx context.Context, a *Arena) error {
		silent, err := history.Create(os.DevNull)
		if err != nil {
			return err
		}
		defer func() { _ = silent.Close() }()
		b := &Arena{World: a.World, Crew: a.Crew, Record: silent, Stream: a.Stream, Group: a.Group, Lease: a.Lease, Patience: a.Patience}
		return f.Do(ctx, b.Lane(uint64(a.Pick(1<<30)), 0))
	}}
}
