"""What single fixes do, and what they leave alone."""

import json
from pathlib import Path

import pytest

from seawall.cli.main import run
from tests.hardening.support import hardened

POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: web
  namespace: shop
spec:
  containers:
  - name: web
    image: {image}
{rest}"""


def mended(directory: Path, text: str, *rules: str) -> str:
    (directory / "a.yaml").write_text(text)
    result = hardened(directory, select=rules)
    return result.changes[0].after.decode() if result.changes else text


def pod(image: str = "registry.example.org/web:1", rest: str = "") -> str:
    return POD.format(image=image, rest=rest)


@pytest.mark.parametrize(
    ("image", "user", "group"),
    [
        ("postgres:17", 999, 999),
        ("docker.io/library/postgres:17-alpine", 70, 70),
        ("registry.example.org/mirror/library/redis:7-alpine", 999, 1000),
        ("registry.example.org/web:1", 10001, 10001),
    ],
)
def test_the_images_own_user(tmp_path: Path, image: str, user: int, group: int) -> None:
    after = mended(tmp_path, pod(image), "run-as-non-root")
    assert f"runAsUser: {user}\n" in after
    assert f"runAsGroup: {group}\n" in after
    assert "runAsNonRoot: true" in after


def test_a_number_that_nobody_knows_is_left_to_the_image(tmp_path: Path) -> None:
    after = mended(tmp_path, pod("fluent/fluentd:v1.14"), "run-as-non-root")
    assert "runAsNonRoot: true" in after
    assert "runAsUser" not in after


def test_a_chosen_user_stays(tmp_path: Path) -> None:
    text = pod(rest="    securityContext: {runAsUser: 1000, runAsGroup: 0}\n")
    after = mended(tmp_path, text, "run-as-root-group")
    assert "runAsUser: 1000" in after
    assert "runAsGroup: 10001" in after


def test_what_a_program_needs_to_start_is_given_back(tmp_path: Path) -> None:
    after = mended(tmp_path, pod("caddy:2"), "capabilities-not-dropped-all")
    assert "drop: [ALL]" in after
    assert "add: [NET_BIND_SERVICE]" in after


def test_a_root_that_is_rewritten_stays_writable(tmp_path: Path) -> None:
    text = pod("cassandra:5")
    (tmp_path / "a.yaml").write_text(text)
    result = hardened(tmp_path, select=("read-only-root-filesystem",))
    assert not result.changes
    assert "known to change files" in result.advice[0].reason


def test_directories_that_are_written_to_are_mounted(tmp_path: Path) -> None:
    rest = "    volumeMounts:\n    - {name: cache, mountPath: /var/cache}\n"
    after = mended(tmp_path, pod("nginx:1.27", rest), "read-only-root-filesystem")
    assert "mountPath: /tmp" in after
    assert "mountPath: /var/run" in after
    assert "/var/cache/nginx" not in after  # /var/cache is mounted already


def test_a_word_of_the_arguments(tmp_path: Path) -> None:
    import secrets

    value = "Zx" + secrets.token_hex(12)
    rest = f"    args: [redis-server, --requirepass, {value}, --password={value}]\n"
    after = mended(tmp_path, pod(rest=rest), "hardcoded-secret")
    assert value not in after
    assert "--requirepass, $(REQUIREPASS)" in after or '"$(REQUIREPASS)"' in after
    assert "--password=$(PASSWORD)" in after
    assert after.count("secretKeyRef") == 2


def test_a_script_is_left_to_people(tmp_path: Path) -> None:
    import secrets

    value = "Zx" + secrets.token_hex(12)
    text = pod(rest=f"    args: [sh, -c, \"curl -u 'backup:{value}' https://example.org\"]\n")
    assert mended(tmp_path, text, "hardcoded-secret") == text


HOST_PATH = """\
  volumes:
  - name: data
    hostPath: {path: PATH, type: DirectoryOrCreate}
"""
MOUNT = "    volumeMounts:\n    - {name: data, mountPath: /data}\n"


def test_data_of_the_node_become_a_claim(tmp_path: Path) -> None:
    text = pod(rest=MOUNT + HOST_PATH.replace("PATH", "/srv/data"))
    after = mended(tmp_path, text, "host-path-volume", "writable-host-path")
    assert "hostPath" not in after
    assert "claimName: web-data" in after
    assert "kind: PersistentVolumeClaim\nmetadata:\n  name: web-data\n  namespace: shop" in after
    assert "readOnly" not in after


def test_directories_of_the_system_do_not(tmp_path: Path) -> None:
    text = pod(rest=MOUNT + HOST_PATH.replace("PATH", "/usr/share/data"))
    assert "PersistentVolumeClaim" not in mended(tmp_path, text, "host-path-volume")


POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: all, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Ingress]
  ingress:
  - {}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  type: LoadBalancer
  selector: {app: web}
  ports: [{port: 80, targetPort: 8000}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  containers: [{name: web, image: "registry.example.org/web:1"}]
"""


