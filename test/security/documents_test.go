package security

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// root is where the project begins, seen from here.
const root = "../.."

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, path))
	require.NoError(t, err)
	return string(text)
}

// TestThreatModelNamesWhatIsThere: each test that the page names is where it says, none is named without its file, and the
// other files that are named are there. Each row of what is stopped names something that shows it.
func TestThreatModelNamesWhatIsThere(t *testing.T) {
	t.Parallel()
	page := readFile(t, "docs/threat-model.md")
	named := regexp.MustCompile("`([\\w/]+_test\\.go):((?:Test|Fuzz)\\w+)`").FindAllStringSubmatch(page, -1)
	require.Greater(t, len(named), 50)
	for _, n := range named {
		require.Regexp(t, `(?m)^func `+n[2]+`\((t \*testing\.T|f \*testing\.F)\) \{$`, readFile(t, n[1]), "%s", n[0])
	}
	for _, bare := range regexp.MustCompile("`((?:Test|Fuzz)\\w+)`").FindAllStringSubmatch(page, -1) {
		require.Equal(t, "TestThreatModelNamesWhatIsThere", bare[1], "it is named without its file")
	}
	for _, file := range regexp.MustCompile("`((?:scripts|tools)/[\\w.-]+|go\\.sum|\\.golangci\\.yml)`").FindAllStringSubmatch(page, -1) {
		readFile(t, file[1])
	}
	_, stopped, ok := strings.Cut(page, "## Who, what, and what stops it")
	require.True(t, ok)
	stopped, _, ok = strings.Cut(stopped, "## What is not defended against")
	require.True(t, ok, "it says what is not")
	for line := range strings.Lines(stopped) {
		if row := strings.Split(line, "|"); len(row) > 3 && strings.HasPrefix(line, "| to ") || strings.HasPrefix(line, "| as ") {
			require.Contains(t, row[3], "`", "nothing shows this: %s", line)
		}
	}
}

// TestImageIsBuiltAsTheReleaseIs: the Dockerfile cannot use the Makefile, and has the same command. What `make reproducible`
// shows holds for the image then.
func TestImageIsBuiltAsTheReleaseIs(t *testing.T) {
	t.Parallel()
	command := regexp.MustCompile(`go build (.*) -o \S+ \./cmd/leat`)
	flags := func(path string) string {
		found := command.FindStringSubmatch(readFile(t, path))
		require.NotNil(t, found, path)
		return strings.NewReplacer("$(", "${", ")", "}").Replace(found[1])
	}
	release := flags("Makefile")
	require.Equal(t, release, flags("Dockerfile"))
	for _, flag := range []string{"-trimpath", "-buildvcs=false", "-X main.version=${VERSION}", "-X main.commit=${REVISION}"} {
		require.Contains(t, release, flag)
	}
	for _, path := range []string{"Makefile", "Dockerfile"} {
		require.Regexp(t, `CGO_ENABLED=0[^\n]*(\\\n[^\n]*)?go build`, readFile(t, path), "%s: a static binary", path)
	}
}
