package kubernetes

import (
	"net"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// startRedis starts a redis-server that ends with the test, and returns its URL. internal/redistest does more, and would make
// this module follow every dependency of leat's own.
func startRedis(t *testing.T) string {
	t.Helper()
	port := strconv.Itoa(freePort(t))
	cmd := exec.Command("redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", t.TempDir())
	require.NoError(t, cmd.Start(), "redis-server is missing: make deps")
	t.Cleanup(func() { _, _ = cmd.Process.Kill(), cmd.Wait() })
	require.Eventually(t, func() bool {
		said, err := output(exec.Command("redis-cli", "-p", port, "ping"))
		return err == nil && said == "PONG"
	}, patience, 20*time.Millisecond)
	return "redis://127.0.0.1:" + port
}

// freePort is a port of this machine that nobody listens at.
func freePort(t *testing.T) int {
	t.Helper()
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
