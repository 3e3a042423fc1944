// Command bench compares leat with other libraries on Redis Streams, with plain
// clients, and with the bare protocol, in one interleaved run on a redis-server that
// it starts, and writes a report.
//
//	go run . --out ../docs/benchmarks
//
// It takes up to --budget. See packages run, measure and growth for how it is done,
// and package contender for what a library has to do to take part.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/leat-io/leat/bench/measure"
	"github.com/leat-io/leat/bench/report"
	"github.com/leat-io/leat/bench/result"
	"github.com/leat-io/leat/bench/run"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := start(ctx, contenders(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	if errors.Is(err, flag.ErrHelp) {
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// start does what the arguments say: a run, or one step of it for the process that
// makes the run.
func start(ctx context.Context, all []entry, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	if len(args) == 1 && args[0] == measure.Command {
		return run.Child(ctx, entries(all, nil), stdin, stdout)
	}
	opts, out, err := parse(all, args, stderr)
	if err != nil {
		return err
	}
	made, err := run.Run(ctx, opts)
	if err != nil {
		return err
	}
	if err := write(out, made); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%s and %s are written, after %s.\n", filepath.Join(out, resultsFile), filepath.Join(out, "README.md"), time.Since(made.Began).Round(time.Second))
	return nil
}

// resultsFile has all samples, as JSON; see package result.
const resultsFile = "results.json"

func write(dir string, made result.Run) error {
	text, err := json.MarshalIndent(made, "", "  ")
	if err == nil {
		err = os.MkdirAll(dir, 0o750)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, resultsFile), append(text, '\n'), 0o600)
	}
	if err != nil {
		return fmt.Errorf("write the results: %w", err)
	}
	return report.Write(dir, made)
}

// kinds are all kinds of work, in the order of the report.
var kinds = append(slices.Clone(run.TableKinds), run.GrowthKinds...)

func parse(all []entry, args []string, stderr io.Writer) (opts run.Options, out string, err error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&out, "out", filepath.Join("..", "docs", "benchmarks"), "`folder` for the results and the report")
	flags.IntVar(&opts.Rounds, "rounds", 5, "rounds of the table, and of the growth points that a goal is about; the others have one")
	flags.DurationVar(&opts.Budget, "budget", 10*time.Minute, "how long all of it may take; growth rounds are left out first")
	flags.BoolVar(&opts.Quick, "quick", false, "a smoke run of one round with few messages, whose figures mean nothing")
	only := flags.String("only", "", "`contenders` to measure, with commas between them: "+strings.Join(keys(all), ","))
	some := flags.String("kind", "", "`kinds` of work to measure, with commas between them: "+join(kinds))
	if err := flags.Parse(args); err != nil {
		return opts, out, err
	}
	opts.Progress = stderr
	if opts.Quick {
		opts.Rounds = 1
	}
	var errs []error
	if flags.NArg() > 0 {
		errs = append(errs, fmt.Errorf("what is %q? Only flags are known", flags.Arg(0)))
	}
	if opts.Rounds < 1 || opts.Budget <= 0 {
		errs = append(errs, fmt.Errorf("--rounds is %d and --budget %s: want 1 and more than 0", opts.Rounds, opts.Budget))
	}
	for _, key := range split(*only) {
		if !slices.Contains(keys(all), key) {
			errs = append(errs, fmt.Errorf("--only: no contender %q; there are %s", key, strings.Join(keys(all), ",")))
		}
	}
	opts.Contenders = entries(all, split(*only))
	for _, name := range split(*some) {
		if !slices.Contains(kinds, result.Kind(name)) {
			errs = append(errs, fmt.Errorf("--kind: no kind %q; there are %s", name, join(kinds)))
		}
		opts.Kinds = append(opts.Kinds, result.Kind(name))
	}
	return opts, out, errors.Join(errs...)
}

// entries are those with one of the keys; all when there are no keys.
func entries(all []entry, only []string) []run.Entry {
	var some []run.Entry
	for _, e := range all {
		if len(only) == 0 || slices.Contains(only, e.key) {
			some = append(some, e.Entry)
		}
	}
	return some
}

func keys(all []entry) []string {
	var keys []string
	for _, e := range all {
		keys = append(keys, e.key)
	}
	return keys
}

func split(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' })
}

func join(kinds []result.Kind) string {
	var names []string
	for _, k := range kinds {
		names = append(names, string(k))
	}
	return strings.Join(names, ",")
}
