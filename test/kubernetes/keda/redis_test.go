package keda

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

// startRedis starts a redis-server that ends with the test, with these lines in its configuration, and returns its address.
// internal/redistest does more, and would make this module follow every dependency of leat's own.
func startRedis(t *testing.T, lines ...string) string {
	t.Helper()
	address := free(t)
	_, port, _ := strings.Cut(address, ":")
	cmd := exec.Command("redis-server", "-")
	cmd.Stdin = strings.NewReader(strings.Join(append(lines, "port "+port, "bind 127.0.0.1", `save ""`, "dir "+t.TempDir()), "\n") + "\n")
	require.NoError(t, cmd.Start(), "redis-server is missing: make deps")
	t.Cleanup(func() { _, _ = cmd.Process.Kill(), cmd.Wait() })
	rdb := redis.NewClient(&redis.Options{Addr: address, Username: "default"})
	defer rdb.Close()
	require.Eventually(t, func() bool { return rdb.Ping(t.Context()).Err() == nil }, patience, 20*time.Millisecond)
	return address
}
