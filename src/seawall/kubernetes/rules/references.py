"""Rules about names: of objects that pods need, and of environment variables."""

import re
from collections.abc import Iterable, Iterator

from seawall.core import lazy
from seawall.core.location import KeyPath
from seawall.core.named_tuple import NamedTuple
from seawall.core.rule import RELIABILITY, Hit, Hits
from seawall.core.severity import Confidence, Severity
from seawall.kubernetes.derived import once_per_index
from seawall.kubernetes.index import Index
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.pods import Container, Pod
from seawall.kubernetes.rule import Context, container_rule, pod_rule
from seawall.kubernetes.rules.inherited import within
from seawall.text.values import Map, is_true, mapping, mappings, text, texts

_CONFIG_MAP, _SECRET, _CLAIM = "ConfigMap", "Secret", "PersistentVolumeClaim"
_ANYWHERE = ""

_ALWAYS_THERE = frozenset(
    "aws-auth cluster-info coredns extension-apiserver-authentication istio-ca-root-cert "
    "kube-proxy kube-root-ca.crt kubeadm-config kubelet-config linkerd-identity-trust-roots "
    "openshift-service-ca.crt trusted-ca-bundle".split()
)
"""ConfigMaps that a cluster or an add-on puts into namespaces."""

_MADE_AT: tuple[tuple[str, ...], ...] = (
    # where custom resources name the Secret (sometimes the ConfigMap) their controller writes
    ("spec", "secretName"),  # cert-manager, Bitwarden
    ("spec", "target", "name"),  # External Secrets
    ("spec", "externalSecretSpec", "target", "name"),
    ("spec", "externalSecretName"),
    ("spec", "template", "metadata", "name"),  # Sealed Secrets
    ("spec", "destination", "name"),  # Vault Secrets Operator
    ("spec", "output", "secret", "name"),  # Azure Key Vault to Kubernetes
    ("spec", "managedSecret", "name"),  # Doppler
    ("spec", "managedSecretReference", "secretName"),  # Infisical
    ("spec", "writeConnectionSecretToRef", "name"),  # Crossplane
)
_LISTED_AT: tuple[tuple[str, str], ...] = (
    ("secretObjects", "secretName"),  # SecretProviderClass
    ("secretTemplates", "name"),  # SopsSecret
    ("managedKubeSecretReferences", "secretName"),  # Infisical
)
_WRITES_NOTHING = (
    "cilium.io", "gatekeeper.sh", "istio.io", "keda.sh", "kyverno.io", "linkerd.io",
    "monitoring.coreos.com", "projectcalico.org", "traefik.containo.us", "traefik.io",
)  # fmt: skip
"""Groups whose resources have the name of a workload without making objects for it."""

_SERVING_CERTIFICATE = (
    "service.beta.openshift.io/serving-cert-secret-name",
    "service.alpha.openshift.io/serving-cert-secret-name",
)
_COPIES = ("reflector.v1.k8s.emberstack.com/", "replicator.v1.mittwald.de/")
"""Annotations of objects that are copied into other namespaces."""


class _World(NamedTuple):
    """What may be referred to, by kind, namespace and name."""

    homes: dict[tuple[str, str], set[str]]
    """The namespaces in which a kind and name is found."""
    made: frozenset[tuple[str, str]]
    """Namespace and name of what controllers and generators write; no namespace means any."""
    makers: dict[str, set[str]]
    """Names of custom resources by namespace: operators derive names from theirs."""
    commands: str
    """What containers run that has to do with Secrets or ConfigMaps: jobs may make some."""


_NOBODY: frozenset[str] = frozenset()
_MAKES = lazy.pattern(r"(?i)secret|config-?map")


def _words(container: Container) -> list[str]:
    return texts(container.value, "command") + texts(container.value, "args")


