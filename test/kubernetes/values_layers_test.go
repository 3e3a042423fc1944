package kubernetes

import (
	"testing"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
)

// TestAWorkerWinsOverTheDefaults, also with what is false, 0, empty or null.
func TestAWorkerWinsOverTheDefaults(t *testing.T) {
	t.Parallel()
	objects := render(t, `
workerDefaults: {replicas: 7, prefetch: 9, resources: {limits: {memory: 1Gi, cpu: 1}}, webhook: {url: "http://x", headers: {A: "1"}}, nodeSelector: {a: b}}
workers:
  zero: {streams: [s], group: g, replicas: 0, prefetch: 0, podDisruptionBudget: {enabled: false}, resources: {limits: {memory: 2Gi, cpu: null}},
         webhook: {headers: {B: "2"}}, topologySpreadConstraints: []}
  none: {streams: [s], group: g, webhook: {url: ""}, command: [/x]}
`)
	byName := map[string]*appsv1.Deployment{}
	for _, d := range of[*appsv1.Deployment](objects) {
		byName[d.Name] = d
	}
	zero := byName["shop-leat-zero"]
	require.NotNil(t, zero)
	require.EqualValues(t, 0, *zero.Spec.Replicas)
	worker := &zero.Spec.Template.Spec.Containers[0]
	require.Equal(t, "0", argument(t, worker, "--prefetch"))
	require.Equal(t, "2Gi", worker.Resources.Limits.Memory().String())
	require.NotContains(t, worker.Resources.Limits, corev1.ResourceCPU)
	require.Contains(t, worker.Args, "--webhook-header=A: 1")
	require.Contains(t, worker.Args, "--webhook-header=B: 2")
	require.Empty(t, zero.Spec.Template.Spec.TopologySpreadConstraints)

	none := byName["shop-leat-none"]
	require.EqualValues(t, 7, *none.Spec.Replicas)
	require.Len(t, none.Spec.Template.Spec.TopologySpreadConstraints, 2)
	require.Equal(t, "/x", argument(t, &none.Spec.Template.Spec.Containers[0], "--command"))
	require.Equal(t, "none", one[*policyv1.PodDisruptionBudget](t, objects).Labels["leat.io/name"])
}

// TestGracePeriod: the drain, rounded up, and the margin.
func TestGracePeriod(t *testing.T) {
	t.Parallel()
	for timeout, want := range map[string]int64{"25s": 35, "1m30s": 100, "1500ms": 12, "0.2s": 11, "1h": 3610, "0s": 10} {
		d := one[*appsv1.Deployment](t, render(t, minimal+"workerDefaults: {shutdownTimeout: "+timeout+"}\n"))
		require.Equal(t, want, *d.Spec.Template.Spec.TerminationGracePeriodSeconds, timeout)
	}
}

// TestArgumentsOfACommand reach the program as they are, even what looks like a flag of leat.
func TestArgumentsOfACommand(t *testing.T) {
	t.Parallel()
	d := one[*appsv1.Deployment](t, render(t, matrix(t)["command"]))
	args := d.Spec.Template.Spec.Containers[0].Args
	require.Equal(t, []string{"--command=/app/thumb", "--", "--size", "256", "-v"}, args[len(args)-5:])
}

// TestNetworkPolicyPorts: those that redis.url names.
func TestNetworkPolicyPorts(t *testing.T) {
	t.Parallel()
	for url, want := range map[string][]int32{
		"redis://redis": {6379}, "rediss://u@redis:6390/1": {6390}, "redis+cluster://a:7000,b:7001,c:7000": {7000, 7001}, "redis+sentinel://a,b/m": {26379, 6379},
	} {
		policy := one[*networkingv1.NetworkPolicy](t, render(t, "redis: {url: \""+url+"\"}\nnetworkPolicy: {enabled: true}\n"))
		var got []int32
		for _, p := range policy.Spec.Egress[1].Ports {
			got = append(got, p.Port.IntVal)
		}
		require.Equal(t, want, got, url)
	}
}
