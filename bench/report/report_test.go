package report

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/leat-io/leat/bench/result"
)

var update = flag.Bool("update", false, "write testdata from what the code makes now")

// sparse is a run of one round, of some kinds and contenders alone.
func sparse() result.Run {
	run := only(madeUp(1), result.Consume, result.Latency, result.GrowProcesses)
	run.Commit, run.Notes, run.Machine = "", nil, result.Machine{Cores: 1}
	run.Contenders = run.Contenders[:2]
	run.Samples = slices.DeleteFunc(run.Samples, func(s result.Sample) bool {
		return !slices.Contains([]string{ours, bare, "asynq"}, s.Contender)
	})
	return run
}

// only keeps some kinds of a run.
func only(run result.Run, kinds ...result.Kind) result.Run {
	run.Samples = slices.DeleteFunc(run.Samples, func(s result.Sample) bool { return !slices.Contains(kinds, s.Kind) })
	return run
}

func TestMarkdown(t *testing.T) {
	t.Parallel()
	for name, run := range map[string]result.Run{"full.md": madeUp(5), "sparse.md": sparse(), "empty.md": {}} {
		golden := filepath.Join("testdata", name)
		got := newReport(run, nil).markdown()
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("the page is not that of %s: look at what changed with\n\tgo test ./report -update && git diff report/testdata\nfirst difference: %s",
				golden, firstDifference(got, string(want)))
		}
	}
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return "\n\t" + g[i] + "\nwant\n\t" + w[i]
		}
	}
	return "one is longer"
}

func TestTheSameRunGivesTheSamePage(t *testing.T) {
	t.Parallel()
	first := newReport(madeUp(5), explanations).markdown()
	for range 20 {
		if again := newReport(madeUp(5), explanations).markdown(); again != first {
			t.Fatalf("two pages of the same run differ: %s", firstDifference(again, first))
		}
	}
}

// The page shows the charts that are beside it, all of them and no other.
func TestWrite(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "docs", "benchmarks")
	if err := Write(dir, only(madeUp(2), result.Publish, result.Consume, result.GrowBacklog)); err != nil {
		t.Fatal(err)
	}
	if charts := checkImages(t, dir); !slices.Contains(charts, "backlog.png") {
		t.Errorf("charts of the first run: %v", charts)
	}
	// The next report has fewer charts: those of the first one are gone.
	if err := os.WriteFile(filepath.Join(dir, "mine.png"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Write(dir, sparse()); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "mine.png")); err != nil {
		t.Errorf("a file that is not the report's was removed: %v", err)
	}
	if charts := checkImages(t, dir); len(charts) != 4 {
		t.Errorf("charts of the sparse run: %v", charts)
	}
}

func checkImages(t *testing.T, dir string) []string {
	t.Helper()
	markdown, err := os.ReadFile(filepath.Join(dir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	var shown []string
	for _, part := range strings.Split(string(markdown), `src="`)[1:] {
		shown = append(shown, part[:strings.Index(part, `"`)])
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.png"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range files {
		files[i] = filepath.Base(files[i])
	}
	slices.Sort(shown)
	slices.Sort(files)
	if !slices.Equal(shown, files) || len(files) == 0 {
		t.Errorf("the page shows %v, and beside it are %v", shown, files)
	}
	return files
}

func TestWriteSaysWhatItCouldNotWrite(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Write(file, sparse()); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("err = %v", err)
	}
}
