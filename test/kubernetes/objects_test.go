package kubernetes

import (
	"path"
	"strconv"
	"strings"
	"testing"
	"time"

	kedav1alpha1 "github.com/kedacore/keda/v2/apis/keda/v1alpha1"
	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// slack is by how much a drain may take longer than it was given: a second for handlers that were told to end, and one for
// what they leave behind (consumer.Consumer.Run).
const slack = 2 * time.Second

func TestMatrix(t *testing.T) {
	t.Parallel()
	for name, values := range matrix(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			objects := render(t, values)
			consistent(t, objects)
			for _, d := range of[*appsv1.Deployment](objects) {
				if isWorker(d) {
					starts(t, d)
				} else {
					polls(t, d, objects)
				}
			}
		})
	}
}

// consistent is what holds of everything that the chart renders, whatever the values.
func consistent(t *testing.T, objects []metav1.Object) {
	t.Helper()
	deployments := of[*appsv1.Deployment](objects)
	for _, o := range objects {
		require.Equal(t, namespace, o.GetNamespace(), o.GetName())
		require.LessOrEqual(t, len(o.GetName()), 63, "names of HPAs, which KEDA makes of them, and of hosts have a limit")
		for _, label := range []string{
			"app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/version",
			"app.kubernetes.io/managed-by", "app.kubernetes.io/part-of", "helm.sh/chart",
		} {
			require.NotEmpty(t, o.GetLabels()[label], "%s has no label %s", o.GetName(), label)
		}
	}
	for _, d := range deployments {
		if isWorker(d) {
			whole(t, d)
			continue
		}
		require.True(t, selects(t, d.Spec.Selector, d.Spec.Template.Labels))
		hardened(t, &d.Spec.Template.Spec)
		mounted(t, &d.Spec.Template.Spec)
		probed(t, &d.Spec.Template.Spec.Containers[0])
	}
	for _, pod := range of[*corev1.Pod](objects) {
		hardened(t, &pod.Spec)
		mounted(t, &pod.Spec)
	}
	selecting(t, objects)
	scaling(t, objects)
}

// isWorker tells workers from pollers.
func isWorker(d *appsv1.Deployment) bool {
	return d.Spec.Template.Labels["app.kubernetes.io/component"] == "worker"
}

// whole is what a worker's Deployment has to be.
func whole(t *testing.T, d *appsv1.Deployment) {
	t.Helper()
	pod := &d.Spec.Template.Spec
	require.True(t, selects(t, d.Spec.Selector, d.Spec.Template.Labels))
	hardened(t, pod)
	mounted(t, pod)
	worker := &pod.Containers[0]
	drain, err := time.ParseDuration(argument(t, worker, "--shutdown-timeout"))
	require.NoError(t, err)
	grace := time.Duration(*pod.TerminationGracePeriodSeconds) * time.Second
	require.Greater(t, grace, drain+slack, "it is killed before it has drained")

	probed(t, worker)
	require.Equal(t, "$(POD_NAME)", argument(t, worker, "--name"))
	require.Equal(t, "POD_NAME", worker.Env[0].Name)
	require.Equal(t, "metadata.name", worker.Env[0].ValueFrom.FieldRef.FieldPath)
	for _, spread := range pod.TopologySpreadConstraints {
		require.True(t, selects(t, spread.LabelSelector, d.Spec.Template.Labels))
	}
}

// probed: the port that is probed is the one at which it listens.
func probed(t *testing.T, c *corev1.Container) {
	t.Helper()
	_, port, _ := strings.Cut(argument(t, c, "--listen"), ":")
	require.Equal(t, port, strconv.Itoa(int(c.Ports[0].ContainerPort)))
	for probe, path := range map[*corev1.Probe]string{c.StartupProbe: startupPath, c.LivenessProbe: "/livez", c.ReadinessProbe: "/readyz"} {
		require.NotNil(t, probe)
		require.Equal(t, path, probe.HTTPGet.Path)
		require.Equal(t, c.Ports[0].Name, probe.HTTPGet.Port.String())
	}
}

// hardened is what every pod has to be: no root, no rights, nothing to write to, no token.
func hardened(t *testing.T, pod *corev1.PodSpec) {
	t.Helper()
	require.False(t, *pod.AutomountServiceAccountToken)
	require.False(t, *pod.EnableServiceLinks)
	require.True(t, *pod.SecurityContext.RunAsNonRoot)
	require.Positive(t, *pod.SecurityContext.RunAsUser)
	require.Equal(t, corev1.SeccompProfileTypeRuntimeDefault, pod.SecurityContext.SeccompProfile.Type)
	for _, c := range pod.Containers {
		if c.Name == "side" { // the values' own
			continue
		}
		require.False(t, *c.SecurityContext.AllowPrivilegeEscalation)
		require.True(t, *c.SecurityContext.ReadOnlyRootFilesystem)
		require.Equal(t, []corev1.Capability{"ALL"}, c.SecurityContext.Capabilities.Drop)
		require.Empty(t, c.SecurityContext.Capabilities.Add)
	}
}

