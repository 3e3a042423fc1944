//go:build controlplane

package kubernetes

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"sigs.k8s.io/yaml"
)

const token = "the-tests-own"

// server is a kube-apiserver with its etcd, and a client that reads its warnings.
type server struct {
	client dynamic.Interface
	types  *restmapper.DeferredDiscoveryRESTMapper

	mu       sync.Mutex
	warnings []string
}

// HandleWarningHeader is told of what the server takes and does not like.
func (s *server) HandleWarningHeader(_ int, _, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.warnings = append(s.warnings, text)
}

// warned are the warnings since it was asked last.
func (s *server) warned() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.warnings
	s.warnings = nil
	return all
}

// TestServer applies every render to a real kube-apiserver: as a strict dry run, and then for good, one after another in the
// same namespace, as upgrades of a release do. Pods have to keep to the restricted Pod Security Standard.
func TestServer(t *testing.T) {
	s := startServer(t)
	for _, crd := range definitions(t) {
		require.NoError(t, s.apply(t.Context(), crd, false), crd.GetName())
	}
	for _, kind := range []string{"ScaledObject", "TriggerAuthentication", "PodMonitor", "ServiceMonitor", "PrometheusRule"} {
		require.Eventually(t, func() bool { return s.serves(kind) }, patience, 100*time.Millisecond, kind)
	}
	restricted := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": namespace, "labels": map[string]any{
			"pod-security.kubernetes.io/enforce": "restricted", "pod-security.kubernetes.io/warn": "restricted",
		}},
	}}
	require.NoError(t, s.apply(t.Context(), restricted, false))
	s.warned()

	all := matrix(t)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		t.Run(name, func(t *testing.T) {
			text, err := template(all[name])
			require.NoError(t, err)
			for _, dry := range []bool{true, false} {
				for _, object := range unstructureds(t, text) {
					if object.GetKind() == "Pod" && !dry {
						continue // helm test makes a new one each time
					}
					require.NoError(t, s.apply(t.Context(), object, dry), "%s %s", object.GetKind(), object.GetName())
				}
			}
			if warnings := s.warned(); name != "pod" { // whose sidecars are the values' own
				require.Empty(t, warnings)
			}
		})
	}
	t.Run("a typo is refused", func(t *testing.T) {
		text, err := template(minimal)
		require.NoError(t, err)
		for _, object := range unstructureds(t, text) {
			if object.GetKind() == "Deployment" {
				require.NoError(t, unstructured.SetNestedField(object.Object, int64(1), "spec", "repliccas"))
				require.ErrorContains(t, s.apply(t.Context(), object, true), "repliccas")
			}
		}
	})
}

func unstructureds(t *testing.T, text string) (all []*unstructured.Unstructured) {
	t.Helper()
	for _, document := range documents(text) {
		object := &unstructured.Unstructured{}
		require.NoError(t, yaml.Unmarshal([]byte(document), &object.Object))
		all = append(all, object)
	}
	return all
}

// definitions are those of KEDA and of the Prometheus operator, from their modules in the versions that go.mod has.
func definitions(t *testing.T) (all []*unstructured.Unstructured) {
	t.Helper()
	keda := module(t, "github.com/kedacore/keda/v2", "github.com/kedacore/keda/v2")
	operator := module(t, "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring", "github.com/prometheus-operator/prometheus-operator")
	for _, file := range []string{
		keda + "/config/crd/bases/keda.sh_scaledobjects.yaml", keda + "/config/crd/bases/keda.sh_triggerauthentications.yaml",
		operator + "/example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml",
		operator + "/example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml",
		operator + "/example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml",
	} {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		all = append(all, unstructureds(t, string(text))...)
	}
	return all
}

// module is the folder of a module, in the version that go.mod requires of another one.
func module(t *testing.T, versionOf, path string) string {
	t.Helper()
	version, err := output(exec.Command("go", "list", "-m", "-f", "{{.Version}}", versionOf))
	require.NoError(t, err)
	said, err := output(exec.Command("go", "mod", "download", "-json", path+"@"+version))
	require.NoError(t, err)
	var at struct{ Dir string }
	require.NoError(t, yaml.Unmarshal([]byte(said), &at))
	return at.Dir
}

