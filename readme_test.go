// Package leat_test keeps the README true.
package leat_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The README's Go example compiles.
func TestReadmeExampleCompiles(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllSubmatch(readme, -1)
	require.Len(t, blocks, 1)
	dir := t.TempDir()
	source := filepath.Join(dir, "main.go")
	require.NoError(t, os.WriteFile(source, blocks[0][1], 0o600))
	// Laid over a folder of this module that does not exist, so that it is built
	// with this module's packages and versions.
	root, err := filepath.Abs(".")
	require.NoError(t, err)
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(root, "internal", "readme", "main.go"): source}})
	require.NoError(t, err)
	list := filepath.Join(dir, "overlay.json")
	require.NoError(t, os.WriteFile(list, overlay, 0o600))
	out, err := exec.CommandContext(t.Context(), "go", "build", "-overlay", list, "-o", filepath.Join(dir, "example"), "./internal/readme").CombinedOutput()
	require.NoError(t, err, "%s", out)
	formatted, err := exec.CommandContext(t.Context(), "gofmt", "-l", source).CombinedOutput()
	require.NoError(t, err)
	require.Empty(t, string(formatted), "gofmt")
}

// The tests that the docs name are there.
func TestTestsNamedInTheDocsExist(t *testing.T) {
	t.Parallel()
	sources, err := exec.CommandContext(t.Context(), "go", "list", "-f", `{{$d := .Dir}}{{range .TestGoFiles}}{{$d}}/{{.}} {{end}}{{range .XTestGoFiles}}{{$d}}/{{.}} {{end}}`, "./...").Output()
	require.NoError(t, err)
	var all strings.Builder
	for file := range strings.FieldsSeq(string(sources)) {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		all.Write(text)
	}
	files, err := filepath.Glob("docs/*.md")
	require.NoError(t, err)
	named := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, name := range regexp.MustCompile(`\bTest[A-Z]\w+`).FindAllString(string(text), -1) {
			named++
			require.True(t, strings.Contains(all.String(), "func "+name+"(t *testing.T)"), "%s names %s", file, name)
		}
	}
	require.Positive(t, named)
}

// The links to files of the project lead somewhere.
func TestLinksInTheDocsLeadSomewhere(t *testing.T) {
	t.Parallel()
	code := regexp.MustCompile("(?s)```.*?```")
	link := regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/adr/*.md"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			for _, m := range link.FindAllStringSubmatch(code.ReplaceAllString(string(text), ""), -1) {
				_, err := os.Stat(filepath.Join(filepath.Dir(file), strings.TrimSpace(m[1])))
				require.NoError(t, err, "%s links to %s", file, m[1])
			}
		}
	}
}
