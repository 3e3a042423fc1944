package rules_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/test/monitoring/plant"
)

// runbooks are the texts of all runbooks, by the name of the alert.
func runbooks(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob(runbooksDir + "/*.md")
	require.NoError(t, err)
	texts := map[string]string{}
	for _, path := range files {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		texts[strings.TrimSuffix(filepath.Base(path), ".md")] = string(text)
	}
	return texts
}

// TestEveryAlertHasARunbook, and every runbook its alert, and the table lists them with what they say and how urgent they are.
func TestEveryAlertHasARunbook(t *testing.T) {
	t.Parallel()
	texts := runbooks(t)
	index := texts["README"]
	delete(texts, "README")
	for _, r := range rules(t) {
		if r.Alert == "" {
			continue
		}
		text := texts[r.Alert]
		require.True(t, strings.HasPrefix(text, "# "+r.Alert+"\n"), "%s has no runbook, or one with another title", r.Alert)
		for _, section := range []string{"What to look at", "What to do", "When it is harmless"} {
			require.Contains(t, text, "\n## "+section+"\n\n", r.Alert)
		}
		require.Contains(t, index, fmt.Sprintf("\n| [%s](%s.md) | %s | ", r.Alert, r.Alert, r.Labels["severity"]))
		delete(texts, r.Alert)
	}
	require.Empty(t, texts, "these are no alerts")
	require.Equal(t, len(alerts(t)), strings.Count(index, "\n| [Leat"), "the table has others, too")
}

// TestRunbookLinks: what they link to is there.
func TestRunbookLinks(t *testing.T) {
	t.Parallel()
	for name, text := range runbooks(t) {
		for _, link := range regexp.MustCompile(`\]\(([^)#:]+)\)`).FindAllStringSubmatch(text, -1) {
			_, err := os.Stat(filepath.Join(runbooksDir, link[1]))
			require.NoError(t, err, name)
		}
	}
}

// TestRunbookQueries: what they ask Prometheus is PromQL, of metrics that there are.
func TestRunbookQueries(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(metricsPage)
	require.NoError(t, err)
	recorded := map[string]bool{}
	for _, r := range rules(t) {
		recorded[r.Record] = true
	}
	var file strings.Builder
	file.WriteString("groups:\n  - name: queries\n    rules:\n")
	n := 0
	for name, text := range runbooks(t) {
		for _, block := range fenced(text, "promql") {
			knows(t, string(page), recorded, block)
			fmt.Fprintf(&file, "      - {record: 'r%d', labels: {runbook: %s}, expr: %q}\n", n, name, block)
			n++
		}
	}
	require.Greater(t, n, len(alerts(t)), "the queries are not found")
	path := filepath.Join(t.TempDir(), "queries.yaml")
	require.NoError(t, os.WriteFile(path, []byte(file.String()), 0o600))
	out, err := promtool(t, "check", "rules", path)
	require.NoError(t, err, out)
}

// fenced are the blocks of a page in a language.
func fenced(text, language string) []string {
	var blocks []string
	for _, found := range regexp.MustCompile("(?ms)^ *```"+language+"\n(.*?)^ *```").FindAllStringSubmatch(text, -1) {
		blocks = append(blocks, strings.TrimSpace(found[1]))
	}
	return blocks
}

// TestRunbookCommands: each command that a runbook names is one of leat's, with flags that it has.
func TestRunbookCommands(t *testing.T) {
	t.Parallel()
	helps := map[string]string{}
	help := func(words ...string) string {
		key := strings.Join(words, " ")
		if _, ok := helps[key]; !ok {
			out, err := exec.CommandContext(t.Context(), plant.Leat(t), append(words, "--help")...).CombinedOutput()
			require.NoError(t, err, "leat %s: %s", key, out)
			helps[key] = string(out)
		}
		return helps[key]
	}
	flags, commands := help("worker")+help("publish")+help("stac", "poll"), 0
	for name, text := range runbooks(t) {
		for _, line := range regexp.MustCompile("(?m)(?:^ *|`)(?:/)?leat ([^`\n]+)").FindAllStringSubmatch(text, -1) {
			own := help(command(line[1])...)
			commands++
			for _, flag := range regexp.MustCompile(`--[a-z][a-z-]*`).FindAllString(line[1], -1) {
				require.Contains(t, own, " "+flag+" ", "%s: leat %s", name, line[1])
			}
		}
		// Flags that are named by themselves are those of the commands that run for long.
		for _, flag := range regexp.MustCompile("`(--[a-z][a-z-]*)").FindAllStringSubmatch(text, -1) {
			require.Regexp(t, regexp.QuoteMeta(flag[1])+`\s`, flags, name)
		}
	}
	require.Greater(t, commands, 30, "the commands are not found")
}

// command is the words of a command line that are commands.
func command(line string) []string {
	words := strings.Fields(line)
	if len(words) > 1 && (words[0] == "dead" || words[0] == "stac") {
		return words[:2]
	}
	return words[:1]
}
