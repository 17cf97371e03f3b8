"""Rules about whether an API server would understand an object at all."""

import os

from seawall.core.rule import RELIABILITY, Hit, Hits
from seawall.core.severity import Severity
from seawall.kubernetes.api_versions import api_status, minor
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.rule import Context, object_rule
from seawall.kubernetes.schema import load
from seawall.text.values import mapping


@object_rule(
    "schema-invalid",
    severity=Severity.MEDIUM,
    remedy="Correct the field: kubectl explain shows what it takes.",
    aliases=("kube-linter:schema-validation", "kube-linter:kubeconform", "kubeconform"),
)
def schema_invalid(object_: KubernetesObject, context: Context) -> Hits:
    """Objects must have the fields and types of their API version.

    Checks built-in kinds against the schema of the newest Kubernetes version, which is part of
    seawall, as the API server's strict decoding does: unknown fields, wrong types, missing
    required fields, malformed values. Custom resources have no built-in schema and are not
    checked.

    Why:

    A misspelt field is dropped or refused by the server. If it was a security setting, the
    workload runs without it while the manifest looks right.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              securityContext:
                readOnlyRootFileSystem: true

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              securityContext:
                readOnlyRootFilesystem: true

    Not reported:

    The missing selector of a workload that has no labels either, where a kustomization names its
    file and adds labels and selectors.

    References:
    https://kubernetes.io/docs/reference/using-api/api-concepts/#field-validation
    """
    if not object_.api_version:
        yield Hit("apiVersion is missing", ("apiVersion",))
        return
    schema = load()
    if schema.kind(object_.api_version, object_.kind) is None:
        yield from _unknown_kind(object_)
        return
    for problem in schema.validate(object_.value):
        if problem.path == ("spec", "selector") and _is_labelled_by_kustomize(object_, context):
            continue
        yield Hit(problem.message, problem.path, evidence=problem.code)
    if not object_.name:
        yield Hit("metadata.name is missing", ("metadata", "name"), evidence="missing-field")


def _is_labelled_by_kustomize(object_: KubernetesObject, context: Context) -> bool:
    """Whether a workload without labels or selector gets both from a kustomization of the input."""
    index = context.index
    return (
        not mapping(object_.spec, "selector")
        and not mapping(object_.spec, "template", "metadata", "labels")
        and (index.is_unresolved("commonLabels") or index.is_unresolved("includeSelectors"))
        and index.is_unresolved(os.path.basename(object_.file))
    )


_BUILT_IN = frozenset(
    """
    v1 apps/v1 batch/v1 networking.k8s.io/v1 policy/v1 autoscaling/v2 storage.k8s.io/v1
    rbac.authorization.k8s.io/v1
    """.split()
)


def _unknown_kind(object_: KubernetesObject) -> Hits:
    """A kind that an API version everybody serves does not have, such as ``v1`` Deployment."""
    if object_.api_version not in _BUILT_IN:
        return
    homes = sorted(
        f"{info.group}/{info.version}" if info.group else info.version
        for info in load().kinds_named(object_.kind)
    )
    hint = f"; it is in {', '.join(homes)}" if homes else ""
    yield Hit(
        f"{object_.api_version} has no kind {object_.kind}{hint}", ("kind",), evidence=object_.kind
    )


@object_rule(
    "duplicate-key",
    domain="input",
    severity=Severity.MEDIUM,
    profile=RELIABILITY,
    remedy="Remove one of the two keys.",
)
def duplicate_key(object_: KubernetesObject, context: Context) -> Hits:
    """A key must not stand twice in one mapping.

    Reports each key of a manifest that stands more than once in the same mapping, with every
    place.

    Why:

    YAML forbids it and readers differ: most take the last value and drop the first without a
    word, while people reading the file see the first.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          hostNetwork: false
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
          hostNetwork: true

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          hostNetwork: false
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    References:
    https://yaml.org/spec/1.2.2/#3213-node-comparison
    """
    depth = len(object_.path)
    for key_path, spans in object_.duplicates:
        first, *later = spans
        lines = ", ".join(str(span.line) for span in spans)
        yield Hit(
            f"key {key_path[-1]!r} stands {len(spans)} times (lines {lines}); the last one counts",
            key_path[depth:],
            evidence=str(key_path[-1]),
            related=tuple((object_, span, "overridden") for span in (first, *later[:-1])),
        )


@object_rule(
    "deprecated-api-version",
    severity=Severity.MEDIUM,
    profile=RELIABILITY,
    remedy="Move the object to an API version that is served.",
    aliases=(
        "kube-score:stable-version",
        "kube-linter:no-extensions-v1beta",
        "kube-linter:disallowed-api-obj",
        "KSV-0107",
        "C-0273",
    ),
)
def deprecated_api_version(object_: KubernetesObject, context: Context) -> Hits:
    """Objects should use API versions that Kubernetes serves and will go on serving.

    Reports API versions of built-in kinds that are removed in the cluster's version
    (``--kubernetes-version``, by default the newest), and with low severity those that are only
    deprecated there.

    Why:

    A removed version is refused: the manifest cannot be applied any more, in the worst case in
    the middle of restoring a cluster. Old versions also lack security fields of newer ones.

    Bad:

        apiVersion: policy/v1beta1
        kind: PodDisruptionBudget
        metadata:
          name: web
        spec:
          maxUnavailable: 1
          selector:
            matchLabels:
              app: web

    Good:

        apiVersion: policy/v1
        kind: PodDisruptionBudget
        metadata:
          name: web
        spec:
          maxUnavailable: 1
          selector:
            matchLabels:
              app: web

    References:
    https://kubernetes.io/docs/reference/using-api/deprecation-guide/
    """
    status = api_status(object_.api_version, object_.kind)
    if status is None or context.minor < minor(status.deprecated_in):
        return
    removed = bool(status.removed_in) and context.minor >= minor(status.removed_in)
    since = (
        f"was removed in {status.removed_in}"
        if removed
        else f"is deprecated since {status.deprecated_in}"
    )
    remedy = f"Use {status.replacement} instead." if status.replacement else None
    yield Hit(
        f"{object_.api_version} {object_.kind} {since}",
        ("apiVersion",),
        severity=None if removed else Severity.LOW,
        remedy=remedy,
        evidence=object_.api_version,
    )
