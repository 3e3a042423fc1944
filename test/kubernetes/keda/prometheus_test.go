package keda

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestPrometheusTrigger: a real Prometheus scrapes a real worker, and KEDA's scaler asks it what the chart asks.
func TestPrometheusTrigger(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.join(t)
	metrics, address := free(t), free(t)
	worker := exec.CommandContext(t.Context(), program(t), "worker", "--redis", "redis://"+w.address, "--stream", name, "--group", group,
		"--concurrency", "1", "--prefetch", "0", "--metrics-ttl", "100ms", "--listen", metrics, "--shutdown-timeout", "0s", "--command", "sleep", "--", "600")
	require.NoError(t, worker.Start())
	defer func() { _, _ = worker.Process.Kill(), worker.Wait() }()
	config := filepath.Join(t.TempDir(), "prometheus.yml")
	require.NoError(t, os.WriteFile(config, []byte(fmt.Sprintf("global: {scrape_interval: 200ms}\nscrape_configs: [{job_name: leat, scrape_timeout: 200ms, static_configs: [{targets: [%q]}]}]\n", metrics)), 0o600))
	prometheus := exec.CommandContext(t.Context(), "prometheus", "--config.file="+config, "--storage.tsdb.path="+t.TempDir(), "--web.listen-address="+address)
	require.NoError(t, prometheus.Start(), "prometheus is missing: make deps")
	defer func() { _, _ = prometheus.Process.Kill(), prometheus.Wait() }()

	all := triggers(t, `redisStreams: {enabled: false}, minReplicas: 1, prometheus: {enabled: true, serverAddress: "http://x", threshold: 10}`)
	require.Len(t, all, 1)
	url := "http://" + address
	require.Eventually(t, func() bool { return all[0].view(t, url, nil).err == nil }, patience, 100*time.Millisecond)
	require.Equal(t, view{}, all[0].view(t, url, nil), "nothing waits")

	w.add(t, 40)
	require.Eventually(t, func() bool {
		v := all[0].view(t, url, nil)
		return v.active && v.pods == 4 // one, or two, of 40 are in the worker's hands
	}, patience, 100*time.Millisecond)

	// No worker is left to be asked: that is an error, and no reason to believe that nothing waits.
	_, _ = worker.Process.Kill(), worker.Wait()
	require.Eventually(t, func() bool { return all[0].view(t, url, nil).err != nil }, patience, 100*time.Millisecond)
}

// free is an address of this machine that nobody listens at.
func free(t *testing.T) string {
	t.Helper()
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}
