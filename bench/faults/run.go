package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/leat-io/leat/bench/faults/library"
	"github.com/leat-io/leat/bench/faults/outcome"
	"github.com/leat-io/leat/bench/faults/round"
)

// load is a third of what the workers could do, so that there is always something in hand, and room to catch up when half of them
// are away.
var load = outcome.Load{
	Workers: 4, Concurrency: 8, Rate: 200, InFlight: 64, Size: 100, Busy: 50 * time.Millisecond, Attempts: 5, Pause: 500 * time.Millisecond,
}

// run runs all rounds: the libraries of a scenario at the same time, so that whatever else the machine does is done to all of them,
// and the next scenario as soon as all that is left of the last one is to wait. A round that could not be run is told in the
// result, and the others go on.
func run(ctx context.Context, o options, progress io.Writer) (*outcome.Run, error) {
	made := &outcome.Run{
		Began: time.Now().UTC().Truncate(time.Second), Commit: commit(ctx), Go: runtime.Version(), Redis: redisVersion(ctx), Cores: runtime.NumCPU(),
		Seed: o.seed, Length: o.length, Lease: o.lease, Load: load,
	}
	began := time.Now()
	describe(made, o)
	rounds := make([]outcome.Round, len(o.scenarios)*len(o.libraries))
	var running sync.WaitGroup
	var telling sync.Mutex
	for i, s := range o.scenarios {
		if ctx.Err() != nil {
			break
		}
		var disturbed sync.WaitGroup
		for k, l := range o.libraries {
			disturbed.Add(1)
			running.Go(func() {
				r := one(ctx, o, s, l, disturbed.Done)
				rounds[i*len(o.libraries)+k] = r
				telling.Lock()
				defer telling.Unlock()
				tell(progress, time.Since(began), r)
			})
		}
		disturbed.Wait()
	}
	running.Wait()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	made.Rounds, made.Took = rounds, time.Since(began).Round(time.Second)
	return made, nil
}

// one runs a round in a folder of its own.
func one(ctx context.Context, o options, s round.Scenario, l library.Library, calm func()) outcome.Round {
	failed := outcome.Round{Scenario: s.Name, Library: l.Info().Name}
	dir, err := folder(o, failed)
	if err != nil {
		calm()
		failed.Error = err.Error()
		return failed
	}
	if o.keep == "" {
		defer func() { _ = os.RemoveAll(dir) }()
	}
	r, err := round.Run(ctx, round.Options{
		Library: l, Scenario: s, Load: load, Seed: o.seed, Length: o.length, Lease: o.lease, Dir: dir, Calm: calm,
	})
	if err != nil {
		r.Error = err.Error()
	}
	return r
}

func folder(o options, r outcome.Round) (string, error) {
	if o.keep == "" {
		return os.MkdirTemp("", "leat-faults-")
	}
	dir := filepath.Join(o.keep, r.Scenario+"-"+r.Library)
	if err := os.RemoveAll(dir); err != nil {
		return "", fmt.Errorf("empty the folder of histories: %w", err)
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return "", fmt.Errorf("make the folder of histories: %w", err)
	}
	return dir, nil
}

func tell(to io.Writer, at time.Duration, r outcome.Round) {
	settled := "not settled in time"
	if r.Settled != nil {
		settled = "settled after " + r.Settled.Round(100*time.Millisecond).String()
	}
	c := &r.Counts
	fmt.Fprintf(to, "%6s %-12s %-22s published %d, unknown %d, handled %d, gone %d, buried %d, open %d %v, twice %d, more %d; died %d, ended badly %d; %s %v %s\n",
		at.Round(time.Second), r.Scenario, r.Library, c.Published, c.Unknown, c.Handled, c.Gone, c.Buried, c.Open, c.OpenAs, c.Twice, c.More, r.Died, r.EndedBadly,
		settled, r.Faults, r.Error)
}

// describe says who takes part in what.
func describe(made *outcome.Run, o options) {
	info, _ := debug.ReadBuildInfo()
	for _, l := range o.libraries {
		i := l.Info()
		lease := round.Lease(l, o.lease)
		made.Libraries = append(made.Libraries, outcome.Library{
			Name: i.Name, Module: i.Module, Version: version(info, i.Module, made.Commit), Settings: i.Settings, Promise: i.Promise,
			Lease: lease, Deadline: round.Deadline(lease),
		})
	}
	for _, s := range o.scenarios {
		made.Scenarios = append(made.Scenarios, outcome.Scenario{Name: s.Name, Title: s.Title})
	}
}

const unknown = "unknown"

// version is that of a module in this program: the commit for this repository's.
func version(info *debug.BuildInfo, module, commit string) string {
	if module == "" {
		return commit
	}
	if info != nil {
		for _, m := range info.Deps {
			if m.Path == module {
				return m.Version
			}
		}
	}
	return unknown
}

// commit is that of the working tree, with "-dirty" behind it when files have changed since.
func commit(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*").Output()
	if err != nil {
		return unknown
	}
	return strings.TrimSpace(string(out))
}

// redisVersion is that of the redis-server which rounds start.
func redisVersion(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "redis-server", "--version").Output()
	if err != nil {
		return unknown
	}
	for _, word := range strings.Fields(string(out)) {
		if v, ok := strings.CutPrefix(word, "v="); ok {
			return v
		}
	}
	return unknown
}
