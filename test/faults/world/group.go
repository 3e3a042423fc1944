package world

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/leat-io/leat/internal/redistest"
)

// nodes are the data servers of a group of servers.
func (w *World) nodes() []*redistest.Server {
	switch {
	case w.Sentinel != nil:
		return w.Sentinel.Nodes()
	case w.Cluster != nil:
		return w.Cluster.Nodes()
	}
	return []*redistest.Server{w.Server}
}

// Addrs are where the servers listen that hold data.
func (w *World) Addrs() (addrs []string) {
	for _, s := range w.nodes() {
		addrs = append(addrs, s.Addr())
	}
	return addrs
}

// Settle waits until every server of the group is in its place.
func (w *World) Settle() error {
	return Try(func() {
		if w.Cluster != nil {
			w.Cluster.Settle()
		} else if w.Sentinel != nil {
			w.Sentinel.Settle()
		}
	})
}

// Replicas are the other servers that have what a master has, or will.
func (w *World) Replicas(master *redistest.Server) (replicas []*redistest.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	client := ClientOf(master)
	defer func() { _ = client.Close() }()
	info := client.InfoMap(ctx, "replication").Val()["Replication"]
	for _, node := range w.nodes() {
		host, port, err := net.SplitHostPort(node.Addr())
		for field, value := range info {
			if err == nil && strings.HasPrefix(field, "slave") && strings.HasPrefix(value, "ip="+host+",port="+port+",") {
				replicas = append(replicas, node)
			}
		}
	}
	return replicas
}

// AwaitOther waits until another server than the old one is the master of a stream.
func (w *World) AwaitOther(name string, old *redistest.Server) error {
	const patience = time.Minute
	for end := time.Now().Add(patience); time.Now().Before(end); {
		master, err := w.Master(name)
		if err == nil && master.Addr() != old.Addr() {
			return nil
		}
	}
	return fmt.Errorf("nobody has taken over from %s within %s", old.Addr(), patience)
}

// OtherMaster is a master of the cluster that does not have the stream; nil when there is none.
func (w *World) OtherMaster(name string) (*redistest.Server, error) {
	master, err := w.Master(name)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for _, node := range w.nodes() {
		client := ClientOf(node)
		role := client.InfoMap(ctx, "replication").Val()["Replication"]["role"]
		_ = client.Close()
		if role == "master" && node.Addr() != master.Addr() {
			return node, nil
		}
	}
	return nil, nil
}
