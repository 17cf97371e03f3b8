"""Labels and names of the objects that fixes make: for fixes, not a topic of its own."""

from seawall.core.edit import Data
from seawall.core.lazy import pattern
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.pods import Pod
from seawall.text.scalars import Value
from seawall.text.values import mapping, text

_OTHERS = pattern(r"[^a-z0-9.-]+")


def selector_of(pod: Pod) -> dict[str, Data]:
    """The labels that the controller selects its pods by."""
    labels = mapping(pod.object.spec, "selector", "matchLabels") or (
        pod.labels if pod.object.kind in ("Pod", "ReplicationController") else {}
    )
    return {key: value for key, value in labels.items() if isinstance(value, str)}


def metadata_of(object_: KubernetesObject, name: str) -> dict[str, Data]:
    """The metadata of an object beside another, which names a namespace where that one does."""
    namespace = text(object_.metadata, "namespace")
    return {"name": name, "namespace": namespace} if namespace else {"name": name}


def plain(value: Value) -> Data:
    """A value of a manifest as a value to write."""
    return value


def credentials_name(object_: KubernetesObject) -> str:
    """The name of the Secret for the credentials of an object."""
    base = _OTHERS.sub("-", (object_.name or object_.kind).lower()).strip("-.")
    return f"{base or 'workload'}-credentials"


def new_value(
    object_: KubernetesObject, secret: str, key: str, form: str = "--from-literal"
) -> str:
    """The command that makes a Secret, with the reminder that the old value is spent."""
    namespace = text(object_.metadata, "namespace")
    inside = f" --namespace {namespace}" if namespace else ""
    value = "NEW-VALUE" if form == "--from-literal" else "FILE"
    return (
        f"kubectl create secret generic {secret}{inside} {form}={key}={value}, with a new value: "
        "the old one is known to everybody who has read the file or its history"
    )
