"""What rules about images do beyond their examples."""

from typing import Any

import pytest

from seawall.core.severity import Confidence, Severity
from tests.kubernetes.rules.manifests import ODD, container, pod
from tests.kubernetes.rules.relations import obj, stream
from tests.kubernetes.support import judge

DIGEST = "sha256:" + "0123456789abcdef" * 4
ALL = (
    "image-tag-mutable", "image-not-pinned-by-digest", "image-registry-not-allowed",
    "image-pull-policy", "tiller", "dashboard", "git-sync-injection", "controller-eol",
)  # fmt: skip
REGISTRIES: dict[str, Any] = {
    "image-registry-not-allowed": {"registries": ("registry.example.org",)}
}


def of_image(rule: str, image: Any, **fields: Any) -> list[str]:
    return [f.message for f in judge(rule, pod(container(image=image, **fields)))]


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("web", ["image has no tag"]),
        ("web:latest", ["image has the moving tag latest"]),
        ("web:Latest", ["image has the moving tag Latest"]),
        ("registry.example.org:5000/web", ["image has no tag"]),  # D4: the port is no tag
        ("registry.example.org:5000/web:main", ["image has the moving tag main"]),
        ("registry.example.org:5000/web:1.4.2", []),
        ("web:1.4.2", []),
        ("web:latest-alpine", []),
        (f"web@{DIGEST}", []),
        (f"web:latest@{DIGEST}", []),
        ("$(IMAGE)", []),
        ("${IMAGE}", []),
        ("<your-image>", []),
        ("ko://example.org/shop/cmd/web", []),  # ko builds it and writes a digest instead
    ],
)
def test_mutable_tags(image: str, expected: list[str]) -> None:
    assert of_image("image-tag-mutable", image) == expected


def test_mutable_tags_of_every_container() -> None:
    text = pod(
        container("web", image="web"),
        initContainers=[container("one", image="one"), container("two", image="two:1")],
        ephemeralContainers=[container("debug", image="debug:latest")],
    )
    found = judge("image-tag-mutable", text)
    assert [(f.subject.container, f.evidence) for f in found] == [
        ("one", "docker.io/library/one:"),
        ("web", "docker.io/library/web:"),
        ("debug", "docker.io/library/debug:latest"),
    ]
    assert found[0].location.key_path == ("spec", "initContainers", 0, "image")


def test_images_that_skaffold_builds() -> None:
    skaffold = obj(
        "Config", "shop", version="skaffold/v4beta13", build={"artifacts": [{"image": "web"}]}
    )
    other = obj("Config", "shop", version="example.org/v1", build=skaffold["build"])
    for image, settings, found in (
        ("web", skaffold, 0), ("api", skaffold, 1), ("web:latest", skaffold, 1), ("web", other, 1),
    ):  # fmt: skip
        text = "\n---\n".join((stream(settings), pod(container(image=image))))
        assert len(judge("image-tag-mutable", text)) == found


@pytest.mark.parametrize(
    ("name", "image", "found"),
    [("istio-proxy", "auto", 0), ("istio-proxy", "proxyv2", 1), ("web", "auto", 1)],
)
def test_images_that_istio_fills_in(name: str, image: str, found: int) -> None:
    text = pod(container(name=name, image=image))
    assert len(judge("image-tag-mutable", text)) == found
    assert len(judge("image-not-pinned-by-digest", text)) == found


@pytest.mark.parametrize(
    ("image", "kustomization", "confidence"),
    [
        ("example.org/web", "images:\n- name: example.org/web\n  newTag: v1\n", Confidence.LOW),
        (
            "example.org/web",
            "images:\n- name: example.org/web\n  newTag: latest\n",
            Confidence.HIGH,
        ),
        (
            "example.org/web",
            "images:\n- newTag: 'latest'\n  name: example.org/web\n",
            Confidence.HIGH,
        ),
        (
            "example.org/web",
            "images:\n- name: example.org/web\n  newTag: latest-7\n",
            Confidence.LOW,
        ),
        (
            "example.org/web:latest",
            "images:\n- digest: x\n  name: example.org/web\n",
            Confidence.LOW,
        ),
        (
            "example.org/web",
            "images:\n- name: example.org/web\n  newName: a\n  newTag: v1\n",
            Confidence.LOW,
        ),
        (
            "example.org/web",
            "images:\n- name: example.org/web\n  newName: a\n- name: b\n  newTag: v1\n",
            Confidence.HIGH,
        ),
        ("example.org/web", "images:\n- name: example.org/web\n  newName: a\n", Confidence.HIGH),
        ("example.org/web", "images:\n- name: example.org/web2\n  newTag: v1\n", Confidence.HIGH),
        ("example.org/web", "", Confidence.HIGH),
    ],
)
def test_images_that_kustomize_sets(image: str, kustomization: str, confidence: Confidence) -> None:
    text = pod(container(image=image))
    (found,) = judge("image-tag-mutable", text, opaque=(kustomization,))
    assert found.confidence == confidence


