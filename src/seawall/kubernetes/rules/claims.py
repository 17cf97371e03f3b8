"""Rules about claims of storage: PersistentVolumeClaims and the templates of StatefulSets."""

from collections.abc import Iterator

from seawall.core.location import KeyPath
from seawall.core.rule import OPT_IN, RELIABILITY, Hit, Hits, Parameter
from seawall.core.severity import Severity
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.quantity import quantity
from seawall.kubernetes.rule import Context, object_rule
from seawall.text.values import Map, at, labels_of, mappings, text, texts

_KINDS = ("PersistentVolumeClaim", "StatefulSet")


def _claims(object_: KubernetesObject) -> Iterator[tuple[str, Map, KeyPath]]:
    """The claims of an object: how a message names each, itself, and its place."""
    if object_.kind == "PersistentVolumeClaim":
        yield "", object_.value, ()
        return
    for index, template in mappings(object_.spec, "volumeClaimTemplates"):
        name = text(template, "metadata", "name")
        yield f"the claim template {name} ", template, ("spec", "volumeClaimTemplates", index)


@object_rule(
    "pvc-access-mode",
    severity=Severity.INFO,
    remedy="Set accessModes to ReadWriteOnce or ReadWriteOncePod.",
    profile=OPT_IN,
    aliases=("kubesec:VolumeClaimAccessModeReadWriteOnce",),
    kinds=_KINDS,
)
def pvc_access_mode(object_: KubernetesObject, context: Context) -> Hits:
    """Storage should be claimed by one node, or one pod, at a time.

    Reports claims, and claim templates of StatefulSets, whose access modes have ReadWriteMany
    or are missing.

    Why:

    A volume that pods on many nodes may write to is a way from one to the other, and asks for
    storage with locks of its own. Without an access mode the API server refuses the claim.

    Bad:

        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata:
          name: data
        spec:
          accessModes:
            - ReadWriteMany
          resources:
            requests:
              storage: 10Gi

    Good:

        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata:
          name: data
        spec:
          accessModes:
            - ReadWriteOncePod
          resources:
            requests:
              storage: 10Gi

    References:
    https://kubernetes.io/docs/concepts/storage/persistent-volumes/#access-modes
    """
    for claim, value, place in _claims(object_):
        modes = texts(value, "spec", "accessModes")
        path = (*place, "spec", "accessModes")
        if not modes:
            yield Hit(f"{claim}has no access mode", path)
        elif "ReadWriteMany" in modes:
            yield Hit(
                f"{claim}may be written by many nodes at once",
                (*path, modes.index("ReadWriteMany")),
                evidence="ReadWriteMany",
            )


@object_rule(
    "pvc-storage-request",
    severity=Severity.LOW,
    remedy="Set spec.resources.requests.storage.",
    profile=RELIABILITY,
    aliases=("kubesec:VolumeClaimRequestsStorage",),
    kinds=_KINDS,
)
def pvc_storage_request(object_: KubernetesObject, context: Context) -> Hits:
    """Claims of storage must say how much they need.

    Reports claims, and claim templates of StatefulSets, without ``resources.requests.storage``
    or with one that is no amount above zero.

    Why:

    The API server refuses the claim, and the pods that mount it never start.

    Bad:

        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata:
          name: data
        spec:
          accessModes:
            - ReadWriteOnce

    Good:

        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata:
          name: data
        spec:
          accessModes:
            - ReadWriteOnce
          resources:
            requests:
              storage: 10Gi

    References:
    https://kubernetes.io/docs/concepts/storage/persistent-volumes/#resources
    """
    for claim, value, place in _claims(object_):
        path = ("spec", "resources", "requests", "storage")
        request = at(value, *path)
        amount = quantity(request)
        if request is None:
            yield Hit(f"{claim}does not say how much storage it needs", (*place, *path))
        elif amount is None or amount <= 0:
            yield Hit(
                f"{claim}asks for {request} of storage, which is no amount",
                (*place, *path),
                evidence=str(request),
            )


@object_rule(
    "pvc-annotation-required",
    severity=Severity.INFO,
    remedy="Add the annotation to the metadata of the claim.",
    profile=OPT_IN,
    aliases=("kube-linter:statefulset-volumeclaimtemplate-annotation",),
    kinds=_KINDS,
    parameters=(
        Parameter("annotations", (), "the annotations each claim must have; empty: rule is off"),
    ),
)
def pvc_annotation_required(object_: KubernetesObject, context: Context) -> Hits:
    """Claims of storage should carry the annotations a team has chosen.

    Reports claims, and claim templates of StatefulSets, without an annotation of the parameter
    ``annotations``, or with an empty one. Without the parameter nothing is reported.

    Why:

    Backups, snapshots and the search for the owner of a forgotten volume go by annotations.

    Bad:

        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata:
          name: data
        spec:
          accessModes:
            - ReadWriteOnce
          resources:
            requests:
              storage: 10Gi

    Good:

        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata:
          name: data
          annotations:
            example.org/owner: shop
        spec:
          accessModes:
            - ReadWriteOnce
          resources:
            requests:
              storage: 10Gi

    Parameters:

        annotations = ["example.org/owner"]

    References:
    https://kubernetes.io/docs/concepts/overview/working-with-objects/annotations/
    """
    for key in context.texts(pvc_annotation_required, "annotations"):
        for claim, value, place in _claims(object_):
            if not labels_of(value, "metadata", "annotations").get(key):
                yield Hit(
                    f"{claim}has no annotation {key}",
                    (*place, "metadata", "annotations", key),
                    evidence=key,
                )
