package kubernetes

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
)

// TestDashboards: each dashboard of deploy/grafana is a ConfigMap that Grafana's sidecar takes, and Helm has left its braces alone.
func TestDashboards(t *testing.T) {
	t.Parallel()
	require.Empty(t, of[*corev1.ConfigMap](render(t, minimal)), "nobody has asked for them")
	objects := render(t, minimal+"monitoring: {dashboards: {enabled: true, annotations: {grafana_folder: leat}}}\n")
	consistent(t, objects)
	there := map[string]string{}
	for _, c := range of[*corev1.ConfigMap](objects) {
		require.Equal(t, "1", c.Labels["grafana_dashboard"])
		require.Equal(t, "leat", c.Annotations["grafana_folder"])
		require.Less(t, c.Size(), 250_000, "kubectl apply keeps the whole of it in an annotation")
		for name, text := range c.Data {
			there[name] = text
		}
	}
	originals, err := filepath.Glob(filepath.Join(root, "deploy/grafana/*.json"))
	require.NoError(t, err)
	require.Len(t, there, len(originals))
	for _, path := range originals {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, strings.TrimSpace(string(text)), strings.TrimSpace(there[filepath.Base(path)]), "run `make dashboards`")
	}
}

// TestComposeLoadsTheDashboards: what compose mounts for Grafana is where they are, and the folder that the provider looks into.
func TestComposeLoadsTheDashboards(t *testing.T) {
	t.Parallel()
	mounts := map[string]string{}
	for _, v := range project(t).Services["grafana"].Volumes {
		mounts[v.Target] = v.Source
	}
	found, err := filepath.Glob(filepath.Join(mounts["/var/lib/grafana/dashboards"], "leat-*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, found)
	provider, err := os.ReadFile(filepath.Join(mounts["/etc/grafana/provisioning"], "dashboards/leat.yaml"))
	require.NoError(t, err)
	require.Contains(t, string(provider), "path: /var/lib/grafana/dashboards\n")
}
