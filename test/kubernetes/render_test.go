package kubernetes

import (
	"bytes"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	kedav1alpha1 "github.com/kedacore/keda/v2/apis/keda/v1alpha1"
	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"
)

// The release that every chart is rendered as.
const (
	release   = "shop"
	namespace = "orders"
	// kubeVersion is what helm would be told by a cluster: without one it takes what was linked into it, which is nothing here.
	kubeVersion = "v1.36.0"
)

// template renders the chart with these values, as `helm template` prints it. args are further ones of helm.
func template(values string, args ...string) (string, error) {
	cmd := exec.Command(helm, append([]string{"template", release, chart, "--namespace", namespace, "--kube-version", kubeVersion, "--values", "-"}, args...)...)
	cmd.Stdin = strings.NewReader(values)
	return output(cmd)
}

// render is the chart with these values, each object decoded strictly.
func render(t *testing.T, values string, args ...string) []metav1.Object {
	t.Helper()
	text, err := template(values, args...)
	require.NoError(t, err)
	return decode(t, text)
}

// refused is what helm says of values that it does not take.
func refused(t *testing.T, values string) string {
	t.Helper()
	_, err := template(values)
	require.Error(t, err, "these values were taken:\n%s", values)
	return err.Error()
}

// strict refuses fields that a type does not have, and those that are there twice.
var strict = func() runtime.Decoder {
	types := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{scheme.AddToScheme, kedav1alpha1.AddToScheme, monitoringv1.AddToScheme} {
		if err := add(types); err != nil {
			panic(err)
		}
	}
	return serializer.NewCodecFactory(types, serializer.EnableStrict).UniversalDeserializer()
}()

// documents are the objects of a YAML stream, each as text. Those without any content are left out.
func documents(text string) (all []string) {
	for _, document := range strings.Split("\n"+text, "\n---") {
		var content any
		if err := yaml.Unmarshal([]byte(document), &content); err == nil && content == nil {
			continue
		}
		all = append(all, document)
	}
	return all
}

// decode decodes each object of a YAML stream strictly. One that appears twice is an error too.
func decode(t *testing.T, text string) (objects []metav1.Object) {
	t.Helper()
	seen := map[string]bool{}
	for _, document := range documents(text) {
		decoded, kind, err := strict.Decode([]byte(document), nil, nil)
		require.NoError(t, err, document)
		object, ok := decoded.(metav1.Object)
		require.True(t, ok, kind)
		name := fmt.Sprintf("%s %s", kind, object.GetName())
		require.False(t, seen[name], "there are two of %s", name)
		seen[name] = true
		objects = append(objects, object)
	}
	return objects
}

// of are the objects of one type.
func of[T metav1.Object](objects []metav1.Object) (all []T) {
	for _, o := range objects {
		if typed, ok := o.(T); ok {
			all = append(all, typed)
		}
	}
	return all
}

// one is the only object of a type.
func one[T metav1.Object](t *testing.T, objects []metav1.Object) T {
	t.Helper()
	all := of[T](objects)
	require.Len(t, all, 1)
	return all[0]
}

// lint is what `helm lint --strict` says of the chart with these values.
func lint(values string) (string, error) {
	cmd := exec.Command(helm, "lint", "--strict", chart, "--values", "-")
	cmd.Stdin = strings.NewReader(values)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	err := cmd.Run()
	return said.String(), err
}
