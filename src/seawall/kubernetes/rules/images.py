"""Rules about the images containers are made from."""

import re
from collections.abc import Iterator
from functools import lru_cache

from seawall.core.image_reference import DEFAULT_REGISTRY, ImageReference
from seawall.core.lazy import pattern
from seawall.core.rule import OPT_IN, Hit, Hits, Parameter
from seawall.core.severity import Confidence, Severity
from seawall.kubernetes.derived import once_per_index
from seawall.kubernetes.index import Index
from seawall.kubernetes.pods import Container, Pod
from seawall.kubernetes.rule import Context, container_rule, pod_rule
from seawall.kubernetes.rules.inherited import within
from seawall.text.templates import has_mark
from seawall.text.values import mappings, sequence, text

_MOVING_TAGS = (
    "canary", "dev", "develop", "edge", "head", "latest", "main", "master", "nightly", "tip",
    "unstable",
)  # fmt: skip
_PUBLIC = frozenset(
    "docker.io gcr.io ghcr.io k8s.gcr.io mcr.microsoft.com public.ecr.aws quay.io "
    "registry.k8s.io".split()
)


def _known_image(container: Container) -> ImageReference | None:
    """The image, unless something is still to be filled in.

    That is a mark (``${IMAGE}``, ``{{ .image }}``), or what a tool builds the image from and
    puts in its place (``ko://example.org/cmd/web``): no reference has a scheme. Istio's injector
    writes the image of a gateway's ``istio-proxy`` that asks for ``auto``.
    """
    written = text(container.value, "image")
    if "://" in written or any(mark in written for mark in "${<") or has_mark(written):
        return None
    if written == "auto" and container.name == "istio-proxy":
        return None
    return container.image


def _name(image: ImageReference) -> str:
    """Registry and repository: what stays when the version changes."""
    return f"{image.registry}/{image.repository}"


@container_rule(
    "image-tag-mutable",
    severity=Severity.MEDIUM,
    remedy="Set image to a tag that is never moved, or better to a digest (name@sha256:...).",
    aliases=(
        "kube-score:container-image-tag",
        "kube-linter:latest-tag",
        "KSV-0013",
        "CKV_K8S_14",
        "polaris:tagNotSpecified",
    ),
    parameters=(Parameter("tags", _MOVING_TAGS, "tags that count as moving"),),
)
def image_tag_mutable(container: Container, context: Context) -> Hits:
    """Images must be named by a tag that stays, not by one that moves.

    Reports images without a tag (which means ``latest``), with the tag ``latest`` and with other
    tags that are moved to each new build by custom, such as ``main`` or ``nightly``. The
    reference is parsed as container runtimes do, so the port in ``registry.example.org:5000/web``
    is not taken for a tag.

    Why:

    Nobody can say which image runs. Two pods of one Deployment may run different code, a rollback
    brings back the same broken image, and whoever can push to the registry changes what the
    cluster runs without a change to any manifest.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org:5000/web

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org:5000/web:1.4.2

    Not reported:

    Images with a digest, whatever their tag: the digest decides. References with a variable in
    them. What a tool replaces by what it has built: references to source code (``ko://...``), and
    images without a tag that a Skaffold configuration of the input builds. ``image: auto`` of a
    container ``istio-proxy``, which Istio's injector fills in. An image that ``images`` of a
    kustomization gives a digest or another tag has low confidence.

    References:
    https://kubernetes.io/docs/concepts/containers/images/#image-names
    """
    image = _known_image(container)
    if image is not None and _is_moving(image, context):
        written = text(container.value, "image")
        if not image.tag and written in _built_by_skaffold(context.index):
            return
        name = written.removesuffix(f":{image.tag}")
        yield Hit(
            f"image has the moving tag {image.tag}" if image.tag else "image has no tag",
            ("image",),
            confidence=Confidence.LOW if _is_set_by_kustomize(name, context) else None,
            evidence=f"{_name(image)}:{image.tag}",
        )


def _is_set_by_kustomize(name: str, context: Context) -> bool:
    """Whether a kustomization of the input may give the images of a name a digest or a good tag."""
    entry = f"name: {name}\n"
    if not context.index.is_unresolved(entry):
        return False
    moving = "|".join(map(re.escape, context.texts(image_tag_mutable, "tags")))
    good = rf"(?:digest: |newTag: [\"']?+(?!(?:{moving})[\"'\s]))"
    return context.index.holds_unresolved(
        rf"{re.escape(entry)} *(?:newName: .*\n *)?{good}|{good}.*\n *{re.escape(entry)}"
    )


