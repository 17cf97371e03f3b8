"""Whatever rule points at a credential is marked as sensitive, and no format shows the text."""

from base64 import b64encode
from pathlib import Path
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seawall.core.finding import Finding
from seawall.core.severity import Confidence
from seawall.engine import Options, Result, scan
from seawall.kubernetes.credentials import looks_generated
from seawall.reports import FORMATS, write
from seawall.reports import Options as Look

MANIFESTS = """\
apiVersion: v1
kind: Secret
metadata:
  name: plain
stringData:
  db-password: SENTINEL
  app.properties: |
    user=app
    password=SENTINEL
---
apiVersion: v1
kind: Secret
metadata:
  name: encoded
data:
  db-password: ENCODED
  token:
    ENCODED
---
apiVersion: v1
kind: Secret
metadata:
  name: never-ends
  annotations:
    kubernetes.io/service-account.name: web
type: kubernetes.io/service-account-token
data:
  token: ENCODED
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  annotations:
    example.org/api-token: SENTINEL
data:
  DB_PASSWORD: SENTINEL
  url: postgres://app:SENTINEL@db.example.org/app
  redis.conf: |
    port 6379
    requirepass SENTINEL
  app.yaml: |
    database:
      password: "SENTINEL"
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 2
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
      annotations:
        example.org/password: SENTINEL
    spec:
      initContainers:
        - name: init
          image: registry.example.org/init
          command:
            - sh
            - -c
            - mysql -u root -pSENTINEL
          env:
            - name: TOKEN
              value: SENTINEL
            - name: TOKEN
              value: SENTINEL
      containers:
        - name: web
          image: registry.example.org/web
          args:
            - --password=SENTINEL
            - --api-key
            - SENTINEL
            - --basic-auth-password
            - SENTINEL
          env:
            - name: DB_PASSWORD
              value: SENTINEL
            - name: DATABASE_URL
              value: mysql://root:SENTINEL@db/app
            - name: JAVA_OPTS
              value: -Dpassword=SENTINEL
            - name: FOLDED_PASSWORD
              value: >-
                SENTINEL
          livenessProbe:
            httpGet:
              port: 80
              httpHeaders:
                - name: Authorization
                  value: Bearer SENTINEL
          lifecycle:
            postStart:
              exec:
                command:
                  - curl
                  - -u
                  - app:SENTINEL
                  - http://example.org
      volumes:
        - name: share
          flexVolume:
            driver: example.org/cifs
            options:
              password: SENTINEL
---
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
  - resources:
      - secrets
    providers:
      - aescbc:
          keys:
            - name: key1
              secret: KEY
      - secretbox:
          keys:
            - name: key2
              secret:
                KEY
      - identity: {}
---
apiVersion: v1
kind: Pod
metadata:
  name: kube-apiserver
  namespace: kube-system
spec:
  containers:
    - name: kube-apiserver
      image: registry.k8s.io/kube-apiserver:v1.34.0
      command:
        - kube-apiserver
        - --token-auth-file=/etc/tokens
        - --kubelet-client-password=SENTINEL
"""

_CHARACTERS = "abcdefgkmnpqrtuvwxyzACDEFGHJKLMNPQRTUVWXYZ23456789"
SENTINELS = (
    st.integers(0, 2**32)
    .map(lambda seed: "".join(Random(seed).sample(_CHARACTERS, 28)))
    .filter(looks_generated)
)


def _scanned(directory: Path, sentinel: str) -> tuple[Result, tuple[str, ...]]:
    """A scan of manifests with a credential everywhere, and the forms it is written in."""
    encoded = b64encode(sentinel.encode()).decode()
    key = b64encode(f"{sentinel}1234".encode()).decode()  # 32 bytes, as AES-256 wants
    text = MANIFESTS.replace("SENTINEL", sentinel).replace("ENCODED", encoded).replace("KEY", key)
    (directory / "all.yaml").write_text(text, encoding="utf-8")
    options = Options(targets=(str(directory),), profile="all", min_confidence=Confidence.LOW)
    result = scan(options)
    assert not result.report.faults
    return result, (sentinel, encoded, key)


def _marked(finding: Finding, result: Result) -> str:
    """The text a finding marks, on its first line: below it hangs what a key is for."""
    span = finding.location.span
    if span is None:
        return ""
    line = result.texts.line(finding.location.path, span.line) or ""
    return line[span.column - 1 : span.end_column - 1 if span.end_line == span.line else None]


_FEW = settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@_FEW
@given(SENTINELS)
def test_a_rule_that_marks_a_credential_is_sensitive(tmp_path: Path, sentinel: str) -> None:
    result, forms = _scanned(tmp_path, sentinel)
    findings = result.report.findings
    pointing = {
        finding.rule.id: finding.rule.sensitive
        for finding in findings
        if any(form in _marked(finding, result) for form in forms)
    }
    assert all(pointing.values()), f"not marked as sensitive: {pointing}"
    assert {"hardcoded-secret", "etcd-encryption-key-in-manifest"} <= pointing.keys()
    for finding in findings:
        said = (finding.message, finding.remedy, finding.evidence, str(finding.details))
        assert not any(form in text for form in forms for text in said), finding.rule.id


@_FEW
@given(SENTINELS)
def test_no_format_shows_a_credential(tmp_path: Path, sentinel: str) -> None:
    result, forms = _scanned(tmp_path, sentinel)
    for format_ in FORMATS:
        text = "".join(write(format_, result.report, result.texts, Look()))
        assert not any(form in text for form in forms), format_


@_FEW
@given(SENTINELS)
def test_no_rule_needs_another_to_hide_a_credential(tmp_path: Path, sentinel: str) -> None:
    result, forms = _scanned(tmp_path, sentinel)
    report = result.report
    for rule in sorted({finding.rule.id for finding in report.findings}):
        alone = tuple(finding for finding in report.findings if finding.rule.id == rule)
        shown = report._replace(findings=alone)
        text = "".join(write("table", shown, result.texts, Look()))
        assert not any(form in text for form in forms), rule
