package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// limits are how long a machine is given.
type limits struct {
	seeds uint64
	wait  time.Duration
}

// sabotaged is the file with the mutation in it; an error when the place is not there,
// or more than once: then the table has to follow the code.
func (m mutation) sabotaged() (string, error) {
	text, err := os.ReadFile(m.File)
	if err != nil {
		return "", err
	}
	if n := strings.Count(string(text), m.Old); n != 1 {
		return "", fmt.Errorf("%s: the code to be changed is there %d times, want once: %q", m.File, n, m.Old)
	}
	return strings.Replace(string(text), m.Old, m.New, 1), nil
}

// overlay writes the sabotaged file, and what tells the compiler to take it.
func (m mutation) overlay(dir string) (path string, err error) {
	text, err := m.sabotaged()
	if err != nil {
		return "", err
	}
	instead := filepath.Join(dir, filepath.Base(m.File))
	if err := os.WriteFile(instead, []byte(text), 0o600); err != nil {
		return "", err
	}
	file, err := filepath.Abs(m.File)
	if err != nil {
		return "", err
	}
	told, err := json.Marshal(map[string]map[string]string{"Replace": {file: instead}})
	if err != nil {
		return "", err
	}
	path = filepath.Join(dir, "overlay.json")
	return path, os.WriteFile(path, told, 0o600)
}

// try runs a machine with the mutation in it.
func try(ctx context.Context, m mutation, machine string, l limits) (outcome, error) {
	dir, err := os.MkdirTemp("", "leat-mutation-")
	if err != nil {
		return outcome{}, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	overlay, err := m.overlay(dir)
	if err != nil {
		return outcome{}, err
	}
	var o outcome
	switch machine {
	case processes:
		o, err = disturb(ctx, dir, overlay, m.Where, l)
	case simulation:
		o, err = simulate(ctx, dir, overlay, l)
	default:
		return outcome{}, fmt.Errorf("no such machine: want %s or %s", simulation, processes)
	}
	if !o.Caught {
		o.Unseen = m.Unseen[machine]
	}
	return o, err
}

// simulate runs histories until one is wrong. Whatever else ends the run early, a
// deadlock or a panic, is a mutation that was caught as well.
func simulate(ctx context.Context, dir, overlay string, l limits) (outcome, error) {
	binary, told := filepath.Join(dir, "simulate.test"), filepath.Join(dir, "result.json")
	if err := build(ctx, "test", "-c", "-overlay", overlay, "-o", binary, "./internal/simulate"); err != nil {
		return outcome{}, err
	}
	began := time.Now()
	text, err := exec.CommandContext(ctx, binary, "-test.run", "^TestSeeds$", "-test.timeout", "30m", "-simulate.shrink=false",
		"-simulate.seeds", fmt.Sprint(l.seeds), "-simulate.result", told).CombinedOutput()
	o := outcome{Caught: err != nil, Seconds: time.Since(began).Seconds(), Rule: rule(text)}
	if ctx.Err() != nil {
		return o, ctx.Err()
	}
	var sum struct {
		Histories uint64 `json:"histories"`
	}
	if raw, err := os.ReadFile(told); err == nil {
		if err := json.Unmarshal(raw, &sum); err != nil {
			return o, err
		}
	} else if !o.Caught {
		return o, err
	}
	o.Histories = sum.Histories
	return o, nil
}

// broken finds the rule that a violation names.
var broken = regexp.MustCompile(`\b(I[1-6]): `)

// rule is the first one that the output says is broken.
func rule(text []byte) string {
	if found := broken.FindSubmatch(text); found != nil {
		return string(found[1])
	}
	for _, way := range []string{"deadlock", "panic", "data race"} {
		if bytes.Contains(text, []byte(way)) {
			return way
		}
	}
	return ""
}

// build runs the go tool.
func build(ctx context.Context, args ...string) error {
	text, err := exec.CommandContext(ctx, "go", args...).CombinedOutput()
	if err != nil {
		return errors.Join(fmt.Errorf("go %s: %w", strings.Join(args, " "), err), errors.New(string(text)))
	}
	return nil
}

// disturb lets real processes work and breaks them, in the scenarios of those names, until a promise is broken.
func disturb(ctx context.Context, dir, overlay, scenarios string, l limits) (outcome, error) {
	binary := filepath.Join(dir, "faults")
	if err := build(ctx, "build", "-overlay", overlay, "-o", binary, "./test/faults/cmd/faults"); err != nil {
		return outcome{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, l.wait+time.Minute)
	defer cancel()
	began := time.Now()
	cmd := exec.CommandContext(ctx, binary, "run", "-for", l.wait.String(), "-round", "8s", "-scenarios", scenarios, "-results", filepath.Join(dir, "results"))
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // it ends its children
	cmd.WaitDelay = 10 * time.Second
	said, err := cmd.StdoutPipe()
	if err != nil {
		return outcome{}, err
	}
	if err := cmd.Start(); err != nil {
		return outcome{}, err
	}
	var o outcome
	for lines := bufio.NewScanner(said); lines.Scan(); {
		if r := rule(lines.Bytes()); r != "" && !o.Caught {
			o = outcome{Caught: true, Seconds: time.Since(began).Seconds(), Rule: r}
			cancel()
		}
	}
	if err := cmd.Wait(); !o.Caught { // one that had to be ended said nothing
		o = outcome{Caught: err != nil && ctx.Err() == nil, Seconds: time.Since(began).Seconds()}
		if o.Caught {
			o.Rule = "by its exit" // that of a worker that could not do what it was told
		}
	}
	return o, nil
}
