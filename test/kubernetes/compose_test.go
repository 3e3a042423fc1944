package kubernetes

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
)

func project(t *testing.T) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{filepath.Join(compose, "compose.yaml")}, cli.WithResolvedPaths(true))
	require.NoError(t, err)
	p, err := options.LoadProject(t.Context()) // by the schema of the compose specification
	require.NoError(t, err)
	return p
}

// TestCompose: the file is one, what it mounts is there, and nothing is reached from outside of the machine.
func TestCompose(t *testing.T) {
	t.Parallel()
	p := project(t)
	for name, s := range p.Services {
		for _, port := range s.Ports {
			require.Equal(t, "127.0.0.1", port.HostIP, name)
		}
		for _, v := range s.Volumes {
			if v.Type == types.VolumeTypeBind {
				require.DirExists(t, filepath.Dir(v.Source), name)
			}
		}
		if s.Build != nil {
			require.FileExists(t, filepath.Join(s.Build.Context, s.Build.Dockerfile))
		}
	}
	require.Contains(t, strings.Join(p.Services["redis"].Command, " "), "--appendonly yes")
	worker := p.Services["worker"]
	require.Equal(t, 2, *worker.Deploy.Replicas)
	_, drain, ok := strings.Cut(strings.Join(worker.Command, " "), "--shutdown-timeout=")
	require.True(t, ok)
	took, err := time.ParseDuration(strings.Fields(drain)[0])
	require.NoError(t, err)
	require.Greater(t, time.Duration(*worker.StopGracePeriod), took+slack)
}

// TestComposeWorker: the real leat takes the worker's command line, and answers.
func TestComposeWorker(t *testing.T) {
	t.Parallel()
	p := begin(t, &corev1.Container{Command: []string{"leat"}, Args: append([]string{}, project(t).Services["worker"].Command...)}, "")
	status, body := p.get(t, "/livez")
	require.Equal(t, 200, status, body)
	p.end(t)
}

// TestComposeScripts: what adds events and what handles them work, with the sh of this machine in the place of busybox'.
func TestComposeScripts(t *testing.T) {
	t.Parallel()
	url := startRedis(t)
	path := filepath.Dir(leat(t)) + string(os.PathListSeparator) + os.Getenv("PATH")
	events := exec.CommandContext(t.Context(), filepath.Join(compose, "events"))
	events.Env = []string{"PATH=" + path, "LEAT_REDIS=" + url}
	require.NoError(t, events.Start())
	defer func() { _, _ = events.Process.Kill(), events.Wait() }()
	require.Eventually(t, func() bool {
		out, err := output(exec.Command("redis-cli", "-u", url, "xlen", "orders"))
		return err == nil && out > "1"
	}, patience, 50*time.Millisecond)

	for _, c := range []struct {
		subject, attempt string
		fails            bool
	}{{"99", "1", false}, {"100", "1", true}, {"100", "2", false}} {
		handle := exec.CommandContext(t.Context(), filepath.Join(compose, "handle"))
		handle.Stdin = strings.NewReader("{}")
		handle.Env = []string{"PATH=" + path, "LEAT_SUBJECT=" + c.subject, "LEAT_ATTEMPT=" + c.attempt}
		require.Equal(t, c.fails, handle.Run() != nil, c)
	}
}
