package rolling

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/streamtest"
)

// worker is a running `leat worker`.
type worker struct {
	t     *testing.T
	cmd   *exec.Cmd
	log   *logged
	ended chan struct{}
	url   string
	probe *http.Client
	began time.Time
	ready time.Duration // after its start
}

// start starts a worker and waits until its /readyz says that it works.
func start(t *testing.T, args ...string) *worker {
	t.Helper()
	w := &worker{t: t, log: &logged{}, ended: make(chan struct{}), began: time.Now(), probe: &http.Client{
		Timeout: time.Second, Transport: &http.Transport{}, // one connection, so that looking is quick
	}}
	w.cmd = exec.CommandContext(t.Context(), binary, append([]string{"worker", "--listen", "127.0.0.1:0"}, args...)...)
	w.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}
	w.cmd.Stderr = w.log
	require.NoError(t, w.cmd.Start())
	go func() {
		defer close(w.ended)
		_ = w.cmd.Wait()
	}()
	t.Cleanup(func() {
		w.probe.CloseIdleConnections()
		_ = w.cmd.Process.Kill()
		<-w.ended
		if t.Failed() {
			t.Logf("leat worker: %.3000s", w.log)
		}
	})
	streamtest.Eventually(t, func() bool {
		for _, line := range w.log.lines() {
			if line.Message == "answers health checks" {
				w.url = "http://" + line.Address + "/readyz"
			}
		}
		return w.url != ""
	}, "the worker says where it answers")
	streamtest.Eventually(t, func() bool { return w.status() == http.StatusOK }, "the worker is ready")
	w.ready = time.Since(w.began)
	return w
}

// status is what /readyz answers, 0 for nothing.
func (w *worker) status() int {
	resp, err := w.probe.Get(w.url)
	if err != nil {
		return 0
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	return resp.StatusCode
}

// stop sends SIGTERM and waits for the end, which has to be a good one. It returns how long that took, and whether /readyz was seen
// to say that nothing more is to be expected of the worker before it went.
func (w *worker) stop() (took time.Duration, said bool) {
	w.t.Helper()
	began := time.Now()
	require.NoError(w.t, w.cmd.Process.Signal(syscall.SIGTERM))
	for patience := time.After(streamtest.Patience); ; {
		status := w.status()
		said = said || status == http.StatusServiceUnavailable
		require.False(w.t, said && status == http.StatusOK, "ready again while it drains")
		select {
		case <-w.ended:
			require.Equal(w.t, 0, w.cmd.ProcessState.ExitCode(), "%s", w.log)
			return time.Since(began), said
		case <-patience:
			require.FailNow(w.t, "the worker does not end")
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// handedBack is how many entries the worker had taken and not started when it was told to stop.
func (w *worker) handedBack() (n int) {
	for _, line := range w.log.lines() {
		if line.Message == "consumer drains" {
			n += line.Waiting
		}
	}
	return n
}

// logged is the log of a process, which is read while it is written.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// line is what the tests want to know of a line.
type line struct {
	Message string `json:"msg"`
	Address string `json:"address"`
	Waiting int    `json:"waiting"`
}

// Write keeps all.
func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String is the whole log.
func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *logged) lines() (all []line) {
	for text := range strings.Lines(l.String()) {
		var one line
		if json.Unmarshal([]byte(text), &one) == nil { // the last one may be on its way
			all = append(all, one)
		}
	}
	return all
}
