package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const root = "../.."

func catalogue(t *testing.T) map[string]metric {
	t.Helper()
	all, err := known(filepath.Join(root, "docs/metrics.md"))
	require.NoError(t, err)
	return all
}

// TestFilesAreWhatIsGenerated is what make dashboards-check is about.
func TestFilesAreWhatIsGenerated(t *testing.T) {
	t.Parallel()
	require.NoError(t, run(root, true))

	// It sees a file that is changed, missing, or too many.
	files, err := files(root)
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, write(dir, files))
	require.NoError(t, compare(dir, files))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "leat-fleet.json"), []byte("{}"), 0o600))
	require.ErrorContains(t, compare(dir, files), "leat-fleet.json is not what")
	require.NoError(t, os.Remove(filepath.Join(dir, "leat-fleet.json")))
	require.ErrorContains(t, compare(dir, files), "leat-fleet.json is missing")
	require.NoError(t, write(dir, files))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "other.json"), []byte("{}"), 0o600))
	require.ErrorContains(t, compare(dir, files), "other.json is no dashboard")
}

// TestQueriesThatNameWhatIsNotThere are refused, with the reason.
func TestQueriesThatNameWhatIsNotThere(t *testing.T) {
	t.Parallel()
	metrics := catalogue(t)
	for expr, why := range map[string]string{
		`sum(`:                                        "no PromQL",
		`leat_deliveries_take_total`:                  `there is no metric "leat_deliveries_take_total"`,
		`leat_handler_duration_seconds`:               `there is no metric`, // a histogram has no series of that name
		`leat_handler_slots_bucket`:                   `there is no metric`, // and a gauge no buckets
		`leat_handler_slots{stream="s"}`:              `has no label "stream"`,
		`sum by (consumer) (leat_deliveries_running)`: `label "consumer"`,
		`sum by (stream) (leat_handler_slots)`:        `label "stream"`,
		`sum by (how) (sum by (stream) (rate(leat_deliveries_taken_total[1m])))`:         `label "how"`,
		`rate(leat_deliveries_running[1m])`:                                              "leat_deliveries_running is a gauge",
		`deriv(leat_deliveries_taken_total[1m])`:                                         "leat_deliveries_taken_total is a counter",
		`histogram_quantile(0.5, sum(rate(leat_handler_duration_seconds_bucket[1m])))`:   "le is lost",
		`leat_handler_slots and on (stream) leat_deliveries_running`:                     `both sides need a label "stream"`,
		`leat_handler_slots / leat_deliveries_running`:                                   "nothing will match",
		`leat_deliveries_running * on (instance) group_left (revisio) leat_build_info`:   `no label "revisio"`,
		`absent_over_time(leat_deliveries_running[1m])`:                                  "nobody has taught the check",
		`absent(leat_deliveries_walking)`:                                                "there is no metric",
		`max_over_time(rate(leat_deliveries_walking[1m])[5m:1m])`:                        "there is no metric",
		`-(leat_deliveries_running{groups="g"})`:                                         `has no label "groups"`,
		`topk(3, leat_deliveries_running) and sum by (x) (leat_deliveries_running)`:      `label "x"`,
		`sum without (worker) (leat_deliveries_running)`:                                 `label "worker"`,
		`clamp_min(leat_deliveries_running, 1) + on (group) leat_handler_slot`:           "there is no metric",
		`leat_stac_pages_total{collection="c"}`:                                          `has no label "collection"`,
		`rate(go_goroutines[1m])`:                                                        "go_goroutines is a gauge",
		`process_open_fd`:                                                                "there is no metric",
		`sum by (stream, group) (leat_server_up)`:                                        `label "stream"`,
		`leat_group_unread_entries and on (instance, group) leat_stream_entries > 0 > 1`: `both sides need a label "group"`,
	} {
		_, err := finish(expr, metrics, nil)
		require.ErrorContains(t, err, why, expr)
	}
	b := &board{uid: "leat-x", title: "x", sections: []section{{"s", []*panel{number("Broken", "none", "leat_nothing", "x")}}}}
	_, err := b.json(metrics)
	require.EqualError(t, err, `dashboard leat-x, panel Broken: leat_nothing: there is no metric "leat_nothing"`)
	b = &board{uid: "leat-x", title: "x", scope: []variable{{name: "stream", metric: "leat_handler_slots"}}}
	_, err = b.json(metrics)
	require.ErrorContains(t, err, "dashboard leat-x, variable stream: leat_handler_slots has no label stream")
}

// TestSelectorsAreNarrowed by the variables whose label the metric has, and by no other.
func TestSelectorsAreNarrowed(t *testing.T) {
	t.Parallel()
	scope := []variable{namespace, job, {name: "stream"}}
	made, err := finish(`sum(rate(leat_deliveries_taken_total{how="read"}[$__rate_interval])) / sum(leat_handler_slots{job="x"})`, catalogue(t), scope)
	require.NoError(t, err)
	for _, part := range []string{
		`leat_deliveries_taken_total{how="read",job=~"$job",namespace=~"$namespace",stream=~"$stream"}[$__rate_interval]`,
		`leat_handler_slots{job="x",namespace=~"$namespace"}`,
	} {
		require.Contains(t, made, part)
	}
}