@once_per_index
def _world(index: Index) -> _World:
    homes: dict[tuple[str, str], set[str]] = {}
    made: set[tuple[str, str]] = set()
    makers: dict[str, set[str]] = {}
    for object_ in index.objects:
        kind, namespace, name = object_.kind, object_.namespace, object_.name
        if kind in (_CONFIG_MAP, _SECRET, _CLAIM):
            homes.setdefault((kind, name), set()).add(namespace)
            if any(key.startswith(_COPIES) for key in object_.annotations):
                made.add((_ANYWHERE, name))
        elif kind == "Kustomization":
            made.update(_generated(object_))
        elif kind in ("Ingress", "Gateway"):
            made.update((namespace, name) for name in _certificates(object_))
        elif kind == "Service":
            made.update(
                (namespace, object_.annotations.get(key, "")) for key in _SERVING_CERTIFICATE
            )
        elif "." in object_.group and not object_.group.endswith((".k8s.io", *_WRITES_NOTHING)):
            home = _ANYWHERE if kind.startswith("Cluster") else namespace
            made.update((home, name) for name in _named_by(object_))
            if not index.pods(object_):
                makers.setdefault(namespace, set()).add(name)
    commands = (
        " ".join(_words(container)) for pod in index.all_pods for container in pod.containers
    )
    makers_by_command = "\n".join(line for line in commands if _MAKES.search(line))
    return _World(homes, frozenset(made), makers, makers_by_command)


def _keys(objects: Iterable[KubernetesObject]) -> frozenset[str] | None:
    """The keys of objects of one name; unknown when something fills one of them later."""
    keys: set[str] = set()
    for object_ in objects:
        found = {
            key
            for field in ("data", "stringData", "binaryData")
            for key in mapping(object_.value, field)
        }
        if not found:
            return None
        keys |= found
    return frozenset(keys)


def _generated(kustomization: KubernetesObject) -> Iterator[tuple[str, str]]:
    """What a kustomization generates; it may put everything into one namespace."""
    for field in ("secretGenerator", "configMapGenerator"):
        for _, item in mappings(kustomization.value, field):
            yield _ANYWHERE, text(item, "name")


def _certificates(object_: KubernetesObject) -> Iterator[str]:
    """The Secrets of an Ingress or Gateway for which cert-manager is asked."""
    if not any(key.startswith("cert-manager.io/") for key in object_.annotations):
        return
    for _, item in mappings(object_.spec, "tls"):
        yield text(item, "secretName")
    for _, listener in mappings(object_.spec, "listeners"):
        for _, reference in mappings(listener, "tls", "certificateRefs"):
            yield text(reference, "name")


def _named_by(object_: KubernetesObject) -> Iterator[str]:
    for path in _MADE_AT:
        yield text(object_.value, *path)
    for field, key in _LISTED_AT:
        for _, item in mappings(object_.spec, field):
            yield text(item, key)


class _Reference(NamedTuple):
    """A name that a pod needs to be there."""

    kind: str
    name: str
    at: KeyPath
    """Where the name stands, relative to the pod."""
    keys: tuple[tuple[str, KeyPath], ...] = ()
    """Keys it needs of that object, and where they stand."""
    container: str = ""


def _reference(
    kind: str, source: Map, field: str, place: KeyPath, container: str = ""
) -> Iterator[_Reference]:
    """A reference by name, with the keys it asks for, unless it may be missing."""
    name = text(source, field)
    if not name or is_true(source, "optional"):
        return
    keys = [(text(source, "key"), (*place, "key"))]
    keys.extend(
        (text(item, "key"), (*place, "items", index, "key"))
        for index, item in mappings(source, "items")
    )
    wanted = tuple((key, path) for key, path in keys if key)
    yield _Reference(kind, name, (*place, field), wanted, container)


def _references(pod: Pod) -> Iterator[_Reference]:
    for container in pod.containers:
        name = container.name
        for index, variable in container.env:
            for field, kind in (("configMapKeyRef", _CONFIG_MAP), ("secretKeyRef", _SECRET)):
                place = within(container, "env", index, "valueFrom", field)
                source = mapping(variable, "valueFrom", field)
                yield from _reference(kind, source, "name", place, name)
        for index, source in mappings(container.value, "envFrom"):
            for field, kind in (("configMapRef", _CONFIG_MAP), ("secretRef", _SECRET)):
                place = within(container, "envFrom", index, field)
                yield from _reference(kind, mapping(source, field), "name", place, name)
    # A StatefulSet puts a claim of its own in the place of a volume with its template's name.
    templates = mappings(pod.object.spec, "volumeClaimTemplates")
    replaced = {text(template, "metadata", "name") for _, template in templates}
    for index, volume in pod.volumes:
        if text(volume, "name") not in replaced:
            yield from _volume(volume, pod.at("volumes", index))
    for index, source in mappings(pod.spec, "imagePullSecrets"):
        yield from _reference(_SECRET, source, "name", pod.at("imagePullSecrets", index))


