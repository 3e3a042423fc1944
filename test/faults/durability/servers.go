package durability

import (
	"net"
	"slices"
	"strings"

	"github.com/leat-io/leat/internal/redistest"
)

// startPair starts a master and a replica.
func (r *round) startPair() error {
	options := append(r.level.servers(), r.options...)
	r.master = redistest.Start(r.host, options...)
	r.url = r.master.URL()
	host, port, err := net.SplitHostPort(r.master.Addr())
	if err != nil {
		return err
	}
	replica := redistest.Start(r.host, append(options, redistest.Config("replicaof", host+" "+port))...)
	r.replicas = []*redistest.Server{replica}
	return r.until("the replica follows", func() bool { return strings.Contains(r.replication(replica), "master_link_status:up") })
}

// startSentinel starts a master, two replicas and three sentinels.
func (r *round) startSentinel() error {
	r.sentinel = redistest.StartSentinel(r.host, append(r.level.servers(), r.options...)...)
	r.url = r.sentinel.URL()
	r.master = r.sentinel.Settle()
	r.replicas = slices.DeleteFunc(r.sentinel.Nodes(), func(s *redistest.Server) bool { return s.Addr() == r.master.Addr() })
	return nil
}

// startCluster starts three masters with a replica each.
func (r *round) startCluster() error {
	r.cluster = redistest.StartCluster(r.host, append(r.level.servers(), r.options...)...)
	r.url = r.cluster.URL()
	r.master = r.cluster.MasterFor(streamName)
	_, port, err := net.SplitHostPort(r.master.Addr())
	if err != nil {
		return err
	}
	r.replicas = slices.DeleteFunc(r.cluster.Nodes(), func(s *redistest.Server) bool {
		return !strings.Contains(r.replication(s), "master_port:"+port+"\r\n")
	})
	return nil
}

// replication is what a server says of its master or its replicas; nothing when it does not answer.
func (r *round) replication(s *redistest.Server) string {
	client := s.Client(r.host)
	defer func() { _ = client.Close() }()
	return client.Info(r.ctx, "replication").Val()
}
