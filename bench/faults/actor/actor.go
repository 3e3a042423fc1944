package actor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/leat-io/leat/bench/faults/library"
	"github.com/leat-io/leat/internal/history"
	"github.com/leat-io/leat/test/faults/child"
)

// SabotageOnce settles messages before they are handled: what a killed worker had is lost.
const SabotageOnce = "at-most-once"

// actor is a process that does its task.
type actor struct {
	child.Task
	library library.Library
	record  *history.Writer
}

// Main does the task of a child, and says whether this process is one; code is what it has to exit with.
func Main(libraries []library.Library) (code int, isChild bool) {
	told, isChild := os.LookupEnv(child.Variable)
	if !isChild {
		return 0, false
	}
	if err := do(libraries, told, os.Args[len(os.Args)-1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1, true
	}
	return 0, true
}

func do(libraries []library.Library, told, name string) error {
	at := slices.IndexFunc(libraries, func(l library.Library) bool { return l.Info().Name == name })
	if at < 0 {
		return fmt.Errorf("library %q is not known", name)
	}
	a := &actor{library: libraries[at]}
	err := json.Unmarshal([]byte(told), &a.Task)
	if err != nil {
		return fmt.Errorf("decode the task: %w", err)
	}
	if a.record, err = history.Create(a.History); err != nil {
		return err
	}
	return a.run()
}

// run does the task until SIGTERM.
func (a *actor) run() (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := a.note(history.Spawn, history.OK, ""); err != nil {
		return err
	}
	options, err := redis.ParseURL(a.URL)
	if err != nil {
		return fmt.Errorf("read the address of Redis: %w", err)
	}
	if !await(ctx, options.Addr) {
		return a.note(history.Exit, history.OK, "")
	}
	if a.Role == child.RoleProducer {
		return errors.Join(a.produce(ctx, a.job(options.Addr)), a.note(history.Exit, history.OK, ""))
	}
	err = a.work(ctx, a.job(options.Addr))
	if ctx.Err() == nil {
		// It was not told to end. A record of a crash as the last one makes its parent start another one.
		err = errors.Join(errors.New("it ended by itself"), err)
		return errors.Join(err, a.note(history.Crash, history.OK, err.Error()))
	}
	if err != nil {
		return errors.Join(err, a.note(history.Exit, history.Fail, err.Error()))
	}
	return a.note(history.Exit, history.OK, "")
}

func (a *actor) note(op history.Op, outcome history.Outcome, note string) error {
	return a.record.Write(history.Record{At: history.Now(), Process: a.Name, Op: op, Outcome: outcome, Note: note})
}

// await waits for a Redis that may just be restarted, so that no library has to be good at starting without one; false when ctx
// ends before.
func await(ctx context.Context, addr string) bool {
	rdb := redis.NewClient(&redis.Options{Addr: addr, MaxRetries: -1})
	defer func() { _ = rdb.Close() }()
	for rdb.Ping(ctx).Err() != nil {
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// job is the task as a library knows it.
func (a *actor) job(addr string) library.Job {
	return library.Job{
		Addr: addr, Queue: a.Stream, Group: a.Group, Name: a.Name, Lease: a.Worker.Lease, Concurrency: a.Worker.Concurrency,
		Attempts: a.Worker.MaxAttempts, Pause: a.Worker.Backoff, Shutdown: a.Worker.Shutdown, AtMostOnce: a.Sabotage == SabotageOnce,
		Handle: a.handle, Report: func(err error) { fmt.Fprintln(os.Stderr, err) },
	}
}
