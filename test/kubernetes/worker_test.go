package kubernetes

import (
	"bufio"
	"context"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// startupPath is where the startup probe asks: whether the process answers, with or without Redis.
const startupPath = "/livez"

// patience is the deadline of what must happen soon, on a machine that does much else.
const patience = time.Minute

// starts gives a Deployment's command line to the real leat, without a Redis: a flag that it does not know, or a value that it
// does not take, ends it with exit code 2. It has to answer the probes, and to end at SIGTERM.
func starts(t *testing.T, d *appsv1.Deployment) {
	t.Helper()
	p := begin(t, &d.Spec.Template.Spec.Containers[0], "")
	for path, want := range map[string]int{"/livez": http.StatusOK, "/readyz": http.StatusServiceUnavailable, "/metrics": http.StatusOK} {
		status, body := p.get(t, path)
		require.Equal(t, want, status, "%s: %s", path, body)
	}
	status, body := p.get(t, startupPath)
	require.Equal(t, http.StatusOK, status, "pods would be restarted for as long as Redis is away: %s", body)
	p.end(t)
}

// TestWorkerOfTheChart runs what the chart renders against a Redis: it becomes ready, and its group is there.
func TestWorkerOfTheChart(t *testing.T) {
	t.Parallel()
	url := startRedis(t)
	d := one[*appsv1.Deployment](t, render(t, minimal))
	p := begin(t, &d.Spec.Template.Spec.Containers[0], url)
	require.Eventually(t, func() bool {
		status, _ := p.get(t, "/readyz")
		return status == http.StatusOK
	}, patience, 20*time.Millisecond)
	status, body := p.get(t, "/livez")
	require.Equal(t, http.StatusOK, status, body)
	out, err := output(exec.Command(leat(t), "groups", "orders", "--redis", url))
	require.NoError(t, err)
	require.Contains(t, out, "billing")
	p.end(t)
}

// hosts are those of a Redis URL, behind the user and before the path. Nobody is at port 1.
var hosts = regexp.MustCompile(`(://(?:[^/@]*@)?)([^/?]*)(.*)$`)

// process is a worker that runs.
type process struct {
	cmd     *exec.Cmd
	address string
	log     *strings.Builder // until it ends, and all of it then
	ended   chan error
}

// begin starts a container's command line on this machine: with its Redis at url, or none, a free port, and files that a
// Secret would have.
func begin(t *testing.T, c *corev1.Container, url string) *process {
	t.Helper()
	require.Equal(t, "leat", filepath.Base(c.Command[0]))
	files := secrets(t)
	var args []string
	for _, arg := range c.Args {
		switch {
		case strings.HasPrefix(arg, "--redis=") && url != "":
			arg = "--redis=" + url
		case strings.HasPrefix(arg, "--redis="):
			arg = hosts.ReplaceAllString(arg, "${1}127.0.0.1:1$3")
		case strings.HasPrefix(arg, "--listen="):
			arg = "--listen=127.0.0.1:0"
		case strings.HasPrefix(arg, "--command="): // which is not on this machine
			arg = "--command=true"
		}
		arg = strings.Replace(arg, "=/etc/leat", "="+files, 1)
		args = append(args, strings.ReplaceAll(arg, "$(POD_NAME)", "pod-0"))
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	p := &process{cmd: exec.CommandContext(ctx, leat(t), args...), log: &strings.Builder{}, ended: make(chan error, 1)}
	p.cmd.Env = []string{} // a machine's own LEAT_... must not help
	said, err := p.cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	address := make(chan string, 1)
	go p.read(said, address)
	select {
	case p.address = <-address:
	case err := <-p.ended:
		require.FailNow(t, "leat did not start", "%v\n%q\n%s", err, args, p.log)
	case <-time.After(patience):
		require.FailNow(t, "leat does not answer")
	}
	return p
}

// read follows the log, which names the port.
func (p *process) read(said io.Reader, address chan<- string) {
	lines := bufio.NewScanner(said)
	for lines.Scan() {
		p.log.WriteString(lines.Text() + "\n")
		var line struct{ Address string }
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Address != "" {
			select {
			case address <- line.Address:
			default:
			}
		}
	}
	p.ended <- p.cmd.Wait()
}

func (p *process) get(t *testing.T, path string) (status int, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+p.address+path, http.NoBody)
	require.NoError(t, err)
	client := http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(text)
}

// end is what Kubernetes does to a pod that has to go.
func (p *process) end(t *testing.T) {
	t.Helper()
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	select {
	case err := <-p.ended:
		require.NoError(t, err, p.log)
	case <-time.After(patience):
		require.FailNow(t, "leat does not end at SIGTERM")
	}
}

// secrets is a folder with the files that Secrets have at /etc/leat.
func secrets(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	for file, content := range map[string]string{
		"redis-password/password": "secret\n", "webhook-headers/headers": "X-Key: secret\n", "webhook-token/token": "secret\n",
		"redis-ca/ca.crt": string(authority), "redis-client/tls.crt": "", "redis-client/tls.key": "",
	} {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(file)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, file), []byte(content), 0o600))
	}
	return dir
}
