package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/producer"
	"github.com/leat-io/leat/stac"
	"github.com/leat-io/leat/stream"
)

// lease is after what silence of a worker the other one takes over. 30 s is usual; here
// somebody is watching.
const lease = 2 * time.Second

// work is the first worker, a process of its own: it measures scenes until it is told to
// end, or until whoever started it has gone.
func work(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("worker", flag.ContinueOnError)
	redis := flags.String("redis", "", "`URL` of Redis")
	api := flags.String("catalog", "", "`URL` of the catalog")
	prefix := flags.String("prefix", "", "what the names of streams begin with")
	stall := flags.Int64("stall", 0, "the `N`th scene that it begins never ends, 0 for none")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // ends with its parent
		cancel()
	}()
	conn, err := stream.Dial(ctx, *redis)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // it has drained
	items, err := stac.NewClient(local(*api))
	if err != nil {
		return err
	}
	defer items.Close()
	p, err := producer.New(conn, producer.Config{})
	if err != nil {
		return err
	}
	m := &measurer{items: items, assets: &http.Client{Timeout: time.Minute}, producer: p, areas: names(*prefix).areas}
	defer m.assets.CloseIdleConnections()

	var begun atomic.Int64
	tell := func(next consumer.Handler) consumer.Handler {
		return func(ctx context.Context, d *stream.Delivery) error {
			n := begun.Add(1)
			fmt.Fprintln(out, d.Extensions["stacitem"])
			if n == *stall {
				<-ctx.Done() // in the middle of a scene, for ever: its lease is kept all the time
				return context.Cause(ctx)
			}
			return next(ctx, d)
		}
	}
	c, err := consumer.New(conn, m.mux().Dispatch, consumer.Config{
		Group: "measure", Streams: []string{names(*prefix).items}, Concurrency: 2, Prefetch: 2, Lease: lease, Middleware: []consumer.Middleware{tell},
	})
	if err != nil {
		return err
	}
	return c.Run(ctx)
}

// child is a worker's process.
type child struct {
	cmd   *exec.Cmd
	stdin io.Closer
	lines chan string // the scenes that it begins; closed when it has ended
	began atomic.Int64
}

// startWorker starts this program once more, as a worker.
func startWorker(args ...string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{cmd: exec.Command(self, append([]string{"worker"}, args...)...), lines: make(chan string, 1000)} //nolint:gosec,noctx // this program itself; it is ended by hand
	c.cmd.Stderr = os.Stderr
	stdin, err := c.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	c.stdin = stdin
	stdout, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start a worker: %w", err)
	}
	go func() {
		defer close(c.lines)
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			c.began.Add(1)
			select {
			case c.lines <- lines.Text():
			default: // nobody reads any more
			}
		}
	}()
	return c, nil
}

// begins waits until it has begun with so many scenes, and names the last.
func (c *child) begins(ctx context.Context, n int) (scene string, err error) {
	for range n {
		select {
		case one, ok := <-c.lines:
			if !ok {
				return "", errors.New("a worker has ended")
			}
			scene = one
		case <-ctx.Done():
			return "", fmt.Errorf("a worker has begun with %d scenes, want %d: %w", c.began.Load(), n, context.Cause(ctx))
		}
	}
	return scene, nil
}

// kill is SIGKILL: nothing of the worker runs any more.
func (c *child) kill() {
	_ = c.cmd.Process.Kill() // it may have gone
	_ = c.stdin.Close()
	for range c.lines { // until it has ended
	}
	_ = c.cmd.Wait()
}

// stop lets it drain: it ends when its stdin does.
func (c *child) stop() error {
	_ = c.stdin.Close()
	for range c.lines { // until it has ended
	}
	if err := c.cmd.Wait(); err != nil {
		return fmt.Errorf("a worker ends with %w", err)
	}
	return nil
}
