package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

var (
	codeBlock = regexp.MustCompile("(?ms)^ *```[a-z]*\n(.*?)^ *```")
	codeSpan  = regexp.MustCompile("`(?:\\./)?leat ([^`]+)`")
	leatLine  = regexp.MustCompile(`(?:^|&& |-- )/?(?:leat|go run \./cmd/leat) (.*)$`)
)

// typed are the command lines of leat in the blocks of a page, one a line that may go on behind a backslash.
func typed(page string) (lines []string) {
	for _, found := range codeBlock.FindAllStringSubmatch(page, -1) {
		for line := range strings.Lines(strings.ReplaceAll(found[1], "\\\n", " ")) {
			if m := leatLine.FindStringSubmatch(strings.TrimSpace(line)); m != nil {
				lines = append(lines, m[1])
			}
		}
	}
	return lines
}

// spoken are the commands that a page speaks of between backquotes, maybe with a flag and without its value. What has three dots or
// a bar speaks of several.
func spoken(page string) (lines []string) {
	for _, found := range codeSpan.FindAllStringSubmatch(codeBlock.ReplaceAllString(page, ""), -1) {
		if !strings.ContainsAny(found[1], "|…(") && !strings.Contains(found[1], "...") {
			lines = append(lines, found[1])
		}
	}
	return lines
}

// words are those of a command line as a shell takes it apart, up to a comment, a pipe or another command.
func words(line string) (all []string) {
	for _, m := range regexp.MustCompile(`'([^']*)'|"([^"]*)"|(\S+)`).FindAllStringSubmatch(line, -1) {
		if strings.HasPrefix(m[3], "#") || m[3] == "|" || m[3] == ">" || m[3] == "<" || m[3] == "&&" {
			break
		}
		all = append(all, m[1]+m[2]+m[3])
	}
	return all
}

// rootOf is leat, as it is when a command line has been read.
func rootOf() *cobra.Command {
	root := newRoot(&app{stdout: io.Discard, stderr: io.Discard, env: func(string) (string, bool) { return "", false }})
	root.InitDefaultHelpCmd()
	root.InitDefaultVersionFlag()
	return root
}

// understood tells what is wrong with a command line: an unknown command, an unknown flag, or one whose value cannot be.
func understood(line string) error {
	cmd, rest, err := rootOf().Find(words(line))
	if err != nil {
		return err
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return err
	}
	if cmd.HasSubCommands() && len(cmd.Flags().Args()) > 0 {
		return noArguments(cmd, cmd.Flags().Args())
	}
	return nil
}

// known tells what is wrong with a command that is spoken of: it is unknown, or a flag is, to it and to those below it.
func known(line string) error {
	path, _, _ := strings.Cut(line, " -")
	if strings.HasPrefix(line, "-") {
		path = ""
	}
	cmd, rest, err := rootOf().Find(words(path))
	switch {
	case err != nil:
		return err
	case cmd.HasSubCommands() && len(rest) > 0:
		return noArguments(cmd, rest)
	}
	for _, flag := range regexp.MustCompile(`--([a-z][a-z-]*)`).FindAllStringSubmatch(line, -1) {
		if cmd.Flag(flag[1]) == nil {
			return fmt.Errorf("unknown flag %s", flag[0])
		}
	}
	return nil
}

// TestCommandsInTheDocs: what the docs tell one to type is understood, and what they speak of is there.
func TestCommandsInTheDocs(t *testing.T) {
	t.Parallel()
	n := 0
	check := func(path string, lines []string, wrong func(string) error) {
		for _, line := range lines {
			n++
			if err := wrong(line); err != nil {
				t.Errorf("%s: leat %s: %v", path, line, err)
			}
		}
	}
	for _, pattern := range []string{"*.md", "docs/*.md", "deploy/acl/*.md"} {
		pages, err := filepath.Glob(filepath.Join("..", "..", pattern))
		require.NoError(t, err)
		require.NotEmpty(t, pages)
		for _, path := range pages {
			page, name := mustRead(t, path), filepath.Base(path)
			if name != "CHANGELOG.md" { // which tells of what was, too
				check(path, typed(page), understood)
			}
			if name != "CHANGELOG.md" && name != "design.md" && name != "embedded.md" { // which speak of what is planned, too
				check(path, spoken(page), known)
			}
		}
	}
	require.Greater(t, n, 50, "the commands are not found")
}

func TestWhatIsNoCommandIsFound(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"nonsense", "dead nonsense", "worker --nonsense 1", "worker --lease soon", "stac nonsense --once", "--nonsense"} {
		require.Error(t, understood(line), line)
		if line != "worker --lease soon" {
			require.Error(t, known(line), line)
		}
	}
	page := "`leat nope`\n```sh\nleat worker --stream 'a b' \\\n  --group g # a comment\nredis-cli x\n```\n`leat dead list|show` `leat worker --lease`"
	require.Equal(t, []string{"worker --stream 'a b'    --group g # a comment"}, typed(page))
	require.Equal(t, []string{"worker", "--stream", "a b", "--group", "g"}, words(typed(page)[0]))
	require.Equal(t, []string{"nope", "worker --lease"}, spoken(page))
	require.NoError(t, known("worker --lease"))
}

// TestOperationsNameWhatThereIs: the flags that docs/operations.md speaks of are flags, and it leads to the runbook of each alert.
func TestOperationsNameWhatThereIs(t *testing.T) {
	t.Parallel()
	page := mustRead(t, filepath.Join("..", "..", "docs", "operations.md"))
	flags := map[string]bool{"--appendonly": true} // redis-server's
	var collect func(cmd *cobra.Command)
	collect = func(cmd *cobra.Command) {
		cmd.InitDefaultHelpFlag()
		for _, f := range regexp.MustCompile(`--[a-z][a-z-]*`).FindAllString(cmd.UsageString(), -1) {
			flags[f] = true
		}
		for _, sub := range cmd.Commands() {
			collect(sub)
		}
	}
	collect(newRoot(&app{stdout: io.Discard, stderr: io.Discard, env: os.LookupEnv}))
	for _, m := range regexp.MustCompile("`(--[a-z][a-z-]*)").FindAllStringSubmatch(page, -1) {
		require.True(t, flags[m[1]], "%s is no flag", m[1])
	}
	books, err := filepath.Glob(filepath.Join("..", "..", "docs", "runbooks", "Leat*.md"))
	require.NoError(t, err)
	require.NotEmpty(t, books)
	for _, book := range books {
		require.Contains(t, page, "(runbooks/"+filepath.Base(book)+")")
	}
}
