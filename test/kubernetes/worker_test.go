package kubernetes

import (
	"bufio"
	"context"
	"crypto/x509"
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
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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
	p.answers(t)
	p.end(t)
}

// polls gives a poller's command line, and its file of sources, to the real leat in the same way.
func polls(t *testing.T, d *appsv1.Deployment, objects []metav1.Object) {
	t.Helper()
	files := secrets(t)
	for _, m := range of[*corev1.ConfigMap](objects) {
		if m.Name == d.Name {
			text := strings.ReplaceAll(m.Data["sources.yaml"], "/etc/leat/", files+"/")
			require.NoError(t, os.MkdirAll(filepath.Join(files, "sources"), 0o755))
			require.NoError(t, os.WriteFile(filepath.Join(files, "sources", "sources.yaml"), []byte(text), 0o600))
		}
	}
	p := launch(t, local(t, &d.Spec.Template.Spec.Containers[0], "", files))
	p.answers(t)
	p.end(t)
}

// answers is what the probes and Prometheus get while Redis is away.
func (p *process) answers(t *testing.T) {
	t.Helper()
	for path, want := range map[string]int{"/livez": http.StatusOK, "/readyz": http.StatusServiceUnavailable, "/metrics": http.StatusOK} {
		status, body := p.get(t, path)
		require.Equal(t, want, status, "%s: %s", path, body)
	}
	status, body := p.get(t, startupPath)
	require.Equal(t, http.StatusOK, status, "pods would be restarted for as long as Redis is away: %s", body)
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

// process is a worker or a poller that runs.
type process struct {
	cmd     *exec.Cmd
	address string
	log     *strings.Builder // not to be read before it has ended
	said    chan string
	ended   chan error
}

// begin starts a container's command line on this machine: with its Redis at url, or none, a free port, and files that a
// Secret would have.
func begin(t *testing.T, c *corev1.Container, url string) *process {
	t.Helper()
	return launch(t, local(t, c, url, secrets(t)))
}

// local is a container's command line for this machine: files has what is below /etc/leat.
func local(t *testing.T, c *corev1.Container, url, files string) (args []string) {
	t.Helper()
	require.Equal(t, "leat", filepath.Base(c.Command[0]))
	for _, arg := range c.Args {
		switch {
		case strings.HasPrefix(arg, "--redis=") && url != "":
			arg = "--redis=" + url
		case strings.HasPrefix(arg, "--redis="):
			arg = hosts.ReplaceAllString(arg, "${1}127.0.0.1:1$3")
		case strings.HasPrefix(arg, "--listen="):
			arg = "--listen=127.0.0.1:0"
		case strings.HasPrefix(arg, "--command="): // which is not on this machine
			arg = "--command=" + leat(t)
		}
		arg = strings.Replace(arg, "=/etc/leat", "="+files, 1)
		args = append(args, strings.ReplaceAll(arg, "$(POD_NAME)", "pod-0"))
	}
	return args
}

// launch starts leat and waits until it answers at an address, which its log has.
func launch(t *testing.T, args []string) *process {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	p := &process{cmd: exec.CommandContext(ctx, leat(t), args...), log: &strings.Builder{}, said: make(chan string, 1), ended: make(chan error, 1)}
	p.cmd.Env = []string{} // a machine's own LEAT_... must not help
	stderr, err := p.cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	go p.read(stderr)
	select {
	case p.address = <-p.said:
	case err := <-p.ended:
		require.FailNow(t, "leat did not start", "%v\n%q\n%s", err, p.cmd.Args, p.log)
	case <-time.After(patience):
		require.FailNow(t, "leat does not answer")
	}
	return p
}

// read follows the log: said gets the address.
func (p *process) read(stderr io.Reader) {
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		p.log.WriteString(lines.Text() + "\n")
		var line struct{ Address string }
		if json.Unmarshal(lines.Bytes(), &line) != nil || line.Address == "" {
			continue
		}
		select {
		case p.said <- line.Address:
		default:
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
	key, err := x509.MarshalPKCS8PrivateKey(server.TLS.Certificates[0].PrivateKey)
	require.NoError(t, err)
	for file, content := range map[string]string{
		"redis-password/password": "secret\n", "webhook-headers/headers": "X-Key: secret\n", "webhook-token/token": "secret\n",
		"redis-ca/ca.crt": string(authority), "redis-client/tls.crt": string(authority), "redis-client/tls.key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})),
		"secrets/stac/token": "secret\n", "redis-sentinel-password/password": "secret\n",
	} {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(file)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, file), []byte(content), 0o600))
	}
	return dir
}
