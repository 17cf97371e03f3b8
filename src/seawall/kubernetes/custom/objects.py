"""Templates about objects as such: their metadata, API versions and types, and what roles allow."""

from seawall.core.rule import Hit, Hits, ParameterValue
from seawall.kubernetes.custom.judging import Judge, Keep, Ours, of_kinds, ours
from seawall.kubernetes.custom.parameters import UncoveredError, Values
from seawall.kubernetes.effective import minimum_replicas, service_type
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.rbac_grants import ANY, PolicyRule, role_key, roles_in
from seawall.kubernetes.rule import Context
from seawall.kubernetes.rules.references import config_reference_not_found
from seawall.kubernetes.rules.schema import schema_invalid
from seawall.kubernetes.rules.services import service_selector_dangling
from seawall.kubernetes.schema import load
from seawall.kubernetes.schema.checks import UNKNOWN_FIELD
from seawall.text.values import integer, labels_of

_BINDINGS = ("RoleBinding", "ClusterRoleBinding")


# Metadata -------------------------------------------------------------------------------------


def required_label(values: Values) -> Judge:
    """Objects without a label that matches."""
    return _required(values, "labels", "label")


def required_annotation(values: Values) -> Judge:
    """Objects without an annotation that matches."""
    return _required(values, "annotations", "annotation")


def _required(values: Values, field: str, word: str) -> Judge:
    is_key, is_value, wanted = values.matcher("key"), values.matcher("value"), _wanted(values)

    def check(object_: KubernetesObject, _: Context) -> Hits:
        present = labels_of(object_.metadata, field)
        if not any(is_key(key) and is_value(value) for key, value in present.items()):
            yield Hit(f"has no {word} that matches {wanted}", ("metadata", field), evidence=wanted)

    return check


def forbidden_annotation(values: Values) -> Judge:
    """Annotations that match; each is reported."""
    is_key, is_value, wanted = values.matcher("key"), values.matcher("value"), _wanted(values)

    def check(object_: KubernetesObject, _: Context) -> Hits:
        for key, value in object_.annotations.items():
            if is_key(key) and is_value(value):
                place = ("metadata", "annotations", key)
                message = f"has the annotation {key}, which matches {wanted}"
                yield Hit(message, place, evidence=key)

    return check


def _wanted(values: Values) -> str:
    key, value = values.text("key"), values.text("value")
    return f"{key}={value}" if value else key


# Kinds and types ------------------------------------------------------------------------------


def disallowed_api(values: Values) -> Judge:
    """Objects by the group, version and kind they are written in."""
    is_group, is_version = values.matcher("group"), values.matcher("version")
    is_kind = values.matcher("kind")

    def check(object_: KubernetesObject, _: Context) -> Hits:
        if is_group(object_.group) and is_version(object_.version) and is_kind(object_.kind):
            name = f"{object_.api_version} {object_.kind}"
            yield Hit(f"is a {name}, which is not allowed", ("apiVersion",), evidence=name)

    return check


def service_types(values: Values) -> Judge:
    """Services by type; unset it is ClusterIP."""
    forbidden = {name.lower() for name in values.texts("forbiddenServiceTypes")}

    def check(object_: KubernetesObject, _: Context) -> Hits:
        type_ = service_type(object_)
        if not object_.group and type_.lower() in forbidden:
            yield Hit(f"is of the type {type_}", ("spec", "type"), evidence=type_)

    return of_kinds(("Service",), check)


def scaler_replicas(values: Values) -> Judge:
    """Autoscalers that may go below a number of replicas."""
    minimum = values.integer("minReplicas")

    def check(object_: KubernetesObject, _: Context) -> Hits:
        field = "minReplicas"
        least = minimum_replicas(object_)
        if object_.kind == "ScaledObject":
            field = "minReplicaCount"
            least = integer(object_.spec, field) or 0
        if least < minimum:
            message = f"may scale down to {least}, at least {minimum} wanted"
            yield Hit(message, ("spec", field), evidence=str(least))

    return of_kinds(("HorizontalPodAutoscaler", "ScaledObject"), check)


