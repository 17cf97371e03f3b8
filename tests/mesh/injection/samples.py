"""Settings and manifests for the tests of injection."""

from seawall.catalogue import all_rules
from seawall.core.documentation import documentation
from seawall.mesh.injection.settings import Settings
from seawall.text.scalars import Value
from seawall.text.yaml import Document, load
from tests.shared import ROOT

IMAGE = "registry.example.org/seawall@sha256:" + "0123456789abcdef" * 4
SETTINGS = Settings(IMAGE)

WEB = """\
# The web.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata:
      labels: {app: web}
    spec:
      securityContext: {runAsNonRoot: true}
      initContainers:
      # waits for orders
      - name: wait
        image: registry.example.org/wait:1.0.0
      containers:
      - name: web   # it serves
        image: "registry.example.org/web:1.4.2"
        ports: [{containerPort: 8080, name: http}]
        readinessProbe:
          # quick
          httpGet: {path: /ready, port: http}
        livenessProbe:
          tcpSocket:
            port: 8080
"""

POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  securityContext:
    runAsNonRoot: true
  containers:
    - name: web
      image: registry.example.org/web:1.4.2
"""


def values(text: str) -> list[Value]:
    """What the documents of a text say."""
    found = list(load(text))
    assert all(isinstance(item, Document) for item in found), found
    return [item.value for item in found if isinstance(item, Document)]


def manifests_of_a_clone() -> list[tuple[str, str]]:
    """Many manifests in many manners: the rules' examples and the demo's."""
    found = []
    for rule in all_rules():
        manual = documentation(rule)
        found += [(f"{rule.id} bad", manual.bad), (f"{rule.id} good", manual.good)]
    for path in sorted((ROOT / "examples").rglob("*.yaml")):
        found.append((str(path.relative_to(ROOT)), path.read_text()))
    return [(name, text) for name, text in found if "containers:" in text and "FROM" not in text]
