{{/* "leat.secrets" (dict "redis" .Values.redis "webhook" $worker.webhook): what of Secrets is mounted, each in a folder of its
     own below /etc/leat. Not by subPath, which would keep what it had when the pod began. */}}
{{- define "leat.secrets" -}}
{{- $redis := .redis -}}
{{- $mounts := list -}}
{{- with $redis.passwordSecret -}}{{- if .name -}}
{{- $mounts = append $mounts (dict "name" "redis-password" "secret" .name "items" (list (dict "key" .key "path" "password"))) -}}
{{- end -}}{{- end -}}
{{- with $redis.sentinelPasswordSecret -}}{{- if .name -}}
{{- $mounts = append $mounts (dict "name" "redis-sentinel-password" "secret" .name "items" (list (dict "key" .key "path" "password"))) -}}
{{- end -}}{{- end -}}
{{- with $redis.tls.caSecret -}}{{- if .name -}}
{{- $mounts = append $mounts (dict "name" "redis-ca" "secret" .name "items" (list (dict "key" .key "path" "ca.crt"))) -}}
{{- end -}}{{- end -}}
{{- with $redis.tls.clientSecret -}}{{- if .name -}}
{{- $mounts = append $mounts (dict "name" "redis-client" "secret" .name "items" (list (dict "key" .certKey "path" "tls.crt") (dict "key" .keyKey "path" "tls.key"))) -}}
{{- end -}}{{- end -}}
{{- with .webhook -}}{{- if .url -}}
{{- with .headersSecret -}}{{- if .name -}}
{{- $mounts = append $mounts (dict "name" "webhook-headers" "secret" .name "items" (list (dict "key" .key "path" "headers"))) -}}
{{- end -}}{{- end -}}
{{- with .tokenSecret -}}{{- if .name -}}
{{- $mounts = append $mounts (dict "name" "webhook-token" "secret" .name "items" (list (dict "key" .key "path" "token"))) -}}
{{- end -}}{{- end -}}
{{- end -}}{{- end -}}
{{- dict "mounts" $mounts | toYaml -}}
{{- end -}}

{{- define "leat.secretVolumes" -}}
{{- range (include "leat.secrets" . | fromYaml).mounts }}
- name: {{ .name }}
  secret:
    secretName: {{ .secret }}
    defaultMode: 0440
    items:
      {{- toYaml .items | nindent 6 }}
{{- end -}}
{{- end -}}

{{- define "leat.secretMounts" -}}
{{- range (include "leat.secrets" . | fromYaml).mounts }}
- name: {{ .name }}
  mountPath: /etc/leat/{{ .name }}
  readOnly: true
{{- end -}}
{{- end -}}

{{/* Annotations of pods by which a Prometheus without the operator finds them, where they are wanted. */}}
{{- define "leat.scraped" -}}
{{- $scraped := dict -}}
{{- if .Values.monitoring.podAnnotations -}}
{{- $scraped = dict "prometheus.io/scrape" "true" "prometheus.io/port" (toString .Values.port) "prometheus.io/path" "/metrics" -}}
{{- end -}}
{{- toYaml $scraped -}}
{{- end -}}

{{/* "leat.probe" (list "/livez" $probe) */}}
{{- define "leat.probe" -}}
httpGet:
  path: {{ index . 0 }}
  port: http
{{ toYaml (index . 1) }}
{{- end -}}

{{/* "leat.spread" (dict "root" $ "name" "billing" "given" ...): over nodes and zones, each revision for itself. */}}
{{- define "leat.spread" -}}
{{- if not (kindIs "invalid" .given) -}}
{{- with .given }}{{ toYaml . }}{{ end -}}
{{- else -}}
{{- $context := . -}}
{{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
- maxSkew: 1
  topologyKey: {{ . }}
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      {{- include "leat.selector" $context.root | nindent 6 }}
      leat.io/name: {{ $context.name }}
  matchLabelKeys: [pod-template-hash]
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What every pod of the chart is, a test's included: (list $ $worker). */}}
{{- define "leat.hardened" -}}
{{- $root := index . 0 -}}
{{- $worker := index . 1 -}}
serviceAccountName: {{ include "leat.serviceAccountName" $root }}
automountServiceAccountToken: false
# Kubernetes would set LEAT_..., REDIS_PORT and the like for Services of such names.
enableServiceLinks: false
{{- with $root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- toYaml $worker.podSecurityContext | nindent 2 }}
{{- end -}}

{{/* Where the scheduler puts it. */}}
{{- define "leat.placement" -}}
{{- range $key := list "nodeSelector" "tolerations" "affinity" "priorityClassName" "runtimeClassName" "schedulerName" -}}
{{- with get $ $key }}
{{ $key }}: {{ kindIs "string" . | ternary (toYaml .) (toYaml . | nindent 2) }}
{{- end -}}
{{- end -}}
{{- end -}}
