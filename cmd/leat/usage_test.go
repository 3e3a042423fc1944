package main

import (
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

// commandsBelow are the command lines of all commands.
func commandsBelow(cmd *cobra.Command, path []string) (all [][]string) {
	all = append(all, path)
	for _, sub := range cmd.Commands() {
		if sub.Hidden {
			continue
		}
		all = append(all, commandsBelow(sub, append(append([]string{}, path...), sub.Name()))...)
	}
	return all
}

func everyCommand() [][]string {
	return commandsBelow(newRoot(&app{stdout: os.Stdout, stderr: os.Stderr, env: os.LookupEnv}), nil)
}

func TestHelpOfEveryCommand(t *testing.T) {
	t.Parallel()
	all := everyCommand()
	require.Greater(t, len(all), 10)
	for _, path := range all {
		t.Run(strings.Join(path, " "), func(t *testing.T) {
			t.Parallel()
			const secret = "redis://user:CANARY@127.0.0.1:1"
			r := call{env: []string{"LEAT_REDIS=" + secret}}.leat(t, append(path, "--help")...)
			require.Equal(t, 0, r.code)
			require.Empty(t, r.stderr)
			require.Contains(t, r.stdout, "Usage:\n  leat")
			require.NotContains(t, r.stdout, "CANARY")
			if len(path) < 2 || path[0] != "completion" { // cobra's own texts
				require.Contains(t, r.stdout, "Examples:\n  ")
				_, example, _ := strings.Cut(r.stdout, "Examples:\n")
				require.Contains(t, strings.SplitN(example, "\n", 2)[0], strings.Join(append([]string{"leat"}, path...), " "))
			}
		})
	}
}

func TestCommandsThatOnlyHaveOthersBelowPrintHelp(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{}, {"dead"}, {"completion"}, {"help"}, {"help", "dead", "list"}} {
		r := leat(t, args...)
		require.Equal(t, 0, r.code, "%q: %s", args, r.stderr)
		require.Contains(t, r.stdout, "Usage:\n  leat")
		require.Empty(t, r.stderr)
	}
}

