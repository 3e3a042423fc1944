package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "mutations:", err)
		os.Exit(1)
	}
}

// row is what became of one mutation.
type row struct {
	Name     string             `json:"name"`
	What     string             `json:"what"`
	File     string             `json:"file"`
	Machines map[string]outcome `json:"machines"`
}

// outcome is what one machine made of it.
type outcome struct {
	Caught bool `json:"caught"`
	// Histories is how many the simulation needed, the violating one included.
	Histories uint64  `json:"histories,omitempty"`
	Seconds   float64 `json:"seconds"`
	Rule      string  `json:"rule,omitempty"`   // the first that was broken
	Unseen    string  `json:"unseen,omitempty"` // why this machine cannot see it
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("mutations", flag.ContinueOnError)
	only := flags.String("only", "", "those whose name contains this")
	begin := flags.String("from", "", "begin with the first whose name contains this")
	which := flags.String("machines", simulation+","+processes, "the machines to try them on")
	out := flags.String("out", "docs/reliability/mutations.json", "where the results are kept; what is there of others stays")
	list := flags.Bool("list", false, "list them and end")
	limits := limits{}
	flags.Uint64Var(&limits.seeds, "seeds", 20_000, "how many histories the simulation gets for each")
	flags.DurationVar(&limits.wait, "for", 2*time.Minute, "how long the processes get for each")
	if err := flags.Parse(args); err != nil {
		return err
	}
	rows, err := load(*out)
	if err != nil {
		return err
	}
	missed := 0
	for _, m := range mutations {
		if strings.Contains(m.Name, *begin) {
			*begin = ""
		}
		if *begin != "" || !strings.Contains(m.Name, *only) {
			continue
		}
		if *list {
			fmt.Fprintf(os.Stdout, "%-36s %s (%s)\n", m.Name, m.What, m.File)
			continue
		}
		r := row{m.Name, m.What, m.File, map[string]outcome{}}
		if old, ok := rows[m.Name]; ok {
			r.Machines = old.Machines
		}
		for _, machine := range strings.Split(*which, ",") {
			o, err := try(ctx, m, machine, limits)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil { // of the table, most likely: the others can be tried all the same
				fmt.Fprintf(os.Stderr, "mutations: %s on %s: %v\n", m.Name, machine, err)
				missed++
				continue
			}
			r.Machines[machine] = o
			fmt.Fprintf(os.Stdout, "%-36s %-10s caught=%t histories=%d seconds=%.0f %s %s\n", m.Name, machine, o.Caught, o.Histories, o.Seconds, o.Rule, o.Unseen)
			if !o.Caught && o.Unseen == "" {
				missed++
			}
		}
		rows[m.Name] = r
		if err := save(*out, rows); err != nil {
			return err
		}
	}
	if missed > 0 {
		return fmt.Errorf("%d were not caught", missed)
	}
	return nil
}

// load reads the results of runs before.
func load(path string) (map[string]row, error) {
	rows := map[string]row{}
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return rows, nil
	}
	if err != nil {
		return nil, err
	}
	var list []row
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, r := range list {
		rows[r.Name] = r
	}
	return rows, nil
}

// save writes the results, in the order of the table.
func save(path string, rows map[string]row) error {
	list := make([]row, 0, len(rows))
	for _, m := range mutations {
		if r, ok := rows[m.Name]; ok {
			list = append(list, r)
		}
	}
	text, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}
