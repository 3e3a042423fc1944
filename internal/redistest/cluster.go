package redistest

import (
	"context"
	"testing"
)

const (
	clusterMasters = 3
	clusterSize    = 6
	clusterSlots   = 16384
)

// Cluster is three masters with a replica each; a node that is silent for a second counts as failed.
type Cluster struct {
	nodes  group // the first three were the first masters, node i+3 the replica of node i
	t      testing.TB
	shared bool
}

// StartCluster starts a cluster that ends with the test. It returns when every node knows all the others and every replica
// follows its master, about 3 s later. Options (AOF, Config, Binary) go to every node.
func StartCluster(t testing.TB, opts ...Option) *Cluster {
	t.Helper()
	var nodes group
	t.Cleanup(func() { nodes.discard() })
	err := formCluster(&nodes, opts...)
	nodes.logOnFailure(t)
	if err != nil {
		t.Fatal(err)
	}
	return &Cluster{nodes: nodes, t: t}
}

var sharedCluster = &lazy[group]{
	start: func() (group, error) {
		var nodes group
		if err := formCluster(&nodes); err != nil {
			nodes.discard()
			return nil, err
		}
		return nodes, nil
	},
	discard: group.discard,
}

// SharedCluster returns the cluster that all tests of this binary use together.
func SharedCluster(t testing.TB) *Cluster {
	t.Helper()
	nodes := sharedCluster.get(t)
	nodes.logOnFailure(t)
	return &Cluster{nodes: nodes, t: t, shared: true}
}

// URL returns redis+cluster://host:port,host:port,... with all six nodes.
func (c *Cluster) URL() string { return "redis+cluster://" + c.nodes.addrs() }

// Nodes returns the six nodes, in no order that says which is a master.
func (c *Cluster) Nodes() []*Server {
	servers := make([]*Server, len(c.nodes))
	for i, in := range c.nodes {
		servers[i] = c.handle(in)
	}
	return servers
}

// MasterFor returns the master of key's slot. It waits until the running nodes agree on it.
func (c *Cluster) MasterFor(key string) *Server {
	c.t.Helper()
	master, err := c.nodes.masterFor(key, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.handle(master)
}

// Settle waits until all running nodes agree that the cluster is whole and every master has a replica. After a Restart it says
// when the node is back in its place.
func (c *Cluster) Settle() {
	c.t.Helper()
	if err := await("the cluster", c.nodes.formed); err != nil {
		c.t.Fatal(err)
	}
}

// KillMaster kills the master of key's slot (SIGKILL) and returns it, and the replica that took over when all running nodes
// agree on it and the whole cluster answers again. It first waits for the replica to be linked, without which it never takes
// over. The killed one comes back as a replica by Restart.
func (c *Cluster) KillMaster(key string) (killed, promoted *Server) {
	c.t.Helper()
	if c.shared {
		c.t.Fatal("redistest: kill a master of a shared cluster, which other tests use: start your own")
	}
	killed = c.MasterFor(key)
	if err := await("a replica of "+killed.Addr(), func(ctx context.Context) error {
		return killed.look(ctx, hasReplica)
	}); err != nil {
		c.t.Fatal(err)
	}
	killed.Kill()
	master, err := c.nodes.masterFor(key, killed.instance)
	if err != nil {
		c.t.Fatal(err)
	}
	return killed, c.handle(master)
}

func (c *Cluster) handle(in *instance) *Server {
	return &Server{instance: in, t: c.t, shared: c.shared}
}