def _volume(volume: Map, place: KeyPath) -> Iterator[_Reference]:
    yield from _reference(_CONFIG_MAP, mapping(volume, "configMap"), "name", (*place, "configMap"))
    yield from _reference(_SECRET, mapping(volume, "secret"), "secretName", (*place, "secret"))
    claim = "persistentVolumeClaim"
    yield from _reference(_CLAIM, mapping(volume, claim), "claimName", (*place, claim))
    yield from _reference(
        _SECRET,
        mapping(volume, "csi", "nodePublishSecretRef"),
        "name",
        (*place, "csi", "nodePublishSecretRef"),
    )
    for index, source in mappings(volume, "projected", "sources"):
        for field, kind in (("configMap", _CONFIG_MAP), ("secret", _SECRET)):
            path = (*place, "projected", "sources", index, field)
            yield from _reference(kind, mapping(source, field), "name", path)


def _is_made(world: _World, namespace: str, name: str) -> bool:
    """Whether something among the objects is likely to make an object with this name."""
    if (namespace, name) in world.made or (_ANYWHERE, name) in world.made:
        return True
    makers = world.makers.get(namespace, _NOBODY)
    ends = [index for index, character in enumerate(name) if character == "-"]
    if any(name[:end] in makers for end in (*ends, len(name))):
        return True
    pattern = rf"(?<![\w.-]){re.escape(name)}(?![\w.-])"
    return name in world.commands and re.search(pattern, world.commands) is not None


def _is_elsewhere(kind: str, name: str) -> bool:
    """Whether a name is none yet (``${NAME}``), or one that clusters know of themselves."""
    if any(mark in name for mark in "${<"):
        return True
    if kind == _CONFIG_MAP:
        return name in _ALWAYS_THERE
    start, _, end = name.rpartition("-")  # tokens and pull secrets of ServiceAccounts
    return len(end) == 5 and start.endswith(("-token", "-dockercfg"))


_REMEDIES = {
    _CONFIG_MAP: "Add the ConfigMap or correct the name; set optional: true if it may be missing.",
    _SECRET: "Make sure the Secret is made before the pod, or correct the name.",
    _CLAIM: "Add the PersistentVolumeClaim or correct claimName.",
}


@pod_rule(
    "config-reference-not-found",
    severity=Severity.MEDIUM,
    profile=RELIABILITY,
    remedy="Correct the name or the key, or set optional: true if it may be missing.",
    aliases=("kube-linter:env-value-from",),
)
def config_reference_not_found(pod: Pod, context: Context) -> Hits:
    """ConfigMaps, Secrets and volume claims a pod needs must be there.

    Reports names of ConfigMaps, Secrets and PersistentVolumeClaims, in environment variables,
    volumes and ``imagePullSecrets``, that are not among the manifests of the pod's namespace, and
    keys that such an object does not have. A missing Secret is of low severity, as Secrets are
    often kept elsewhere on purpose.

    Why:

    The pod does not start until the object is there: it waits with CreateContainerConfigError or
    for its volume.

    Bad:

        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: web
        data:
          CACHE_SECONDS: "60"
        ---
        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              envFrom:
                - configMapRef:
                    name: webb

    Good:

        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: web
        data:
          CACHE_SECONDS: "60"
        ---
        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              envFrom:
                - configMapRef:
                    name: web

    Not reported:

    References with ``optional: true``. Objects that something among the manifests makes: an
    ExternalSecret, SealedSecret, Certificate or other custom resource, a generator of Kustomize,
    an Ingress with cert-manager, a job that names the object. What a cluster has of itself, such
    as the ConfigMap kube-root-ca.crt. Keys of Secrets and ConfigMaps without data, which
    something else fills.

    References:
    https://kubernetes.io/docs/concepts/configuration/configmap/
    https://kubernetes.io/docs/concepts/configuration/secret/
    """
    object_ = pod.object
    if not object_.namespace:  # a template that any namespace may use
        return
    reported = set()
    for reference in _references(pod):
        kind, name = reference.kind, reference.name
        found = context.index.find_all(kind, object_.namespace, name)
        if found:
            certainty = context.confidence_of_absence(object_)
            hits = list(_missing_keys(reference, _keys(found), certainty))
            if hits and not _is_made(_world(context.index), object_.namespace, name):
                yield from hits
        elif (
            (kind, name, reference.container) not in reported
            and not _is_elsewhere(kind, name)
            and not context.index.is_unresolved(name)
            and not _is_made(_world(context.index), object_.namespace, name)
        ):
            reported.add((kind, name, reference.container))
            homes = _world(context.index).homes.get((kind, name), ())
            yield _missing(kind, name, reference.at, object_, homes, context)._replace(
                severity=Severity.LOW if kind == _SECRET else None,
                remedy=_REMEDIES[kind],
                container=reference.container,
            )


