package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// commands are all commands of leat, in the order of `leat --help`.
func commands(a *app) []*cobra.Command {
	return []*cobra.Command{
		newDemoCommand(a),
		newDemoWorkerCommand(a),
		newWorkerCommand(a),
		newPublishCommand(a),
		newStacCommand(a),
		newGroupsCommand(a),
		newPendingCommand(a),
		newDeadCommand(a),
		newBenchCommand(a),
		newVersionCommand(a),
	}
}

const rootHelp = `leat makes Redis Streams a work queue that loses nothing: workers take entries
from consumer groups, keep them under a lease, retry what fails, and set aside
what keeps failing. This is its command line; the Go packages do the same.

Every flag has an environment variable: LEAT_ and its name in capitals, dashes as
underscores (--max-attempts is LEAT_MAX_ATTEMPTS). A flag wins over its variable;
an empty variable is not set. A flag that may be repeated takes its values from
the variable separated by commas (headers by line breaks). STREAM, PRODUCER,
REDIS_HOSTNAME and REDIS_PORT work too where the LEAT_ ones are not set.

Exit codes: 0 done, 1 failed, 2 bad usage.`

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:               "leat",
		Short:             "Redis Streams as a work queue that loses nothing",
		Long:              rootHelp,
		SilenceErrors:     true,
		SilenceUsage:      true,
		Args:              noArguments,
		PersistentPreRunE: a.prepare,
		Example:           "  leat worker --stream orders --group billing --webhook https://billing.example.org/events",
	}
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	// Not cobra's own --version: what it prints is set by a template, and with text/template in it, which finds methods by
	// their names, no linker can leave any method out. The binary would be half as big again.
	version := root.Flags().BoolP("version", "v", false, "version for leat")
	root.RunE = func(cmd *cobra.Command, args []string) error {
		if *version {
			fmt.Fprintln(a.stdout, build())
			return nil
		}
		return printHelp(cmd, args)
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &usageError{err} })
	a.redis.register(root.PersistentFlags())
	root.AddCommand(commands(a)...)
	root.SetHelpCommand(newHelpCommand(root))
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() == "completion" { // cobra answers a shell that it does not know with help and 0
			cmd.Args, cmd.RunE = noArguments, printHelp
			cmd.Example = "  source <(leat completion bash)"
		}
	}
	return root
}

// prepare runs before every command: it sets what the command line left open from
// the environment.
func (a *app) prepare(cmd *cobra.Command, _ []string) error {
	if err := a.bindEnvironment(cmd); err != nil {
		return err
	}
	a.running = true
	return nil
}

// printHelp is what a command does that only has others below it.
func printHelp(cmd *cobra.Command, _ []string) error { return cmd.Help() }

func noArguments(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return nil
	case !cmd.HasSubCommands():
		return usagef("unexpected argument %q", args[0])
	}
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		return usagef("unknown command %q for %q: did you mean %s?", args[0], cmd.CommandPath(), strings.Join(near, " or "))
	}
	return usagef("unknown command %q for %q", args[0], cmd.CommandPath())
}

// newHelpCommand is cobra's, but for an unknown command being a mistake.
func newHelpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]",
		Short:   "Print the help of a command",
		Long:    "help prints what `leat COMMAND --help` does.",
		Example: "  leat help worker",
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return usagef("unknown command %q", strings.Join(args, " "))
			}
			cmd.InitDefaultHelpFlag()
			return cmd.Help()
		},
	}
}
