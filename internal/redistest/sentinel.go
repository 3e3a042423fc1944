package redistest

import (
	"context"
	"errors"
	"testing"

	"github.com/redis/go-redis/v9"
)

const (
	sentinelMaster   = "leat-master"
	sentinelReplicas = 2
	sentinelCount    = 3
)

// Sentinel is a master with two replicas, watched by three sentinels that need two votes and call a master down after a second.
type Sentinel struct {
	*sentinelGroup
	t      testing.TB
	shared bool
}

type sentinelGroup struct {
	data      group // the first one was the first master
	sentinels group
}

// StartSentinel starts a master, two replicas and three sentinels that end with the test. It returns when the replicas follow
// and the sentinels know them and each other, about 3 s later. Options (AOF, Config, Binary) go to the data servers; Binary is
// also what the sentinels run.
func StartSentinel(t testing.TB, opts ...Option) *Sentinel {
	t.Helper()
	g := &sentinelGroup{}
	t.Cleanup(g.discard)
	err := g.start(opts...)
	g.logOnFailure(t)
	if err != nil {
		t.Fatal(err)
	}
	return &Sentinel{sentinelGroup: g, t: t}
}

var sharedSentinel = &lazy[*sentinelGroup]{
	start: func() (*sentinelGroup, error) {
		g := &sentinelGroup{}
		if err := g.start(); err != nil {
			g.discard()
			return nil, err
		}
		return g, nil
	},
	discard: (*sentinelGroup).discard,
}

// SharedSentinel returns the sentinel group that all tests of this binary use together.
func SharedSentinel(t testing.TB) *Sentinel {
	t.Helper()
	g := sharedSentinel.get(t)
	g.logOnFailure(t)
	return &Sentinel{sentinelGroup: g, t: t, shared: true}
}

// URL returns redis+sentinel://host:port,host:port,host:port/master-name.
func (s *Sentinel) URL() string {
	return "redis+sentinel://" + s.sentinels.addrs() + "/" + sentinelMaster
}

// Name returns the name under which the sentinels know the master.
func (s *Sentinel) Name() string { return sentinelMaster }

// Nodes returns the three data servers, master and replicas, in no order that says which is which.
func (s *Sentinel) Nodes() []*Server { return s.handles(s.data) }

// Sentinels returns the three sentinels.
func (s *Sentinel) Sentinels() []*Server { return s.handles(s.sentinels) }

// Master returns the server that all running sentinels call the master. It waits until they agree.
func (s *Sentinel) Master() *Server {
	s.t.Helper()
	var master *instance
	err := await("the sentinels to agree on a master", func(ctx context.Context) (err error) {
		master, err = s.agreed(ctx, "")
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return s.handle(master)
}

// Settle waits until every running data server is the master or a linked replica of it and no failover is going on, and
// returns the master. A killed master that was restarted comes back as the master it was, empty without AOF, until the
// sentinels notice and make it a replica, about 2 s later.
func (s *Sentinel) Settle() *Server {
	s.t.Helper()
	return s.promoted("")
}

// Failover makes the sentinels promote a replica while the master lives (SENTINEL FAILOVER), and returns the new master when all
// sentinels and the other data servers follow it. It first waits as Settle does: sentinels could promote a server that has just
// come back empty.
func (s *Sentinel) Failover() *Server {
	s.t.Helper()
	s.mustOwn("failover")
	before := s.Settle()
	err := await("SENTINEL FAILOVER", func(ctx context.Context) error {
		return s.sentinels.running()[0].look(ctx, func(ctx context.Context, c *redis.Client) error {
			return failOver(ctx, c, before.Addr())
		})
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return s.promoted(before.Addr())
}

// KillMaster kills the master (SIGKILL) and returns it, and the new one when the sentinels and the replica left follow it. The
// killed one comes back by Restart and Settle.
func (s *Sentinel) KillMaster() (killed, promoted *Server) {
	s.t.Helper()
	s.mustOwn("kill the master")
	killed = s.Settle()
	killed.Kill()
	return killed, s.promoted(killed.Addr())
}

// promoted waits for a master that is not at the address before, and that the running data servers follow.
func (s *Sentinel) promoted(before string) *Server {
	s.t.Helper()
	var master *instance
	err := await("the sentinels and replicas to follow one master", func(ctx context.Context) (err error) {
		if master, err = s.agreed(ctx, before); err != nil {
			return err
		}
		return errors.Join(s.following(ctx, master), s.sentinels.running().each(ctx, isQuiet))
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return s.handle(master)
}

func (s *Sentinel) mustOwn(verb string) {
	s.t.Helper()
	if s.shared {
		s.t.Fatalf("redistest: %s on shared servers, which other tests use: start your own", verb)
	}
}

func (s *Sentinel) handle(in *instance) *Server {
	return &Server{instance: in, t: s.t, shared: s.shared}
}

func (s *Sentinel) handles(g group) []*Server {
	servers := make([]*Server, len(g))
	for i, in := range g {
		servers[i] = s.handle(in)
	}
	return servers
}
