package plant

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Namespace is the label namespace of everything that is scraped, and Job its job.
const (
	Namespace = "plant"
	Job       = "leat"
)

// Variable names another prometheus than that of the PATH.
const Variable = "LEAT_TEST_PROMETHEUS"

// Prometheus is a running prometheus. It is safe for concurrent use.
type Prometheus struct {
	// URL is where it answers: http://127.0.0.1:port.
	URL string

	t   testing.TB
	dir string
	cmd *exec.Cmd

	mu      sync.Mutex
	targets map[string]string // addresses by instance
}

// startPrometheus starts one with a folder of its own, on a free port.
func startPrometheus(t testing.TB, cfg Config) *Prometheus {
	t.Helper()
	path := os.Getenv(Variable)
	if path == "" {
		var err error
		path, err = exec.LookPath("prometheus")
		require.NoError(t, err, "scripts/install-prometheus.sh installs it")
	}
	pr := &Prometheus{t: t, dir: t.TempDir(), targets: map[string]string{}}
	pr.configure(cfg)
	pr.cmd = exec.Command(path, "--config.file", filepath.Join(pr.dir, "prometheus.yml"),
		"--storage.tsdb.path", filepath.Join(pr.dir, "data"), "--web.listen-address", "127.0.0.1:0", "--enable-feature", "exemplar-storage")
	said, gone := &text{}, make(chan struct{})
	pr.cmd.Stdout, pr.cmd.Stderr = said, said
	require.NoError(t, fork(pr.cmd, gone))
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("prometheus\n%s", lastOf(said.String(), 4000))
		}
		_ = pr.cmd.Process.Kill()
		<-gone
	})
	// It names the port that it was given, and answers once its storage is open.
	listens := regexp.MustCompile(`msg="Listening on"[^\n]* address=(\S+)`)
	for deadline := time.Now().Add(Patience); ; time.Sleep(20 * time.Millisecond) { //nolint:forbidigo // between two looks, up to a deadline
		if at := listens.FindStringSubmatch(said.String()); at != nil {
			pr.URL = "http://" + at[1]
			if err := pr.get("/-/ready", nil, nil); err == nil {
				return pr
			}
		}
		select {
		case <-gone:
			t.Fatalf("prometheus has ended:\n%s", said)
		default:
		}
		if time.Now().After(deadline) {
			t.Fatalf("prometheus is not ready after %s:\n%s", Patience, said)
		}
	}
}

func lastOf(s string, n int) string { return s[max(0, len(s)-n):] }

// configure writes the configuration. Targets are in a file that Prometheus watches.
func (pr *Prometheus) configure(cfg Config) {
	pr.t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "global: {scrape_interval: %s, scrape_timeout: %s, evaluation_interval: %s}\n",
		duration(cfg.Scrape), duration(cfg.Scrape), duration(cfg.Evaluation))
	fmt.Fprintf(&b, "scrape_configs:\n  - job_name: %s\n    file_sd_configs: [{files: [%s], refresh_interval: 1s}]\n", Job, quoted(pr.file()))
	b.WriteString("rule_files:\n")
	for _, path := range cfg.Rules {
		absolute, err := filepath.Abs(path)
		require.NoError(pr.t, err)
		fmt.Fprintf(&b, "  - %s\n", quoted(absolute))
	}
	require.NoError(pr.t, os.WriteFile(filepath.Join(pr.dir, "prometheus.yml"), []byte(b.String()), 0o600))
	pr.write()
}

// duration is one as Prometheus writes it.
func duration(d time.Duration) string { return fmt.Sprintf("%dms", d.Milliseconds()) }

func quoted(s string) string { b, _ := json.Marshal(s); return string(b) } //nolint:errchkjson // of a string it never fails

func (pr *Prometheus) file() string { return filepath.Join(pr.dir, "targets.json") }

// Add makes it scrape address as instance, instead of what it scraped as that before.
func (pr *Prometheus) Add(instance, address string) {
	pr.mu.Lock()
	defer pr.mu.Unlock()
	pr.targets[instance] = address
	pr.write()
}

// Remove makes it scrape instance no more: its series end.
func (pr *Prometheus) Remove(instance string) {
	pr.mu.Lock()
	defer pr.mu.Unlock()
	delete(pr.targets, instance)
	pr.write()
}

// Reload makes it read its configuration and its rules again.
func (pr *Prometheus) Reload() { _ = pr.cmd.Process.Signal(syscall.SIGHUP) }

// write writes the file of targets at once, so that it is never read in the middle.
func (pr *Prometheus) write() {
	type group struct {
		Targets []string          `json:"targets"`
		Labels  map[string]string `json:"labels"`
	}
	groups := []group{}
	for _, instance := range slices.Sorted(maps.Keys(pr.targets)) {
		groups = append(groups, group{[]string{pr.targets[instance]}, map[string]string{"instance": instance, "namespace": Namespace}})
	}
	content, err := json.Marshal(groups)
	if err == nil {
		err = os.WriteFile(pr.file()+".new", content, 0o600)
	}
	if err == nil {
		err = os.Rename(pr.file()+".new", pr.file())
	}
	if err != nil {
		pr.t.Errorf("write the targets: %v", err)
	}
}