def test_tags_that_move_are_a_parameter() -> None:
    text = pod(container(image="web:stable"))
    assert not judge("image-tag-mutable", text)
    assert judge("image-tag-mutable", text, parameters={"image-tag-mutable": {"tags": ("stable",)}})


def test_digest() -> None:
    assert of_image("image-not-pinned-by-digest", "web:1.4.2") == ["image has no digest"]
    assert not of_image("image-not-pinned-by-digest", f"web:1.4.2@{DIGEST}")
    old, new = (judge("image-not-pinned-by-digest", pod(container(image=i)))[0]
                for i in ("web:1.4.2", "web:1.4.3"))  # fmt: skip
    assert old.evidence == new.evidence


@pytest.mark.parametrize(
    ("image", "allowed"),
    [
        ("registry.example.org/shop/web:1", True),
        ("REGISTRY.example.org/shop/web:1", True),
        ("registry.example.org/shop/team/web:1", True),
        ("registry.example.org/shop:1", True),
        ("registry.example.org/shopping/web:1", False),
        ("registry.example.org.example.net/shop/web:1", False),
        ("registry.example.org:5000/shop/web:1", False),
        ("mirror.example.net:5000/any/web:1", True),
        ("mirror.example.net/any/web:1", False),
        ("eu.hub.example.com/web", True),
        ("a.eu.hub.example.com/web", True),
        ("hub.example.com/web", False),
        ("evilhub.example.com/web", False),
        ("nginx:1", True),
        ("library/nginx:1", True),
        ("docker.io/library/nginx:1", True),
        ("index.docker.io/library/nginx:1", True),
        ("acme/web:1", True),
        ("acme-labs/web:1", False),
        ("localhost/web:1", True),
        ("localhost:5000/web:1", False),
        ("ghcr.io/acme/web:1", False),
    ],
)
def test_allowed_registries(image: str, allowed: bool) -> None:
    registries = (
        "registry.example.org/shop/", "mirror.example.net:5000", "*.hub.example.com",
        "docker.io/library/*", "acme", "localhost",
    )  # fmt: skip
    found = judge(
        "image-registry-not-allowed",
        pod(container(image=image)),
        parameters={"image-registry-not-allowed": {"registries": registries}},
    )
    assert bool(found) != allowed


def test_without_registries_every_one_is_allowed() -> None:
    assert not of_image("image-registry-not-allowed", "anywhere.example.net/web")


@pytest.mark.parametrize(
    ("image", "policy", "reported"),
    [
        ("registry.example.org/web:1.4.2", None, False),
        ("registry.example.org/web:1.4.2", "IfNotPresent", False),
        ("registry.example.org/web:1.4.2", "Never", True),
        ("registry.example.org/web:latest", None, False),  # the default is Always
        ("registry.example.org/web", None, False),
        ("registry.example.org/web:latest", "IfNotPresent", True),
        ("registry.example.org/web", "IfNotPresent", True),
        ("registry.example.org/web:main", None, True),  # the default is IfNotPresent
        (f"registry.example.org/web@{DIGEST}", None, False),  # D5
        (f"registry.example.org/web:main@{DIGEST}", "IfNotPresent", False),
        (f"registry.example.org/web@{DIGEST}", "Never", True),
        ("nginx:latest", "IfNotPresent", False),  # public
    ],
)
def test_pull_policy(image: str, policy: str | None, reported: bool) -> None:
    assert bool(of_image("image-pull-policy", image, imagePullPolicy=policy)) == reported


@pytest.mark.parametrize(
    "image",
    [
        "ghcr.io/helm/tiller:v2.17.0",
        "registry.example.org/mirror/tiller@" + DIGEST,
    ],
)
def test_tiller_by_image(image: str) -> None:
    assert of_image("tiller", image) == ["runs Tiller"]


