package kubernetes

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	kedav1alpha1 "github.com/kedacore/keda/v2/apis/keda/v1alpha1"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// TestManifestsAreWhatTheChartRenders: the committed ones are those that scripts/render-manifests.sh makes now.
func TestManifestsAreWhatTheChartRenders(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, err := output(exec.Command(root+"/scripts/render-manifests.sh", dir))
	require.NoError(t, err)
	files, err := filepath.Glob(kustomize + "/*/leat.yaml")
	require.NoError(t, err)
	more, err := filepath.Glob(kustomize + "/*/*/leat.yaml")
	require.NoError(t, err)
	files = append(files, more...)
	require.Len(t, files, 4)
	for _, file := range files {
		name, err := filepath.Rel(kustomize, file)
		require.NoError(t, err)
		committed, err := os.ReadFile(file)
		require.NoError(t, err)
		rendered, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Equal(t, string(rendered), string(committed), "%s is old: run `make manifests`", file)
	}
}

// kustomized is what `kubectl kustomize` makes of a folder.
func kustomized(t *testing.T, folder string) string {
	t.Helper()
	made, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), filepath.Join(kustomize, folder))
	require.NoError(t, err)
	text, err := made.AsYaml()
	require.NoError(t, err)
	return string(text)
}

func TestKustomizeBase(t *testing.T) {
	t.Parallel()
	text := kustomized(t, "base")
	require.NotContains(t, text, "Helm")
	objects := decode(t, text)
	d := one[*appsv1.Deployment](t, objects)
	require.NotNil(t, d.Spec.Replicas)
	whole(t, d)
	selecting(t, objects)
	starts(t, d)
}

func TestKustomizeExample(t *testing.T) {
	t.Parallel()
	objects := decode(t, kustomized(t, "overlays/example"))
	for _, o := range objects {
		require.Equal(t, "shop", o.GetNamespace(), o.GetName())
	}
	d := one[*appsv1.Deployment](t, objects)
	whole(t, d)
	selecting(t, objects)
	scaling(t, objects)
	starts(t, d)
	require.True(t, strings.HasPrefix(d.Spec.Template.Spec.Containers[0].Image, "registry.example.org/leat:"))
	stream := argument(t, &d.Spec.Template.Spec.Containers[0], "--stream")
	for _, trigger := range one[*kedav1alpha1.ScaledObject](t, objects).Spec.Triggers {
		require.Equal(t, stream, trigger.Metadata["stream"])
	}
}