func TestBadUsage(t *testing.T) {
	t.Parallel()
	worker := []string{"worker", "--stream", "s", "--group", "g"}
	with := func(more ...string) []string { return append(append([]string{}, worker...), more...) }
	for _, c := range []struct {
		args []string
		want string
		see  string
	}{
		{[]string{"nonsense"}, `unknown command "nonsense"`, "leat"},
		{[]string{"workre"}, "did you mean worker?", "leat"},
		{[]string{"--nonsense"}, "unknown flag: --nonsense", "leat"},
		{[]string{"dead", "nonsense"}, `unknown command "nonsense"`, "leat dead"},
		{[]string{"help", "nonsense"}, `unknown command "nonsense"`, "leat help"},
		{[]string{"completion", "tcsh"}, `unknown command "tcsh"`, "leat completion"},
		{[]string{"version", "x"}, `unexpected argument "x"`, "leat version"},
		{[]string{"version", "--output", "yaml"}, "want text or json", "leat version"},

		{[]string{"worker"}, "--stream is missing", "leat worker"},
		{[]string{"worker", "--stream", "s"}, "--group is missing", "leat worker"},
		{worker, "want --webhook URL or --command CMD", "leat worker"},
		{with("--webhook", "http://x", "--command", "sh"), "--webhook and --command exclude each other", "leat worker"},
		{with("--webhook", "http://x", "arg"), `unexpected argument "arg"`, "leat worker"},
		{with("--webhook", "ftp://x"), "want http:// or https://", "leat worker"},
		{with("--webhook", "http://x", "--webhook-mode", "fancy"), "want binary or structured", "leat worker"},
		{with("--webhook", "http://x", "--webhook-header", "nocolon"), "--webhook-header 1 is not", "leat worker"},
		{with("--webhook", "http://x", "--webhook-header-file", "/nonexistent"), "/nonexistent", "leat worker"},
		{with("--command", "sh", "-c", "true"), "go behind --", "leat worker"},
		{with("--command", "/nonexistent/program"), "/nonexistent/program", "leat worker"},
		{with("--command", "sh", "--lease", "1ms"), "--lease is 1ms, want 50ms", "leat worker"},
		{with("--command", "sh", "--lease", "soon"), "invalid argument \"soon\"", "leat worker"},
		{with("--command", "sh", "--concurrency", "0"), "--concurrency is 0", "leat worker"},
		{with("--command", "sh", "--prefetch", "-1"), "--prefetch is -1", "leat worker"},
		{with("--command", "sh", "--max-attempts", "-2"), "--max-attempts is -2", "leat worker"},
		{with("--command", "sh", "--start", "yesterday"), "--start is \"yesterday\"", "leat worker"},
		{with("--command", "sh", "--backoff-min", "2s", "--backoff-max", "1s"), "--backoff-max is 1s", "leat worker"},
		{with("--command", "sh", "--log-level", "loud"), "want debug or info or warn or error", "leat worker"},
		{with("--command", "sh", "--stream", "s"), "twice", "leat worker"},
		{with("--command", "sh", "--name", "leat:parked"), "leat:parked", "leat worker"},
		{with("--command", "sh", "--redis", "embedded:", "--redis-password-file", "f"), "neither a password nor TLS", "leat worker"},
		{with("--command", "sh", "--redis-cert", "f"), "wanted together", "leat worker"},
		{[]string{"worker", "--stream", "odd}name", "--group", "g", "--command", "sh"}, "odd}name", "leat worker"},

		{[]string{"publish"}, "STREAM is missing", "leat publish"},
		{[]string{"publish", "s", "data"}, `unexpected argument "data"`, "leat publish"},
		{[]string{"publish", "a", "b", "c"}, `unexpected argument "c"`, "leat publish"},
		{[]string{"publish", "s", "--data", "x", "-"}, "want one of them", "leat publish"},
		{[]string{"publish", "s", "--id", "x", "-"}, "--id is for one event", "leat publish"},
		{[]string{"publish", "s", "--file", "x", "-"}, "exclude each other", "leat publish"},
		{[]string{"publish", "s", "--on-error", "panic"}, "want stop or skip", "leat publish"},
		{[]string{"publish", "s", "--rate", "-1"}, "--rate is -1", "leat publish"},
		{[]string{"publish", "s", "--extension", "novalue"}, "want NAME=VALUE", "leat publish"},
		{[]string{"publish", "s", "--extension", "Bad_Name=x"}, "Bad_Name", "leat publish"},
		{[]string{"publish", "odd}name"}, "odd}name", "leat publish"},

		{[]string{"groups"}, "STREAM is missing", "leat groups"},
		{[]string{"groups", "a", "b"}, `unexpected argument "b"`, "leat groups"},
		{[]string{"pending", "s"}, "--group is missing", "leat pending"},
		{[]string{"pending", "s", "--group", "g", "--count", "0"}, "--count is 0", "leat pending"},
		{[]string{"dead", "list", "s"}, "--group is missing", "leat dead list"},
		{[]string{"dead", "show", "s", "--group", "g"}, "ID is missing", "leat dead show"},
		{[]string{"dead", "show", "s", "x-y", "--group", "g"}, "x-y", "leat dead show"},
		{[]string{"dead", "redrive", "s", "--group", "g"}, "want their IDs or --all", "leat dead redrive"},
		{[]string{"dead", "redrive", "s", "1-1", "--all", "--group", "g"}, "and not both", "leat dead redrive"},
		{[]string{"dead", "redrive", "s", "x-y", "--group", "g"}, "x-y", "leat dead redrive"},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			t.Parallel()
			r := call{env: []string{"LEAT_REDIS=redis://127.0.0.1:1"}}.leat(t, c.args...)
			require.Equal(t, 2, r.code, "%s", r.stderr)
			require.Empty(t, r.stdout)
			require.Contains(t, r.stderr, c.want)
			require.True(t, strings.HasPrefix(r.stderr, "leat: "), "%s", r.stderr)
			require.True(t, strings.HasSuffix(r.stderr, "; see "+c.see+" --help\n"), "%s", r.stderr)
			require.Equal(t, 1, strings.Count(r.stderr, "\n"), "one line: %s", r.stderr)
		})
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	require.Regexp(t, `^leat v0\.1\.2-test \(commit abc123, go1\S+, \w+/\w+\)\n$`, done(t, "--version"))
	require.Equal(t, done(t, "--version"), done(t, "version"))
	require.JSONEq(t, `{"version":"v0.1.2-test","commit":"abc123"}`, onlyKeys(t, done(t, "version", "--output", "json"), "version", "commit"))
}

func TestCompletion(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		require.Contains(t, done(t, "completion", shell), "leat")
	}
	require.Contains(t, done(t, "__complete", "dead", ""), "redrive")
	require.Contains(t, done(t, "__complete", "groups", "s", "--output", ""), "json")
}
