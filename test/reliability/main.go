package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/leat-io/leat/test/faults/result"
)

func main() {
	folder := flag.String("results", "docs/reliability", "the folder with the results")
	out := flag.String("out", "docs/reliability.md", "the page to write")
	soak := flag.String("soak", "", "a folder of results of `make soak`, whose sums become processes.json")
	simulation := flag.String("simulation", "", "a soak-simulation.json of `make soak`, which is added to simulation.json")
	recovery := flag.String("recovery", "", "a folder of results of rounds on a machine that did nothing else, whose sums become recovery.json")
	flag.Parse()
	err := errors.Join(take(*soak, *folder, "processes.json"), take(*recovery, *folder, "recovery.json"), addSimulation(*simulation, *folder))
	if err == nil {
		err = write(*folder, *out)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "reliability:", err)
		os.Exit(1)
	}
}

// take makes a file of the results of rounds.
func take(rounds, folder, name string) error {
	if rounds == "" {
		return nil
	}
	results, err := result.Open(rounds)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(results.Sum(), "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, name), append(text, '\n'), 0o644)
}

// addSimulation adds a run of simulated histories to those that are there; one that began with the same seed is replaced.
func addSimulation(run, folder string) error {
	if run == "" {
		return nil
	}
	var runs []map[string]any
	name := filepath.Join(folder, "simulation.json")
	if err := read(name, &runs); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	var latest map[string]any
	if err := read(run, &latest); err != nil {
		return err
	}
	runs = slices.DeleteFunc(runs, func(r map[string]any) bool { return r["from"] == latest["from"] })
	text, err := json.MarshalIndent(append(runs, latest), "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(name, append(text, '\n'), 0o644)
}

func read(name string, v any) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, v); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return nil
}

// page is the page while it is written.
type page struct {
	bytes.Buffer
	folder string
}

func (p *page) line(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }

func write(folder, out string) error {
	p := &page{folder: folder}
	for _, section := range []func() error{
		p.opening, p.processes, p.recovery, p.simulation, p.mutations, p.agreement, p.durability, p.found, p.peers, p.again,
	} {
		if err := section(); err != nil {
			return err
		}
	}
	return os.WriteFile(out, p.Bytes(), 0o644)
}

// load reads the JSON of a run; false when there is none, which the page says.
func (p *page) load(name string, v any) (bool, error) {
	err := read(filepath.Join(p.folder, name), v)
	if errors.Is(err, os.ErrNotExist) {
		p.line("*Not measured yet: %s is missing.*\n", name)
		return false, nil
	}
	return err == nil, err
}

// text puts a Markdown file in.
func (p *page) text(name string) error {
	text, err := os.ReadFile(filepath.Join(p.folder, name))
	if errors.Is(err, os.ErrNotExist) {
		p.line("*Not there yet: %s is missing.*\n", name)
		return nil
	}
	p.Write(bytes.TrimSpace(text))
	p.line("\n")
	return err
}
