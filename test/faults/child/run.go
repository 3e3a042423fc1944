package child

import (
	"context"
	"errors"
	"fmt"
	"os/signal"
	"syscall"
	"time"

	"github.com/leat-io/leat/internal/history"
	"github.com/leat-io/leat/stream"
)

// child is a process that does its task.
type child struct {
	Task
	record *history.Writer
}

// run does the task until SIGTERM.
func (t *Task) run() (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	w, err := history.Create(t.History)
	if err != nil {
		return err
	}
	c := &child{Task: *t, record: w}
	if err := c.note(history.Spawn, history.OK, ""); err != nil {
		return err
	}
	go c.watchStalls()
	err = c.do(ctx)
	outcome, why := history.OK, ""
	if err != nil {
		outcome, why = history.Fail, err.Error()
	}
	return errors.Join(err, c.note(history.Exit, outcome, why))
}

func (c *child) do(ctx context.Context) error {
	conn, err := c.dial(ctx)
	if err != nil {
		return err
	}
	if conn == nil {
		return nil // told to stop before there was a Redis
	}
	defer func() { _ = conn.Close() }()
	switch c.Role {
	case RoleWorker:
		return c.work(ctx, conn)
	case RoleProducer:
		return c.produce(ctx, conn)
	}
	return fmt.Errorf("role %q: want %s or %s", c.Role, RoleWorker, RoleProducer)
}

func (c *child) note(op history.Op, outcome history.Outcome, note string) error {
	return c.record.Write(history.Record{At: history.Now(), Process: c.Name, Op: op, Outcome: outcome, Note: note})
}

// dial connects to a Redis that may just be restarted. Nil when ctx ends before.
func (c *child) dial(ctx context.Context) (*stream.Conn, error) {
	var opts []stream.Option
	if c.Timeout > 0 {
		opts = append(opts, stream.WithTimeout(c.Timeout))
	}
	for {
		conn, err := stream.Dial(ctx, c.URL, opts...)
		switch {
		case err == nil:
			return conn, nil
		case ctx.Err() != nil:
			return nil, nil //nolint:nilerr // told to stop: that is no failure
		case stream.Classify(err) == stream.ClassRejected:
			return nil, err
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

// watchStalls notes when this process was not run for a while, by a signal or because the machine is busy: then it may lose what
// it holds, and nobody is to blame.
func (c *child) watchStalls() {
	const tick = 10 * time.Millisecond
	long := int64(max(c.Worker.Lease/10, 5*tick))
	last := history.Now()
	for range time.Tick(tick) {
		now := history.Now()
		if now-last > long {
			stop := history.Record{At: last, Process: c.Name, Op: history.Stop, Outcome: history.OK, Note: "seen by itself"}
			cont := stop
			cont.Op, cont.At = history.Cont, now
			if err := c.record.Write(stop, cont); err != nil {
				return
			}
		}
		last = now
	}
}
