package world

import (
	"context"
	"net"
	"os/exec"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/stream"
	"github.com/leat-io/leat/test/faults/disk"
	"github.com/leat-io/leat/test/faults/network"
)

// Kind is what servers there are, and what they keep.
type Kind string

const (
	// Memory keeps nothing: it may not be killed.
	Memory Kind = "memory"
	// Always has an append-only file that is synced before each reply.
	Always Kind = "aof-always"
	// Everysec has one that is synced every second.
	Everysec Kind = "aof-everysec"
	// Sentinel is a master with two replicas and three sentinels.
	Sentinel Kind = "sentinel"
	// Cluster is three masters with a replica each.
	Cluster Kind = "cluster"
)

// World is the servers of a run, and what is around them.
type World struct {
	Plan
	// URL is where the servers are; see URLFor.
	URL string
	// Server is the standalone one; nil for the other kinds, of which one of the next two is there.
	Server   *redistest.Server
	Sentinel *redistest.Sentinel
	Cluster  *redistest.Cluster
	// What the plan asks for besides.
	Disk    *disk.Disk
	Proxies []*network.Proxy
	Tap     *network.Tap
	Segment *network.Segment
	Hosts   []*network.Host

	host *Host
}

// Close ends the servers and all that is around them.
func (w *World) Close() { w.host.Close() }

// URLFor is what a child is told, by its number: proxies are shared out.
func (w *World) URLFor(number int) string {
	switch {
	case w.Tap != nil:
		return "redis://" + w.Tap.Addr()
	case len(w.Proxies) > 0:
		return "redis://" + w.Proxies[number%len(w.Proxies)].Addr()
	case len(w.Hosts) > 0:
		_, port, _ := net.SplitHostPort(w.Server.Addr())
		return "redis://" + net.JoinHostPort(w.Segment.Addr(), port)
	}
	return w.URL
}

// Command is a program that runs as a child of that number: on its host, where there are hosts.
func (w *World) Command(number int, program string, args ...string) *exec.Cmd {
	if len(w.Hosts) > 0 {
		return w.Hosts[number%len(w.Hosts)].Command(context.Background(), program, args...)
	}
	return exec.Command(program, args...)
}

// Master is the server that has a stream now.
func (w *World) Master(name string) (server *redistest.Server, err error) {
	if w.Server != nil {
		return w.Server, nil
	}
	err = Try(func() {
		if w.Cluster != nil {
			server = w.Cluster.MasterFor(name)
		} else {
			server = w.Sentinel.Master()
		}
	})
	return server, err
}

// Client is a client of the server that has a stream now, for whoever disturbs it. It never sends anything twice.
func (w *World) Client(name string) (*redis.Client, error) {
	server, err := w.Master(name)
	if err != nil {
		return nil, err
	}
	return ClientOf(server), nil
}

// ClientOf is a client of one server. It never sends anything twice.
func ClientOf(server *redistest.Server) *redis.Client {
	return redis.NewClient(&redis.Options{
		Addr: server.Addr(), MaxRetries: -1, DialerRetries: 1, ContextTimeoutEnabled: true, DisableIdentity: true,
		DialTimeout: 5 * time.Second, ReadTimeout: 20 * time.Second,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
}

// Dial is a connection of leat's own, as soon as there is a Redis that answers.
func (w *World) Dial(ctx context.Context) (*stream.Conn, error) {
	for {
		conn, err := stream.Dial(ctx, w.URL)
		if err == nil || ctx.Err() != nil {
			return conn, err
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}
