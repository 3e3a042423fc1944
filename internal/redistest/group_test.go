package redistest_test

import (
	"context"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/leat-io/leat/internal/redistest"
)

func TestSentinelKillMaster(t *testing.T) {
	t.Parallel()
	s := redistest.StartSentinel(t)
	if !strings.HasPrefix(s.URL(), "redis+sentinel://127.0.0.1:") || !strings.HasSuffix(s.URL(), "/"+s.Name()) {
		t.Errorf("URL %q", s.URL())
	}
	ctx := context.Background()
	before := s.Master().Client(t)
	mustSet(t, before, "k", "v")
	if n := before.Wait(ctx, 2, 0).Val(); n != 2 {
		t.Errorf("%d replicas have the write", n)
	}
	killed, promoted := s.KillMaster()
	if killed.Running() || promoted.PID() == killed.PID() || s.Master().PID() != promoted.PID() {
		t.Errorf("killed %d, promoted %d, master %d", killed.PID(), promoted.PID(), s.Master().PID())
	}
	if got := get(t, promoted.Client(t), "k"); got != "v" {
		t.Errorf("got %q", got)
	}
	mustSet(t, promoted.Client(t), "k", "w")
	killed.Restart()
	if now := s.Settle(); now.PID() != promoted.PID() {
		t.Errorf("master %d, want %d", now.PID(), promoted.PID())
	}

	manual := s.Failover()
	if manual.PID() == promoted.PID() {
		t.Error("Failover returned the same master")
	}
	if got := get(t, manual.Client(t), "k"); got != "w" {
		t.Errorf("got %q", got)
	}
}

func TestSentinelThroughAClient(t *testing.T) {
	t.Parallel()
	s := redistest.SharedSentinel(t)
	var addrs []string
	for _, sentinel := range s.Sentinels() {
		addrs = append(addrs, sentinel.Addr())
	}
	c := redis.NewFailoverClient(&redis.FailoverOptions{MasterName: s.Name(), SentinelAddrs: addrs})
	defer func() { _ = c.Close() }()
	key := redistest.Prefix(t) + "k"
	mustSet(t, c, key, "v")
	if got := get(t, s.Master().Client(t), key); got != "v" {
		t.Errorf("got %q", got)
	}
	if r := record(t, func(t testing.TB) { redistest.SharedSentinel(t).KillMaster() }); !r.failed {
		t.Error("a shared master may be killed")
	}
}

func TestClusterKillMaster(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t)
	client := clusterClient(t, c)
	ctx := context.Background()
	// One key in each master's slots.
	for _, key := range []string{"a", "b", "c", "d", "e", "f"} {
		if err := client.Set(ctx, key, "v", 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	owner := c.MasterFor("a")
	if err := owner.Client(t).Do(ctx, "WAIT", 1, 0).Err(); err != nil {
		t.Fatal(err)
	}
	killed, promoted := c.KillMaster("a")
	if killed.PID() != owner.PID() || killed.Running() || promoted.PID() == killed.PID() {
		t.Errorf("owner %d, killed %d, promoted %d", owner.PID(), killed.PID(), promoted.PID())
	}
	mustSet(t, promoted.Client(t), "a", "w")
	killed.Restart()
	c.Settle()
	if now := c.MasterFor("a"); now.PID() != promoted.PID() {
		t.Errorf("master %d, want %d", now.PID(), promoted.PID())
	}
}

func TestSharedCluster(t *testing.T) {
	t.Parallel()
	c := redistest.SharedCluster(t)
	if n := strings.Count(c.URL(), ":"); n != 7 || len(c.Nodes()) != 6 {
		t.Errorf("URL %q", c.URL())
	}
	key := redistest.Prefix(t) + "k"
	if err := clusterClient(t, c).Set(context.Background(), key, "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if got := get(t, c.MasterFor(key).Client(t), key); got != "v" {
		t.Errorf("got %q", got)
	}
	if r := record(t, func(t testing.TB) { redistest.SharedCluster(t).KillMaster("a") }); !r.failed {
		t.Error("a shared master may be killed")
	}
}

func TestGroupsRefuseWhatTheyCannotHave(t *testing.T) {
	t.Parallel()
	if r := record(t, func(t testing.TB) { redistest.StartCluster(t, redistest.TLS()) }); !r.failed {
		t.Error("a TLS cluster was promised")
	}
	if r := record(t, func(t testing.TB) { redistest.StartSentinel(t, redistest.Unix()) }); !r.failed {
		t.Error("a sentinel on unix sockets was promised")
	}
}

func clusterClient(t *testing.T, c *redistest.Cluster) *redis.ClusterClient {
	t.Helper()
	addrs := strings.Split(strings.TrimPrefix(c.URL(), "redis+cluster://"), ",")
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: addrs})
	t.Cleanup(func() { _ = client.Close() })
	return client
}
