// Command cmd measures what is lost by how durably events are published: see package durability.
//
//	go run ./test/faults/durability/cmd                              everything, in about an hour: docs/reliability/durability.json
//	go run ./test/faults/durability/cmd -resume                      the rounds that a run lacks which was ended early
//	go run ./test/faults/durability/cmd -repetitions 1 -faults kill -out look.json
//	go run ./test/faults/durability/cmd -markdown docs/reliability/durability.json   its tables
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/redis/go-redis/v9"

	"github.com/leat-io/leat/test/faults/durability"
)

// silent is no logger: that servers are away is what this is about.
type silent struct{}

// Printf does nothing.
func (silent) Printf(context.Context, string, ...any) {}

func main() {
	redis.SetLogger(silent{})
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "durability:", err)
		os.Exit(1)
	}
}

// errBroken is a promise that did not hold.
var errBroken = errors.New("a level that promises to lose nothing lost something")

func run(ctx context.Context) error {
	var o durability.Options
	flag.IntVar(&o.Repetitions, "repetitions", 5, "rounds of a cell")
	flag.DurationVar(&o.Load, "load", 0, "how long is published before a fault (2s)")
	flag.DurationVar(&o.Lag, "lag", 0, "how long replicas that are to lag stand still (1s)")
	flag.StringVar(&o.Server, "server", "", "program (redis-server)")
	flag.Uint64Var(&o.Seed, "seed", 0, "of when faults come (any)")
	faults := flag.String("faults", "", "names of faults, with commas (all)")
	levels := flag.String("levels", "", "names of levels, with commas (all)")
	resume := flag.Bool("resume", false, "keep the rounds that are in the result already, and make those that it lacks")
	out := flag.String("out", "docs/reliability/durability.json", "where the result goes")
	markdown := flag.String("markdown", "", "print the tables of a result instead of measuring")
	flag.Parse()
	if *markdown != "" {
		return show(*markdown)
	}
	o.Faults, o.Levels = names(*faults), names(*levels)
	o.Log = func(line string) { fmt.Fprintln(os.Stderr, line) }
	if *resume {
		before, err := read(*out)
		if err != nil {
			return err
		}
		o.Before = &before
	}
	table, err := durability.Measure(ctx, o)
	if len(table.Cells) == 0 {
		return err
	}
	if err := errors.Join(err, write(*out, &table)); err != nil {
		return err
	}
	table.WriteMarkdown(os.Stdout)
	if len(table.Broken()) > 0 {
		return errBroken
	}
	return nil
}

func names(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, ",")
}

func write(path string, table *durability.Table) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(table.WriteJSON(f), f.Close())
}

func read(path string) (durability.Table, error) {
	f, err := os.Open(path)
	if err != nil {
		return durability.Table{}, err
	}
	table, err := durability.ReadJSON(f)
	return table, errors.Join(err, f.Close())
}

func show(path string) error {
	table, err := read(path)
	if err == nil {
		table.WriteMarkdown(os.Stdout)
	}
	return err
}