def privileged_constraints(values: Values) -> Judge:
    """OpenShift's SecurityContextConstraints by whether they allow privileged containers."""
    wanted = values.flag("allowPrivilegedContainer")

    def check(object_: KubernetesObject, _: Context) -> Hits:
        if (object_.value.get("allowPrivilegedContainer") is True) == wanted:
            word = "allows" if wanted else "does not allow"
            yield Hit(f"{word} privileged containers", ("allowPrivilegedContainer",))

    return of_kinds(("SecurityContextConstraints",), check)


def kubeconform(values: Values) -> Judge:
    """Objects against the schema of their API version, the one that is part of seawall."""
    if set(values.texts("schemaLocations")) - {"default"}:
        raise UncoveredError(
            "schemas from elsewhere are not loaded; those that come with seawall are used",
            "leave schemaLocations out",
        )
    skipped, rejected = values.texts("skipKinds"), values.texts("rejectKinds")
    is_strict, is_lenient = values.flag("strict"), values.flag("ignoreMissingSchemas")
    keep: Keep = lambda hit: is_strict or hit.evidence != UNKNOWN_FIELD  # noqa: E731
    judge = ours(Ours(schema_invalid, keep=keep))

    def check(object_: KubernetesObject, context: Context) -> Hits:
        names = (object_.kind, f"{object_.api_version}/{object_.kind}")
        if any(name in skipped for name in names):
            return
        if any(name in rejected for name in names):
            yield Hit(f"is of the kind {object_.kind}, which is rejected", ("kind",))
        elif load().kind(object_.api_version, object_.kind) is not None:
            yield from judge(object_, context)
        elif not is_lenient:
            yield Hit(f"has no schema: {object_.api_version} {object_.kind}", ("kind",))

    return check


# Relations ------------------------------------------------------------------------------------


def dangling_service(values: Values) -> Judge:
    """Services that select no pod, some labels aside."""
    given: dict[str, ParameterValue] = {"ignored_labels": values.texts("ignoredLabels")}
    return ours(Ours(service_selector_dangling, given))


def env_value_from(values: Values) -> Judge:
    """Variables filled from a Secret or ConfigMap that is not there or has no such key."""
    is_spared = {
        "Secret": values.patterns("ignoredSecrets"),
        "ConfigMap": values.patterns("ignoredConfigMaps"),
    }

    def keep(hit: Hit) -> bool:
        if "env" not in hit.at and "envFrom" not in hit.at:
            return False
        kind = "Secret" if any("secret" in str(key) for key in hit.at) else "ConfigMap"
        return not is_spared[kind](hit.evidence.partition("/")[0])

    return ours(Ours(config_reference_not_found, keep=keep))


def access(values: Values) -> Judge:
    """Bindings to roles that allow some verbs on some resources."""
    is_resource, is_verb = values.patterns("resources"), values.patterns("verbs")
    reports_missing = values.flag("flagRolesNotFound")

    def matching(rule: PolicyRule) -> str:
        resources = [name for name in rule.resources if name == ANY or is_resource(name)]
        verbs = [name for name in rule.verbs if name == ANY or is_verb(name)]
        return f"{', '.join(verbs)} on {', '.join(resources)}" if resources and verbs else ""

    def check(binding: KubernetesObject, context: Context) -> Hits:
        kind, _, name = role_key(binding)
        rules = roles_in(context.index).rules_of(binding)
        if rules is None:
            if reports_missing and not context.index.is_unresolved(name):
                yield Hit(
                    f"is bound to {kind} {name}, which does not exist",
                    ("roleRef", "name"),
                    confidence=context.confidence_of_absence(binding),
                    evidence=name,
                )
            return
        found = list(dict.fromkeys(said for rule in rules if (said := matching(rule))))
        if found:
            message = f"allows {'; '.join(found[:3])} through {kind} {name}"
            yield Hit(message, ("roleRef", "name"), evidence=name)

    return of_kinds(_BINDINGS, check)
