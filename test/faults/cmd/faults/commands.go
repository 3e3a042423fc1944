package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/leat-io/leat/test/faults/needs"
	"github.com/leat-io/leat/test/faults/result"
	"github.com/leat-io/leat/test/faults/scenario"
)

func list(to io.Writer) error {
	for _, s := range scenario.All() {
		fmt.Fprintf(to, "%-16s %s\n", s.Name, s.Title)
	}
	return nil
}

// errBroken is the end of a run in which something went wrong.
var errBroken = errors.New("something went wrong, see above")

// soak runs rounds of all scenarios, in turn, for a time. A run keeps its results in a folder of its own, a soak adds to one.
func soak(ctx context.Context, name string, args []string) error {
	flags := flag.NewFlagSet(name, flag.ExitOnError)
	length := flags.Duration("for", 10*time.Minute, "how long")
	round := flags.Duration("round", 0, "how long faults go on in a round; 0: as the scenario says")
	only := flags.String("scenarios", "", "names of scenarios, with commas; all when empty")
	results := flags.String("results", map[string]string{"run": "faults-results", "soak": "soak-results"}[name], "the folder of results")
	seed := flags.Uint64("seed", rand.Uint64(), "seed of the first round; those of others follow from it")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if name == "run" {
		if err := result.Clear(*results); err != nil {
			return err
		}
	}
	chosen, err := choose(*only)
	if err != nil {
		return err
	}
	folder, err := result.Open(*results)
	if err != nil {
		return err
	}
	seeds := rand.New(rand.NewPCG(*seed, 2))
	broken := false
	for n, end := 0, time.Now().Add(*length); time.Now().Before(end) && ctx.Err() == nil; n++ {
		held, err := runOne(ctx, folder, chosen[n%len(chosen)], seeds.Uint64(), *round)
		if ctx.Err() != nil {
			break
		}
		if err != nil {
			return err
		}
		broken = broken || !held
	}
	summarize(os.Stdout, folder)
	if broken {
		return errBroken
	}
	return nil
}

func choose(only string) (chosen []scenario.Scenario, err error) {
	if only == "" {
		for _, s := range scenario.All() {
			chosen = append(chosen, slices.Repeat([]scenario.Scenario{s}, max(s.Weight, 1))...)
		}
		return chosen, nil
	}
	for _, name := range strings.Split(only, ",") {
		s, ok := scenario.Find(name)
		if !ok {
			return nil, fmt.Errorf("scenario %q is not known: see list", name)
		}
		chosen = append(chosen, s)
	}
	return chosen, nil
}

// runOne runs a round and keeps what came of it.
func runOne(ctx context.Context, folder *result.Folder, s scenario.Scenario, seed uint64, length time.Duration) (held bool, err error) {
	dir, err := os.MkdirTemp("", "leat-round-")
	if err != nil {
		return false, fmt.Errorf("make a folder for histories: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	r, err := scenario.Run(ctx, s, scenario.Options{Seed: seed, Length: length, Dir: dir})
	switch {
	case ctx.Err() != nil:
		return false, context.Cause(ctx)
	case errors.Is(err, needs.ErrUnavailable):
		r.LeftOut = append(r.LeftOut, err.Error())
	case err != nil:
		r.Failed(err)
	}
	kept, err := folder.Keep(&r, dir)
	if err != nil {
		return false, err
	}
	say(os.Stdout, &r, kept)
	return r.Held(), nil
}

func say(to io.Writer, r *result.Result, kept string) {
	fmt.Fprintln(to, r)
	const most = 5
	for i, v := range r.Violations {
		if i == most {
			fmt.Fprintf(to, "... and %d more\n", len(r.Violations)-most)
			break
		}
		fmt.Fprintln(to, v)
	}
	for _, e := range r.LeftOut {
		fmt.Fprintln(to, "left out:", e)
	}
	for _, e := range r.Errors {
		fmt.Fprintln(to, "error:", e)
	}
	if !r.Held() {
		fmt.Fprintln(to, "histories:", kept)
	}
}

func summarize(to io.Writer, folder *result.Folder) {
	sum := folder.Sum()
	for _, s := range scenario.All() {
		if t := sum.Scenarios[s.Name]; t != nil {
			fmt.Fprintf(to, "%-16s %s\n", s.Name, line(t))
		}
	}
	fmt.Fprintf(to, "%-16s %s\n", "all", line(&sum.All))
	for _, what := range slices.Sorted(maps.Keys(sum.All.Times)) {
		times := sum.All.Times[what]
		fmt.Fprintf(to, "%-45s %6d samples, p50 %8.3fs, p99 %8.3fs, max %8.3fs\n",
			what, times.Samples, times.Quantile(0.5).Seconds(), times.Quantile(0.99).Seconds(), times.Quantile(1).Seconds())
	}
	fmt.Fprintln(to, "in", filepath.Join(folder.Path(), "totals.json"))
}

func line(t *result.Totals) string {
	return fmt.Sprintf("%4d rounds, %8s: %9d published, %9d handled, %6d kills, %5d stops, %5d terms, %5d server faults, lost by redis %d, violations %d, errors %d",
		t.Rounds, t.Took.Round(time.Second), t.Counts.Published, t.Counts.Handled, t.Processes.Kills+t.Processes.Suicides, t.Processes.Stops,
		t.Processes.Terms, t.ServerFaults, t.Counts.LostByRedis, t.Violations, t.Errors)
}

// replay runs a round of a scenario with a seed, and leaves its histories.
func replay(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("replay", flag.ExitOnError)
	name := flags.String("scenario", "", "the scenario's name")
	seed := flags.Uint64("seed", 0, "the seed")
	round := flags.Duration("round", 0, "how long faults go on; 0: as the scenario says")
	dir := flags.String("dir", "faults-replay", "a new folder, in which histories are written")
	if err := flags.Parse(args); err != nil {
		return err
	}
	s, ok := scenario.Find(*name)
	if !ok {
		return fmt.Errorf("scenario %q is not known: see list", *name)
	}
	if err := os.Mkdir(*dir, 0o750); err != nil {
		return fmt.Errorf("make a new folder for histories: %w", err)
	}
	r, err := scenario.Run(ctx, s, scenario.Options{Seed: *seed, Length: *round, Dir: *dir})
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(&r, "", "\t")
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stdout, "%s\n", text)
	say(os.Stdout, &r, *dir)
	if !r.Held() {
		return errBroken
	}
	return nil
}

// check checks kept histories again.
func check(args []string) error {
	if len(args) != 1 {
		return errors.New("check: want the folder of a round's histories")
	}
	verdict, err := scenario.Check(args[0])
	if err != nil {
		return err
	}
	fmt.Fprint(os.Stdout, verdict.String())
	if len(verdict.Violations) > 0 {
		return errBroken
	}
	return nil
}
