package metrics_test

import (
	"fmt"
	"sort"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"
)

// scraped are the values of one scrape by name and labels: `name{a="1",b="2"}`. Of histograms there are _count and _sum.
type scraped map[string]float64

func scrape(t testing.TB, g prometheus.Gatherer) scraped {
	t.Helper()
	families, err := g.Gather()
	require.NoError(t, err)
	out := scraped{}
	for _, f := range families {
		for _, m := range f.Metric {
			switch f.GetType() {
			case dto.MetricType_COUNTER:
				out[f.GetName()+labels(m)] = m.GetCounter().GetValue()
			case dto.MetricType_GAUGE:
				out[f.GetName()+labels(m)] = m.GetGauge().GetValue()
			default:
				out[f.GetName()+"_count"+labels(m)] = float64(m.GetHistogram().GetSampleCount())
				out[f.GetName()+"_sum"+labels(m)] = m.GetHistogram().GetSampleSum()
			}
		}
	}
	return out
}

func labels(m *dto.Metric) string {
	all := make([]string, 0, len(m.Label))
	for _, l := range m.Label {
		all = append(all, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
	}
	sort.Strings(all)
	return "{" + strings.Join(all, ",") + "}"
}

// sum adds up the series of a metric that have all of these labels: `how="read"`.
func (s scraped) sum(name string, having ...string) (sum float64) {
	for series, v := range s {
		if rest, ok := strings.CutPrefix(series, name+"{"); ok && hasAll(rest, having) {
			sum += v
		}
	}
	return sum
}

// has tells whether there is such a series.
func (s scraped) has(name string, having ...string) bool {
	for series := range s {
		if rest, ok := strings.CutPrefix(series, name+"{"); ok && hasAll(rest, having) {
			return true
		}
	}
	return false
}

func hasAll(s string, parts []string) bool {
	for _, p := range parts {
		if !strings.Contains(s, p) {
			return false
		}
	}
	return true
}
