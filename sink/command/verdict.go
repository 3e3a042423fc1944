package command

import (
	"context"
	"errors"
	"fmt"
	"os/exec"

	"github.com/leat-io/leat/consumer"
)

// ExitError is a program that ended by itself and not with 0.
type ExitError struct {
	// Program is the name of the program's file.
	Program string
	// Code is the exit code, -1 for a program that a signal ended.
	Code int
	// Status says how it ended: "exit status 3", "signal: killed".
	Status string
	// Stderr is the end of what it wrote to standard error: the last lines, with
	// " | " in between, at most about 512 bytes.
	Stderr string
}

// Error is how the program ended, and the end of what it said.
func (e *ExitError) Error() string {
	return "run " + e.Program + ": " + e.Status + quote(e.Stderr)
}

// verdict is what the way in which the program ended means.
func (r *runner) verdict(ctx context.Context, p *process, err error, stderr string) error {
	if p.interrupted {
		return fmt.Errorf("run %s: told to stop: %w%s", r.name, context.Cause(ctx), quote(stderr))
	}
	var exit *exec.ExitError
	switch {
	case err == nil, errors.Is(err, exec.ErrWaitDelay): // it ended with 0, only its pipes stayed open
		return nil
	case !errors.As(err, &exit):
		return fmt.Errorf("run %s: %w%s", r.name, err, quote(stderr))
	}
	err = &ExitError{Program: r.name, Code: exit.ExitCode(), Status: exit.String(), Stderr: stderr}
	if exit.ExitCode() == exitDataErr {
		return consumer.Permanent(err)
	}
	return err
}

func quote(stderr string) string {
	if stderr == "" {
		return ""
	}
	return ": " + stderr
}