def test_programs_by_label() -> None:
    text = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    metadata:
      labels: {app: helm, name: tiller, k8s-app: kubernetes-dashboard}
    spec:
      containers: [{name: web, image: "registry.example.org/web:1.4.2"}]
"""
    found = judge(("tiller", "dashboard"), text)
    assert [(f.rule.id, f.location.key_path[-1]) for f in found] == [
        ("tiller", "name"),
        ("dashboard", "k8s-app"),
    ]
    assert not judge("tiller", text.replace("app: helm,", ""))


def test_tiller_is_the_whole_name() -> None:
    assert not of_image("tiller", "registry.example.org/tiller-exporter:1")
    assert not of_image("tiller", "tiller.example.org/web:1")


@pytest.mark.parametrize(
    ("image", "reported"),
    [
        ("kubernetesui/dashboard:v2.7.0", True),
        ("registry.example.org/kubernetesui/dashboard-web:1.4.0", True),
        ("k8s.gcr.io/kubernetes-dashboard-amd64:v1.10.0", True),
        ("grafana/dashboard:1", False),
        ("kubernetesui/metrics-scraper:v1.0.8", False),
    ],
)
def test_dashboard_by_image(image: str, reported: bool) -> None:
    assert bool(of_image("dashboard", image)) == reported


@pytest.mark.parametrize(
    ("fields", "reported"),
    [
        ({"env": [{"name": "GITSYNC_GIT", "value": "/x"}]}, True),
        ({"env": [{"name": "GIT_SYNC_GIT", "valueFrom": {}}]}, True),
        ({"env": [{"name": "GITSYNC_GIT", "value": "git"}]}, False),
        ({"args": ["--repo=x", "--git=/x"]}, True),
        ({"command": ["/git-sync", "--git", "/x"]}, True),
        ({"args": ["--git-config=a:b"]}, False),
    ],
)
def test_git_sync(fields: dict[str, Any], reported: bool) -> None:
    image = "registry.k8s.io/git-sync/git-sync:v4.4.0"
    assert bool(of_image("git-sync-injection", image, **fields)) == reported


def test_the_option_git_of_other_programs() -> None:
    assert not of_image("git-sync-injection", "web:1", args=["--git=/x"])


@pytest.mark.parametrize(
    ("image", "severity"),
    [
        ("registry.k8s.io/ingress-nginx/controller:v1.14.0", Severity.HIGH),
        ("registry.k8s.io/ingress-nginx/controller:v1.12.1", Severity.HIGH),
        ("registry.k8s.io/ingress-nginx/controller:v1.12.0", Severity.CRITICAL),
        ("registry.k8s.io/ingress-nginx/controller:v1.11.5", Severity.HIGH),
        ("registry.k8s.io/ingress-nginx/controller-chroot:v1.11.4", Severity.CRITICAL),
        ("k8s.gcr.io/ingress-nginx/controller:v0.49.3", Severity.CRITICAL),
        ("quay.io/kubernetes-ingress-controller/nginx-ingress-controller:0.30.0",
         Severity.CRITICAL),
        (f"registry.k8s.io/ingress-nginx/controller@{DIGEST}", Severity.HIGH),
        ("nginx/nginx-ingress:5.0.0", None),
        ("registry.example.org/controller:v1.2.3", None),
    ],
)  # fmt: skip
def test_ingress_nginx(image: str, severity: Severity | None) -> None:
    found = judge("controller-eol", pod(container(image=image)))
    assert [f.severity for f in found] == ([] if severity is None else [severity])


@pytest.mark.parametrize(
    ("args", "severity"),
    [
        (["/nginx-ingress-controller", "--validating-webhook=:8443"], Severity.CRITICAL),
        (["/nginx-ingress-controller", "--election-id=$(NAME)"], Severity.HIGH),
        (["/nginx-ingress-controller", "$(ARGUMENTS)"], Severity.CRITICAL),
        ([], Severity.CRITICAL),
    ],
)
def test_pods_get_in_by_the_webhook(args: list[str], severity: Severity) -> None:
    image = "registry.k8s.io/ingress-nginx/controller:v1.0.5"
    (finding,) = judge("controller-eol", pod(container(image=image, args=args)))
    assert finding.severity == severity
    assert ("CVE" in finding.message) == (severity == Severity.CRITICAL)


@pytest.mark.parametrize("odd", ODD)
def test_odd_values(odd: Any) -> None:
    for field in ("image", "imagePullPolicy", "env", "args", "command"):
        judge(ALL, pod(container(**{field: odd})), parameters=REGISTRIES)
