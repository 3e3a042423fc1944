package redistest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"testing"

	"github.com/redis/go-redis/v9"
)

// start leaves what it has started in g, also when it fails.
func (g *sentinelGroup) start(opts ...Option) error {
	if err := plainOnly(opts); err != nil {
		return err
	}
	master, err := g.data.add(newInstance(opts...))
	if err != nil {
		return err
	}
	for range sentinelReplicas {
		replicaOf := Config("replicaof", loopback+" "+master.port.text())
		if _, err := g.data.add(newInstance(append(slices.Clone(opts), replicaOf)...)); err != nil {
			return err
		}
	}
	// Sentinels look for replicas when they meet the master, and then only every 10 s.
	if err := await("the replicas", func(ctx context.Context) error { return g.following(ctx, master) }); err != nil {
		return err
	}
	for range sentinelCount {
		if _, err := g.sentinels.add(newSentinel(master)); err != nil {
			return err
		}
	}
	if err := g.hurry(); err != nil {
		return err
	}
	return await("the sentinels to know each other", func(ctx context.Context) error {
		return g.sentinels.each(ctx, knowsAll)
	})
}

func newSentinel(master *instance) (*instance, error) {
	in, err := newInstance(
		Binary(master.binary),
		Config("sentinel monitor", sentinelMaster+" "+loopback+" "+master.port.text()+" 2"),
		Config("sentinel down-after-milliseconds", sentinelMaster+" 1000"),
		// A vote that nobody won is repeated after twice this time.
		Config("sentinel failover-timeout", sentinelMaster+" 3000"),
	)
	if err == nil {
		in.mode = "--sentinel"
	}
	return in, err
}

// hurry makes the sentinels greet each other every 0.5 s instead of 2, and look at the data servers every second instead of 10:
// a server that comes back is put in its place after 2 s instead of 10. How they decide stays the same.
//
// The ping period has to lie between two bounds. A sentinel that has just switched to a new master sends its first PING after
// min(down-after, ping-period): with both the same it calls every new master down at once, and failovers chase each other. And
// it promotes no replica whose INFO is older than five ping periods, while it asks for INFO once a second.
//
// A sentinel that is restarted forgets these settings.
func (g *sentinelGroup) hurry() error {
	ctx, cancel := context.WithTimeout(context.Background(), lookTimeout)
	defer cancel()
	err := g.sentinels.each(ctx, func(ctx context.Context, c *redis.Client) error {
		return c.Do(ctx, "SENTINEL", "DEBUG",
			"ping-period", 400, "publish-period", 500, "info-period", 1000).Err()
	})
	if err != nil {
		return fmt.Errorf("redistest: SENTINEL DEBUG: %w", err)
	}
	return nil
}

// knowsAll is nil when the sentinel sees the master up, its replicas and the other sentinels.
func knowsAll(ctx context.Context, c *redis.Client) error {
	state, err := c.Do(ctx, "SENTINEL", "MASTER", sentinelMaster).Result()
	if err != nil {
		return err
	}
	fields := stringMap(state)
	if fields["flags"] != "master" || fields["num-slaves"] != fmt.Sprint(sentinelReplicas) ||
		fields["num-other-sentinels"] != fmt.Sprint(sentinelCount-1) {
		return fmt.Errorf("flags %s, %s replicas, %s other sentinels", fields["flags"], fields["num-slaves"],
			fields["num-other-sentinels"])
	}
	return c.Do(ctx, "SENTINEL", "CKQUORUM", sentinelMaster).Err()
}

// stringMap makes a map of a reply that RESP3 sends as a map and RESP2 as a list of keys and values.
func stringMap(reply any) map[string]string {
	fields := map[string]string{}
	switch r := reply.(type) {
	case map[any]any:
		for key, value := range r {
			fields[fmt.Sprint(key)] = fmt.Sprint(value)
		}
	case []any:
		for i := 0; i+1 < len(r); i += 2 {
			fields[fmt.Sprint(r[i])] = fmt.Sprint(r[i+1])
		}
	}
	return fields
}

// isQuiet is nil when the sentinel sees the master up and no failover going on.
func isQuiet(ctx context.Context, c *redis.Client) error {
	state, err := c.Do(ctx, "SENTINEL", "MASTER", sentinelMaster).Result()
	if err != nil {
		return err
	}
	if flags := stringMap(state)["flags"]; flags != "master" {
		return fmt.Errorf("the master's flags are %s", flags)
	}
	return nil
}

// failOver is nil when the sentinel has another master than before. As long as it has not, and no failover is going on, it asks
// for one (again): a failover that finds no replica whose state it knows well enough is given up without a word to who asked.
func failOver(ctx context.Context, c *redis.Client, before string) error {
	pair, err := c.Do(ctx, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", sentinelMaster).StringSlice()
	if err != nil || net.JoinHostPort(pair[0], pair[1]) != before {
		return err
	}
	if err := isQuiet(ctx, c); err != nil {
		return err
	}
	if err := c.Do(ctx, "SENTINEL", "FAILOVER", sentinelMaster).Err(); err != nil {
		return err
	}
	return errors.New("it has only been asked for")
}

// agreed returns the master that all running sentinels name, if it is not at the address not and calls itself a master.
func (g *sentinelGroup) agreed(ctx context.Context, not string) (*instance, error) {
	named := ""
	err := g.sentinels.running().each(ctx, func(ctx context.Context, c *redis.Client) error {
		pair, err := c.Do(ctx, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", sentinelMaster).StringSlice()
		if err != nil {
			return err
		}
		addr := net.JoinHostPort(pair[0], pair[1])
		if addr == not || (named != "" && addr != named) {
			return fmt.Errorf("the master is %s", addr)
		}
		named = addr
		return nil
	})
	if err != nil {
		return nil, err
	}
	if named == "" {
		return nil, errors.New("no sentinel runs")
	}
	master, err := g.data.find(named)
	if err != nil {
		return nil, err
	}
	return master, master.look(ctx, func(ctx context.Context, c *redis.Client) error { return hasReplicas(ctx, c, 0) })
}

// following is nil when all the other running data servers are linked replicas of master.
func (g *sentinelGroup) following(ctx context.Context, master *instance) error {
	replicas := slices.DeleteFunc(g.data.running(), func(in *instance) bool { return in == master })
	err := master.look(ctx, func(ctx context.Context, c *redis.Client) error { return hasReplicas(ctx, c, len(replicas)) })
	return errors.Join(err, replicas.each(ctx, isLinkedReplica))
}

func (g *sentinelGroup) logOnFailure(t testing.TB) {
	g.data.logOnFailure(t)
	g.sentinels.logOnFailure(t)
}

// discard ends the sentinels first: they would start a failover among dying servers.
func (g *sentinelGroup) discard() {
	g.sentinels.discard()
	g.data.discard()
}