// dashboard is as much of one as the tests look at.
type grafana struct {
	UID           string   `json:"uid"`
	Title         string   `json:"title"`
	SchemaVersion int      `json:"schemaVersion"`
	Tags          []string `json:"tags"`
	Panels        []struct {
		ID          int    `json:"id"`
		Type        string `json:"type"`
		Title       string `json:"title"`
		Description string `json:"description"`
		GridPos     struct{ X, Y, W, H int }
		Targets     []struct {
			Expr, RefID string
			Datasource  map[string]string
		}
		Links []struct{ URL string }
	} `json:"panels"`
	Templating struct {
		List []struct{ Name, Type string }
	} `json:"templating"`
	Annotations struct {
		List []struct{ Name, Expr, TitleFormat string }
	} `json:"annotations"`
}

func decoded(t *testing.T, content []byte) grafana {
	t.Helper()
	var d grafana
	require.NoError(t, json.Unmarshal(content, &d))
	return d
}

// TestShape: what Grafana needs and does not check when a file is provisioned.
func TestShape(t *testing.T) {
	t.Parallel()
	all, err := files(root)
	require.NoError(t, err)
	require.Len(t, all, 5)
	for name, content := range all {
		d := decoded(t, content)
		require.Equal(t, name, d.UID+".json")
		require.Contains(t, d.Tags, "leat")
		require.GreaterOrEqual(t, d.SchemaVersion, 39)
		ids, cells := map[int]bool{}, map[[2]int]string{}
		for _, p := range d.Panels {
			require.False(t, ids[p.ID] || p.ID == 0, "%s: id %d twice", name, p.ID)
			ids[p.ID] = true
			require.LessOrEqual(t, p.GridPos.X+p.GridPos.W, 24, "%s: %s", name, p.Title)
			require.Positive(t, p.GridPos.W*p.GridPos.H, "%s: %s", name, p.Title)
			for x := range p.GridPos.W {
				for y := range p.GridPos.H {
					cell := [2]int{p.GridPos.X + x, p.GridPos.Y + y}
					require.Empty(t, cells[cell], "%s: %s lies on another panel", name, p.Title)
					cells[cell] = p.Title
				}
			}
			if p.Type == "row" {
				continue
			}
			require.NotEmpty(t, p.Targets, "%s: %s", name, p.Title)
			require.NotEmpty(t, p.Description, "%s: %s", name, p.Title)
			refs := map[string]bool{}
			for _, q := range p.Targets {
				require.False(t, refs[q.RefID], "%s: %s", name, p.Title)
				refs[q.RefID] = true
				require.Equal(t, "${datasource}", q.Datasource["uid"], "%s: %s", name, p.Title)
			}
		}
		require.Len(t, d.Annotations.List, 1)
		require.NotEmpty(t, d.Annotations.List[0].TitleFormat)
	}
}

// uses are variables in a text: $name, ${name}, ${name:format}.
var uses = regexp.MustCompile(`\$\{?(\w+)`)

// TestEveryVariableIsDefined, and every one that is defined is used.
func TestEveryVariableIsDefined(t *testing.T) {
	t.Parallel()
	all, err := files(root)
	require.NoError(t, err)
	for name, content := range all {
		defined := map[string]bool{}
		for _, v := range decoded(t, content).Templating.List {
			defined[v.Name] = false
		}
		for _, use := range uses.FindAllStringSubmatch(string(content), -1) {
			if _, ok := defined[use[1]]; ok {
				defined[use[1]] = true
			} else {
				require.True(t, strings.HasPrefix(use[1], "__"), "%s uses %s", name, use[1])
			}
		}
		for v, used := range defined {
			require.True(t, used, "%s defines %s and does not use it", name, v)
		}
	}
}

// TestLinksLeadSomewhere: to dashboards and variables that there are, and to the runbooks of alerts that there are.
func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	rules, err := filepath.Glob(filepath.Join(root, "deploy/prometheus/*.yaml"))
	require.NoError(t, err)
	alerts := map[string]bool{"README": true}
	for _, path := range rules {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		for _, m := range regexp.MustCompile(`(?m)^\s*- alert: (\w+)$`).FindAllStringSubmatch(string(content), -1) {
			alerts[m[1]] = true
		}
	}
	all, err := files(root)
	require.NoError(t, err)
	linked := map[string]bool{}
	for name, content := range all {
		for _, m := range regexp.MustCompile(`docs/runbooks/(\w+)\.md`).FindAllStringSubmatch(string(content), -1) {
			require.True(t, alerts[m[1]], "%s links to the runbook of %s, which is no alert of deploy/prometheus", name, m[1])
			linked[m[1]] = true
		}
		for _, m := range regexp.MustCompile(`"/d/([\w-]+)\?([^"]*)"`).FindAllStringSubmatch(string(content), -1) {
			to, ok := all[m[1]+".json"]
			require.True(t, ok, "%s links to %s", name, m[1])
			for _, v := range regexp.MustCompile(`var-(\w+)=`).FindAllStringSubmatch(m[2], -1) {
				require.Contains(t, string(to), fmt.Sprintf(`"name": %q`, v[1]), "%s links to %s", name, m[1])
			}
		}
	}
	for alert := range alerts {
		require.True(t, linked[alert], "no panel leads to the runbook of %s", alert)
	}
}
