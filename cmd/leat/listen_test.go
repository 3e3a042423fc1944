package main

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/health"
)

// byDefault is the environment of a process that listens where it does when nobody says anything.
var byDefault = call{env: []string{"LEAT_LISTEN="}}

func (c call) idler(s *scene, more ...string) *process {
	s.Helper()
	return c.start(s.T, append([]string{"worker", "--redis", s.server.URL(), "--stream", s.stream, "--group", "g", "--command", "true"}, more...)...)
}

// port is where a process answers.
func (p *process) port() int {
	p.t.Helper()
	address, _ := p.logged("answers health checks")["address"].(string)
	_, text, err := net.SplitHostPort(address)
	require.NoError(p.t, err)
	port, err := strconv.Atoi(text)
	require.NoError(p.t, err)
	return port
}

func TestWorkersOfAMachineAreSeenWithoutAFlag(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	a, b := byDefault.idler(s), byDefault.idler(s)
	for _, w := range []*process{a, b} {
		require.GreaterOrEqual(t, w.port(), defaultPort)
		require.Less(t, w.port(), defaultPort+defaultPorts)
		require.Equal(t, 1, scrapeAt(t, fmt.Sprintf("http://127.0.0.1:%d/metrics", w.port())).of("leat_build_info"))
	}
	require.NotEqual(t, a.port(), b.port())
	a.drain()
	b.drain()
}

// A port that nobody asked for is no reason not to work.
func TestWorkerWorksWithoutItsDefaultPorts(t *testing.T) { //nolint:paralleltest // it takes the ports from the test above
	for port := defaultPort; port < defaultPort+defaultPorts; port++ {
		if taken, err := net.Listen("tcp", fmt.Sprintf(":%d", port)); err == nil {
			defer taken.Close()
		}
	}
	s := newScene(t)
	s.publish("t", "1")
	w := byDefault.idler(s)
	require.Contains(t, w.logged("answers neither /metrics nor health checks: name another address by --listen, or none")["error"], "address already in use")
	s.settled(0)
	w.drain()
	require.NotContains(t, w.stderr.String(), "answers health checks")
}

func TestListenNone(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	for name, w := range map[string]*process{
		"flag":       byDefault.idler(s, "--listen", "none"),
		"empty flag": byDefault.idler(s, "--listen", ""),
		"variable":   call{env: []string{"LEAT_LISTEN=none"}}.idler(s),
	} {
		w.logged("consumer runs")
		w.drain()
		require.NotContains(t, w.stderr.String(), "answers", name)
	}
}

func TestListenNear(t *testing.T) {
	t.Parallel()
	var tried []string
	listen := func(fails error, until string) func(string) (*health.Server, error) {
		tried = nil
		return func(addr string) (*health.Server, error) {
			tried = append(tried, addr)
			if addr == until {
				return &health.Server{}, nil
			}
			return nil, fmt.Errorf("listen: %w", fails)
		}
	}
	server, err := listenNear(listen(syscall.EADDRINUSE, ":12"), 10, 4)
	require.NoError(t, err)
	require.NotNil(t, server)
	require.Equal(t, ":10 :11 :12", strings.Join(tried, " "))

	_, err = listenNear(listen(syscall.EADDRINUSE, ""), 10, 4)
	require.ErrorIs(t, err, syscall.EADDRINUSE)
	require.Len(t, tried, 4)

	_, err = listenNear(listen(errors.ErrUnsupported, ""), 10, 4)
	require.ErrorIs(t, err, errors.ErrUnsupported)
	require.Len(t, tried, 1, "another port would not help")
}
