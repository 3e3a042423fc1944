package round

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/leat-io/leat/bench/faults/library"
	"github.com/leat-io/leat/bench/faults/outcome"
	"github.com/leat-io/leat/bench/faults/tally"
	"github.com/leat-io/leat/internal/history"
	"github.com/leat-io/leat/test/faults/child"
	"github.com/leat-io/leat/test/faults/crew"
	"github.com/leat-io/leat/test/faults/nemesis"
	"github.com/leat-io/leat/test/faults/world"
)

const (
	queue = "faults"
	group = "workers"
	// patience is how long a worker may take to end that is told to: what Kubernetes gives. Handlers may take less of that.
	patience = 30 * time.Second
	shutdown = 20 * time.Second
	// publishTimeout is the patience of whoever publishes.
	publishTimeout = 10 * time.Second
)

// Options are how a round is run.
type Options struct {
	Library  library.Library
	Scenario Scenario
	Load     outcome.Load
	Seed     uint64
	// Length is how long faults go on, Lease the workers' where it can be chosen.
	Length, Lease time.Duration
	// Dir is where histories are written. It must be there, and empty.
	Dir string
	// Sabotage makes workers do something wrong: see package actor.
	Sabotage string
	// Calm, if any, is called when faults are over and the round only waits.
	Calm func()
}

// Lease is after what time others take over from a dead worker of a library.
func Lease(l library.Library, chosen time.Duration) time.Duration {
	if own := l.Info().Lease; own > 0 {
		return own
	}
	return chosen
}

// Deadline is how long after the last fault everything has to be settled.
func Deadline(lease time.Duration) time.Duration { return max(time.Minute, 4*lease) }

// round is one run of a scenario.
type round struct {
	opts   Options
	lease  time.Duration
	record *history.Writer
	world  *world.World
	rdb    *redis.Client
	crew   *crew.Crew
	arena  *nemesis.Arena

	dead      map[*crew.Process]bool // seen so once
	mu        sync.Mutex
	malformed int // by the one track that does that
	result    outcome.Round
}

// Run runs a round. Its error says that it could not be run; what came of it, good or bad, is in the result.
func Run(ctx context.Context, opts Options) (outcome.Round, error) {
	r := &round{opts: opts, lease: Lease(opts.Library, opts.Lease), dead: map[*crew.Process]bool{}}
	r.result = outcome.Round{Scenario: opts.Scenario.Name, Library: opts.Library.Info().Name, Faults: map[string]int{}, Length: opts.Length}
	if opts.Scenario.byLease {
		r.result.Length = max(opts.Length, 4*r.lease)
	}
	var calm sync.Once
	over := func() {
		if opts.Calm != nil {
			calm.Do(opts.Calm)
		}
	}
	defer over()
	if err := r.run(ctx, over); err != nil {
		return r.result, fmt.Errorf("run %s of %s: %w", r.result.Scenario, r.result.Library, err)
	}
	return r.result, nil
}

func (r *round) run(ctx context.Context, calm func()) (err error) {
	if r.record, err = history.Create(filepath.Join(r.opts.Dir, "nemesis"+history.Extension)); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.record.Close()) }()
	if r.world, err = world.Start(ctx, world.Plan{Kind: world.Always, Tapped: r.opts.Scenario.lossy}); err != nil {
		return err
	}
	defer r.world.Close()
	if err := r.connect(); err != nil {
		return err
	}
	defer func() { _ = r.rdb.Close() }()
	if r.crew, err = crew.New(r.plan()); err != nil {
		return err
	}
	defer r.crew.Discard()
	if err := r.begin(); err != nil {
		return err
	}
	if err := r.flow(ctx); err != nil {
		return err
	}
	if err := r.disturb(ctx); err != nil {
		return err
	}
	if err := r.crew.TermAll(r.crew.Producers(), publishTimeout+patience); err != nil {
		return fmt.Errorf("end the producer: %w", err)
	}
	calm()
	return r.end(ctx)
}

// connect opens a client for whoever looks from outside: a new one, since it never sends anything twice, and faults may have
// closed the connections of the last one.
func (r *round) connect() (err error) {
	if r.rdb != nil {
		_ = r.rdb.Close()
	}
	r.rdb, err = r.world.Client(queue)
	return err
}

