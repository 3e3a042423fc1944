package redistest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"
)

// formCluster makes a cluster with CLUSTER commands, which every version has, unlike redis-cli. It leaves what it has started in
// nodes, also when it fails.
func formCluster(nodes *group, opts ...Option) error {
	if err := plainOnly(opts); err != nil {
		return err
	}
	opts = append([]Option{
		func(s *settings) { s.cluster = true },
		Config("cluster-node-timeout", "1000"),
		// Without it a master that lost its replica could be given another's.
		Config("cluster-allow-replica-migration", "no"),
	}, opts...)
	for range clusterSize {
		if _, err := nodes.add(newInstance(opts...)); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), awaitTimeout)
	defer cancel()
	if err := nodes.assignSlots(ctx); err != nil {
		return err
	}
	if err := nodes.meet(ctx); err != nil {
		return err
	}
	if err := await("the nodes of the cluster to know each other", nodes.known); err != nil {
		return err
	}
	if err := nodes.replicate(ctx); err != nil {
		return err
	}
	return await("the cluster", nodes.formed)
}

// assignSlots gives each of the first nodes its share, and an epoch of its own, so that they need not settle that by collisions.
func (g group) assignSlots(ctx context.Context) error {
	for i := range clusterMasters {
		first, last := i*clusterSlots/clusterMasters, (i+1)*clusterSlots/clusterMasters-1
		err := g[i].look(ctx, func(ctx context.Context, c *redis.Client) error {
			epoch := c.Do(ctx, "CLUSTER", "SET-CONFIG-EPOCH", i+1).Err()
			return errors.Join(epoch, c.ClusterAddSlotsRange(ctx, first, last).Err())
		})
		if err != nil {
			return fmt.Errorf("redistest: give slots to cluster node %s: %w", g[i].Addr(), err)
		}
	}
	return nil
}

// meet introduces every node to every other: gossip alone would take seconds.
func (g group) meet(ctx context.Context) error {
	for i, in := range g {
		err := in.look(ctx, func(ctx context.Context, c *redis.Client) error {
			for _, other := range g[i+1:] {
				if err := c.Do(ctx, "CLUSTER", "MEET", loopback, other.port.number, other.busPort.number).Err(); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("redistest: CLUSTER MEET on %s: %w", in.Addr(), err)
		}
	}
	return nil
}

// known is nil when every node knows every other one, with the handshakes done.
func (g group) known(ctx context.Context) error {
	return g.each(ctx, func(ctx context.Context, c *redis.Client) error {
		text, err := c.ClusterNodes(ctx).Result()
		if err != nil {
			return err
		}
		lines := strings.Split(strings.TrimSpace(text), "\n")
		if len(lines) != len(g) || strings.Contains(text, "handshake") || strings.Contains(text, "fail") {
			return fmt.Errorf("knows %d nodes of %d:\n%s", len(lines), len(g), text)
		}
		return nil
	})
}

// replicate makes node i+3 the replica of node i.
func (g group) replicate(ctx context.Context) error {
	for i := range clusterMasters {
		var id string
		err := g[i].look(ctx, func(ctx context.Context, c *redis.Client) (err error) {
			id, err = c.ClusterMyID(ctx).Result()
			return err
		})
		if err == nil {
			err = g[i+clusterMasters].look(ctx, func(ctx context.Context, c *redis.Client) error {
				return c.ClusterReplicate(ctx, id).Err()
			})
		}
		if err != nil {
			return fmt.Errorf("redistest: make %s the replica of %s: %w", g[i+clusterMasters].Addr(), g[i].Addr(), err)
		}
	}
	return nil
}

// formed is nil when every running node says that the cluster is whole, sees a replica for every master, and has its own part
// done: a replica linked, a master with its replica online.
func (g group) formed(ctx context.Context) error {
	return g.running().each(ctx, func(ctx context.Context, c *redis.Client) error {
		if err := clusterOK(ctx, c); err != nil {
			return err
		}
		slots, err := c.ClusterSlots(ctx).Result() //nolint:staticcheck // the same on every version, and what clients read
		if err != nil {
			return err
		}
		for _, s := range slots {
			if len(s.Nodes) != clusterSize/clusterMasters {
				return fmt.Errorf("sees the slots %+v", slots)
			}
		}
		if hasReplica(ctx, c) == nil {
			return nil
		}
		return isLinkedReplica(ctx, c)
	})
}

func hasReplica(ctx context.Context, c *redis.Client) error { return hasReplicas(ctx, c, 1) }

func clusterOK(ctx context.Context, c *redis.Client) error {
	text, err := c.ClusterInfo(ctx).Result()
	if err == nil && !strings.Contains(text, "cluster_state:ok") {
		err = errors.New("cluster_state is not ok")
	}
	return err
}

// masterFor waits until all running nodes are well and name the same master for key's slot, which is not the one given.
func (g group) masterFor(key string, not *instance) (*instance, error) {
	var master *instance
	err := await(fmt.Sprintf("the cluster to agree on the master of %q", key), func(ctx context.Context) error {
		master = nil
		return g.running().each(ctx, func(ctx context.Context, c *redis.Client) error {
			if err := clusterOK(ctx, c); err != nil {
				return err
			}
			addr, err := slotMaster(ctx, c, key)
			if err != nil {
				return err
			}
			named, err := g.find(addr)
			if err != nil {
				return err
			}
			if named == not || (master != nil && master != named) {
				return fmt.Errorf("the master is %s", addr)
			}
			master = named
			return nil
		})
	})
	if err == nil && master == nil {
		err = errors.New("redistest: no node of the cluster runs")
	}
	return master, err
}

// slotMaster returns the address of the master of key's slot, as the server of c sees it.
func slotMaster(ctx context.Context, c *redis.Client, key string) (string, error) {
	slot, err := c.ClusterKeySlot(ctx, key).Result()
	if err != nil {
		return "", err
	}
	ranges, err := c.ClusterSlots(ctx).Result() //nolint:staticcheck // the same on every version, and what clients read
	if err != nil {
		return "", err
	}
	for _, r := range ranges {
		if int64(r.Start) <= slot && slot <= int64(r.End) && len(r.Nodes) > 0 {
			return r.Nodes[0].Addr, nil
		}
	}
	return "", fmt.Errorf("slot %d has no master", slot)
}
