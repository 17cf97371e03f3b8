"""Labels and names of the objects that fixes make: for fixes, not a topic of its own."""

from seawall.core.edit import Data
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.pods import Pod
from seawall.kubernetes.values import mapping, text
from seawall.text.yaml import Value


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
