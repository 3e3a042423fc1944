// Command faults breaks leat and its peers in the same ways, and counts what each has lost and done twice.
//
//	go run ./faults -for 60s -out ../docs/reliability/peers.json     all of it: a quarter of an hour
//	go run ./faults -for 20s -only leat,asynq -scenarios kill        a part of it, printed alone
//	go run ./faults -show ../docs/reliability/peers.json             the table of a run that there is
//
// See package round for what is done, tally for what is counted, and library for who takes part and how.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/leat-io/leat/bench/faults/actor"
	"github.com/leat-io/leat/bench/faults/library"
	"github.com/leat-io/leat/bench/faults/library/asynq"
	"github.com/leat-io/leat/bench/faults/library/leat"
	"github.com/leat-io/leat/bench/faults/library/redisqueue"
	"github.com/leat-io/leat/bench/faults/library/watermill"
	"github.com/leat-io/leat/bench/faults/outcome"
	"github.com/leat-io/leat/bench/faults/round"
	"github.com/leat-io/leat/test/faults/world"
)

// libraries are all that take part, in the order of the table.
func libraries() []library.Library {
	return []library.Library{leat.New(), watermill.New(), asynq.New(), redisqueue.New()}
}

func main() {
	if code, isChild := actor.Main(libraries()); isChild {
		os.Exit(code)
	}
	world.Quiet()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := start(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if errors.Is(err, flag.ErrHelp) {
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
		os.Exit(1)
	}
}

// options are what the command line says.
type options struct {
	length, lease   time.Duration
	out, show, keep string
	seed            uint64
	libraries       []library.Library
	scenarios       []round.Scenario
}

func parse(args []string, stderr io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("faults", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.DurationVar(&o.length, "for", time.Minute, "how long faults go on in a round")
	flags.DurationVar(&o.lease, "lease", 5*time.Second, "after what time workers take over from the dead, where that can be chosen")
	flags.StringVar(&o.out, "out", "", "`file` for the result as JSON; its table goes beside it, as .md")
	flags.StringVar(&o.show, "show", "", "print the table of the result in this `file`, and do nothing else")
	flags.StringVar(&o.keep, "keep", "", "`folder` for the histories of all rounds, which are deleted otherwise")
	flags.Uint64Var(&o.seed, "seed", 1, "decides when what is done to whom")
	only := flags.String("only", "", "`libraries`, with commas between them; all when empty")
	some := flags.String("scenarios", "", "`scenarios`, with commas between them; all when empty")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 || o.length <= 0 || o.lease <= 0 {
		return o, fmt.Errorf("want flags alone, with -for and -lease above 0: have %q", args)
	}
	all := libraries()
	o.libraries, err = choose(all, *only, func(l library.Library) string { return l.Info().Name })
	if err != nil {
		return o, fmt.Errorf("-only: %w", err)
	}
	o.scenarios, err = choose(round.Scenarios(), *some, func(s round.Scenario) string { return s.Name })
	if err != nil {
		return o, fmt.Errorf("-scenarios: %w", err)
	}
	return o, nil
}

// choose returns those that are named, in their own order; all when none is.
func choose[T any](all []T, names string, name func(T) string) (chosen []T, err error) {
	if names == "" {
		return all, nil
	}
	wanted := map[string]bool{}
	for _, n := range strings.Split(names, ",") {
		wanted[n] = true
	}
	for _, one := range all {
		if wanted[name(one)] {
			chosen = append(chosen, one)
			delete(wanted, name(one))
		}
	}
	for n := range wanted {
		return nil, fmt.Errorf("%q is not known", n)
	}
	return chosen, nil
}

func start(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	if o.show != "" {
		made, err := outcome.Read(o.show)
		if err != nil {
			return err
		}
		fmt.Fprint(stdout, made.Markdown())
		return nil
	}
	made, err := run(ctx, o, stderr)
	if err != nil {
		return err
	}
	fmt.Fprint(stdout, made.Markdown())
	if o.out == "" {
		return nil
	}
	if err := made.Write(o.out); err != nil {
		return err
	}
	table := strings.TrimSuffix(o.out, ".json") + ".md"
	if err := os.WriteFile(table, []byte(made.Markdown()), 0o644); err != nil { //nolint:gosec // it is there to be read
		return fmt.Errorf("write the table: %w", err)
	}
	return nil
}
