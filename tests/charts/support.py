"""Charts written for tests, and what a scan says of them."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.triage.support import command, write

needs_helm = pytest.mark.skipif(shutil.which("helm") is None, reason="helm is not installed")

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}-web
spec:
  replicas: {{ .Values.replicas }}
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      {{- if .Values.host }}
      hostNetwork: true
      {{- end }}
      containers:
        - name: web
          image: "{{ .Values.image }}:{{ .Values.tag }}"
          {{- with .Values.security }}
          securityContext:
            {{- toYaml . | nindent 12 }}
          {{- end }}
"""
VALUES = """\
replicas: 2
host: true
image: registry.example.org/web
tag: latest
security:
  privileged: true
"""
RULES = "host-network,image-tag-mutable,privileged-container,replicas-too-few,ignore-*"


def chart(
    folder: Path,
    templates: dict[str, str] | None = None,
    *,
    values: str = VALUES,
    more: str = "",
    files: dict[str, str] | None = None,
) -> Path:
    """A chart in a folder; ``more`` is for its Chart.yaml, ``files`` for anything else."""
    templates = {"web.yaml": DEPLOYMENT} if templates is None else templates
    write(
        folder,
        {
            "Chart.yaml": f"apiVersion: v2\nname: {folder.name}\nversion: 1.0.0\n{more}",
            "values.yaml": values,
            **{f"templates/{name}": text for name, text in templates.items()},
            **(files or {}),
        },
    )
    return folder


def rendered(*arguments: str, rules: str = RULES) -> Any:
    """The JSON report of a scan of the current directory that renders charts."""
    return command(
        "scan", "--render", "--format", "json", "--exit-zero", "--select", rules, *arguments
    ).report


def places(report: Any) -> list[tuple[str, str, int]]:
    """Rule, file and line of each finding."""
    return [
        (item["rule"], item["location"]["path"], item["location"]["line"])
        for item in report["findings"]
    ]
