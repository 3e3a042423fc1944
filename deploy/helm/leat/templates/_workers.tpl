{{/* "leat.overlay" (list $to $from): lays $from over $to, in place. Maps are merged, all else is replaced, null takes away.
     Sprig's mergeOverwrite leaves a default where the overriding value is false, 0 or empty. */}}
{{- define "leat.overlay" -}}
{{- $to := index . 0 -}}
{{- range $key, $value := index . 1 -}}
{{- if kindIs "invalid" $value -}}
{{- $_ := unset $to $key -}}
{{- else if and (kindIs "map" $value) (kindIs "map" (get $to $key)) -}}
{{- include "leat.overlay" (list (get $to $key) $value) -}}
{{- else -}}
{{- $_ := set $to $key $value -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* All workers with their defaults filled in, checked: a map of YAML. */}}
{{- define "leat.workers" -}}
{{- $workers := dict -}}
{{- range $name, $given := .Values.workers -}}
{{- $worker := deepCopy $.Values.workerDefaults -}}
{{- include "leat.overlay" (list $worker $given) -}}
{{- include "leat.check" (dict "name" $name "worker" $worker) -}}
{{- $_ := set $workers $name $worker -}}
{{- end -}}
{{- toYaml $workers -}}
{{- end -}}

{{/* All pollers in the same way. */}}
{{- define "leat.pollers" -}}
{{- $pollers := dict -}}
{{- range $name, $given := .Values.pollers -}}
{{- if hasKey $.Values.workers $name -}}{{- fail (printf "pollers.%s has the name of a worker" $name) -}}{{- end -}}
{{- $poller := deepCopy $.Values.pollerDefaults -}}
{{- include "leat.overlay" (list $poller $given) -}}
{{- if not $poller.sources -}}{{- fail (printf "pollers.%s.sources is empty: what is to be polled?" $name) -}}{{- end -}}
{{- range $i, $source := $poller.sources -}}
{{- if not (or $poller.stream $source.stream) -}}{{- fail (printf "pollers.%s.stream is empty, and sources[%d] names none: where do events go?" $name $i) -}}{{- end -}}
{{- end -}}
{{- $_ := set $pollers $name $poller -}}
{{- end -}}
{{- toYaml $pollers -}}
{{- end -}}

{{/* What a schema cannot say, since half of it may stand in workerDefaults. */}}
{{- define "leat.check" -}}
{{- $at := printf "workers.%s" .name -}}
{{- with .worker -}}
{{- if not .streams -}}{{- fail (printf "%s.streams is empty: which streams are to be worked off?" $at) -}}{{- end -}}
{{- if not .group -}}{{- fail (printf "%s.group is empty: in which consumer group?" $at) -}}{{- end -}}
{{- if and .webhook.url .command -}}{{- fail (printf "%s has both webhook.url and command: want exactly one" $at) -}}{{- end -}}
{{- if not (or .webhook.url .command) -}}{{- fail (printf "%s has neither webhook.url nor command: what is to be done with the entries?" $at) -}}{{- end -}}
{{- if and .keda.enabled .hpa.enabled -}}{{- fail (printf "%s has both keda and hpa enabled: each would undo what the other does" $at) -}}{{- end -}}
{{- if .keda.enabled -}}{{- include "leat.checkKeda" (dict "at" (printf "%s.keda" $at) "keda" .keda) -}}{{- end -}}
{{- if and .hpa.enabled (gt (int .hpa.minReplicas) (int .hpa.maxReplicas)) -}}{{- fail (printf "%s.hpa.minReplicas is more than maxReplicas" $at) -}}{{- end -}}
{{- end -}}
{{- end -}}

{{- define "leat.checkKeda" -}}
{{- $at := .at -}}
{{- with .keda -}}
{{- if not (or .redisStreams.enabled .prometheus.enabled) -}}{{- fail (printf "%s has no trigger: enable redisStreams, prometheus or both" $at) -}}{{- end -}}
{{- if and .prometheus.enabled (not .prometheus.serverAddress) -}}{{- fail (printf "%s.prometheus.serverAddress is empty: which Prometheus is to be asked?" $at) -}}{{- end -}}
{{- $least := ternary .minReplicas .idleReplicas (kindIs "invalid" .idleReplicas) | int -}}
{{- if and (eq $least 0) (not .redisStreams.enabled) -}}{{- fail (printf "%s goes down to no pods with the prometheus trigger alone: the workers export what it asks for, so none would ever come back. Enable redisStreams beside it, or keep one" $at) -}}{{- end -}}
{{- if gt (int .minReplicas) (int .maxReplicas) -}}{{- fail (printf "%s.minReplicas is more than maxReplicas" $at) -}}{{- end -}}
{{- if and (not (kindIs "invalid" .idleReplicas)) (ge (int .idleReplicas) (int .minReplicas)) -}}{{- fail (printf "%s.idleReplicas has to be less than minReplicas" $at) -}}{{- end -}}
{{- end -}}
{{- end -}}

{{/* A duration of Go ("1m30s") in seconds, rounded up: the calendar of sprig reads it as leat does. */}}
{{- define "leat.seconds" -}}
{{- $day := toDate "2006-01-02" "2000-01-01" -}}
{{- sub (mustDateModify (printf "%s999999999ns" .) $day | unixEpoch | int64) ($day | unixEpoch | int64) -}}
{{- end -}}

{{/* From SIGTERM to SIGKILL. */}}
{{- define "leat.gracePeriod" -}}
{{- add (include "leat.seconds" .shutdownTimeout | int64) (int64 .terminationMarginSeconds) -}}
{{- end -}}
