{{/* redis.url taken apart, for those who want it so: kind ("single", "sentinel" or "cluster"), tls, user, hosts with their
     ports, and the elements of the path. */}}
{{- define "leat.redis" -}}
{{- $parts := regexSplit "://" .Values.redis.url 2 -}}
{{- $scheme := first $parts | lower -}}
{{- $rest := first (regexSplit "[?]" (last $parts) 2) -}}
{{- $pieces := splitList "/" $rest -}}
{{- $authority := splitList "@" (first $pieces) -}}
{{- $kind := ternary (last (splitList "+" $scheme)) "single" (contains "+" $scheme) -}}
{{- $port := ternary "26379" "6379" (eq $kind "sentinel") -}}
{{- $hosts := list -}}
{{- range splitList "," (last $authority) -}}
{{- $host := default "127.0.0.1" . -}}
{{- $hosts = append $hosts (ternary $host (printf "%s:%s" $host $port) (regexMatch ":[0-9]+$" $host)) -}}
{{- end -}}
{{- $path := without (rest $pieces) "" -}}
{{- with regexFind "[?&]db=[0-9]+" .Values.redis.url -}}{{- $path = append $path (regexFind "[0-9]+" .) -}}{{- end -}}
{{- dict "kind" $kind "tls" (hasPrefix "rediss" $scheme) "hosts" $hosts "path" $path
    "user" (ternary (first $authority) "" (gt (len $authority) 1) | trimSuffix ":") | toYaml -}}
{{- end -}}

{{/* The ports that Redis is reached at. Sentinels tell of servers at another one. */}}
{{- define "leat.redisPorts" -}}
{{- $ports := list -}}
{{- $redis := include "leat.redis" . | fromYaml -}}
{{- range $redis.hosts -}}{{- $ports = append $ports (regexFind "[0-9]+$" . | int) -}}{{- end -}}
{{- if eq $redis.kind "sentinel" -}}{{- $ports = append $ports 6379 -}}{{- end -}}
{{- with .Values.networkPolicy.redis.ports -}}{{- $ports = . -}}{{- end -}}
{{- dict "ports" ($ports | uniq) | toYaml -}}
{{- end -}}