// apply is `kubectl apply --server-side --validate=strict`.
func (s *server) apply(ctx context.Context, object *unstructured.Unstructured, dry bool) error {
	kind := object.GroupVersionKind()
	mapping, err := s.types.RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		return err
	}
	var resource dynamic.ResourceInterface = s.client.Resource(mapping.Resource)
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		resource = s.client.Resource(mapping.Resource).Namespace(object.GetNamespace())
	}
	text, err := object.MarshalJSON()
	if err != nil {
		return err
	}
	force := true
	options := metav1.PatchOptions{FieldManager: "leat", Force: &force, FieldValidation: metav1.FieldValidationStrict}
	if dry {
		options.DryRun = []string{metav1.DryRunAll}
	}
	_, err = resource.Patch(ctx, object.GetName(), "application/apply-patch+yaml", text, options)
	return err
}

func (s *server) serves(kind string) bool {
	s.types.Reset()
	for _, group := range []string{"keda.sh", "monitoring.coreos.com"} {
		if _, err := s.types.RESTMapping(schema.GroupKind{Group: group, Kind: kind}); err == nil {
			return true
		}
	}
	return false
}

func startServer(t *testing.T) *server {
	t.Helper()
	dir := t.TempDir()
	port := []int{freePort(t), freePort(t), freePort(t)}
	etcd := fmt.Sprintf("http://127.0.0.1:%d", port[0])
	run(t, "etcd", "--data-dir="+dir+"/etcd", "--listen-client-urls="+etcd, "--advertise-client-urls="+etcd,
		fmt.Sprintf("--listen-peer-urls=http://127.0.0.1:%d", port[1]), "--unsafe-no-fsync", "--log-level=error")
	require.NoError(t, os.WriteFile(dir+"/tokens", []byte(token+",admin,admin,system:masters\n"), 0o600))
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	require.NoError(t, os.WriteFile(dir+"/key.pem", text, 0o600))
	run(t, "kube-apiserver", "--etcd-servers="+etcd, "--bind-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", port[2]), "--cert-dir="+dir+"/certs",
		"--token-auth-file="+dir+"/tokens", "--authorization-mode=RBAC", "--service-cluster-ip-range=10.0.0.0/24",
		"--service-account-issuer=https://kubernetes.default.svc", "--service-account-key-file="+dir+"/key.pem", "--service-account-signing-key-file="+dir+"/key.pem",
		"--disable-admission-plugins=ServiceAccount", // nobody makes the default account, since there is no controller
		"--v=0")

	s := &server{}
	config := &rest.Config{
		Host: fmt.Sprintf("https://127.0.0.1:%d", port[2]), BearerToken: token, QPS: 1000, Burst: 1000, WarningHandler: s,
		TLSClientConfig: rest.TLSClientConfig{Insecure: true}, // it makes its certificate itself
	}
	s.client, err = dynamic.NewForConfig(config)
	require.NoError(t, err)
	found, err := discovery.NewDiscoveryClientForConfig(config)
	require.NoError(t, err)
	s.types = restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(found))
	require.Eventually(t, func() bool {
		answer, err := found.RESTClient().Get().AbsPath("/readyz").DoRaw(t.Context())
		return err == nil && string(answer) == "ok"
	}, 3*patience, 200*time.Millisecond, "kube-apiserver is not ready")
	return s
}

// run starts a program of bin/, which `make test-kubernetes-server` has built, until the test ends.
func run(t *testing.T, name string, args ...string) {
	t.Helper()
	log, err := os.Create(filepath.Join(t.TempDir(), name+".log"))
	require.NoError(t, err)
	cmd := exec.Command(root+"/bin/"+name, args...)
	cmd.Stdout, cmd.Stderr = log, log
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_, _ = cmd.Process.Kill(), cmd.Wait()
		if text, err := os.ReadFile(log.Name()); err == nil && t.Failed() {
			lines := strings.Split(string(text), "\n")
			t.Log(name, strings.Join(lines[max(0, len(lines)-20):], "\n"))
		}
		_ = log.Close()
	})
}