def _is_moving(image: ImageReference, context: Context) -> bool:
    if image.digest:
        return False
    return not image.tag or image.tag.lower() in context.texts(image_tag_mutable, "tags")


@once_per_index
def _built_by_skaffold(index: Index) -> frozenset[str]:
    """The names of the images that Skaffold builds, tags and writes into the manifests."""
    return frozenset(
        text(artifact, "image")
        for configuration in index.of_kind("Config")
        if configuration.group == "skaffold"
        for _, artifact in mappings(configuration.value, "build", "artifacts")
    )


@container_rule(
    "image-not-pinned-by-digest",
    severity=Severity.LOW,
    profile=OPT_IN,
    remedy="Add the digest to image: name:tag@sha256:....",
    aliases=("CKV_K8S_43",),
    compliance=("cis-1.12:5.5.1",),
)
def image_not_pinned_by_digest(container: Container, context: Context) -> Hits:
    """Images should be named by their digest.

    Reports images whose reference has no digest.

    Why:

    Any tag can be pushed again, by mistake or by an intruder. A digest names one image for ever:
    what was tested, scanned and signed is what runs.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2@sha256:5c7a7e3e1f4c2f0a9d7b1c7a3f2e6d8c9b0a1f2e3d4c5b6a798897a6b5c4d3e2

    References:
    https://kubernetes.io/docs/concepts/containers/images/#image-names
    """  # noqa: E501 - a digest is long
    image = _known_image(container)
    if image is not None and not image.digest:
        yield Hit("image has no digest", ("image",), evidence=_name(image))


