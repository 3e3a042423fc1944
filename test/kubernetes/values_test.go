package kubernetes

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

// TestValuesThatAreRefused: mistakes end an installation before it begins, with a word on what is wrong.
func TestValuesThatAreRefused(t *testing.T) {
	t.Parallel()
	worker := func(more string) string { return "workers: {billing: {streams: [s], group: g, " + more + "}}\n" }
	webhook := "webhook: {url: \"http://x\"}"
	for name, c := range map[string]struct{ values, want string }{
		"typo at the top":               {"worker: {}", "worker"},
		"typo in a worker":              {worker(webhook + ", concurency: 3"), "concurency"},
		"typo in the defaults":          {"workerDefaults: {lesae: 3s}", "lesae"},
		"typo deep inside":              {worker("webhook: {uri: \"http://x\"}"), "uri"},
		"typo in keda":                  {worker(webhook + ", keda: {enabled: true, maxReplica: 3}"), "maxReplica"},
		"typo in redis":                 {"redis: {password: secret}", "password"},
		"password in the URL":           {"redis: {url: \"redis://u:secret@redis\"}", "redis"},
		"password in a parameter":       {"redis: {url: \"redis+sentinel://a/m?sentinel_password=x\"}", "redis"},
		"unix socket":                   {"redis: {url: \"unix:///run/redis.sock\"}", "redis"},
		"name of a worker":              {"workers: {Billing: {}}", "Billing"},
		"long name of a worker":         {"workers: {" + strings.Repeat("a", 31) + ": {}}", "maxLength"},
		"duration":                      {worker(webhook + ", shutdownTimeout: 25"), "shutdownTimeout"},
		"duration without a unit":       {worker(webhook + ", lease: \"30\""), "lease"},
		"no drain":                      {worker(webhook + ", shutdownTimeout: \"\""), "shutdownTimeout"},
		"no margin":                     {worker(webhook + ", terminationMarginSeconds: 0"), "terminationMarginSeconds"},
		"no handlers":                   {worker(webhook + ", concurrency: 0"), "concurrency"},
		"log level":                     {worker(webhook + ", logLevel: loud"), "logLevel"},
		"fallback to none":              {worker(webhook + ", keda: {fallback: {replicas: 0}}"), "replicas"},
		"no streams":                    {"workers: {billing: {group: g, " + webhook + "}}", "workers.billing.streams is empty"},
		"no group":                      {"workers: {billing: {streams: [s], " + webhook + "}}", "workers.billing.group is empty"},
		"nothing to do":                 {worker("replicas: 1"), "neither webhook.url nor command"},
		"two things to do":              {worker(webhook + ", command: [/x]"), "both webhook.url and command"},
		"two autoscalers":               {worker(webhook + ", keda: {enabled: true}, hpa: {enabled: true}"), "both keda and hpa"},
		"keda without a trigger":        {worker(webhook + ", keda: {enabled: true, redisStreams: {enabled: false}}"), "has no trigger"},
		"keda with nobody to ask":       {worker(webhook + ", keda: {enabled: true, prometheus: {enabled: true}}"), "serverAddress is empty"},
		"keda that never comes back":    {worker(webhook + ", keda: {enabled: true, minReplicas: 0, redisStreams: {enabled: false}, prometheus: {enabled: true, serverAddress: \"http://p\"}}"), "goes down to no pods"},
		"keda idle that never comes":    {worker(webhook + ", keda: {enabled: true, idleReplicas: 0, redisStreams: {enabled: false}, prometheus: {enabled: true, serverAddress: \"http://p\"}}"), "goes down to no pods"},
		"keda upside down":              {worker(webhook + ", keda: {enabled: true, minReplicas: 5, maxReplicas: 4}"), "minReplicas is more"},
		"keda idle above the least":     {worker(webhook + ", keda: {enabled: true, idleReplicas: 2}"), "idleReplicas"},
		"typo in a poller":              {"pollers: {p: {stream: s, source: []}}", "source"},
		"poller without a source":       {"pollers: {p: {stream: s}}", "pollers.p.sources is empty"},
		"poller without a stream":       {"pollers: {p: {sources: [{api: \"http://x\"}]}}", "pollers.p.stream is empty"},
		"poller with a worker's name":   {worker(webhook) + "pollers: {billing: {stream: s, sources: [{api: \"http://x\"}]}}", "has the name of a worker"},
		"poller with a password":        {"pollers: {p: {stream: s, sources: [{api: \"http://u:secret@x\"}]}}", "api"},
		"hpa upside down":               {worker(webhook + ", hpa: {enabled: true, minReplicas: 5, maxReplicas: 4}"), "minReplicas is more"},
		"keda with a user it misspells": {"redis: {url: \"redis://a%40b@redis\"}\n" + worker(webhook+", keda: {enabled: true}"), "percent-encoded"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, refused(t, c.values), c.want)
		})
	}
}

