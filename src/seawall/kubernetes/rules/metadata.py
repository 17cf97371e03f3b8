"""Rules about what objects say of themselves: namespace, labels, annotations, order of keys."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from itertools import pairwise

from seawall.core import lazy
from seawall.core.location import KeyPath
from seawall.core.rule import OPT_IN, RELIABILITY, Hit, Hits, Parameter, Rule
from seawall.core.severity import Severity
from seawall.kubernetes.objects import DEFAULT_NAMESPACE, KubernetesObject
from seawall.kubernetes.rule import Context, object_rule
from seawall.text.scalars import COLLECTIONS, Value
from seawall.text.values import Map, at, labels_of, mapping, sequence, text

_NAMESPACED = frozenset(
    """
    ConfigMap ControllerRevision CronJob DaemonSet Deployment DeploymentConfig EndpointSlice
    Endpoints HorizontalPodAutoscaler Ingress Job Lease LimitRange NetworkPolicy
    PersistentVolumeClaim Pod PodDisruptionBudget PodTemplate ReplicaSet ReplicationController
    ResourceQuota Role RoleBinding Rollout Route Secret Service ServiceAccount ServiceMonitor
    StatefulSet
    """.split()
)
"""Kinds that certainly live in a namespace, so that one that says none is put into ``default``."""


@object_rule(
    "default-namespace",
    severity=Severity.INFO,
    remedy="Set metadata.namespace to a namespace of the application.",
    profile=OPT_IN,
    aliases=("kube-linter:use-namespace", "KSV-0110", "CKV_K8S_21", "C-0061", "C-0212"),
    compliance=("cis-1.12:5.6.4",),
)
def default_namespace(object_: KubernetesObject, context: Context) -> Hits:
    """Objects should not live in the namespace default.

    Reports objects with ``metadata.namespace: default``, and those of Kubernetes' own kinds that
    name no namespace.

    Why:

    Namespaces carry policies, quotas and rights. What shares ``default`` shares them with
    everything else that somebody put there without a thought.

    Bad:

        apiVersion: v1
        kind: Service
        metadata:
          name: web
          namespace: default
        spec:
          selector:
            app: web
          ports:
            - port: 80

    Good:

        apiVersion: v1
        kind: Service
        metadata:
          name: web
          namespace: shop
        spec:
          selector:
            app: web
          ports:
            - port: 80

    Not reported:

    Objects without a namespace that Helm made (by their labels): its command line chooses the
    namespace. Those whose namespace is no text, such as ``123``: schema-invalid reports them.

    References:
    https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/
    """
    if object_.namespace != DEFAULT_NAMESPACE:
        return
    if text(object_.metadata, "namespace"):
        yield Hit("lives in the namespace default", ("metadata", "namespace"))
    elif (
        at(object_.metadata, "namespace") in (None, "")
        and object_.kind in _NAMESPACED
        and not _is_from_helm(object_)
    ):
        yield Hit("names no namespace", ("metadata", "namespace"))


def _is_from_helm(object_: KubernetesObject) -> bool:
    labels = object_.labels
    return "helm.sh/chart" in labels or labels.get("app.kubernetes.io/managed-by") == "Helm"


# Labels -------------------------------------------------------------------------------------

_NAME = lazy.pattern(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?")
_DOMAIN = lazy.pattern(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*")
_MAX_NAME = 63
_MAX_DOMAIN = 253
_MAX_ANNOTATIONS = 256 * 1024


@object_rule(
    "label-invalid",
    severity=Severity.MEDIUM,
    remedy="Use letters, digits, - _ and . only, 63 characters at most, and no mark at either end.",
    profile=RELIABILITY,
    aliases=("kube-score:label-values",),
)
def label_invalid(object_: KubernetesObject, context: Context) -> Hits:
    """Labels and annotations must have the form that the API server accepts.

    Reports, in an object and in the pods it makes: label values with other characters than letters,
    digits, ``-``, ``_`` and ``.``, with a mark at either end or with more than 63 characters; keys
    of labels and annotations whose name breaks these rules or whose prefix is no DNS name; and
    annotations of more than 256 KiB.

    Why:

    The API server refuses such an object; in a pod template it may refuse only the pods, later.

    Bad:

        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: settings
          labels:
            owner: team shop

    Good:

        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: settings
          labels:
            owner: team-shop

    References:
    https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
    """
    for metadata, place in _metadata_of(object_, context):
        for key, value in labels_of(metadata, "labels").items():
            at = (*place, "labels", key)
            wrong = _wrong_key(key)
            if wrong:
                yield Hit(f"has a label key {wrong}: {key}", at, evidence=key)
            wrong = _wrong_name(value) if value else ""
            if wrong:
                yield Hit(f"has a label {key} with a value {wrong}: {value}", at, evidence=value)
        annotations = labels_of(metadata, "annotations")
        for key in annotations:
            wrong = _wrong_key(key.lower())
            if wrong:
                at = (*place, "annotations", key)
                yield Hit(f"has an annotation key {wrong}: {key}", at, evidence=key)
        if _size(annotations) > _MAX_ANNOTATIONS:
            yield Hit("has annotations of more than 256 KiB", (*place, "annotations"))


def _metadata_of(object_: KubernetesObject, context: Context) -> Iterator[tuple[Map, KeyPath]]:
    """The metadata of an object and of the pods it makes, with their key paths."""
    yield object_.metadata, ("metadata",)
    for pod in context.pods(object_):
        if pod.metadata is not object_.metadata:
            yield pod.metadata, (*pod.path[len(object_.path) :], "metadata")


def _wrong_key(key: str) -> str:
    prefix, slash, name = key.rpartition("/")
    if slash and (len(prefix) > _MAX_DOMAIN or _DOMAIN.fullmatch(prefix) is None):
        return "whose prefix is no DNS name"
    return _wrong_name(name)


def _wrong_name(name: str) -> str:
    if len(name) > _MAX_NAME:
        return f"of more than {_MAX_NAME} characters"
    return "" if _NAME.fullmatch(name) else "with characters that are not allowed there"


def _size(annotations: dict[str, str]) -> int:
    # Characters take at most four bytes, so most objects need no counting.
    characters = sum(len(key) + len(value) for key, value in annotations.items())
    if characters * 4 <= _MAX_ANNOTATIONS:
        return characters
    return sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items())


_KINDS = Parameter(
    "kinds", (), "The kinds of object to look at; whatever makes pods when there are none."
)


@object_rule(
    "required-label",
    severity=Severity.INFO,
    remedy="Add the label to metadata.labels.",
    profile=OPT_IN,
    aliases=("kube-linter:required-label", "kube-linter:required-label-owner"),
    parameters=(
        Parameter("labels", (), 'Keys that must be there, as "key" or "key=glob of the value".'),
        _KINDS,
    ),
)
def required_label(object_: KubernetesObject, context: Context) -> Hits:
    """Objects must have the labels that a team asks for.

    Reports workloads (or objects of the kinds in the parameter ``kinds``) that lack one of the
    ``labels``, or whose value does not match. Without parameters nothing is reported.

    Why:

    Who owns an object, what it belongs to and what it costs can only be found out by labels.

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
          labels:
            owner: team-shop
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    Parameters:

        labels = ["owner=team-*"]
    """
    return _required(object_, context, required_label, "labels", "label")


@object_rule(
    "required-annotation",
    severity=Severity.INFO,
    remedy="Add the annotation to metadata.annotations.",
    profile=OPT_IN,
    aliases=("kube-linter:required-annotation", "kube-linter:required-annotation-email"),
    parameters=(
        Parameter(
            "annotations", (), 'Keys that must be there, as "key" or "key=glob of the value".'
        ),
        _KINDS,
    ),
)
def required_annotation(object_: KubernetesObject, context: Context) -> Hits:
    """Objects must have the annotations that a team asks for.

    Reports workloads (or objects of the kinds in the parameter ``kinds``) that lack one of the
    ``annotations``, or whose value does not match. Without parameters nothing is reported.

    Why:

    Whom to call about an object, and what it is for, has no other place.

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
          annotations:
            email: shop@example.org
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    Parameters:

        annotations = ["email=*@*"]
    """
    return _required(object_, context, required_annotation, "annotations", "annotation")


def _required(
    object_: KubernetesObject, context: Context, rule: Rule, field: str, word: str
) -> Iterator[Hit]:
    wanted = context.texts(rule, field)
    if not wanted or not _is_meant(object_, context, rule):
        return
    present = labels_of(object_.metadata, field)
    for pattern in wanted:
        key, _, glob = pattern.partition("=")
        at = ("metadata", field, key)
        if key not in present:
            yield Hit(f"has no {word} {key}", at, evidence=key)
        elif glob and not fnmatchcase(present[key], glob):
            yield Hit(f"has {word} {key} with a value other than {glob}", at, evidence=key)


def _is_meant(object_: KubernetesObject, context: Context, rule: Rule) -> bool:
    kinds = context.texts(rule, "kinds")
    return object_.kind in kinds if kinds else bool(context.pods(object_))


@object_rule(
    "forbidden-annotation",
    severity=Severity.INFO,
    remedy="Remove the annotation.",
    profile=OPT_IN,
    aliases=("kube-linter:forbidden-annotation",),
    parameters=(
        Parameter("annotations", (), 'Keys not to be there, as "key" or "key=glob of the value".'),
    ),
)
def forbidden_annotation(object_: KubernetesObject, context: Context) -> Hits:
    """Objects must not have the annotations that a team forbids.

    Reports objects, and pods they make, with one of the ``annotations`` (globs are allowed in key
    and value). Without parameters nothing is reported.

    Why:

    Annotations switch things on and off that nobody else sees: sidecars, policies, reloads.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
          annotations:
            sidecar.istio.io/inject: "false"
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
          annotations:
            sidecar.istio.io/inject: "true"
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    Parameters:

        annotations = ["sidecar.istio.io/inject=false"]
    """
    forbidden = context.texts(forbidden_annotation, "annotations")
    if not forbidden:
        return
    for metadata, place in _metadata_of(object_, context):
        for key, value in labels_of(metadata, "annotations").items():
            if any(_matches(key, value, pattern) for pattern in forbidden):
                at = (*place, "annotations", key)
                yield Hit(f"has the forbidden annotation {key}", at, evidence=key)


def _matches(key: str, value: str, pattern: str) -> bool:
    key_glob, equals, value_glob = pattern.partition("=")
    return fnmatchcase(key, key_glob) and (not equals or fnmatchcase(value, value_glob))


# Order --------------------------------------------------------------------------------------


@object_rule(
    "yaml-keys-unsorted",
    severity=Severity.INFO,
    remedy="Sort the keys of the mapping.",
    profile=OPT_IN,
    aliases=("kube-linter:sorted-keys",),
)
def yaml_keys_unsorted(object_: KubernetesObject, context: Context) -> Hits:
    """The keys of every mapping should be sorted.

    Reports, once for each mapping, the first key that comes after a greater one. Keys are compared
    character by character, so capitals come first.

    Why:

    Teams that sort their manifests find fields faster and have fewer conflicts when they merge.

    Bad:

        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: settings
          labels:
            app: web

    Good:

        apiVersion: v1
        kind: ConfigMap
        metadata:
          labels:
            app: web
          name: settings
    """
    waiting: list[tuple[Value, KeyPath]] = [(object_.value, ())]
    while waiting:
        value, place = waiting.pop()
        items = value.items() if isinstance(value, dict) else enumerate(sequence(value))
        waiting += [(item, (*place, key)) for key, item in items if type(item) in COLLECTIONS]
        keys = list(mapping(value))
        if keys != sorted(keys):
            before, key = next(pair for pair in pairwise(keys) if pair[1] < pair[0])
            yield Hit(f"has {key} after {before}", (*place, key), evidence=key)
