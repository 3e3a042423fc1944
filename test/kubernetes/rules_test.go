package kubernetes

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

const rulesOn = minimal + "monitoring: {rules: {enabled: true, labels: {release: prometheus}"

// TestRulesAreTheOriginals: what is in the chart is what deploy/prometheus has, byte for byte.
func TestRulesAreTheOriginals(t *testing.T) {
	t.Parallel()
	names := func(dir string) (names []string) {
		files, err := filepath.Glob(dir + "/*.yaml")
		require.NoError(t, err)
		for _, file := range files {
			names = append(names, filepath.Base(file))
		}
		return names
	}
	originals := names(root + "/deploy/prometheus")
	require.NotEmpty(t, originals)
	require.Equal(t, originals, names(chart+"/rules"), "run `make rules`")
	for _, name := range originals {
		original, err := os.ReadFile(root + "/deploy/prometheus/" + name)
		require.NoError(t, err)
		copied, err := os.ReadFile(chart + "/rules/" + name)
		require.NoError(t, err)
		require.Equal(t, string(original), string(copied), "%s is old: run `make rules`", name)
	}
}

// TestPrometheusRules: each file is an object with all its rules, whose texts Helm has left alone.
func TestPrometheusRules(t *testing.T) {
	t.Parallel()
	objects := render(t, rulesOn+"}}\n")
	consistent(t, objects)
	found := of[*monitoringv1.PrometheusRule](objects)
	originals, err := filepath.Glob(root + "/deploy/prometheus/*.yaml")
	require.NoError(t, err)
	require.Len(t, found, len(originals))
	for _, o := range found {
		require.Equal(t, "prometheus", o.Labels["release"])
		_, name, _ := strings.Cut(o.Name, "leat-")
		text, err := os.ReadFile(root + "/deploy/prometheus/leat-" + name + ".yaml")
		require.NoError(t, err)
		var original monitoringv1.PrometheusRuleSpec
		require.NoError(t, yaml.UnmarshalStrict(text, &original))
		require.Equal(t, original, o.Spec)
	}
}

// TestAlertsThatAreLeftOut, and no others; one that there is not is a typo.
func TestAlertsThatAreLeftOut(t *testing.T) {
	t.Parallel()
	names := func(values string) (names []string) {
		for _, o := range of[*monitoringv1.PrometheusRule](render(t, values)) {
			for _, g := range o.Spec.Groups {
				for _, r := range g.Rules {
					names = append(names, r.Alert+r.Record)
				}
			}
		}
		return names
	}
	all := names(rulesOn + "}}\n")
	left := slices.DeleteFunc(slices.Clone(all), func(name string) bool { return name == "LeatWorkersMissing" })
	require.Len(t, left, len(all)-1)
	require.Equal(t, left, names(rulesOn+", disabled: [LeatWorkersMissing]}}\n"))
	require.Contains(t, refused(t, rulesOn+", disabled: [LeatWorkerMissing]}}\n"), "there is no alert LeatWorkerMissing")
}