// job is what the library is told when its part of Redis is looked at.
func (r *round) job() library.Job { return library.Job{Queue: queue, Group: group} }

func (r *round) plan() crew.Plan {
	load := &r.opts.Load
	task := child.Task{
		URL: r.world.URLFor(0), Stream: queue, Group: group, Sabotage: r.opts.Sabotage,
		Worker: child.Worker{
			Lease: r.lease, Busy: load.Busy, Concurrency: load.Concurrency, MaxAttempts: load.Attempts, Backoff: load.Pause, Shutdown: shutdown,
		},
		Producer: child.Producer{
			Rate: load.Rate, Size: load.Size, Pending: load.InFlight, Close: publishTimeout, Hopeless: r.opts.Scenario.hopeless,
		},
	}
	return crew.Plan{Args: []string{r.opts.Library.Info().Name}, Dir: r.opts.Dir, Record: r.record, Worker: task, Producer: task}
}

// begin starts everybody.
func (r *round) begin() error {
	for range r.opts.Load.Workers {
		if _, err := r.crew.AddWorker(); err != nil {
			return err
		}
	}
	if _, err := r.crew.AddProducer(); err != nil {
		return err
	}
	arena := nemesis.Arena{
		World: r.world, Crew: r.crew, Record: r.record, Stream: queue, Group: group, Lease: short, Patience: patience,
	}
	if r.opts.Scenario.byLease {
		arena.Lease = r.lease
	}
	r.arena = arena.Lane(r.opts.Seed, 0)
	return nil
}

// flow waits until messages are published and handled.
func (r *round) flow(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		flows := r.crew.Producers()[0].Worked()
		for _, p := range r.crew.Workers() {
			flows = flows && p.Worked()
		}
		if flows {
			return nil
		}
		if !sleep(ctx, look) {
			return fmt.Errorf("no messages flow after %v: %w", patience, errors.Join(context.Cause(ctx), r.crew.Err()))
		}
	}
}

// end waits until everything is settled or the time for that is over, and counts.
func (r *round) end(ctx context.Context) error {
	began := time.Now()
	if err := r.connect(); err != nil {
		return err
	}
	for deadline := began.Add(Deadline(r.lease)); time.Now().Before(deadline); {
		n, err := r.opts.Library.Unsettled(ctx, r.rdb, r.job())
		if err != nil {
			return err
		}
		if n == 0 {
			took := time.Since(began)
			r.result.Settled = &took
			break
		}
		if err := r.replace(); err != nil {
			return err
		}
		if !sleep(ctx, look) {
			return context.Cause(ctx)
		}
	}
	left, err := r.opts.Library.Look(ctx, r.rdb, r.job())
	if err != nil {
		return err
	}
	records, err := history.ReadDir(r.opts.Dir)
	if err != nil {
		return err
	}
	r.result.Counts = tally.Count(records, left)
	r.account()
	return nil
}

// account ends the workers and adds up what was done.
func (r *round) account() {
	r.crew.End()
	counts := r.crew.Counts() // before workers are told to end, which is no fault
	for _, p := range r.crew.Workers() {
		if !p.Alive() {
			continue
		}
		if err := r.crew.Term(p, patience); err != nil {
			r.endedBadly(err)
		}
	}
	for name, n := range map[string]int{"kill": counts.Kills - r.result.Died, "stop": counts.Stops, "term": counts.Terms - 1} { // the producer was told to end
		if n > 0 {
			r.result.Faults[name] += n
		}
	}
	for name, n := range r.arena.Counts() {
		r.result.Faults[name] += n
	}
	if r.world.Tap != nil {
		r.result.Faults["lost reply"] = r.world.Tap.Faults()
	}
	r.result.Died += counts.Suicides
	if err := r.crew.Err(); err != nil {
		r.say(err.Error())
	}
}

// endedBadly notes a worker that did not end as it should.
func (r *round) endedBadly(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.result.EndedBadly++
	r.say(err.Error())
}

// say keeps the first few things that were said.
func (r *round) say(text string) {
	const most, length = 3, 600
	if len(r.result.Said) < most {
		r.result.Said = append(r.result.Said, text[:min(len(text), length)])
	}
}
