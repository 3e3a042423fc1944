package kubernetes

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"testing"

	kedav1alpha1 "github.com/kedacore/keda/v2/apis/keda/v1alpha1"
	"github.com/stretchr/testify/require"
)

// TestTriggers: each stream has one trigger for what was not delivered and one for what was not settled, in the words of KEDA
// for the kind of Redis.
func TestTriggers(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]map[string]string{
		"redis://redis":                  {"type": "redis-streams", "address": "redis:6379"},
		"redis://redis:7000/3":           {"type": "redis-streams", "address": "redis:7000", "databaseIndex": "3"},
		"redis://redis?db=4":             {"type": "redis-streams", "address": "redis:6379", "databaseIndex": "4"},
		"rediss://me@redis":              {"type": "redis-streams", "address": "redis:6379", "enableTLS": "true", "username": "me"},
		"redis://[::1]:6379":             {"type": "redis-streams", "address": "[::1]:6379"},
		"redis+sentinel://a,b:1/primary": {"type": "redis-sentinel-streams", "addresses": "a:26379,b:1", "sentinelMaster": "primary"},
		"redis+sentinel://a/primary/2":   {"type": "redis-sentinel-streams", "addresses": "a:26379", "sentinelMaster": "primary", "databaseIndex": "2"},
		"redis+sentinel://a/m?sentinel_username=u": {
			"type": "redis-sentinel-streams", "addresses": "a:26379", "sentinelMaster": "m", "sentinelUsername": "u",
		},
		"rediss+cluster://me@a:7000,b/":     {"type": "redis-cluster-streams", "addresses": "a:7000,b:6379", "enableTLS": "true", "username": "me"},
		"redis+cluster://a:7000?protocol=2": {"type": "redis-cluster-streams", "addresses": "a:7000"},
	} {
		o := one[*kedav1alpha1.ScaledObject](t, render(t, `
redis: {url: "`+url+`"}
workers: {w: {streams: [s1, s2], group: g, prefetch: 4, command: [/x], keda: {enabled: true, redisStreams: {lagCount: 7}}}}`))
		require.Len(t, o.Spec.Triggers, 4)
		for i, trigger := range o.Spec.Triggers {
			expected := maps.Clone(want)
			expected["stream"] = []string{"s1", "s1", "s2", "s2"}[i]
			expected["consumerGroup"] = "g"
			if i%2 == 0 {
				expected["lagCount"], expected["activationLagCount"] = "7", "0"
			} else {
				expected["pendingEntriesCount"] = "80" // 4 x (16 + 4)
			}
			got := maps.Clone(trigger.Metadata)
			got["type"] = trigger.Type
			require.Equal(t, expected, got, url)
		}
	}
}

// TestPrometheusTriggerAsksForMetricsThatExist: a query for a metric that nobody exports would fail for ever.
func TestPrometheusTriggerAsksForMetricsThatExist(t *testing.T) {
	t.Parallel()
	o := one[*kedav1alpha1.ScaledObject](t, render(t, minimal+features["keda-prometheus"]))
	require.Len(t, o.Spec.Triggers, 1)
	metadata := o.Spec.Triggers[0].Metadata
	require.Equal(t, "12.5", metadata["threshold"])
	require.Equal(t, "false", metadata["ignoreNullValues"])
	require.Equal(t, `max(leat_group_unread_entries{stream="orders",group="billing"}) + max(leat_group_claimable_entries{stream="orders",group="billing"})`+
		` + max(leat_group_retries_due{stream="orders",group="billing"})`, metadata["query"])
	documented, err := os.ReadFile(root + "/docs/metrics.md")
	require.NoError(t, err)
	names := regexp.MustCompile(`leat_\w+`).FindAllString(metadata["query"], -1)
	require.Len(t, slices.Compact(names), 3)
	for _, name := range names {
		require.Contains(t, string(documented), "`"+name+"`")
	}
}
