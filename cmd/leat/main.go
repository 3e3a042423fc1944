package main

import (
	"context"
	"errors"
	"os"

	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"
)

func main() { os.Exit(run(os.Args[1:])) }

// run is the program: its exit code comes back.
func run(args []string) int {
	cobra.EnableCommandSorting = false // they are in the order in which one needs them
	redis.SetLogger(silent{})          // its errors come back to us, and are told once
	ctx, stop := signalContext(context.Background())
	defer stop()
	a := &app{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, env: os.LookupEnv, credentials: credentialsIn(args)}
	root := newRoot(a)
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitDone
	}
	// What goes wrong before a command runs is in how it was called.
	var usage *usageError
	if !a.running || errors.As(err, &usage) {
		a.complain("%v; see %s --help", err, cmd.CommandPath())
		return exitUsage
	}
	var said *saidError
	if !errors.As(err, &said) {
		a.complain("%v", err)
	}
	return exitFailed
}

// silent is a logger for go-redis, which else writes to stderr by itself.
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}
