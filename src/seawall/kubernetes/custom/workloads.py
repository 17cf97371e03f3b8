"""Templates about pods and the workloads that make them."""

from seawall.core.rule import Hit, Hits, ParameterValue
from seawall.kubernetes.custom.judging import Judge, Ours, each_pod, of_kinds, ours
from seawall.kubernetes.custom.parameters import FaultError, Values
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.pods import Pod
from seawall.kubernetes.rule import Context
from seawall.kubernetes.rules.claims import pvc_annotation_required
from seawall.kubernetes.rules.disruption import (
    STRATEGY_FIELDS,
    amount_of,
    update_strategy_bounds,
)
from seawall.kubernetes.rules.host import sysctl_name
from seawall.kubernetes.rules.inherited import within
from seawall.kubernetes.rules.network import network_policy_missing
from seawall.kubernetes.rules.placement import selects_own, terms_of
from seawall.kubernetes.rules.scaling import REPLICATED
from seawall.kubernetes.rules.volumes import host_paths
from seawall.kubernetes.rules.workloads import dns_config_option
from seawall.text.values import mapping, mappings, text

_HOSTNAME = "kubernetes.io/hostname"


def anti_affinity(values: Values) -> Judge:
    """Workloads whose replicas nothing keeps apart: anti-affinity or a spread constraint."""
    least = values.integer("minReplicas")
    written = values.text("topologyKey")
    is_topology = values.matcher("topologyKey")

    def check(pod: Pod, context: Context) -> Hits:
        if pod.object.kind not in REPLICATED:
            return
        scale = context.index.scale_of(pod.object)
        if scale.most < least:
            return
        for term in terms_of(pod):
            key = text(term, "topologyKey")
            if (is_topology(key) if written else key == _HOSTNAME) and selects_own(term, pod):
                return
        over = written or _HOSTNAME
        yield Hit(
            f"has replicas that nothing keeps apart over {over}",
            pod.at("affinity", "podAntiAffinity"),
        )

    return each_pod(check)


def minimum_replicas(values: Values) -> Judge:
    """Workloads that may run with fewer replicas; what scales one has the last word."""
    minimum = values.integer("minReplicas")

    def check(object_: KubernetesObject, context: Context) -> Hits:
        least = context.index.scale_of(object_).least
        if least < minimum:
            message = f"runs {least} replica{'s' * (least != 1)}, at least {minimum} wanted"
            yield Hit(message, ("spec", "replicas"), evidence=str(least))

    return of_kinds(REPLICATED, check)


def service_account(values: Values) -> Judge:
    """Pods that run as an account by name and have its token; unset means ``default``."""
    written = values.text("serviceAccount")
    is_meant = values.matcher("serviceAccount")

    def check(pod: Pod, context: Context) -> Hits:
        own = text(pod.spec, "serviceAccountName") or text(pod.spec, "serviceAccount")
        if pod.started_elsewhere:
            return
        by_default = not own and not written.startswith("!") and is_meant("default")
        if (is_meant(own) or by_default) and context.index.mounts_token(pod):
            field = "serviceAccountName"
            if not text(pod.spec, field) and own:
                field = "serviceAccount"
            name = pod.service_account_name
            yield Hit(f"runs as the service account {name}", pod.at(field), evidence=name)

    return each_pod(check)


def host_mounts(values: Values) -> Judge:
    """Mounts of directories of the node, by path."""
    is_meant = values.patterns("dirs")

    def check(pod: Pod, _: Context) -> Hits:
        for volume in host_paths(pod):
            if not is_meant(volume.written):
                continue
            at = pod.at("volumes", volume.position, "hostPath", "path")
            for mount in volume.mounts:
                yield Hit(
                    f"mounts {volume.written} of its node",
                    within(mount.container, "volumeMounts", mount.position),
                    evidence=volume.written,
                    container=mount.container.name,
                    related=((pod, at, "the path of the node"),),
                )

    return each_pod(check)


