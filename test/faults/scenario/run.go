package scenario

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/leat-io/leat/internal/history"
	"github.com/leat-io/leat/test/faults/child"
	"github.com/leat-io/leat/test/faults/crew"
	"github.com/leat-io/leat/test/faults/nemesis"
	"github.com/leat-io/leat/test/faults/result"
	"github.com/leat-io/leat/test/faults/world"
)

// What children and checks know the stream and the group as.
const (
	streamName = "faults"
	groupName  = "workers"
)

// Options are how a round is run.
type Options struct {
	// Seed decides what is done to whom and when.
	Seed uint64
	// Length is how long faults go on; the scenario's by default.
	Length time.Duration
	// Dir is where the histories are written. It must be there, and empty.
	Dir string
	// Program is what is started as a child, with Args: this program by default.
	Program string
	Args    []string
}

// round is one run of a scenario.
type round struct {
	Scenario
	opts   Options
	lease  time.Duration
	record *history.Writer
	world  *world.World
	crew   *crew.Crew
	arena  *nemesis.Arena
	result result.Result
}

// Run runs a round. Its error says that the round could not be run; what came of one that was, good or bad, is in the result.
func Run(ctx context.Context, s Scenario, opts Options) (result.Result, error) {
	s = s.complete()
	def(&opts.Length, s.Length)
	r := &round{Scenario: s, opts: opts, lease: s.Leases[opts.Seed%uint64(len(s.Leases))]}
	r.result = result.Result{Scenario: s.Name, Seed: opts.Seed, Began: time.Now(), Lease: r.lease}
	err := r.run(ctx)
	r.result.Took = time.Since(r.result.Began)
	if err != nil {
		return r.result, fmt.Errorf("run %s with seed %d: %w", s.Name, opts.Seed, err)
	}
	return r.result, nil
}

func (r *round) run(ctx context.Context) (err error) {
	if r.record, err = history.Create(filepath.Join(r.opts.Dir, "nemesis"+history.Extension)); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.record.Close()) }()
	if r.world, err = world.Start(ctx, r.Servers); err != nil {
		return err
	}
	defer r.world.Close()
	if r.crew, err = crew.New(r.plan()); err != nil {
		return err
	}
	defer r.crew.Discard()
	if r.result.Servers, err = r.version(ctx); err != nil {
		return err
	}

	if err := r.begin(); err != nil {
		return err
	}
	if err := r.awaitWork(ctx); err != nil {
		return err
	}
	unwatch := r.watch(ctx)
	r.disturb(ctx)
	final, err := r.quiesce(ctx)
	unwatch()
	if err != nil {
		return err
	}
	return r.judge(final)
}

// version is what the servers say they are.
func (r *round) version(ctx context.Context) (string, error) {
	client, err := r.world.Client(streamName)
	if err != nil {
		return "", err
	}
	defer func() { _ = client.Close() }()
	info, err := client.InfoMap(ctx, "server").Result()
	if err != nil {
		return "", fmt.Errorf("ask the server what it is: %w", err)
	}
	name, version := "Redis", info["Server"]["redis_version"]
	if valkey := info["Server"]["valkey_version"]; valkey != "" {
		name, version = "Valkey", valkey
	}
	return fmt.Sprintf("%s, %s %s", r.world.Kind, name, version), nil
}

func (r *round) plan() crew.Plan {
	task := child.Task{Stream: streamName, Group: groupName, Timeout: 2 * time.Second, Worker: r.Worker, Producer: r.Producer}
	task.Worker.Lease = r.lease
	return crew.Plan{
		Program: r.opts.Program, Args: r.opts.Args, Dir: r.opts.Dir, Record: r.record,
		Worker: task, Producer: task, Change: r.change, Command: r.world.Command,
	}
}

// change is what is different from child to child.
func (r *round) change(number int, t *child.Task) {
	t.URL = r.world.URLFor(number)
	if r.Change != nil {
		r.Change(number, t)
	}
}

// begin starts everybody.
func (r *round) begin() error {
	for range r.Workers {
		if _, err := r.crew.AddWorker(); err != nil {
			return err
		}
	}
	for range r.Producers {
		if _, err := r.crew.AddProducer(); err != nil {
			return err
		}
	}
	arena := nemesis.Arena{
		World: r.world, Crew: r.crew, Record: r.record, Stream: streamName, Group: groupName, Lease: r.lease,
		Patience: r.Worker.Shutdown + 10*time.Second, LaxExit: len(r.serverFaults()) > 0,
	}
	r.arena = arena.Lane(r.opts.Seed, 0)
	return nil
}

// awaitWork waits until somebody works: faults are to meet work, however slow the machine is.
func (r *round) awaitWork(ctx context.Context) error {
	const patience = time.Minute
	for end := time.Now().Add(patience); time.Now().Before(end); {
		for _, p := range r.crew.Workers() {
			if p.Worked() {
				return nil
			}
		}
		if err := r.crew.Err(); err != nil {
			return err
		}
		if !sleep(ctx, 5*time.Millisecond) {
			return context.Cause(ctx)
		}
	}
	return fmt.Errorf("nobody works within %s of being started", patience)
}
