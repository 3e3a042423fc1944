package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"go.uber.org/zap"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/stream"
)

// exitDataErr is EX_DATAERR of sysexits.h, the one exit code beside 0 that is not
// tried again; EX_TEMPFAIL, 75, is like any other.
const exitDataErr = 65

// pipeGrace is how long the ends of its pipes may stay open after a program and
// its group are gone: a process in a session of its own may hold them, and would
// hold the handler.
const pipeGrace = time.Second

// runner runs one command.
type runner struct {
	cfg  Config
	path string
	name string // of the program, for errors
	env  []string
}

// New checks the configuration, finds the program, and returns the handler that
// runs it. The environment is that of the moment of New.
func New(cfg Config) (consumer.Handler, error) {
	cfg, path, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	r := &runner{cfg: cfg, path: path, name: filepath.Base(path)}
	r.env = append(inherited(os.Environ(), cfg.KeepEnv), cfg.Env...)
	return r.handle, nil
}

// handle runs the program on one delivery.
func (r *runner) handle(ctx context.Context, d *stream.Delivery) error {
	if ctx.Err() != nil {
		return fmt.Errorf("run %s: %w", r.name, context.Cause(ctx))
	}
	event := d.AsEvent()
	vars, err := variables(d, &event)
	if err != nil {
		return err
	}
	log := r.cfg.Logger.With(zap.String("stream", d.Stream), zap.Stringer("entry", d.EntryID), zap.String("id", event.ID))
	stdout := newOutput(log, zap.InfoLevel, "stdout", r.cfg.OutputLimit)
	stderr := newOutput(log, zap.WarnLevel, "stderr", r.cfg.OutputLimit)

	// Not ctx: os/exec would kill the program alone, and us wait for its children.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), r.path)
	cmd.Args = r.cfg.Command
	cmd.Dir = r.cfg.Dir
	cmd.Env = append(slices.Clip(r.env), vars...)
	cmd.Stdin = bytes.NewReader(event.Data)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	cmd.WaitDelay = pipeGrace

	p := &process{cmd: cmd, killAfter: r.cfg.KillAfter}
	switch err := p.run(ctx); {
	case p.started:
		stdout.finish()
		stderr.finish()
		return r.verdict(ctx, p, err, stderr.last())
	case errors.Is(err, syscall.E2BIG):
		name, size := largest(vars)
		return consumer.Permanent(fmt.Errorf("start %s: %w: the largest attribute is %s with %d bytes", r.name, err, name, size))
	default:
		return fmt.Errorf("start %s: %w", r.name, err)
	}
}
