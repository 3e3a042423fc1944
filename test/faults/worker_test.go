package faults

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/stream"
)

// taskVariable tells this test binary to be a worker process.
const taskVariable = "LEAT_FAULTS_WORKER"

// task is what a worker process is told.
type task struct {
	URL, Stream, Name, Record string
	Lease, Busy, Shutdown     time.Duration
	Concurrency, Prefetch     int
}

// process is a worker process and what it has written down.
type process struct {
	name   string
	record string // the file
	cmd    *exec.Cmd
	exited chan error
	killed bool
}

// spawn starts a worker process. It ends with the test.
func spawn(t *testing.T, job task) *process {
	t.Helper()
	p := &process{name: job.Name, record: job.Record, exited: make(chan error, 1)}
	told, err := json.Marshal(job)
	require.NoError(t, err)
	exe, err := os.Executable()
	require.NoError(t, err)
	p.cmd = exec.Command(exe)
	p.cmd.Env = append(os.Environ(), taskVariable+"="+string(told))
	p.cmd.Stderr = os.Stderr
	require.NoError(t, p.cmd.Start())
	ended := make(chan struct{})
	go func() {
		p.exited <- p.cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-ended
	})
	return p
}

// kill ends the process as a node that loses its power does.
func (p *process) kill(t *testing.T) {
	t.Helper()
	p.killed = true
	require.NoError(t, p.cmd.Process.Kill())
	require.Error(t, <-p.exited, "it was killed")
}

// workerMain is the worker process. Each thing that happens is a line in its
// record, written before the next thing can happen.
func workerMain() int {
	var job task
	if err := json.Unmarshal([]byte(os.Getenv(taskVariable)), &job); err != nil {
		fmt.Fprintln(os.Stderr, "worker:", err)
		return 2
	}
	if err := work(job); err != nil {
		fmt.Fprintln(os.Stderr, "worker:", err)
		return 1
	}
	return 0
}

func work(job task) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	record, err := os.OpenFile(job.Record, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	note := func(what string, d *stream.Delivery) {
		// One write, in full or not at all, that outlives the process.
		_, _ = fmt.Fprintf(record, "%s %s %s %d %d %d\n", what, d.EntryID, d.ID, d.Attempt, d.Deliveries, time.Now().UnixNano())
	}
	conn, err := dialUntil(ctx, job.URL)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	c, err := consumer.New(conn, func(ctx context.Context, d *stream.Delivery) error {
		note("start", d)
		select {
		case <-time.After(job.Busy):
		case <-ctx.Done():
			note("cancelled", d)
			return context.Cause(ctx)
		}
		switch {
		case strings.HasSuffix(d.ID, "99"):
			note("hopeless", d)
			return consumer.Permanent(errors.New("ends with 99"))
		case strings.HasSuffix(d.ID, "7") && d.Attempt == 1:
			note("fail", d)
			return errors.New("ends with 7")
		}
		note("done", d)
		return nil
	}, consumer.Config{
		Group: "workers", Streams: []string{job.Stream}, Name: job.Name, Lease: job.Lease, ShutdownTimeout: job.Shutdown,
		Concurrency: job.Concurrency, Prefetch: job.Prefetch, Backoff: consumer.Constant(50 * time.Millisecond),
		MaxDeliveries: 100, Poll: 100 * time.Millisecond,
	})
	if err != nil {
		return err
	}
	return c.Run(ctx)
}

// dialUntil connects to a Redis that may just be restarted.
func dialUntil(ctx context.Context, url string) (*stream.Conn, error) {
	for {
		conn, err := stream.Dial(ctx, url)
		if err == nil || ctx.Err() != nil || stream.Classify(err) == stream.ClassRejected {
			return conn, err
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}
