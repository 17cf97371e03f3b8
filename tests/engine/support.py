"""Trees that change, and scans of them with and without what is remembered."""

import os
import random
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

WORDS = ["web", "db", "cache"]


class Ran(NamedTuple):
    """What a command of its own process wrote."""

    code: int
    out: bytes
    err: str


def seawall(
    *arguments: str, cwd: Path | None = None, feed: bytes | None = None, **environment: str
) -> Ran:
    """Run the program in a process of its own."""
    result = subprocess.run(
        [sys.executable, "-m", "seawall", *arguments], cwd=cwd, input=feed, check=False,
        capture_output=True, env={**os.environ, **environment},
    )  # fmt: skip
    return Ran(result.returncode, result.stdout, result.stderr.decode())


def manifest(chance: random.Random) -> str:
    """A file of objects that relate to those of other files."""
    return "---\n".join(_document(chance) for _ in range(chance.randint(1, 3)))


_DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: NAME
ANNOTATIONspec:
  replicas: REPLICAS
  selector: {matchLabels: {app: NAME}}
  template:
    metadata:
      labels: {app: NAME}
    spec:
ACCOUNT      hostNetwork: NETWORK
      containers:
        - name: app
          image: registry.example.org/a:TAG
ENV"""
_SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: NAME}
spec:
  selector: {app: OTHER}
  ports: [{port: 80}]
"""
_POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: NAME}
spec: {podSelector: {matchLabels: {app: OTHER}}, policyTypes: [Ingress]}
"""
_SECRET = """\
apiVersion: v1
kind: Secret
metadata: {name: NAME}
stringData: {password: Bluebell-TAG-27xKq}
"""
_RELATED = """\
apiVersion: v1
kind: LimitRange
metadata: {name: NAME}
spec: {limits: [{type: Container, default: {memory: 64Mi, cpu: 10m}}]}
%
apiVersion: v1
kind: Namespace
metadata: {name: PLACE, labels: {pod-security.kubernetes.io/enforce: restricted}}
%
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: NAME}
spec: {selector: {matchLabels: {app: OTHER}}, minAvailable: REPLICAS}
%
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: NAME}
spec: {minReplicas: REPLICAS, maxReplicas: 3, scaleTargetRef: {kind: Deployment, name: OTHER}}
%
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: NAME, labels: {rbac.authorization.k8s.io/aggregate-to-edit: "true"}}
rules: [{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}]
%
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: NAME}
rules: [{apiGroups: [""], resources: [secrets], verbs: [get]}]
%
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: NAME}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: OTHER}
subjects: [{kind: ServiceAccount, name: NAME, namespace: PLACE}]
%
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: NAME}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: OTHER}
subjects: [{kind: ServiceAccount, name: NAME, namespace: PLACE}]
%
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: NAME}
spec:
  tls: [{hosts: [NAME.example.org]}]
  rules:
    - host: OTHER.example.org
      http:
        paths:
          - {path: /, pathType: Prefix, backend: {service: {name: OTHER, port: {number: 80}}}}
%
apiVersion: cilium.io/v2
kind: CiliumClusterwideNetworkPolicy
metadata: {name: NAME}
spec: {endpointSelector: {matchLabels: {app: OTHER}}, ingress: [{}]}
%
apiVersion: v1
kind: Endpoints
metadata: {name: NAME}
%
apiVersion: example.org/v1
kind: Engine
metadata: {name: NAME}
spec: {size: REPLICAS}
%
apiVersion: v1
kind: Pod
metadata: {name: NAME, labels: {app: OTHER}}
spec:
  containers:
    - name: app
      image: registry.example.org/a:TAG
      securityContext: {privileged: NETWORK}
      envFrom: [{configMapRef: {name: OTHER}}]