def test_a_narrowed_policy_leaves_open_what_is_open_to_the_outside(tmp_path: Path) -> None:
    after = mended(tmp_path, POLICY, "network-policy-allow-all")
    assert "podSelector: {}}]" in after
    assert "name: web-from-outside" in after
    assert "port: 8000" in after.split("web-from-outside")[1]


INGRESS = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
  annotations:
    nginx.ingress.kubernetes.io/configuration-snippet: |
      SNIPPET
spec:
  ingressClassName: nginx
"""


@pytest.mark.parametrize(
    ("snippet", "goes"),
    [
        ('more_set_headers "A: b; c"; # d', True),
        ("add_header A b;", True),
        ("deny all;", False),
        ("add_header A b; auth_request /x;", False),
        ("if ($a) { return 403; }", False),
        ("", False),
    ],
)
def test_only_snippets_of_headers_go(tmp_path: Path, snippet: str, *, goes: bool) -> None:
    text = INGRESS.replace("SNIPPET", snippet)
    after = mended(tmp_path, text, "ingress-nginx-snippet")
    assert ("snippet" not in after) is goes


ROLE = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: r, namespace: shop}
rules:
- apiGroups: ["", apps]
  resources: [configmaps, deployments, pods]
  verbs: [get, list, create, patch]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: r, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: r}
subjects:
- {kind: ServiceAccount, name: a, namespace: shop}
"""


def test_other_resources_keep_their_verbs(tmp_path: Path) -> None:
    after = mended(tmp_path, ROLE, "rbac-create-workloads")
    assert "resources: [deployments, pods]\n  verbs: [get, list]" in after
    tail = after.split("verbs: [get, list]", 1)[1]
    assert "configmaps" in tail.split("---")[0]
    assert "create" in tail.split("---")[0]


TOKEN = """\
apiVersion: v1
kind: Secret
metadata:
  name: token
  annotations: {kubernetes.io/service-account.name: ci}
type: kubernetes.io/service-account-token
"""


def test_a_whole_document_goes_but_no_file_is_emptied(tmp_path: Path) -> None:
    other = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"
    rule = "service-account-legacy-token-secret"
    assert mended(tmp_path, f"{other}---\n{TOKEN}", rule) == other
    assert mended(tmp_path, f"# a\n---\n{TOKEN}---\n{other}", rule) == f"# a\n---\n{other}"
    assert mended(tmp_path, TOKEN, rule) == TOKEN


def test_json_patches_say_what_was_taken_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.yaml").write_text(f"{TOKEN}---\n{pod()}")
    run(["harden", "--unsafe", "--quiet", "--as", "json-patch", "--select",
         "service-account-legacy-token-secret,seccomp-profile-missing", "."])  # fmt: skip
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["kind"], "patch" in row, row.get("removed")) for row in rows] == [
        ("Pod", True, None),
        ("Secret", False, True),
    ]


NAMESPACE = """\
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
"""


@pytest.mark.parametrize(
    ("rest", "level"),
    [
        ("    securityContext: {privileged: true}\n", ""),
        ("", "baseline"),
        (("    securityContext: {allowPrivilegeEscalation: false, runAsNonRoot: true,"
          " capabilities: {drop: [ALL]}, seccompProfile: {type: RuntimeDefault}}\n"), "restricted"),
    ],
)  # fmt: skip
def test_the_level_that_the_pods_meet(tmp_path: Path, rest: str, level: str) -> None:
    after = mended(tmp_path, NAMESPACE + pod(rest=rest), "pss-namespace-unlabelled")
    assert (f"enforce: {level}" in after) is bool(level)


DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: cache}
spec:
  replicas: 1
  selector: {matchLabels: {app: cache}}
  template:
    metadata: {labels: {app: cache}}
    spec:
      containers: [{name: c, image: IMAGE}]
---
apiVersion: v1
kind: Service
metadata: {name: cache}
spec: {selector: {app: cache}, ports: [{port: 80}]}
"""


@pytest.mark.parametrize(("image", "more"), [("redis:7", False), ("a.example.org/b:1", True)])
def test_data_that_would_be_shared_forbid_more_replicas(
    tmp_path: Path, image: str, *, more: bool
) -> None:
    text = DEPLOYMENT.replace("IMAGE", image)
    assert ("replicas: 2" in mended(tmp_path, text, "replicas-too-few")) is more


def test_an_old_version_that_hid_a_fault_stays(tmp_path: Path) -> None:
    text = """\
apiVersion: batch/v1beta1
kind: CronJob
metadata: {name: c}
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    spec:
      template:
        spec: {containers: 1}
"""
    assert mended(tmp_path, text, "deprecated-api-version") == text
    good = text.replace("containers: 1", "restartPolicy: Never, containers: [{name: c, image: a}]")
    assert "batch/v1\n" in mended(tmp_path, good, "deprecated-api-version")
