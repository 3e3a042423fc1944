{{/* "leat.kedaSecret" (list $ $keda): the Secret with the password of KEDA's user, or nothing. */}}
{{- define "leat.kedaSecret" -}}
{{- $own := (index . 1).redisStreams.passwordSecret -}}
{{- $secret := ternary $own (index . 0).Values.redis.passwordSecret (ne $own.name "") -}}
{{- if $secret.name }}{{ toYaml $secret }}{{ end -}}
{{- end -}}

{{/* What of Secrets KEDA needs to speak to Redis: a list of secretTargetRef, or nothing. */}}
{{- define "leat.kedaSecrets" -}}
{{- $tls := (index . 0).Values.redis.tls -}}
{{- with include "leat.kedaSecret" . | fromYaml }}
- parameter: password
  name: {{ .name }}
  key: {{ .key }}
{{- end -}}
{{- if eq (include "leat.redis" (index . 0) | fromYaml).kind "sentinel" -}}
{{- with (index . 0).Values.redis.sentinelPasswordSecret -}}{{- if .name }}
- parameter: sentinelPassword
  name: {{ .name }}
  key: {{ .key }}
{{- end -}}{{- end -}}
{{- end -}}
{{- if (include "leat.redis" (index . 0) | fromYaml).tls -}}
{{- with $tls.caSecret -}}{{- if .name }}
- parameter: ca
  name: {{ .name }}
  key: {{ .key }}
{{- end -}}{{- end -}}
{{- with $tls.clientSecret -}}{{- if .name }}
- parameter: cert
  name: {{ .name }}
  key: {{ .certKey }}
- parameter: key
  name: {{ .name }}
  key: {{ .keyKey }}
{{- end -}}{{- end -}}
{{- end -}}
{{- end -}}

{{/* Where Redis is, in the words of KEDA's triggers. */}}
{{- define "leat.kedaRedis" -}}
{{- $redis := include "leat.redis" (index . 0) | fromYaml -}}
{{- $keda := index . 1 -}}
{{- if eq $redis.kind "single" -}}
address: {{ first $redis.hosts | quote }}
{{- else -}}
addresses: {{ join "," $redis.hosts | quote }}
{{- end }}
{{- if eq $redis.kind "sentinel" }}
sentinelMaster: {{ first $redis.path | quote }}
{{- with regexFind "[?&]sentinel_username=[^&]+" (index . 0).Values.redis.url }}
sentinelUsername: {{ splitList "=" . | last | quote }}
{{- end }}
{{- end }}
{{- $database := ternary (rest $redis.path) $redis.path (eq $redis.kind "sentinel") }}
{{- if and $database (ne $redis.kind "cluster") }}
databaseIndex: {{ first $database | quote }}
{{- end }}
{{- if $redis.tls }}
enableTLS: "true"
{{- end }}
{{- $user := default $redis.user $keda.redisStreams.username }}
{{- if contains "%" $user }}{{ fail "the user in redis.url is percent-encoded, which KEDA does not decode: say it in keda.redisStreams.username" }}{{ end }}
{{- with $user }}
username: {{ quote . }}
{{- end }}
{{- end -}}

{{- define "leat.kedaRedisType" -}}
{{- $kind := (include "leat.redis" . | fromYaml).kind -}}
{{- ternary "redis-streams" (printf "redis-%s-streams" $kind) (eq $kind "single") -}}
{{- end -}}

{{/* More than what a pod has in hand, or pods that work would ask for more pods: (include "leat.kedaPending" $worker). */}}
{{- define "leat.kedaPending" -}}
{{- $prefetch := ternary .concurrency .prefetch (kindIs "invalid" .prefetch) -}}
{{- $most := mul 4 (add (int64 .concurrency) (int64 $prefetch)) -}}
{{- ternary $most .keda.redisStreams.pendingEntriesCount (kindIs "invalid" .keda.redisStreams.pendingEntriesCount) | int64 -}}
{{- end -}}

{{/* What truly waits, by the workers' own metrics. Every pod exports the same figures, so the highest is one of them. */}}
{{- define "leat.kedaQuery" -}}
{{- $worker := . -}}
{{- $terms := list -}}
{{- range $stream := .streams -}}
{{- range list "leat_group_unread_entries" "leat_group_claimable_entries" "leat_group_retries_due" -}}
{{- $terms = append $terms (printf "max(%s{stream=%q,group=%q})" . $stream $worker.group) -}}
{{- end -}}
{{- end -}}
{{- default (join " + " $terms) .keda.prometheus.query -}}
{{- end -}}