def _missing(
    kind: str,
    name: str,
    place: KeyPath,
    object_: KubernetesObject,
    homes: Iterable[str],
    context: Context,
) -> Hit:
    """A hit for a name that is not there; ``homes`` are the namespaces where it is."""
    elsewhere = ", ".join(sorted(homes))
    hint = f"; it is in {elsewhere}" if elsewhere else ""
    # Whoever applies a manifest that has no namespace may give it the right one.
    settled = not elsewhere or text(object_.metadata, "namespace")
    return Hit(
        f"{kind} {name} is not among the manifests of namespace {object_.namespace}{hint}",
        place,
        confidence=context.confidence_of_absence(object_) if settled else Confidence.LOW,
        evidence=name,
    )


def _missing_keys(
    reference: _Reference, keys: frozenset[str] | None, certainty: Confidence
) -> Hits:
    if keys is None:
        return
    for key, place in reference.keys:
        if key not in keys and "$" not in key and "{" not in key:
            yield Hit(
                f"{reference.kind} {reference.name} has no key {key}",
                place,
                confidence=certainty,
                evidence=f"{reference.name}/{key}",
                container=reference.container,
            )


@pod_rule(
    "service-account-not-found",
    severity=Severity.MEDIUM,
    profile=RELIABILITY,
    remedy="Add the ServiceAccount or correct serviceAccountName.",
    aliases=("kube-linter:non-existent-service-account",),
)
def service_account_not_found(pod: Pod, context: Context) -> Hits:
    """The ServiceAccount a pod runs as must be there.

    Reports names of ServiceAccounts that are not among the manifests of the pod's namespace.

    Why:

    The API server refuses the pod. A controller such as a Deployment is accepted and then makes
    no pods; the reason stands only in its events.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          serviceAccountName: web
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    Good:

        apiVersion: v1
        kind: ServiceAccount
        metadata:
          name: web
        ---
        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          serviceAccountName: web
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    Not reported:

    The account ``default``, which every namespace has.

    References:
    https://kubernetes.io/docs/concepts/security/service-accounts/
    """
    name, index = pod.service_account_name, context.index
    if name == "default" or not pod.object.namespace or any(mark in name for mark in "${<"):
        return
    if index.service_account(pod) is not None or index.is_unresolved(name):
        return
    accounts = index.of_kind("ServiceAccount")
    homes = {account.namespace for account in accounts if account.name == name}
    field = "serviceAccountName" if text(pod.spec, "serviceAccountName") else "serviceAccount"
    yield _missing("ServiceAccount", name, pod.at(field), pod.object, homes, context)


@container_rule(
    "duplicate-env-var",
    severity=Severity.LOW,
    profile=RELIABILITY,
    remedy="Remove all but one of the variables with this name.",
    aliases=(
        "kube-score:environment-variable-key-duplication",
        "kube-linter:duplicate-env-var",
    ),
)
def duplicate_env_var(container: Container, context: Context) -> Hits:
    """An environment variable must not be set twice.

    Reports names that stand more than once in the ``env`` of a container.

    Why:

    The last one counts, and the others mislead whoever reads the manifest. With kubectl apply the
    list is merged by name, so that a later change may drop the wrong one.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              env:
                - name: LOG_LEVEL
                  value: info
                - name: LOG_LEVEL
                  value: debug

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              env:
                - name: LOG_LEVEL
                  value: debug

    References:
    https://kubernetes.io/docs/tasks/inject-data-application/define-environment-variable-container/
    """
    first: dict[str, int] = {}
    reported = set()
    for index, variable in container.env:
        name = text(variable, "name")
        if not name:
            continue
        if name in first and name not in reported:
            reported.add(name)
            yield Hit(
                f"environment variable {name} is set more than once",
                ("env", index, "name"),
                evidence=name,
                related=((container, ("env", first[name], "name"), "is set here first"),),
            )
        first.setdefault(name, index)
