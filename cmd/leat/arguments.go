package main

import (
	"github.com/spf13/cobra"

	"github.com/leat-io/leat/stream"
)

// streamOf takes the stream off the arguments. Where there is none it comes from
// LEAT_STREAM or STREAM.
func (a *app) streamOf(args []string) (name string, rest []string, err error) {
	if len(args) > 0 {
		name, rest = args[0], args[1:]
	} else if _, value, ok := a.flagVariable("stream"); ok {
		name = value
	} else {
		return "", nil, usagef("STREAM is missing: give it as an argument, or in LEAT_STREAM or STREAM")
	}
	if _, err := stream.KeysOf(name); err != nil {
		return "", nil, &usageError{err}
	}
	return name, rest, nil
}

// atMost is how many arguments a command takes.
func atMost(n int) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) > n {
			return usagef("unexpected argument %q", args[n])
		}
		return nil
	}
}

// groupFlags say which group of a stream is meant, and where its dead letters are.
type groupFlags struct{ group, deadLetter string }

func (f *groupFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.group, "group", "", "consumer `GROUP`")
}

func (f *groupFlags) registerDead(cmd *cobra.Command) {
	f.register(cmd)
	cmd.Flags().StringVar(&f.deadLetter, "dead-letter", "", "`NAME` of the dead-letter stream (leat:{STREAM}:dead:GROUP)")
}

func (f *groupFlags) check() error {
	if f.group == "" {
		return usagef("--group is missing")
	}
	return nil
}

// of is the group itself.
func (f *groupFlags) of(conn *stream.Conn, name string) (*stream.Group, error) {
	g, err := conn.Group(name, f.group, stream.DeadLetter{Stream: f.deadLetter})
	if err != nil {
		return nil, &usageError{err}
	}
	return g, nil
}
