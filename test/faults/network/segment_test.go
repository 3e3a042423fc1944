package network_test

import (
	"bufio"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/internal/streamtest"
	"github.com/leat-io/leat/test/faults/network"
)

// segment is a segment of the test's own; on a machine that cannot make one the test is skipped.
func segment(t *testing.T) *network.Segment {
	t.Helper()
	s, err := network.NewSegment(t.Context())
	if errors.Is(err, network.ErrUnavailable) {
		t.Skipf("NOT TESTED HERE: partitions by network namespaces: %v", err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// site is a server on this machine, and a client on a host.
type site struct {
	host   *network.Host
	client *redis.Client // from the host
	past   *redis.Client // by loopback
	key    string
}

func newSite(t *testing.T) site {
	t.Helper()
	seg := segment(t)
	host, err := seg.NewHost(t.Context())
	require.NoError(t, err)
	s := redistest.Start(t, redistest.Config("bind", "127.0.0.1 "+seg.Addr()), redistest.Config("protected-mode", "no"))
	_, port, err := net.SplitHostPort(s.Addr())
	require.NoError(t, err)
	c := dial(t, net.JoinHostPort(seg.Addr(), port), func(o *redis.Options) { o.Dialer = host.DialContext })
	require.NoError(t, c.Set(t.Context(), "n", 0, 0).Err())
	info, err := c.ClientInfo(t.Context()).Result()
	require.NoError(t, err)
	require.Contains(t, info.Addr, host.Addr()+":", "it comes from the host")
	return site{host: host, client: c, past: s.Client(t), key: "n"}
}

func (s site) incr(ctx context.Context) error { return s.client.Incr(ctx, s.key).Err() }

func (s site) value(t *testing.T) string { t.Helper(); return s.past.Get(t.Context(), s.key).Val() }

func TestWhatComesToTheHostIsLost(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	require.NoError(t, s.host.DropIn(t.Context()))
	timesOut(t, s.incr)
	streamtest.Eventually(t, func() bool { return s.value(t) == "1" }, "the command is carried out, and nobody is told")
	require.NoError(t, s.host.Heal(t.Context()))
	require.NoError(t, s.incr(t.Context()))
	require.Equal(t, "2", s.value(t))
}

// What the host has sent is sent again and again: it arrives when its sender has long given up.
func TestWhatTheHostSendsIsLate(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	require.NoError(t, s.host.DropOut(t.Context()))
	timesOut(t, s.incr)
	require.Equal(t, "0", s.value(t))
	require.NoError(t, s.host.Heal(t.Context()))
	streamtest.Eventually(t, func() bool { return s.value(t) == "1" }, "the late request arrives")
}

// A partition ends no connection: after it, the same one goes on.
func TestAPartitionHeals(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.client.ClientID(t.Context()).Val()
	require.NoError(t, s.host.Partition(t.Context()))
	answered := make(chan int64, 1)
	go func() { answered <- s.client.ClientID(t.Context()).Val() }()
	select {
	case <-answered:
		require.FailNow(t, "it is answered")
	case <-time.After(patience):
	}
	require.NoError(t, s.host.Heal(t.Context()))
	require.Equal(t, id, <-answered)
}

// A client that goes while it is cut off leaves a connection that the server takes for a good one.
func TestHalfOpenConnections(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	addr := "addr=" + s.host.Addr() + ":"
	require.Contains(t, s.past.ClientList(t.Context()).Val(), addr)
	require.NoError(t, s.host.Partition(t.Context()))
	require.NoError(t, s.client.Close())
	select {
	case <-time.After(patience):
	case <-t.Context().Done():
	}
	require.Contains(t, s.past.ClientList(t.Context()).Val(), addr)
	require.NoError(t, s.host.Heal(t.Context()))
	streamtest.Eventually(t, func() bool { return !strings.Contains(s.past.ClientList(t.Context()).Val(), addr) }, "the server hears of it")
}

func TestReject(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	require.NoError(t, s.host.Reject(t.Context()))
	require.ErrorContains(t, s.incr(t.Context()), "connection re", "reset, or refused")
	require.Error(t, s.incr(t.Context()))
	l, err := s.host.Listen(t.Context(), "tcp", s.host.Addr()+":0")
	require.NoError(t, err)
	defer l.Close()
	_, err = new(net.Dialer).DialContext(t.Context(), "tcp", l.Addr().String())
	require.ErrorIs(t, err, syscall.ECONNREFUSED, "the other way, too")
	require.NoError(t, s.host.Heal(t.Context()))
	streamtest.Eventually(t, func() bool { return s.incr(t.Context()) == nil }, "it is there again")
}

// Of three hosts, one is cut off from one other alone.
func TestAPartitionBetweenTwo(t *testing.T) {
	t.Parallel()
	seg := segment(t)
	var hosts []*network.Host
	for range 3 {
		h, err := seg.NewHost(t.Context())
		require.NoError(t, err)
		hosts = append(hosts, h)
	}
	reach := func(from, to *network.Host) bool {
		l, err := to.Listen(t.Context(), "tcp", to.Addr()+":0")
		require.NoError(t, err)
		defer l.Close()
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		conn, err := from.DialContext(ctx, "tcp", l.Addr().String())
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	}
	require.True(t, reach(hosts[0], hosts[1]))
	require.NoError(t, hosts[0].Partition(t.Context(), hosts[1].Addr()))
	require.False(t, reach(hosts[0], hosts[1]))
	require.False(t, reach(hosts[1], hosts[0]))
	require.True(t, reach(hosts[0], hosts[2]))
	require.True(t, reach(hosts[2], hosts[1]))
	require.NoError(t, hosts[0].Heal(t.Context()))
	require.True(t, reach(hosts[1], hosts[0]))
}

// A server may be the one that is on a host; it keeps its process id, and its loopback is its own.
func TestAServerOnAHost(t *testing.T) {
	t.Parallel()
	seg := segment(t)
	host, err := seg.NewHost(t.Context())
	require.NoError(t, err)
	server := host.Command(t.Context(), "redis-server", "--port", "6379", "--bind", "0.0.0.0", "--protected-mode", "no", "--save", "")
	server.Dir = t.TempDir()
	require.NoError(t, server.Start())
	defer func() { _ = server.Process.Kill(); _ = server.Wait() }()
	c := dial(t, host.Addr()+":6379", nil)
	streamtest.Eventually(t, func() bool { return c.Ping(t.Context()).Err() == nil }, "the server answers")
	info, err := c.InfoMap(t.Context(), "server").Result()
	require.NoError(t, err)
	require.EqualValues(t, server.Process.Pid, atoi(t, info["Server"]["process_id"]))

	require.NoError(t, host.Partition(t.Context()))
	timesOut(t, func(ctx context.Context) error { return c.Ping(ctx).Err() })
}

// What a killed process has made, and what runs in there, the next segment removes.
func TestSweepAfterSIGKILL(t *testing.T) {
	t.Parallel()
	segment(t) // or skip
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), childVariable+"=1")
	_, err := child.StdinPipe()
	require.NoError(t, err)
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	words := strings.Fields(line)
	require.Len(t, words, 2, line)
	bridge, pid := words[0], words[1]

	segment(t)
	_, err = net.InterfaceByName(bridge)
	require.NoError(t, err, "its owner lives")
	require.DirExists(t, filepath.Join("/proc", pid))
	require.NoError(t, child.Process.Kill())
	_ = child.Wait()
	segment(t)
	_, err = net.InterfaceByName(bridge)
	require.Error(t, err)
	names, err := filepath.Glob("/var/run/netns/" + bridge + "-*")
	require.NoError(t, err)
	require.Empty(t, names)
	streamtest.Eventually(t, func() bool { _, err := os.Stat(filepath.Join("/proc", pid)); return err != nil }, "its process has gone")
}