"""
DOCUMENTS = [
    *_RELATED.split("%\n"),
    _DEPLOYMENT,
    _DEPLOYMENT,
    _DEPLOYMENT,
    _SERVICE,
    _POLICY,
    _SECRET,
    "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: NAME}\n",
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: NAME}\ndata: {a: TAG}\n",
    "a: [\n",
    "apiVersion: v1\nkind: Pod\nmetadata: {name: '{{ .Values.NAME }}'}\n",
]
CHOICES = {
    "NAME": WORDS,
    "OTHER": WORDS,
    "ANNOTATION": ["", "  annotations: {seawall/ignore: image-tag-mutable}\n"],
    "PLACE": ["default", "team", "kube-system"],
    "ACCOUNT": ["", "      serviceAccountName: OTHER\n"],
    "NETWORK": ["true", "false", "true # seawall: ignore[host-network] x until=2026-06-20",
                "true # seawall: ignore[host-pid] x", "true # seawall: ignore-file[image-*] y"],
    "REPLICAS": ["1", "2", "3"],
    "ENV": ["", "", "          env: [{name: A_PASSWORD, value: Blue-TAG-7xKq}]\n"],
    "TAG": ["latest", "v1.2", "main"],
}  # fmt: skip


def _document(chance: random.Random) -> str:
    text = chance.choice(DOCUMENTS)
    if chance.random() < 0.3:
        text = text.replace("metadata: {", "metadata: {namespace: PLACE, ")
    words = ("ANNOTATION", "ACCOUNT", "ENV", "NETWORK", "REPLICAS", "NAME", "OTHER", "TAG", "PLACE")
    for word in words:
        text = text.replace(word, chance.choice(CHOICES[word]))
    return text


def _dockerfile(chance: random.Random) -> str:
    tag = chance.choice(CHOICES["TAG"])
    copied, named = chance.choice([".", "f0.yaml", "x"]), chance.choice(_NAMED)
    return f"FROM registry.example.org/a:{tag}\nCOPY {copied} /x\n{named}"


_NAMED = [
    "",
    "RUN pip install jinja2==2.4.1\n",
    "RUN pip install jinja2==2.4.1 idna==3.4 flask\n",
    "# seawall: ignore[vulnerable-package] no use until=2026-06-20\nRUN pip install idna==3.4\n",
    "FROM python:3.7\nENV A_PASSWORD=Blue-main-7xKq\n",
]
"""What a Dockerfile names as packages."""


_REQUIREMENTS = [
    "jinja2==2.4.1\nidna==3.4\n",
    "jinja2==3.1.6\n",
    "-r base.txt\nidna==3.4  # seawall: ignore[CVE-2024-3651] short names until=2026-06-20\n",
    "# seawall: ignore-file[vulnerable-package, CVE-2000-0001] all of it\njinja2==3.1.2\n",
    "flask>=2\n-r ../d0/base.txt\n",
    "jinja2===\n",
]
_LOCK = """\
{"lockfileVersion": 3, "packages": {
  "": {"devDependencies": {"handlebars": "^4.7.0"}},
  "node_modules/handlebars": {"version": "4.7.6", "dev": DEV}
}}
"""


def _packages(where: Path, chance: random.Random) -> None:
    """Write or remove one of the files that packages are read from, or lead to."""
    name = chance.choice(
        ["requirements.txt", "requirements.txt", "base.txt", "package-lock.json", ".python-version"]
    )
    path = where / name
    if chance.random() < 0.2:
        path.unlink(missing_ok=True)
    elif name == "package-lock.json":
        path.write_text(_LOCK.replace("DEV", chance.choice(["true", "false", "{"])))
    elif name == ".python-version":
        path.write_text(chance.choice(["3.7.17\n", "3.14.2\n", "system\n"]))
    else:
        path.write_text(chance.choice(_REQUIREMENTS))


_SEVERAL = """\
locked = ['host-pid', 'ignore-unused', 'image-tag-mutable']
[[suppress]]
names = ['web']
reason = 'x'
[[suppress]]
rules = ['ignore-*', 'host-*']
paths = ['d1/']
reason = 'y'
until = 2026-06-20
[[suppress]]
rules = ['host-pid', 'replicas-too-few']
reason = 'z'
"""
CONFIGURATIONS = [
    "[[suppress]]\nrules = ['CVE-2019-10906', 'end-of-life-runtime']\npaths = ['d0/']\n",
    "locked = ['vulnerable-package']\n[rules.vulnerable-package]\nfail-development = true\n",
    "", "exclude = ['d1/']\n", "[rules.host-network]\nseverity = 'low'\n",
    "[[suppress]]\nrules = ['image-tag-mutable']\npaths = ['d0/']\nreason = 'x'\n",
    _SEVERAL,
    "require-reason = true\nlocked = ['host-network']\n", "profile = 'all'\n",
    "[rules.replicas-too-few]\nminimum = 3\n", "kubernetes-version = '1.25'\n",
    "[[override]]\npaths = ['d2/']\nseverities = { image-tag-mutable = 'critical' }\n",
]  # fmt: skip


def edit(tree: Path, chance: random.Random) -> str:
    """Change one thing of a tree; tells what."""
    files = sorted(path for path in tree.rglob("*.yaml") if path.is_file())
    what = chance.choice(
        ["add", "edit", "edit", "edit", "delete", "rename", "shift", "configure", "gitignore",
         "dockerfile", "packages", "packages"]
    )  # fmt: skip
    if what in ("edit", "delete", "rename", "shift") and not files:
        what = "add"
    path = tree / f"d{chance.randint(0, 3)}" / f"f{chance.randint(0, 9)}.yaml"
    path.parent.mkdir(exist_ok=True)
    if what == "add":
        path.write_text(manifest(chance))
    elif what == "edit":
        chance.choice(files).write_text(manifest(chance))
    elif what == "delete":
        chance.choice(files).unlink()
    elif what == "rename":
        chance.choice(files).replace(path)
    elif what == "shift":
        file = chance.choice(files)
        file.write_text("# a line more\n" + file.read_text())
    elif what == "gitignore":
        (tree / ".gitignore").write_text(chance.choice(["", "d1/", "f3.yaml\n", "!d1/\n*0.yaml\n"]))
    elif what == "packages":
        _packages(path.parent, chance)
    elif what == "dockerfile":
        where = chance.choice([path.with_name("Dockerfile"), path.with_name(".dockerignore")])
        where.write_text("f0*\n" if where.name.startswith(".") else _dockerfile(chance))
    else:
        (tree / "seawall.toml").write_text(chance.choice(CONFIGURATIONS))
    return what
