package demo

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/stream"
)

// orders are what a worker is told: one line of JSON on its standard input, and
// not its command line, which others can see, since a password may be in the URL.
type orders struct {
	Redis   Redis         `json:"redis"`
	Stream  string        `json:"stream"`
	Group   string        `json:"group"`
	Name    string        `json:"name"`
	Service time.Duration `json:"service"`
}

// RunWorker is the worker process. It reads its orders from the first line of
// stdin, works until stdin ends (the parent is done, or has died) or ctx does,
// drains, and returns. What it does is told on stdout, which must be unbuffered.
func RunWorker(ctx context.Context, stdin io.Reader, stdout io.Writer) error {
	in := bufio.NewReader(stdin)
	line, err := in.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("read orders from standard input (leat demo gives them): %w", err)
	}
	var o orders
	if err := json.Unmarshal(line, &o); err != nil {
		return fmt.Errorf("decode orders: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, in) // its end is the message
		cancel()
	}()

	conn, err := o.Redis.dial(ctx)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // the process ends
	tell := recorder{stdout}
	c, err := consumer.New(conn, o.handler(tell), o.config(tell))
	if err != nil {
		return err
	}
	tell.up()
	return c.Run(ctx)
}

// drainTime is how long a worker that is told to stop lets its handlers finish.
const drainTime = 2 * time.Second

func (o *orders) config(tell recorder) consumer.Config {
	return consumer.Config{
		Group: o.Group, Streams: []string{o.Stream}, Name: o.Name,
		Concurrency: concurrency, Prefetch: concurrency / 2,
		MaxAttempts: maxAttempts, Backoff: consumer.Jitter(consumer.Exponential(firstRetry, lastRetry)),
		Lease: lease, ShutdownTimeout: drainTime, Poll: firstRetry / 2,
		Hooks: consumer.Hooks{Taken: tell.taken, Started: tell.started, Settled: tell.settled},
	}
}

// handler does the work, and takes the time that reading a scene would take.
func (o *orders) handler(tell recorder) consumer.Handler {
	return func(ctx context.Context, d *stream.Delivery) error {
		found, err := work(d)
		if err != nil {
			return err
		}
		if o.Service > 0 {
			timer := time.NewTimer(time.Duration((0.5 + rand.Float64()) * float64(o.Service)))
			defer timer.Stop()
			select {
			case <-timer.C:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		tell.done(d, found)
		return nil
	}
}