def writable_host_mounts(_: Values) -> Judge:
    """Mounts of directories of the node that are not read-only."""

    def check(pod: Pod, _: Context) -> Hits:
        for volume in host_paths(pod):
            at = pod.at("volumes", volume.position, "hostPath", "path")
            for mount in volume.mounts:
                if not mount.read_only:
                    yield Hit(
                        f"mounts {volume.written} of its node for writing",
                        within(mount.container, "volumeMounts", mount.position, "readOnly"),
                        evidence=volume.written,
                        container=mount.container.name,
                        related=((pod, at, "the path of the node"),),
                    )

    return each_pod(check)


def priority_class(values: Values) -> Judge:
    """Pods with a priority class that is not on the list."""
    accepted = values.texts("acceptedPriorityClassNames")

    def check(pod: Pod, _: Context) -> Hits:
        name = text(pod.spec, "priorityClassName")
        if name.strip() and name not in accepted:
            message = f"has priority class {name}, which is not on the list"
            yield Hit(message, pod.at("priorityClassName"), evidence=name)

    return each_pod(check)


def sysctls(values: Values) -> Judge:
    """Kernel parameters by the beginning of their name."""
    prefixes = values.texts("unsafeSysCtls")

    def check(pod: Pod, _: Context) -> Hits:
        for index, item in mappings(pod.security_context, "sysctls"):
            name = sysctl_name(text(item, "name"))
            if name.startswith(prefixes):
                place = pod.at("securityContext", "sysctls", index, "name")
                yield Hit(f"sets the kernel parameter {name}", place, evidence=name)

    return each_pod(check)


def dns_config(values: Values) -> Judge:
    """Pods without a resolver option of some value."""
    given: dict[str, ParameterValue] = {
        "option": values.text("key"),
        "value": values.text("value"),
    }
    return ours(Ours(dns_config_option, given))


def volume_claim_annotation(values: Values) -> Judge:
    """Claim templates of StatefulSets without an annotation."""
    given: dict[str, ParameterValue] = {"annotations": (values.text("annotation"),)}
    return of_kinds(("StatefulSet",), ours(Ours(pvc_annotation_required, given)))


def non_isolated_pod(_: Values) -> Judge:
    """Pods that no network policy selects, in either direction."""

    def check(pod: Pod, context: Context) -> Hits:
        isolation = context.index.isolation_of(pod)
        if not isolation.ingress and not isolation.egress:
            yield from network_policy_missing.check(pod, context)

    return each_pod(check)


def update_configuration(values: Values) -> Judge:
    """Update strategies by their type, and by the bounds of a rolling update."""
    pattern = values.pattern("strategyTypeRegex")
    bounds: dict[str, ParameterValue] = {}
    for name, key in _BOUNDS.items():
        written = values.text(key)
        if written:
            amount = amount_of(written)
            if amount is None or (amount.is_percent and amount.number > 100):
                raise FaultError(f"parameter {key}: {written!r} is no number of pods or percentage")
        bounds[name] = written
    keeps = ours(Ours(update_strategy_bounds, bounds))

    def check(object_: KubernetesObject, context: Context) -> Hits:
        field = STRATEGY_FIELDS[object_.kind][0]
        usual = "Rolling" if object_.kind == "DeploymentConfig" else "RollingUpdate"
        strategy = text(mapping(object_.spec, field), "type") or usual
        if not pattern.found_in(strategy):
            message = f"is updated with {strategy}, which does not match {pattern.text}"
            yield Hit(message, ("spec", field, "type"), evidence=strategy)
        if any(bounds.values()):
            yield from keeps(object_, context)

    return of_kinds(tuple(STRATEGY_FIELDS), check)


_BOUNDS = {
    # the rule's parameter -> the template's
    "max_unavailable": "maxPodsUnavailable",
    "min_unavailable": "minPodsUnavailable",
    "max_surge": "maxSurge",
    "min_surge": "minSurge",
}