@lru_cache(maxsize=8)
def _allowed(registries: tuple[str, ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Each entry as a registry (``*.`` stands for any subdomain) and leading path components."""
    result = []
    for entry in registries:
        head, _, rest = entry.strip().removesuffix("*").strip("/").partition("/")
        if not ("." in head or ":" in head or head == "localhost"):
            head, rest = DEFAULT_REGISTRY, f"{head}/{rest}"
        result.append((head.lower(), tuple(part for part in rest.split("/") if part)))
    return tuple(result)


def _is_allowed(image: ImageReference, registries: tuple[str, ...]) -> bool:
    host = image.registry.lower()
    components = tuple(image.repository.split("/"))
    for registry, path in _allowed(registries):
        same = host.endswith(registry[1:]) if registry.startswith("*.") else host == registry
        if same and components[: len(path)] == path:
            return True
    return False


@container_rule(
    "image-registry-not-allowed",
    severity=Severity.MEDIUM,
    profile=OPT_IN,
    remedy="Set image to a copy in one of the allowed registries.",
    aliases=("KSV-0032", "KSV-0033", "KSV-0034", "KSV-0035", "KSV-0125", "C-0001", "C-0078"),
    compliance=("cis-1.12:5.5.1",),
    parameters=(
        Parameter(
            "registries",
            (),
            "registries images may come from, each with an optional path (registry.example.org/shop"
            "); *.example.org stands for all subdomains; without any the rule is off",
        ),
    ),
)
def image_registry_not_allowed(container: Container, context: Context) -> Hits:
    """Images must come from registries the team trusts.

    Reports images whose registry is not in the parameter ``registries``. Entries are compared
    with the parsed reference, component by component: ``registry.example.org/shop`` allows
    ``registry.example.org/shop/web``, but neither ``registry.example.org/shopping/web`` nor
    ``registry.example.org.example.net/shop/web``. An image without a registry comes from
    ``docker.io``, and from its path ``library`` when it has one name only.

    Why:

    An image from elsewhere was not scanned, signed or kept by the team; whoever controls its
    registry controls what the cluster runs.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/shopping/web:1.4.2

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/shop/web:1.4.2

    Parameters:

        registries = ["registry.example.org/shop"]

    References:
    https://kubernetes.io/docs/concepts/containers/images/
    """
    registries = context.texts(image_registry_not_allowed, "registries")
    if not registries:
        return
    image = _known_image(container)
    if image is not None and not _is_allowed(image, registries):
        yield Hit(f"image comes from {image.registry}", ("image",), evidence=_name(image))


@container_rule(
    "image-pull-policy",
    severity=Severity.INFO,
    profile=OPT_IN,
    remedy="Set imagePullPolicy to Always, or name the image by its digest.",
    aliases=(
        "kube-score:container-image-pull-policy",
        "kube-linter:image-pull-policy",
        "CKV_K8S_15",
        "C-0075",
        "polaris:pullPolicyNotAlways",
    ),
    compliance=("cis-1.12:5.5.1",),
)
def image_pull_policy(container: Container, context: Context) -> Hits:
    """Nodes should ask the registry before they start an image that may have changed.

    Reports the pull policy ``Never``, and ``IfNotPresent`` for an image from a private registry
    that has neither a digest nor a lasting tag. When the field is unset, Kubernetes takes
    ``Always`` for the tag ``latest`` or none, else ``IfNotPresent``.

    Why:

    With ``Never`` a pod runs whatever somebody has put on the node. With ``IfNotPresent`` a moved
    tag is not noticed on nodes that have the old image, and a pod gets a private image that is on
    its node without the credentials to pull it.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:latest
              imagePullPolicy: IfNotPresent

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:latest
              imagePullPolicy: Always

    Not reported:

    Images with a digest and images with a version as their tag: pulling them again brings
    nothing new. Images of public registries, which anybody may pull anyway.

    References:
    https://kubernetes.io/docs/concepts/containers/images/#image-pull-policy
    """
    image = _known_image(container)
    if image is None:
        return
    policy = container.image_pull_policy
    if policy == "Never":
        yield Hit("never pulls its image", ("imagePullPolicy",), evidence=policy)
    elif policy == "IfNotPresent" and _is_moving(image, context) and image.registry not in _PUBLIC:
        yield Hit(
            "does not pull its image again though the tag may move",
            ("imagePullPolicy",),
            evidence=policy,
        )


def _images(pod: Pod) -> Iterator[tuple[Container, ImageReference, list[str]]]:
    """The containers of a pod with their image and its path, last component first."""
    for container in pod.containers:
        image = _known_image(container)
        if image is not None:
            yield container, image, image.repository.split("/")[::-1]


@pod_rule(
    "tiller",
    severity=Severity.CRITICAL,
    remedy="Remove Tiller and migrate its releases to Helm 3 or later, which needs no server.",
    aliases=("KSV-0102", "CKV_K8S_34", "CKV_K8S_45"),
)
def tiller(pod: Pod, context: Context) -> Hits:
    """Tiller, the server part of Helm 2, must not run.

    Reports pods with an image named ``tiller`` and pods with the labels ``app: helm`` and
    ``name: tiller``.

    Why:

    Tiller answers anybody in the cluster who reaches its port, without a password unless TLS was
    set up, and installs what it is told with its own rights, which usually are those of
    cluster-admin. It has had no fixes since 2020.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: tiller-deploy
          namespace: kube-system
        spec:
          containers:
            - name: tiller
              image: registry.example.org/kubernetes-helm/tiller:v2.16.1

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    References:
    https://helm.sh/docs/topics/v2_v3_migration/
    """
    found = False
    for container, _, path in _images(pod):
        if path[0] == "tiller":
            found = True
            yield Hit("runs Tiller", within(container, "image"), container=container.name)
    if not found and pod.labels.get("name") == "tiller" and pod.labels.get("app") == "helm":
        yield Hit("is labelled as Tiller", ("metadata", "labels", "name"))


@pod_rule(
    "dashboard",
    severity=Severity.HIGH,
    remedy="Remove the dashboard, or keep it off every network but the administrators' own.",
    aliases=("CKV_K8S_33", "C-0014"),
)
def dashboard(pod: Pod, context: Context) -> Hits:
    """The Kubernetes dashboard should not be part of a cluster.

    Reports pods with an image of the Kubernetes dashboard and pods labelled as such (``k8s-app``,
    ``app`` or ``app.kubernetes.io/part-of`` with the value ``kubernetes-dashboard``).

    Why:

    It is a web page that reads and changes the cluster with the rights of its account or of
    whoever is signed in. Dashboards left open, or with an account that may do everything, have
    been a way into clusters again and again.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: dashboard
        spec:
          containers:
            - name: dashboard
              image: docker.io/kubernetesui/dashboard:v2.7.0

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    References:
    https://kubernetes.io/docs/tasks/access-application-cluster/web-ui-dashboard/
    """
    found = False
    for container, _, path in _images(pod):
        if path[0].startswith("kubernetes-dashboard") or (
            path[0].startswith("dashboard") and path[1:2] == ["kubernetesui"]
        ):
            found = True
            yield Hit(
                "runs the Kubernetes dashboard",
                within(container, "image"),
                container=container.name,
            )
    if found:
        return
    for label in ("k8s-app", "app", "app.kubernetes.io/part-of"):
        if pod.labels.get(label) == "kubernetes-dashboard":
            yield Hit("is labelled as the Kubernetes dashboard", ("metadata", "labels", label))
            return


_GIT_VARIABLES = frozenset(("GITSYNC_GIT", "GIT_SYNC_GIT"))


@container_rule(
    "git-sync-injection",
    severity=Severity.MEDIUM,
    remedy="Remove the setting, so that git-sync runs the git of its own image.",
    aliases=("CKV_K8S_159",),
)
def git_sync_injection(container: Container, context: Context) -> Hits:
    """git-sync must not be told which program to run as git.

    Reports the environment variables ``GITSYNC_GIT`` and ``GIT_SYNC_GIT``, and the option
    ``--git`` of containers whose image is named ``git-sync``.

    Why:

    git-sync runs the named program as it stands. Who may write the manifest, but not choose the
    image, runs any command that way, with the rights and credentials of the pod.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: content
        spec:
          containers:
            - name: git-sync
              image: registry.k8s.io/git-sync/git-sync:v4.4.0
              env:
                - name: GITSYNC_GIT
                  value: /data/run.sh

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: content
        spec:
          containers:
            - name: git-sync
              image: registry.k8s.io/git-sync/git-sync:v4.4.0
              env:
                - name: GITSYNC_REPO
                  value: https://git.example.org/content.git

    References:
    https://www.akamai.com/blog/security-research/2024-august-kubernetes-gitsync-command-injection-defcon
    https://github.com/kubernetes/git-sync
    """
    for index, variable in container.env:
        name = text(variable, "name")
        if name in _GIT_VARIABLES and text(variable, "value") != "git":
            yield Hit(f"{name} chooses the git command", ("env", index), evidence=name)
    image = _known_image(container)
    if image is None or "git-sync" not in image.repository.rpartition("/")[2]:
        return
    for field in ("command", "args"):
        for index, item in enumerate(sequence(container.value, field)):
            option, _, value = text(item).partition("=")
            if option in ("--git", "-git") and value != "git":
                yield Hit("--git chooses the git command", (field, index), evidence="--git")


_VERSION = pattern(r"v?(\d+)\.(\d+)\.(\d+)")
_NO_FIX_BEFORE = {11: 5, 12: 1}
"""Patch versions of 1.11 and 1.12 that closed CVE-2025-1974; later minors never had it."""


@pod_rule(
    "controller-eol",
    severity=Severity.HIGH,
    remedy="Replace ingress-nginx by a controller that is maintained, or by the Gateway API.",
    aliases=("C-0292", "KCV-0093"),
)
def controller_eol(pod: Pod, context: Context) -> Hits:
    """The ingress-nginx controller, which gets no more fixes, should be replaced.

    Reports pods that run ingress-nginx, in any version: the project ended in March 2026. Versions
    that let any pod take over the controller (CVE-2025-1974 and its kin, before 1.11.5 and
    1.12.1) are critical, unless its arguments leave the admission webhook off, which they need.

    Why:

    The controller faces the internet and can read every Secret an Ingress may name, often those
    of the whole cluster. A hole that is found now stays open.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: controller
          namespace: ingress-nginx
        spec:
          containers:
            - name: controller
              image: registry.k8s.io/ingress-nginx/controller:v1.11.2

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: controller
          namespace: ingress
        spec:
          containers:
            - name: controller
              image: registry.example.org/traefik:v3.5.0

    Not reported:

    The NGINX Ingress Controller of F5 (``nginx/nginx-ingress``), which is another program.

    References:
    https://kubernetes.io/blog/2025/11/11/ingress-nginx-retirement/
    https://kubernetes.io/blog/2025/03/24/ingress-nginx-cve-2025-1974/
    """
    for container, image, path in _images(pod):
        if path[0] != "nginx-ingress-controller" and not (
            path[0].startswith("controller") and path[1:2] == ["ingress-nginx"]
        ):
            continue
        if _lets_pods_in(image.tag) and _may_have_webhook(container):
            yield Hit(
                f"runs ingress-nginx {image.tag}, which any pod can take over (CVE-2025-1974)",
                within(container, "image"),
                severity=Severity.CRITICAL,
                container=container.name,
                evidence="CVE-2025-1974",
            )
        else:
            yield Hit(
                "runs ingress-nginx, which gets no more fixes",
                within(container, "image"),
                container=container.name,
            )


def _may_have_webhook(controller: Container) -> bool:
    """Whether the controller opens the port of its admission webhook, as far as can be seen."""
    arguments = sequence(controller.value, "args") or sequence(controller.value, "command")
    words = [text(word) for word in arguments]
    telling = ("--validating-webhook", "$")  # a variable may hold any option
    return not words or any(word.startswith(telling) for word in words)


def _lets_pods_in(tag: str) -> bool:
    match = _VERSION.match(tag)
    if match is None:
        return False
    major, minor, patch = map(int, match.groups())
    if (major, minor) < (1, 11):
        return True
    return major == 1 and patch < _NO_FIX_BEFORE.get(minor, 0)
