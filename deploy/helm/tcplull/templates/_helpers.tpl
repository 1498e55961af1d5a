{{- define "tcplull.selector" -}}
app.kubernetes.io/name: tcplull
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "tcplull.labels" -}}
{{ include "tcplull.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "tcplull.config" -}}
{{ .Values.config | default (.Files.Get "files/config.toml") }}
{{- end }}

{{- define "tcplull.probe" -}}
httpGet:
  path: {{ .path }}
  port: metrics
  {{- if eq .scheme "HTTPS" }}
  scheme: HTTPS
  {{- end }}
{{- end }}
