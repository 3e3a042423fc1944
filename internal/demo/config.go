package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/leat-io/leat/stream"
)

// MaxEvents is the largest Config.Events: the demo keeps a few hundred bytes of
// each.
const MaxEvents = 1_000_000

// MaxWorkers is the largest Config.Workers: each is a process.
const MaxWorkers = 64

// What a worker is like. The lease is short so that a visitor sees the take-over.
const (
	lease       = 2 * time.Second
	concurrency = 8
	maxAttempts = 5
	firstRetry  = 200 * time.Millisecond
	lastRetry   = time.Second
)

// Config says what the demo does.
type Config struct {
	// Redis is where the stream is; without a URL an embedded broker is started.
	Redis Redis
	// Events is how many events are published, 1 to MaxEvents.
	Events int
	// Workers is how many worker processes are started, 1 to MaxWorkers.
	Workers int
	// KillAfter is when, after the first event, a worker is killed. 0 kills none.
	KillAfter time.Duration
	// Keep leaves the stream and the dead letters on the Redis named.
	Keep bool

	// Progress gets what happens as it happens, with a progress bar if Display says
	// that it is a terminal; nil for nothing.
	Progress io.Writer
	Display  Display

	// Worker is the command that runs a worker, which must call RunWorker: by
	// default this program with the argument demo-worker.
	Worker []string
}

// Redis is where and how to connect, in a form that a child process can be told.
type Redis struct {
	URL                  string `json:"url"`
	PasswordFile         string `json:"password_file,omitempty"`
	SentinelPasswordFile string `json:"sentinel_password_file,omitempty"`
	CA                   string `json:"ca,omitempty"`
	Cert                 string `json:"cert,omitempty"`
	Key                  string `json:"key,omitempty"`
}

func (r Redis) dial(ctx context.Context, opts ...stream.Option) (*stream.Conn, error) {
	if r.PasswordFile != "" {
		opts = append(opts, stream.WithPasswordFile(r.PasswordFile))
	}
	if r.SentinelPasswordFile != "" {
		opts = append(opts, stream.WithSentinelPasswordFile(r.SentinelPasswordFile))
	}
	if r.CA != "" {
		opts = append(opts, stream.WithCA(r.CA))
	}
	if r.Cert != "" {
		opts = append(opts, stream.WithClientCert(r.Cert, r.Key))
	}
	return stream.Dial(ctx, r.URL, opts...)
}

// Check tells what is wrong with the numbers, joined.
func (c *Config) Check() error {
	var errs []error
	if c.Events < 1 || c.Events > MaxEvents {
		errs = append(errs, fmt.Errorf("%d events: want 1 to %d", c.Events, MaxEvents))
	}
	if c.Workers < 1 || c.Workers > MaxWorkers {
		errs = append(errs, fmt.Errorf("%d workers: want 1 to %d", c.Workers, MaxWorkers))
	}
	if c.KillAfter < 0 {
		errs = append(errs, fmt.Errorf("kill after %s: want 0 to kill none, or more", c.KillAfter))
	}
	if c.Keep && c.Redis.URL == "" {
		errs = append(errs, errors.New("keep: the embedded broker ends with the demo; name a Redis"))
	}
	return errors.Join(errs...)
}

// complete fills in the defaults.
func (c *Config) complete() error {
	if err := c.Check(); err != nil {
		return err
	}
	if c.Progress == nil {
		c.Progress, c.Display = io.Discard, Display{}
	}
	if len(c.Worker) == 0 {
		self, err := os.Executable()
		if err != nil {
			return fmt.Errorf("find the program to run workers with: %w", err)
		}
		c.Worker = []string{self, WorkerCommand}
	}
	return nil
}

// WorkerCommand is the argument with which the program has to call [RunWorker].
const WorkerCommand = "demo-worker"
