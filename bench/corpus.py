"""Manifests to measure with: the public corpus, copies of it, generated documents."""

import os
import re
from pathlib import Path

import yaml

SMALL = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
        - name: web
          image: registry.example.org/web:1.4.2
          ports:
            - containerPort: 8080
"""


def shared_corpus(root: Path) -> Path | None:
    """The corpus beside the checkout, where there is one."""
    shared = Path(os.environ.get("SEAWALL_SHARED", root.parent / "shared"))
    corpus = shared / "corpora" / "manifests"
    return corpus if corpus.is_dir() else None


def copies(corpus: Path, target: Path, count: int) -> int:
    """Copy a corpus several times with distinct names; gives the number of documents."""
    name = re.compile(r"^(  name: *)([a-z0-9-]+) *$", re.MULTILINE)
    documents = 0
    for copy in range(count):
        for path in corpus.rglob("*"):
            if path.suffix not in (".yaml", ".yml", ".json") or not path.is_file():
                continue
            text = path.read_text(errors="replace")
            documents += 1 + text.count("\n---")
            destination = target / f"copy{copy}" / path.relative_to(corpus)
            destination.parent.mkdir(parents=True, exist_ok=True)
            destination.write_text(name.sub(rf"\g<1>\g<2>-{copy}", text))
    return documents


def generated(target: Path, documents: int, per_file: int = 20) -> None:
    """Write an application's manifests over and over: Deployment, Service, policy, budget."""
    target.mkdir(parents=True, exist_ok=True)
    for file in range(documents // per_file):
        parts = []
        for number in range(per_file // 4):
            name = f"app-{file}-{number}"
            parts.extend(_application(name, f"team-{file % 50}"))
        text = "---\n".join(yaml.safe_dump(part, sort_keys=False) for part in parts)
        (target / f"apps-{file:05}.yaml").write_text(text)


def _application(name: str, namespace: str) -> list[dict[str, object]]:
    labels = {"app": name}
    metadata = {"name": name, "namespace": namespace, "labels": labels}
    container = {
        "name": "app",
        "image": f"registry.example.org/{name}:1.0",
        "ports": [{"containerPort": 8080, "name": "http"}],
        "env": [{"name": "LOG_LEVEL", "value": "info"}, {"name": "REGION", "value": "north"}],
        "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}},
    }
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    selector = {"matchLabels": labels}
    return [
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata,
         "spec": {"replicas": 2, "selector": selector, "template": pod}},
        {"apiVersion": "v1", "kind": "Service", "metadata": metadata,
         "spec": {"selector": labels, "ports": [{"port": 80, "targetPort": "http"}]}},
        {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata,
         "spec": {"podSelector": selector, "policyTypes": ["Ingress"]}},
        {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": metadata,
         "spec": {"selector": selector, "maxUnavailable": 1}},
    ]  # fmt: skip
