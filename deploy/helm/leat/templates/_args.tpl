{{/* "leat.flag" (list "--lease" $value): an argument where there is a value. */}}
{{- define "leat.flag" -}}
{{- $value := index . 1 -}}
{{- if kindIs "float64" $value }}{{ $value = int64 $value }}{{ end -}}
{{- if not (or (kindIs "invalid" $value) (eq (toString $value) "")) }}
- {{ printf "%s=%v" (index . 0) $value | quote }}
{{- end -}}
{{- end -}}

{{/* What leads to Redis, for every command of leat. */}}
{{- define "leat.redisArgs" -}}
{{- include "leat.flag" (list "--redis" .url) -}}
{{- if .passwordSecret.name -}}{{- include "leat.flag" (list "--redis-password-file" "/etc/leat/redis-password/password") -}}{{- end -}}
{{- if .sentinelPasswordSecret.name -}}{{- include "leat.flag" (list "--redis-sentinel-password-file" "/etc/leat/redis-sentinel-password/password") -}}{{- end -}}
{{- if .tls.caSecret.name -}}{{- include "leat.flag" (list "--redis-ca" "/etc/leat/redis-ca/ca.crt") -}}{{- end -}}
{{- if .tls.clientSecret.name -}}
{{- include "leat.flag" (list "--redis-cert" "/etc/leat/redis-client/tls.crt") -}}
{{- include "leat.flag" (list "--redis-key" "/etc/leat/redis-client/tls.key") -}}
{{- end -}}
{{- end -}}

{{/* "leat.workerArgs" (list $ $worker): the command line of leat worker. */}}
{{- define "leat.workerArgs" -}}
{{- $root := index . 0 -}}
{{- with index . 1 }}
- worker
{{- include "leat.redisArgs" $root.Values.redis -}}
{{/* Kubernetes puts the pod's name in: no two running pods of a namespace share one. */}}
{{- include "leat.flag" (list "--name" "$(POD_NAME)") -}}
{{- include "leat.flag" (list "--listen" (printf ":%v" (int64 $root.Values.port))) -}}
{{- range .streams -}}{{- include "leat.flag" (list "--stream" .) -}}{{- end -}}
{{- include "leat.flag" (list "--group" .group) -}}
{{- include "leat.flag" (list "--start" .start) -}}
{{- include "leat.flag" (list "--concurrency" .concurrency) -}}
{{- include "leat.flag" (list "--prefetch" .prefetch) -}}
{{- include "leat.flag" (list "--lease" .lease) -}}
{{- include "leat.flag" (list "--max-attempts" .maxAttempts) -}}
{{- include "leat.flag" (list "--max-deliveries" .maxDeliveries) -}}
{{- include "leat.flag" (list "--backoff-min" .backoff.min) -}}
{{- include "leat.flag" (list "--backoff-max" .backoff.max) -}}
{{- include "leat.flag" (list "--dead-letter" .deadLetter) -}}
{{- include "leat.flag" (list "--handler-timeout" .handlerTimeout) -}}
{{- include "leat.flag" (list "--shutdown-timeout" .shutdownTimeout) -}}
{{- include "leat.flag" (list "--metrics-ttl" .metricsTTL) -}}
{{- include "leat.flag" (list "--log-level" .logLevel) -}}
{{- include "leat.webhookArgs" .webhook -}}
{{- range .extraArgs }}
- {{ quote . }}
{{- end -}}
{{- if .command -}}
{{- include "leat.flag" (list "--command" (first .command)) -}}
{{/* What follows is the program's, even what looks like a flag. */}}
{{- with rest .command }}
- "--"
{{- range . }}
- {{ quote . }}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "leat.webhookArgs" -}}
{{- if .url -}}
{{- include "leat.flag" (list "--webhook" .url) -}}
{{- include "leat.flag" (list "--webhook-mode" .mode) -}}
{{- include "leat.flag" (list "--webhook-timeout" .timeout) -}}
{{- range $name, $value := .headers -}}{{- include "leat.flag" (list "--webhook-header" (printf "%s: %v" $name $value)) -}}{{- end -}}
{{- if .headersSecret.name -}}{{- include "leat.flag" (list "--webhook-header-file" "/etc/leat/webhook-headers/headers") -}}{{- end -}}
{{- if .tokenSecret.name -}}{{- include "leat.flag" (list "--webhook-token-file" "/etc/leat/webhook-token/token") -}}{{- end -}}
{{- end -}}
{{- end -}}

{{/* "leat.pollerArgs" (list $ $poller): the command line of leat stac poll. */}}
{{- define "leat.pollerArgs" -}}
{{- $root := index . 0 -}}
{{- with index . 1 }}
- stac
- poll
{{- include "leat.redisArgs" $root.Values.redis -}}
{{- include "leat.flag" (list "--listen" (printf ":%v" (int64 $root.Values.port))) -}}
{{- include "leat.flag" (list "--config" "/etc/leat/sources/sources.yaml") -}}
{{- include "leat.flag" (list "--stream" .stream) -}}
{{- include "leat.flag" (list "--producer" .producer) -}}
{{- include "leat.flag" (list "--lease" .lease) -}}
{{- include "leat.flag" (list "--payload" .payload) -}}
{{- include "leat.flag" (list "--max-event-bytes" .maxEventBytes) -}}
{{- include "leat.flag" (list "--log-level" .logLevel) -}}
{{- range .extraArgs }}
- {{ quote . }}
{{- end -}}
{{- end -}}
{{- end -}}
