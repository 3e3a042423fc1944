package rules_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// Where things are, seen from this package.
const (
	rulesDir    = "../../../deploy/prometheus"
	runbooksDir = "../../../docs/runbooks"
	metricsPage = "../../../docs/metrics.md"
	runbooksURL = "https://github.com/leat-io/leat/blob/main/docs/runbooks/"
)

// ruleFile is a file of rules of Prometheus.
type ruleFile struct {
	Groups []struct {
		Name  string `yaml:"name"`
		Rules []rule `yaml:"rules"`
	} `yaml:"groups"`
}

// rule is an alert or a recording rule.
type rule struct {
	Alert       string            `yaml:"alert,omitempty"`
	Record      string            `yaml:"record,omitempty"`
	Expr        string            `yaml:"expr"`
	For         string            `yaml:"for,omitempty"`
	Labels      map[string]string `yaml:"labels,omitempty"`
	Annotations map[string]string `yaml:"annotations,omitempty"`
}

// ruleFiles are the paths of all rule files.
func ruleFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(rulesDir + "/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return files
}

func decodeFile(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	decoder := yaml.NewDecoder(strings.NewReader(string(text)))
	decoder.KnownFields(true)
	require.NoError(t, decoder.Decode(into), path)
}

// rules are all rules of all files.
func rules(t *testing.T) []rule {
	t.Helper()
	var all []rule
	for _, path := range ruleFiles(t) {
		var file ruleFile
		decodeFile(t, path, &file)
		for _, g := range file.Groups {
			require.Regexp(t, `^leat\.[a-z.]+$`, g.Name, path)
			all = append(all, g.Rules...)
		}
	}
	return all
}

// alerts are the names of all alerts.
func alerts(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, r := range rules(t) {
		if r.Alert != "" {
			names = append(names, r.Alert)
		}
	}
	return names
}

func promtool(t *testing.T, args ...string) (string, error) {
	t.Helper()
	path, err := exec.LookPath("promtool")
	require.NoError(t, err, "scripts/install-prometheus.sh installs it")
	out, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput()
	return string(out), err
}

// TestPromtoolTakesTheRules: they are rules, and promtool's linter has nothing to say.
func TestPromtoolTakesTheRules(t *testing.T) {
	t.Parallel()
	out, err := promtool(t, append([]string{"check", "rules", "--lint=all", "--lint-fatal"}, ruleFiles(t)...)...)
	require.NoError(t, err, out)
}

// TestPromtoolTestsTheRules: each alert fires for what it is for, and not for what is beside it.
func TestPromtoolTestsTheRules(t *testing.T) {
	t.Parallel()
	out, err := promtool(t, append([]string{"test", "rules"}, unitTests(t)...)...)
	require.NoError(t, err, out)
}

// unitTests are the paths of promtool's tests.
func unitTests(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(rulesDir + "/tests/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return files
}

// TestEveryAlertHasAUnitTest: in which it fires, has not fired before, and ends.
func TestEveryAlertHasAUnitTest(t *testing.T) {
	t.Parallel()
	type moment struct {
		Time    string           `yaml:"eval_time"`
		Expr    string           `yaml:"expr"`
		Samples []map[string]any `yaml:"exp_samples"`
	}
	courses := map[string][]string{} // what each test of an alert expects, one letter a moment
	for _, path := range unitTests(t) {
		var file struct {
			Tests []struct {
				Name    string   `yaml:"name"`
				Moments []moment `yaml:"promql_expr_test"`
			} `yaml:"tests"`
		}
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, yaml.Unmarshal(text, &file), path)
		for _, test := range file.Tests {
			course := ""
			for _, m := range test.Moments {
				require.Equal(t, `ALERTS{alertname="`+test.Name+`", alertstate="firing"}`, m.Expr, path)
				course += map[bool]string{true: "f", false: "q"}[len(m.Samples) > 0]
			}
			courses[test.Name] = append(courses[test.Name], course)
		}
	}
	for _, name := range alerts(t) {
		require.NotEmpty(t, courses[name], "%s has no test below %s/tests", name, rulesDir)
		require.True(t, slices.ContainsFunc(courses[name], func(c string) bool { return regexp.MustCompile(`^q*f+q+$`).MatchString(c) }),
			"%s is not seen to fire and to end in its tests: %q", name, courses[name])
		delete(courses, name)
	}
	require.Empty(t, courses, "these are tested, and are no alerts")
}

// TestRulesAreWhatTheyShouldBe: names, labels and texts.
func TestRulesAreWhatTheyShouldBe(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(metricsPage)
	require.NoError(t, err)
	recorded := map[string]bool{}
	all := rules(t)
	for _, r := range all {
		if r.Record != "" {
			require.Regexp(t, `^[a-z_]+:leat_[a-z_]+:[a-z0-9_]+$`, r.Record, "level:metric:operation")
			require.False(t, recorded[r.Record], "%s is recorded twice", r.Record)
			recorded[r.Record] = true
		}
	}
	seen := map[string]bool{}
	for _, r := range all {
		knows(t, string(page), recorded, r.Expr)
		if r.Alert == "" {
			continue
		}
		require.Regexp(t, `^Leat[A-Z][A-Za-z]+$`, r.Alert)
		require.False(t, seen[r.Alert], "%s is there twice", r.Alert)
		seen[r.Alert] = true
		require.Contains(t, []string{"critical", "warning"}, r.Labels["severity"], r.Alert)
		require.Len(t, r.Labels, 1, r.Alert)
		require.NotEmpty(t, r.Annotations["summary"], r.Alert)
		require.NotEmpty(t, r.Annotations["description"], r.Alert)
		require.Equal(t, runbooksURL+r.Alert+".md", r.Annotations["runbook_url"])
		require.Len(t, r.Annotations, 3, r.Alert)
	}
}

// knows: an expression names no metric that leat, or a rule, does not have.
func knows(t *testing.T, page string, recorded map[string]bool, expr string) {
	t.Helper()
	for _, name := range regexp.MustCompile(`[a-z_]+:leat_[a-z0-9_:]+|\bleat_\w+`).FindAllString(expr, -1) {
		plain := regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(name, "")
		require.True(t, recorded[name] || strings.Contains(page, "| `"+name+"` |") || strings.Contains(page, "| `"+plain+"` | histogram"),
			"there is no %s, which %q names", name, expr)
	}
}
