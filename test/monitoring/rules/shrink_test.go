package rules_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// pace is how much faster time passes in the rules that the live test loads: a minute of theirs is a second.
const pace = 60

// sizes are thresholds that are no times, and that the live test does not reach: what it has in their place, and why.
var sizes = map[string]map[string]string{
	"LeatStreamGrows": {"2^30": "2^20"}, // a MiB is as good as a GiB to see that it is watched
	"LeatRedisErrors": {"> 5": "> 0"},   // the pauses between a worker's tries stay as long as they are
}

var (
	window  = regexp.MustCompile(`\[([0-9a-z]+)\]`)
	past    = regexp.MustCompile(`\boffset ([0-9a-z]+)`)
	seconds = regexp.MustCompile(`\* (3600|60)\b`)
)

// shrunk writes the rule files with all their times divided by pace, and returns where they are.
func shrunk(t *testing.T) []string {
	t.Helper()
	var paths []string
	for _, path := range ruleFiles(t) {
		var file ruleFile
		decodeFile(t, path, &file)
		for _, g := range file.Groups {
			for i := range g.Rules {
				shrink(t, &g.Rules[i])
			}
		}
		text, err := yaml.Marshal(file)
		require.NoError(t, err)
		paths = append(paths, filepath.Join(t.TempDir(), filepath.Base(path)))
		require.NoError(t, os.WriteFile(paths[len(paths)-1], text, 0o600))
	}
	return paths
}

func shrink(t *testing.T, r *rule) {
	t.Helper()
	if r.For != "" {
		r.For = quicker(t, r.For)
	}
	r.Expr = window.ReplaceAllStringFunc(r.Expr, func(w string) string { return "[" + quicker(t, strings.Trim(w, "[]")) + "]" })
	r.Expr = past.ReplaceAllStringFunc(r.Expr, func(o string) string { return "offset " + quicker(t, strings.TrimPrefix(o, "offset ")) })
	r.Expr = seconds.ReplaceAllStringFunc(r.Expr, func(s string) string {
		n, err := strconv.Atoi(strings.TrimPrefix(s, "* "))
		require.NoError(t, err)
		return fmt.Sprintf("* %d", n/pace)
	})
	require.NotRegexp(t, `offset -|\[[^\]]*:|@`, r.Expr, "a duration that is not known here")
	for from, to := range sizes[r.Alert] {
		require.Contains(t, r.Expr, from, r.Alert)
		r.Expr = strings.Replace(r.Expr, from, to, 1)
	}
}

// quicker is a duration as Prometheus writes it, divided by pace.
func quicker(t *testing.T, d string) string {
	t.Helper()
	long, err := model.ParseDuration(d)
	require.NoError(t, err)
	return model.Duration(time.Duration(long) / pace).String()
}

// TestShrink: windows, waits and seconds, and nothing else.
func TestShrink(t *testing.T) {
	t.Parallel()
	r := rule{Alert: "LeatStreamGrows", For: "15m", Expr: "a{b=\"5\"} > 2^30 and rate(c[1h30m] offset 5m) < 3 * 24 * 3600 + 5 * 60"}
	shrink(t, &r)
	require.Equal(t, rule{Alert: "LeatStreamGrows", For: "15s", Expr: "a{b=\"5\"} > 2^20 and rate(c[1m30s] offset 5s) < 3 * 24 * 60 + 5 * 1"}, r)
}

// TestSecondsAreWrittenAsMinutes: so that the live test finds them, and people read them.
func TestSecondsAreWrittenAsMinutes(t *testing.T) {
	t.Parallel()
	number := regexp.MustCompile(`[0-9][0-9.e^]*`)
	for _, r := range rules(t) {
		expr := past.ReplaceAllString(window.ReplaceAllString(r.Expr, ""), "")
		for _, at := range number.FindAllStringIndex(expr, -1) {
			n, err := strconv.ParseFloat(expr[at[0]:at[1]], 64)
			if err == nil && n >= 60 && n != 100 {
				require.True(t, strings.HasSuffix(expr[:at[0]], "* "), "%s%s: %g seconds are to be written as minutes or hours", r.Alert, r.Record, n)
			}
		}
	}
}
