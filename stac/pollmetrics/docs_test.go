package pollmetrics_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/stac"
	"github.com/leat-io/leat/stac/poll"
	"github.com/leat-io/leat/stac/pollmetrics"
)

// everything is a registry in which every metric has a series.
func everything() *prometheus.Registry {
	reg := prometheus.NewRegistry()
	h, now := pollmetrics.New(reg).Hooks(), time.Now()
	h.Started("a", time.Minute, 24*time.Hour)
	h.Leading("a", true)
	h.Chosen("a", poll.Plan{Strategy: poll.Updated})
	h.Stands("a", poll.Standing{Watermark: now, PassAt: now, SweptAt: now, ChangedAt: now, Rhythm: time.Hour})
	h.Requested("a", stac.RequestInfo{Status: 200, Duration: time.Second, Bytes: 1000})
	h.Page("a", poll.PageInfo{Items: 10, Stray: 1})
	h.Discovered("a", "c", 10)
	h.Duplicates("a", "c", 5)
	h.PassedOver("a", "c", 1)
	h.Published("a", "c", poll.Create, 4)
	h.Lag("a", "c", time.Hour)
	h.Bad("a", errors.New("no ID"))
	h.Counted("a", poll.Day{Day: "2026-05-04", Server: 2, Published: 1, Missing: 1})
	h.Passed("a", poll.Pass{Strategy: poll.Reconcile, Took: time.Minute})
	return reg
}

// TestEveryMetricIsDocumented compares the registry with docs/metrics.md: names, types and labels.
func TestEveryMetricIsDocumented(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/metrics.md")
	require.NoError(t, err)
	documented := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(leat_stac_\\w+)` \\| (\\w+) \\| ([\\w, ]*)\\| (.+) \\|$").FindAllStringSubmatch(string(page), -1) {
		documented[row[1]] = row[2] + " " + strings.TrimSpace(row[3])
	}
	there := map[string]string{}
	for _, f := range gathered(t, everything()) {
		var names []string
		for _, l := range f.Metric[0].Label {
			names = append(names, l.GetName())
		}
		there[f.GetName()] = strings.ToLower(f.GetType().String()) + " " + strings.Join(inOrder(names), ", ")
	}
	require.Equal(t, there, documented)
}

// inOrder are labels as the page has them.
func inOrder(names []string) []string {
	order := []string{"source", "collection", "strategy"}
	place := func(name string) int {
		if i := slices.Index(order, name); i >= 0 {
			return i
		}
		return len(order)
	}
	slices.SortFunc(names, func(a, b string) int { return place(a) - place(b) })
	return names
}

// TestEveryMetricThatIsDescribedIsThere: none is declared and never sent.
func TestEveryMetricThatIsDescribedIsThere(t *testing.T) {
	t.Parallel()
	reg := everything()
	var there []string
	for _, f := range gathered(t, reg) {
		there = append(there, f.GetName())
	}
	descriptions := make(chan *prometheus.Desc, 1000)
	reg.Describe(descriptions)
	close(descriptions)
	name := regexp.MustCompile(`fqName: "(\w+)"`)
	for d := range descriptions {
		require.Contains(t, there, name.FindStringSubmatch(d.String())[1])
	}
}

// TestPromtoolTakesTheMetrics: names, units, help and types as Prometheus wants them.
func TestPromtoolTakesTheMetrics(t *testing.T) {
	t.Parallel()
	path, err := exec.LookPath("promtool")
	require.NoError(t, err, "scripts/install-prometheus.sh installs it")
	var text bytes.Buffer
	for _, f := range gathered(t, everything()) {
		_, err := expfmt.MetricFamilyToText(&text, f)
		require.NoError(t, err)
	}
	cmd := exec.CommandContext(t.Context(), path, "check", "metrics")
	cmd.Stdin = &text
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Empty(t, string(out))
}
