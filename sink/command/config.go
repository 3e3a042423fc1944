package command

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"go.uber.org/zap"
)

const (
	// defaultOutputLimit is enough for a stack trace and far from what floods a
	// log.
	defaultOutputLimit = 64 << 10
	// defaultKillAfter is a fifth of consumer.Config's ShutdownTimeout.
	defaultKillAfter = 5 * time.Second
)

// Config is which program is run, and how. The zero value of every field but
// Command is a default that works.
type Config struct {
	// Command is the program and its arguments. A name without a slash is looked
	// for in PATH, once. No shell is involved; where one is wanted:
	// {"sh", "-c", "..."}. Required.
	Command []string
	// Dir is where the program runs; the worker's own directory by default.
	Dir string
	// Env is added to the environment: "NAME=value". It cannot have LEAT_*.
	Env []string
	// KeepEnv names variables of the worker's environment that are passed on
	// although they belong to the worker or seem to have a secret of Redis, such
	// as "REDIS_URL".
	KeepEnv []string
	// OutputLimit is how many bytes of standard output, and as many of standard
	// error, are logged of one run; 64 KiB by default, negative for none. What
	// exceeds it is read and dropped, and the log says how much that was.
	OutputLimit int
	// KillAfter is how long the program may take to end after SIGTERM; 5 s by
	// default.
	KillAfter time.Duration
	// Logger gets the output line by line: standard output at Info, standard
	// error at Warn. nil is silent.
	Logger *zap.Logger
}

// complete fills defaults in, finds the program, and joins everything that is
// wrong.
func (c Config) complete() (cfg Config, path string, err error) {
	if c.OutputLimit == 0 {
		c.OutputLimit = defaultOutputLimit
	}
	if c.KillAfter == 0 {
		c.KillAfter = defaultKillAfter
	}
	if c.Logger == nil {
		c.Logger = zap.NewNop()
	}
	var errs []error
	wrong := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf("command config: "+format, args...))
		}
	}
	wrong(c.KillAfter < 0, "KillAfter is %s, want more than 0", c.KillAfter)
	for i, arg := range c.Command {
		wrong(strings.ContainsRune(arg, 0), "Command: argument %d has a NUL byte", i)
	}
	for i, v := range c.Env {
		name, _, ok := strings.Cut(v, "=")
		wrong(!ok || name == "" || strings.ContainsRune(v, 0), "Env: entry %d is not NAME=value", i) // not quoted: it may be secret
		wrong(strings.HasPrefix(name, own), "Env: %s: names that begin with %s are the event's", name, own)
	}
	if c.Dir != "" {
		info, err := os.Stat(c.Dir)
		wrong(err != nil, "Dir: %w", err)
		wrong(err == nil && !info.IsDir(), "Dir: %s is not a directory", c.Dir)
	}
	path, err = find(c.Command)
	wrong(err != nil, "Command: %w", err)
	return c, path, errors.Join(errs...)
}

// find is the program's absolute path: a relative one would mean another file
// in Dir.
func find(command []string) (string, error) {
	if len(command) == 0 || command[0] == "" {
		return "", errors.New("is empty")
	}
	path, err := exec.LookPath(command[0])
	if err != nil {
		return "", fmt.Errorf("find the program: %w", err)
	}
	return filepath.Abs(path)
}
