package monitoring_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/test/monitoring/plant"
)

// folder is where the dashboards are.
const folder = "../../deploy/grafana"

// asked is one query of a dashboard, with its variables put in.
type asked struct{ where, expr string }

// putIn takes the place of what Grafana puts in. A group's dashboard shows one; all others show all there is.
var putIn = strings.NewReplacer(
	"$__rate_interval", "10s", "$__range", "5m", "$__interval", "1s",
	"$namespace", plant.Namespace, "$job", plant.Job, "$stream", "orders|images", "$group", "billing|thumbnails",
	"$instance", "worker-.*", "$source", ".*",
)

// queries are all of a dashboard: of panels, variables and annotations.
func queries(t *testing.T, path string) []asked {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	var d struct {
		UID    string
		Panels []struct {
			Type, Title string
			Targets     []struct{ Expr string }
		}
		Templating struct {
			List []struct {
				Name, Type string
				Query      any
			}
		}
		Annotations struct{ List []struct{ Name, Expr string } }
	}
	require.NoError(t, json.Unmarshal(content, &d))
	var all []asked
	add := func(what, expr string) {
		expr = putIn.Replace(expr)
		require.NotContains(t, expr, "$", "%s: %s: a variable that this test does not know", d.UID, what)
		all = append(all, asked{d.UID + ": " + what, expr})
	}
	for _, p := range d.Panels {
		require.True(t, p.Type == "row" || len(p.Targets) > 0, "%s: %s asks for nothing", d.UID, p.Title)
		for _, q := range p.Targets {
			add("panel "+p.Title, q.Expr)
		}
	}
	for _, v := range d.Templating.List {
		if v.Type != "query" {
			continue
		}
		query, ok := v.Query.(map[string]any)
		require.True(t, ok, "%s: %s", d.UID, v.Name)
		m := regexp.MustCompile(`^label_values\((.*), (\w+)\)$`).FindStringSubmatch(fmt.Sprint(query["query"]))
		require.NotNil(t, m, "%s: %s: %v", d.UID, v.Name, query)
		add("variable "+v.Name, fmt.Sprintf("count by (%s) (%s)", m[2], m[1]))
	}
	for _, a := range d.Annotations.List {
		add("annotation "+a.Name, a.Expr)
	}
	return all
}

// TestEveryPanelHasData: workers, a producer and pollers, with handlers that fail, dead letters, a worker that is killed, and a
// Redis that goes and comes back. Every query of every dashboard is PromQL to this Prometheus, and returns a number at some time.
func TestEveryPanelHasData(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob(folder + "/*.json")
	require.NoError(t, err)
	require.Len(t, paths, 5)
	open := map[asked]bool{}
	for _, path := range paths {
		for _, q := range queries(t, path) {
			open[q] = true
		}
	}
	asks := len(open)
	site := begin(t)
	ask := func(which func(asked) bool) (left bool) {
		for q := range open {
			if !which(q) {
				continue
			}
			found, err := site.Prometheus.Query(q.expr)
			require.NoError(t, err, q.where)
			if slices.ContainsFunc(found, func(s plant.Sample) bool { return !math.IsNaN(s.Value) }) {
				delete(open, q)
			} else {
				left = true
			}
		}
		return left
	}
	defer site.load()()
	// Who has just begun is marked for a minute, which on a busy machine is over before the faults are.
	begun := func(q asked) bool { return strings.HasSuffix(q.where, "annotation Starts") }
	site.Until("who has just begun is marked", func() bool { return !ask(begun) })
	site.faults()
	for deadline := time.Now().Add(2 * plant.Patience); ask(func(asked) bool { return true }) && time.Now().Before(deadline); {
		continue
	}
	left := slices.SortedFunc(maps.Keys(open), func(a, b asked) int { return strings.Compare(a.where, b.where) })
	var text strings.Builder
	for _, q := range left {
		fmt.Fprintf(&text, "%s\n%s\n\n", q.where, q.expr)
	}
	require.Empty(t, left, "%d of %d queries have no data:\n\n%s", len(left), asks, &text)
	t.Logf("%d queries have data", asks)
}
