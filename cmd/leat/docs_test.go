package main

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

// written are the command lines of leat in the code of a page: in blocks, one a line that may go on behind a backslash, and between
// backquotes, where what has three dots or a bar is no command line but a way to speak of several.
func written(page string) (lines []string) {
	block := regexp.MustCompile("(?ms)^ *```[a-z]*\n(.*?)^ *```")
	inline := regexp.MustCompile("`((?:\\./)?leat [^`]+)`")
	call := regexp.MustCompile(`(?:^|&& |-- )/?(?:leat|go run \./cmd/leat) (.*)$`)
	for _, found := range block.FindAllStringSubmatch(page, -1) {
		for line := range strings.Lines(strings.ReplaceAll(found[1], "\\\n", " ")) {
			if m := call.FindStringSubmatch(strings.TrimSpace(line)); m != nil {
				lines = append(lines, m[1])
			}
		}
	}
	for _, found := range inline.FindAllStringSubmatch(block.ReplaceAllString(page, ""), -1) {
		if line := found[1]; !strings.ContainsAny(line, "|…(") && !strings.Contains(line, "...") {
			lines = append(lines, strings.TrimPrefix(strings.TrimPrefix(line, "./"), "leat "))
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

// understood tells what is wrong with a command line: an unknown command, an unknown flag, or one whose value cannot be.
func understood(line string) error {
	root := newRoot(&app{stdout: io.Discard, stderr: io.Discard, env: func(string) (string, bool) { return "", false }})
	cmd, rest, err := root.Find(words(line))
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

// TestCommandsInTheDocs: what the docs tell one to type is understood.
func TestCommandsInTheDocs(t *testing.T) {
	t.Parallel()
	n := 0
	for _, pattern := range []string{"*.md", "docs/*.md", "deploy/acl/*.md"} {
		pages, err := filepath.Glob(filepath.Join("..", "..", pattern))
		require.NoError(t, err)
		require.NotEmpty(t, pages)
		for _, path := range pages {
			if filepath.Base(path) == "CHANGELOG.md" { // which tells of what was, too
				continue
			}
			for _, line := range written(mustRead(t, path)) {
				n++
				require.NoError(t, understood(line), "%s: leat %s", path, line)
			}
		}
	}
	require.Greater(t, n, 50, "the commands are not found")
}

func TestUnderstood(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"nonsense", "dead nonsense", "worker --nonsense 1", "worker --lease soon", "stac nonsense --once"} {
		require.Error(t, understood(line), line)
	}
	page := "`leat nope`\n```sh\nleat worker --stream 'a b' \\\n  --group g # a comment\nredis-cli x\n```\n`leat dead list|show` `leat version`"
	require.Equal(t, []string{"worker --stream 'a b'    --group g # a comment", "nope", "version"}, written(page))
	require.Equal(t, []string{"worker", "--stream", "a b", "--group", "g"}, words(written(page)[0]))
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