// mounted: each mount has its volume, and each file below /etc/leat that an argument names is in it.
func mounted(t *testing.T, pod *corev1.PodSpec) {
	t.Helper()
	volumes := map[string]corev1.Volume{}
	for _, v := range pod.Volumes {
		volumes[v.Name] = v
	}
	for _, c := range pod.Containers {
		files := map[string]bool{}
		for _, m := range c.VolumeMounts {
			require.Contains(t, volumes, m.Name)
			require.Empty(t, m.SubPath, "a file of a subPath never changes")
			if secret := volumes[m.Name].Secret; secret != nil {
				require.True(t, m.ReadOnly)
				require.EqualValues(t, 0o440, *secret.DefaultMode)
				for _, item := range secret.Items {
					files[path.Join(m.MountPath, item.Path)] = true
				}
			}
			if volumes[m.Name].ConfigMap != nil {
				files[path.Join(m.MountPath, "sources.yaml")] = true
			}
		}
		for _, arg := range c.Args {
			if _, file, ok := strings.Cut(arg, "=/etc/leat"); ok {
				require.True(t, files["/etc/leat"+file], "%s is not mounted", arg)
			}
		}
	}
}

// selecting: whatever selects pods selects some.
func selecting(t *testing.T, objects []metav1.Object) {
	t.Helper()
	if len(of[*appsv1.Deployment](objects)) == 0 {
		return
	}
	anyPod := func(name string, selector *metav1.LabelSelector) {
		t.Helper()
		for _, d := range of[*appsv1.Deployment](objects) {
			if selects(t, selector, d.Spec.Template.Labels) {
				return
			}
		}
		require.Failf(t, "no pod", "%s selects no pod", name)
	}
	for _, o := range of[*policyv1.PodDisruptionBudget](objects) {
		anyPod(o.Name, o.Spec.Selector)
	}
	for _, o := range of[*networkingv1.NetworkPolicy](objects) {
		anyPod(o.Name, &o.Spec.PodSelector)
	}
	everyPod := func(name string, selector *metav1.LabelSelector) {
		t.Helper()
		for _, d := range of[*appsv1.Deployment](objects) {
			require.True(t, selects(t, selector, d.Spec.Template.Labels), "%s leaves %s out", name, d.Name)
		}
	}
	for _, o := range of[*monitoringv1.PodMonitor](objects) {
		everyPod(o.Name, &o.Spec.Selector)
	}
	services := of[*corev1.Service](objects)
	for _, o := range services {
		everyPod(o.Name, &metav1.LabelSelector{MatchLabels: o.Spec.Selector})
	}
	for _, o := range of[*monitoringv1.ServiceMonitor](objects) {
		require.Len(t, services, 1)
		require.True(t, selects(t, &o.Spec.Selector, services[0].Labels))
		require.Equal(t, services[0].Spec.Ports[0].Name, o.Spec.Endpoints[0].Port)
	}
}

// scaling: what scales a Deployment names one, nothing else sets its replicas, and nothing else scales it.
func scaling(t *testing.T, objects []metav1.Object) {
	t.Helper()
	scaled := map[string]int{}
	for _, o := range of[*kedav1alpha1.ScaledObject](objects) {
		scaled[o.Spec.ScaleTargetRef.Name]++
		authentications := of[*kedav1alpha1.TriggerAuthentication](objects)
		for _, trigger := range o.Spec.Triggers {
			if ref := trigger.AuthenticationRef; ref != nil && trigger.Type != "prometheus" {
				require.Len(t, authentications, 1)
				require.Equal(t, authentications[0].Name, ref.Name)
			}
		}
	}
	for _, o := range of[*autoscalingv2.HorizontalPodAutoscaler](objects) {
		scaled[o.Spec.ScaleTargetRef.Name]++
	}
	for _, d := range of[*appsv1.Deployment](objects) {
		require.LessOrEqual(t, scaled[d.Name], 1)
		require.Equal(t, scaled[d.Name] == 1, d.Spec.Replicas == nil, "%s: replicas and an autoscaler undo each other", d.Name)
		delete(scaled, d.Name)
	}
	require.Empty(t, scaled, "what is scaled is not there")
}

func selects(t *testing.T, selector *metav1.LabelSelector, of map[string]string) bool {
	t.Helper()
	s, err := metav1.LabelSelectorAsSelector(selector)
	require.NoError(t, err)
	return s.Matches(labels.Set(of))
}

// argument is the value of a flag in a container's arguments.
func argument(t *testing.T, c *corev1.Container, flag string) string {
	t.Helper()
	for _, arg := range c.Args {
		if value, ok := strings.CutPrefix(arg, flag+"="); ok {
			return value
		}
	}
	require.Failf(t, "missing flag", "%s is not in %q", flag, c.Args)
	return ""
}
