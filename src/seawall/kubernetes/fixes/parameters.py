"""Fixes whose values a team has set as parameters of the rule: labels, annotations, DNS options."""

from seawall.core.edit import Append, Data, Operation, Safety
from seawall.core.rule import Hit
from seawall.kubernetes.fix import Repairs, in_pod, mends, remove_at, repair, set_at
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.pods import Pod
from seawall.kubernetes.rule import Context
from seawall.kubernetes.rules.metadata import required_annotation, required_label
from seawall.kubernetes.rules.workloads import dns_config_option

_GLOB = frozenset("*?[")


@mends("required-label", "required-annotation")
def add_required(object_: KubernetesObject, hit: Hit, context: Context) -> Repairs:
    """Only a value that the parameter names as it is: a pattern leaves it to people."""
    is_label = "labels" in hit.at
    rule, parameter = (
        (required_label, "labels") if is_label else (required_annotation, "annotations")
    )
    for pattern in context.texts(rule, parameter):
        key, equals, value = pattern.partition("=")
        if key == hit.evidence and equals and value and not _GLOB.intersection(value):
            yield repair(
                object_,
                f"Set {key} to {value}",
                set_at(object_, hit, value),
                safety=Safety.UNSAFE,
                effect="what selects or sorts objects by it takes this one in",
            )


@mends("forbidden-annotation")
def remove_annotation(object_: KubernetesObject, hit: Hit, context: Context) -> Repairs:
    """The team says that it must not be there."""
    yield repair(
        object_,
        f"Remove the annotation {hit.evidence}",
        remove_at(object_, hit),
        safety=Safety.UNSAFE,
        effect="whoever reads the annotation does without",
    )


@mends("dns-config-option")
def set_option(pod: Pod, hit: Hit, context: Context) -> Repairs:
    """The hit names the option's value, or the list where it is missing."""
    name = str(context.parameter(dns_config_option, "option"))
    value = str(context.parameter(dns_config_option, "value"))
    option: dict[str, Data] = {"name": name, "value": value}
    is_there = bool(hit.at) and hit.at[-1] == "value"
    operation: Operation = (
        set_at(pod, hit, value) if is_there else Append(in_pod(pod, "dnsConfig", "options"), option)
    )
    yield repair(
        pod,
        f"Set the DNS option {name} to {value}",
        operation,
        safety=Safety.UNSAFE,
        effect="names are looked up in another way",
    )