// TestSchemaHasTheValues: what values.yaml has the schema has, and the other way round, so that neither is forgotten.
func TestSchemaHasTheValues(t *testing.T) {
	t.Parallel()
	values, schema := paths(t)
	unknown := slices.DeleteFunc(without(values, schema), func(p string) bool { // an object that is empty, or null, by default
		return slices.ContainsFunc(schema, func(other string) bool { return strings.HasPrefix(other, p+".") })
	})
	require.Empty(t, unknown, "in values.yaml and not in the schema")
	// What has no default: maps that are empty, and what may be left out of an object that may be left out.
	left := slices.DeleteFunc(without(schema, values), func(p string) bool {
		for _, free := range []string{
			"global", "workerDefaults.image.", "pollerDefaults.image.", "workerDefaults.probes.", "pollerDefaults.probes.", "workerDefaults.keda.fallback.",
			"workerDefaults.keda.prometheus.authenticationRef.",
		} {
			if strings.HasPrefix(p, free) {
				return true
			}
		}
		return false
	})
	require.Empty(t, left, "in the schema and not in values.yaml")
}

// TestReadmeHasTheValues: so that the table is complete.
func TestReadmeHasTheValues(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(chart + "/README.md")
	require.NoError(t, err)
	values, _ := paths(t)
	for _, p := range values {
		p = strings.TrimPrefix(strings.TrimPrefix(p, "workerDefaults."), "pollerDefaults.")
		require.Contains(t, string(text), fmt.Sprintf("`%s`", p), "the README does not have it")
	}
}

// paths are the names of all values, as values.yaml and as the schema has them: a.b.c.
func paths(t *testing.T) (values, schema []string) {
	t.Helper()
	text, err := os.ReadFile(chart + "/values.yaml")
	require.NoError(t, err)
	var tree map[string]any
	require.NoError(t, yaml.UnmarshalStrict(text, &tree))
	walk("", tree, &values)

	text, err = os.ReadFile(chart + "/values.schema.json")
	require.NoError(t, err)
	var s struct {
		Definitions map[string]map[string]any
		Properties  map[string]any
	}
	require.NoError(t, json.Unmarshal(text, &s))
	walkSchema("", s.Properties, s.Definitions, &schema)
	slices.Sort(values)
	slices.Sort(schema)
	return values, schema
}

// opaque are values that are what Kubernetes takes there, or maps of the user's own.
var opaque = []string{
	"workerDefaults.resources", "workerDefaults.strategy.rollingUpdate", "workerDefaults.podSecurityContext",
	"workerDefaults.securityContext", "pollerDefaults.resources", "pollerDefaults.podSecurityContext", "pollerDefaults.securityContext", "workerDefaults.probes.startup", "workerDefaults.probes.liveness", "workerDefaults.probes.readiness", "pollerDefaults.probes.startup", "pollerDefaults.probes.liveness", "pollerDefaults.probes.readiness",
}

func walk(at string, tree map[string]any, found *[]string) {
	for key, value := range tree {
		p := at + key
		if below, ok := value.(map[string]any); ok && len(below) > 0 && !slices.Contains(opaque, p) {
			walk(p+".", below, found)
			continue
		}
		*found = append(*found, p)
	}
}

func walkSchema(at string, properties map[string]any, definitions map[string]map[string]any, found *[]string) {
	for key, value := range properties {
		p, node := at+key, value.(map[string]any)
		if ref, ok := node["$ref"].(string); ok {
			node = definitions[strings.TrimPrefix(ref, "#/definitions/")]
		}
		if below, ok := node["properties"].(map[string]any); ok && !slices.Contains(opaque, p) {
			walkSchema(p+".", below, definitions, found)
			continue
		}
		*found = append(*found, p)
	}
}

func without(all, those []string) (left []string) {
	for _, one := range all {
		if !slices.Contains(those, one) {
			left = append(left, one)
		}
	}
	return left
}
