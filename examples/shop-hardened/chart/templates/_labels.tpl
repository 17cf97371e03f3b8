{{- /* Labels that select a service: (list root name) */ -}}
{{- define "shop.selector" -}}
app.kubernetes.io/name: {{ index . 1 }}
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
{{- end }}

{{- define "shop.common" -}}
app.kubernetes.io/part-of: shop
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- /* All labels of a service: (list root name) */ -}}
{{- define "shop.labels" -}}
{{- $root := index . 0 }}
{{- $name := index . 1 }}
{{- include "shop.selector" . }}
app.kubernetes.io/component: {{ (index $root.Values.services $name).component }}
{{ include "shop.common" $root }}
{{- end }}
