package conformance

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/internal/streamtest"
	"github.com/leat-io/leat/stream"
)

// roleVariable tells this test binary to be a worker process.
const roleVariable = "LEAT_CONFORMANCE_WORKER"

// order is what a worker process is told.
type order struct {
	URL, Stream, CA, Cert, Key string
	Lease, Busy                time.Duration
}

// startWorker runs a worker as a process of its own, which says each entry that it
// starts on a line. It is killed with the test.
func startWorker(l *lab, lease, busy time.Duration) (cmd *exec.Cmd, started <-chan string) {
	l.t.Helper()
	task, err := json.Marshal(order{l.server.workerURL(), l.Stream, l.server.ca, l.server.cert, l.server.key, lease, busy})
	require.NoError(l.t, err)
	exe, err := os.Executable()
	require.NoError(l.t, err)
	cmd = exec.Command(exe)
	cmd.Env = append(os.Environ(), roleVariable+"="+string(task))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(l.t, err)
	require.NoError(l.t, cmd.Start())
	l.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	lines := make(chan string, 100000)
	go func() {
		defer close(lines)
		for scan := bufio.NewScanner(out); scan.Scan(); {
			lines <- scan.Text()
		}
	}()
	return cmd, lines
}

// workerMain is the worker process.
func workerMain() int {
	var task order
	if err := json.Unmarshal([]byte(os.Getenv(roleVariable)), &task); err != nil {
		fmt.Fprintln(os.Stderr, "worker:", err)
		return 2
	}
	ctx := context.Background()
	conn, err := stream.Dial(ctx, task.URL, server{ca: task.CA, cert: task.Cert, key: task.Key}.options()...)
	if err != nil {
		fmt.Fprintln(os.Stderr, "worker:", err)
		return 1
	}
	c, err := consumer.New(conn, func(ctx context.Context, d *stream.Delivery) error {
		fmt.Println(d.ID) //nolint:forbidigo // what the parent reads
		select {
		case <-time.After(task.Busy):
		case <-ctx.Done():
		}
		return ctx.Err()
	}, consumer.Config{Group: "workers", Streams: []string{task.Stream}, Lease: task.Lease, Concurrency: 4, Prefetch: 4})
	if err == nil {
		err = c.Run(ctx)
	}
	fmt.Fprintln(os.Stderr, "worker:", err)
	return 1
}

// A worker process is killed with entries running and waiting. Another one takes
// over all of them, once each, and counts the delivery.
func redeliveryAfterSIGKILL(t *testing.T, s server) {
	l := s.lab(t)
	const lease = time.Second
	l.Publish(8)
	victim, started := startWorker(l, lease, time.Hour)
	for range 4 {
		select {
		case _, ok := <-started:
			require.True(t, ok, "the worker has ended")
		case <-time.After(streamtest.Patience):
			require.FailNow(t, "the worker does not start")
		}
	}
	streamtest.Eventually(t, func() bool { return len(l.Pending()) == 8 }, "it holds all")
	require.NoError(t, victim.Process.Kill())
	var tally streamtest.Tally
	l.Run(func(_ context.Context, d *stream.Delivery) error {
		tally.Hit(d.ID)
		if d.Deliveries != 2 || d.Attempt != 1 {
			t.Errorf("entry %s: delivery %d, attempt %d: want 2 and 1", d.ID, d.Deliveries, d.Attempt)
		}
		return nil
	}, func(c *consumer.Config) { c.Lease = lease })
	l.Settled()
	require.Equal(t, 8, tally.Distinct())
	require.Equal(t, 8, tally.Total())
}
