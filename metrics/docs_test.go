package metrics_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/internal/streamtest"
	"github.com/leat-io/leat/metrics"
	"github.com/leat-io/leat/producer"
	"github.com/leat-io/leat/stream"
)

// everything is a registry in which every metric has a series.
func everything(t *testing.T) *prometheus.Registry {
	t.Helper()
	l := streamtest.New(t, redistest.Shared(t).URL())
	reg := watch(t, l, metrics.ServerConfig{Groups: []string{"workers", "missing"}})
	m := metrics.New(reg)
	l.Publish(3)
	c := l.Run((&streamtest.Tally{}).Handler, func(c *consumer.Config) { c.Hooks = m.Consumer() })
	l.Settled()
	h := m.Consumer().Bind(c.Consumer)
	h.Error("fetcher", l.Stream, errors.New("away"))
	h.Beat("janitor", "")
	p := m.Producer()
	p.Published(producer.Published{Stream: l.Stream, Events: 1, Class: stream.ClassNone})
	p.Blocked(l.Stream, time.Second)
	return reg
}

func gathered(t *testing.T, reg *prometheus.Registry) []*dto.MetricFamily {
	t.Helper()
	families, err := reg.Gather()
	require.NoError(t, err)
	return families
}

// TestEveryMetricIsDocumented compares the registry with docs/metrics.md: names, types and labels.
func TestEveryMetricIsDocumented(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/metrics.md")
	require.NoError(t, err)
	documented := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(leat_\\w+)` \\| (\\w+) \\| ([\\w, ]*)\\| (.+) \\|$").FindAllStringSubmatch(string(page), -1) {
		if !strings.HasPrefix(row[1], "leat_stac_") { // those are stac/pollmetrics', which has a test of its own
			documented[row[1]] = row[2] + " " + strings.TrimSpace(row[3])
		}
	}
	there := map[string]string{}
	for _, f := range gathered(t, everything(t)) {
		var names []string
		for _, l := range f.Metric[0].Label {
			names = append(names, l.GetName())
		}
		there[f.GetName()] = strings.ToLower(f.GetType().String()) + " " + strings.Join(inOrder(names), ", ")
	}
	require.Equal(t, there, documented)
}

// inOrder are labels as the page has them: the stream and the group, then the rest.
func inOrder(names []string) []string {
	order := []string{"stream", "group", "loop", "version", "revision"}
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
	reg := everything(t)
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
	var text bytes.Buffer
	for _, f := range gathered(t, everything(t)) {
		_, err := expfmt.MetricFamilyToText(&text, f)
		require.NoError(t, err)
	}
	out, err := promtool(t, text.String())
	require.NoError(t, err, "%s", out)
	require.Empty(t, out)
	out, err = promtool(t, "# TYPE leat_time_ms counter\nleat_time_ms 1\n")
	require.Error(t, err, "it looks at what it is given")
	require.Contains(t, out, "leat_time_ms")
}

func promtool(t *testing.T, text string) (string, error) {
	t.Helper()
	path, err := exec.LookPath("promtool")
	require.NoError(t, err, "scripts/install-prometheus.sh installs it")
	cmd := exec.CommandContext(t.Context(), path, "check", "metrics")
	cmd.Stdin = strings.NewReader(text)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func ExampleNew() {
	reg := prometheus.NewRegistry()
	m := metrics.New(reg)
	m.Producer().Published(producer.Published{Stream: "orders", Events: 3}) // producer.Config{Hooks: m.Producer()} does that
	families, _ := reg.Gather()
	for _, f := range families {
		if f.GetName() == "leat_events_published_total" {
			fmt.Println(f.Metric[0].GetCounter().GetValue(), "stored")
		}
	}
	// Output: 3 stored
}
