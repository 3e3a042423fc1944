package kubernetes

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A worker that says no more than it has to.
const minimal = `
workers:
  billing:
    streams: [orders]
    group: billing
    webhook: {url: "http://billing:8080/events"}
`

// matrix is the values that the chart is rendered with, by the name of what each is about. Those below testdata/values are
// longer ones.
func matrix(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{
		"nothing": "",
		"minimal": minimal,
		"command": `
workers: {thumbs: {streams: [images], group: thumbs, binary: /usr/local/bin/leat, command: [/app/thumb, --size, "256", -v], tmp: {enabled: true}}}`,
		"several": minimal + `
  shipping: {streams: [orders, returns], group: shipping, webhook: {url: "https://shipping.example.org/"}}
  refunds: {streams: [returns], group: refunds, command: [/refund]}`,
	}
	for name, more := range features {
		all[name] = minimal + more
	}
	files, err := filepath.Glob("testdata/values/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		all[strings.TrimSuffix(filepath.Base(file), ".yaml")] = string(text)
	}
	return all
}

// features are one at a time, put behind minimal.
var features = map[string]string{
	"fullname":          "fullnameOverride: a-name-that-is-much-longer-than-there-is-room-for-in-names\n",
	"name":              "nameOverride: queue\n",
	"common":            "commonLabels: {team: shop}\ncommonAnnotations: {owner: shop}\n",
	"digest":            "image: {repository: registry.example.org/leat, digest: \"sha256:" + strings.Repeat("a", 64) + "\"}\nimagePullSecrets: [{name: registry}]\n",
	"account":           "serviceAccount: {create: false}\n",
	"account-named":     "serviceAccount: {name: mine, annotations: {a: b}}\n",
	"password":          "redis: {url: \"redis://leat-consumer@redis:6380/2\", passwordSecret: {name: redis, key: pw}}\n",
	"tls":               "redis: {url: \"rediss://redis\", tls: {caSecret: {name: ca}, clientSecret: {name: client}}}\n",
	"sentinel":          "redis: {url: \"redis+sentinel://a:26379,b:26379,c/primary/1\"}\n",
	"sentinel-password": "redis: {url: \"redis+sentinel://a,b/m?sentinel_username=u\", sentinelPasswordSecret: {name: watch, key: pw}}\nworkerDefaults: {keda: {enabled: true}}\n",
	"cluster":           "redis: {url: \"rediss+cluster://a:7000,b:7001\"}\n",
	"port":              "port: 9000\n",
	"defaults":          "workerDefaults: {replicas: 5, concurrency: 100, shutdownTimeout: 1m30s, terminationMarginSeconds: 5}\n",
	"off":               "workerDefaults: {podDisruptionBudget: {enabled: false}, topologySpreadConstraints: [], resources: null}\n",
	"recreate":          "workerDefaults: {strategy: {type: Recreate}}\n",
	"rate": "workerDefaults: {prefetch: 0, lease: 1m, maxAttempts: 0, maxDeliveries: 3, backoff: {min: 100ms, max: 1h}, deadLetter: dead, " +
		"handlerTimeout: 10s, logLevel: debug, metricsTTL: 1m, start: \"2026-05-04T00:00:00Z\", shutdownTimeout: 1500ms}\n",
	"webhook": "workerDefaults: {webhook: {mode: structured, timeout: 5s, headers: {X-Shop: \"1, 2\"}, headersSecret: {name: h}, tokenSecret: {name: t, key: k}}}\n",
	"pod": "workerDefaults: {env: [{name: A, value: b}], envFrom: [{secretRef: {name: s}}], volumes: [{name: v, emptyDir: {}}], volumeMounts: [{name: v, mountPath: /v}], " +
		"sidecars: [{name: side, image: side}], initContainers: [{name: init, image: init}], labels: {a: b}, annotations: {a: b}, podLabels: {c: d}, podAnnotations: {c: d}, " +
		"nodeSelector: {disk: fast}, tolerations: [{operator: Exists}], affinity: {podAntiAffinity: {}}, priorityClassName: high, runtimeClassName: gvisor, schedulerName: own}\n",
	"hpa":                 "workerDefaults: {hpa: {enabled: true}}\n",
	"hpa-external":        "workerDefaults: {hpa: {enabled: true, metrics: [{type: External, external: {metric: {name: leat_waiting}, target: {type: AverageValue, averageValue: 100}}}], behavior: {scaleDown: {stabilizationWindowSeconds: 60}}}}\n",
	"keda-redis":          "workerDefaults: {keda: {enabled: true, minReplicas: 0, maxReplicas: 30}}\n",
	"keda-prometheus":     "workerDefaults: {keda: {enabled: true, redisStreams: {enabled: false}, prometheus: {enabled: true, serverAddress: \"http://prometheus:9090\", threshold: 12.5}}}\n",
	"keda-both":           "workerDefaults: {keda: {enabled: true, minReplicas: 2, idleReplicas: 0, fallback: {replicas: 4}, prometheus: {enabled: true, serverAddress: \"http://prometheus:9090\", authenticationRef: {name: prometheus}, metadata: {authModes: bearer}}}}\n",
	"keda-authentication": "redis: {url: \"rediss://u@redis/3\", passwordSecret: {name: redis}, tls: {caSecret: {name: ca}, clientSecret: {name: client}}}\nworkerDefaults: {keda: {enabled: true, redisStreams: {username: keda, passwordSecret: {name: keda}}}}\n",
	"keda-sentinel":       "redis: {url: \"redis+sentinel://a,b/primary\"}\nworkerDefaults: {keda: {enabled: true}}\n",
	"keda-cluster":        "redis: {url: \"redis+cluster://a,b\", passwordSecret: {name: redis}}\nworkerDefaults: {keda: {enabled: true}}\n",
	"podmonitor":          "monitoring: {podMonitor: {enabled: true, labels: {release: prometheus}, relabelings: [{action: drop, sourceLabels: [a]}]}}\n",
	"servicemonitor":      "monitoring: {serviceMonitor: {enabled: true, metricRelabelings: [{action: labeldrop, regex: pod}]}}\n",
	"annotations":         "monitoring: {podAnnotations: true}\n",
	"network":             "networkPolicy: {enabled: true}\n",
	"network-narrow": "networkPolicy: {enabled: true, metricsFrom: [{namespaceSelector: {}}], redis: {to: [{podSelector: {matchLabels: {app: redis}}}], ports: [6379]}, egress: [{ports: [{port: 4317}]}]}\n" +
		"workerDefaults: {egress: [{to: [{podSelector: {matchLabels: {app: billing}}}], ports: [{port: 8080}]}]}\n",
	"untested": "tests: {enabled: false}\n",
}

func TestLint(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"nothing", "everything"} {
		said, err := lint(matrix(t)[name])
		require.NoError(t, err, said)
	}
}
