{{/* What is made is called after the release: short enough that a worker's name fits behind it. */}}
{{- define "leat.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 32 | trimSuffix "-" -}}
{{- else -}}
{{- $chart := default .Chart.Name .Values.nameOverride -}}
{{- ternary .Release.Name (printf "%s-%s" .Release.Name $chart) (contains $chart .Release.Name) | trunc 32 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* The labels that never change: a Deployment's selector cannot. */}}
{{- define "leat.selector" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* "leat.labels" (dict "root" $ "component" "worker" "name" "billing"), the last two where there are such. */}}
{{- define "leat.labels" -}}
{{- $root := .root -}}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "leat.selector" $root }}
app.kubernetes.io/version: {{ include "leat.version" $root }}
app.kubernetes.io/part-of: leat
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- with .name }}
leat.io/name: {{ . }}
{{- end }}
{{- with $root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Those of pods: without the chart's version, so that an upgrade that changes nothing restarts nothing. */}}
{{- define "leat.podLabels" -}}
{{ include "leat.selector" .root }}
app.kubernetes.io/version: {{ include "leat.version" .root }}
app.kubernetes.io/part-of: leat
app.kubernetes.io/component: {{ .component }}
leat.io/name: {{ .name }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "leat.version" -}}
{{- default .Chart.AppVersion .Values.image.tag | replace "+" "_" | trunc 63 | quote -}}
{{- end -}}

{{/* "leat.annotations" (list $ $more): the map of annotations, or nothing. */}}
{{- define "leat.annotations" -}}
{{- with merge (dict) (default dict (index . 1)) (index . 0).Values.commonAnnotations -}}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end -}}
{{- end -}}

{{/* metadata of what belongs to one worker: (dict "root" $ "component" "worker" "name" "billing" "labels" ... "annotations" ...) */}}
{{- define "leat.metadata" -}}
name: {{ include "leat.fullname" .root }}{{ with .name }}-{{ . }}{{ end }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "leat.labels" . | nindent 2 }}
  {{- with .labels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with include "leat.annotations" (list .root .annotations) }}
{{ . }}
{{- end }}
{{- end -}}

{{- define "leat.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "leat.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* "leat.image" (list $ $worker.image) */}}
{{- define "leat.image" -}}
{{- $root := index . 0 -}}
{{- $own := default dict (index . 1) -}}
{{- $repository := default $root.Values.image.repository $own.repository -}}
{{- $digest := ternary $own.digest $root.Values.image.digest (or (hasKey $own "repository") (hasKey $own "digest")) -}}
{{- if $digest -}}
{{- printf "%s@%s" $repository $digest -}}
{{- else -}}
{{- printf "%s:%s" $repository (default (default $root.Chart.AppVersion $root.Values.image.tag) $own.tag) -}}
{{- end -}}
{{- end -}}
