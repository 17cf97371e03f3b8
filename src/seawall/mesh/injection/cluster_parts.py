"""What the mesh's own parts in a cluster have in common."""

from collections.abc import Mapping, Sequence

from seawall.core.edit import Data
from seawall.mesh.injection.parts import AUDIENCE, TOKEN_SECONDS

Object = Mapping[str, Data]

CONTROLLER, AGENT, INJECTOR = (
    "seawall-mesh-controller", "seawall-mesh-agent", "seawall-mesh-injector",
)  # fmt: skip
METRICS_PORT = 15014
"""Health and metrics, without TLS."""
SCRAPED = {"seawall/mesh-metrics": "enabled"}
"""The label of namespaces whose pods may ask for metrics."""
LABEL = {"seawall/mesh": "enabled"}
"""The label of namespaces whose pods are in the mesh."""


def labels(name: str) -> dict[str, Data]:
    """What an object is known by."""
    return {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "seawall-mesh"}


def metadata(namespace: str, name: str, annotations: Object | None = None) -> Object:
    """The metadata of an object of the mesh's namespace."""
    own: dict[str, Data] = {"name": name, "namespace": namespace, "labels": labels(name)}
    return {**own, "annotations": annotations} if annotations else own


def declared(reasons: Mapping[str, str]) -> Object:
    """Annotations by which ``seawall scan`` knows that something is meant: rule -> why."""
    return {f"seawall/ignore.{rule}": reason for rule, reason in sorted(reasons.items())}


def pod(
    name: str, containers: list[Data], volumes: list[Data], *, user: int, group: int,
    spread: bool = False, more: Object | None = None, is_scraped: bool = True,
) -> Object:  # fmt: skip
    """The template of a pod; ``is_scraped`` says whether it tells metrics."""
    apart: list[Data] = [
        {
            "maxSkew": 1, "topologyKey": "kubernetes.io/hostname",
            "whenUnsatisfiable": "ScheduleAnyway", "labelSelector": {"matchLabels": labels(name)},
        }
    ]  # fmt: skip
    scraping: Object = {
        "prometheus.io/scrape": "true", "prometheus.io/port": str(METRICS_PORT),
        "prometheus.io/path": "/metrics",
    }  # fmt: skip
    return {
        "metadata": {
            "labels": labels(name),
            **({"annotations": scraping} if is_scraped else {}),
        },
        "spec": {
            "serviceAccountName": name,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "nodeSelector": {"kubernetes.io/os": "linux"},
            "securityContext": {
                "fsGroup": group,
                # Else the kubelet opens files of a volume to the group at each start, keys too.
                "fsGroupChangePolicy": "OnRootMismatch",
                "runAsGroup": group,
                "runAsNonRoot": user != 0,
                "runAsUser": user,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            **({"topologySpreadConstraints": apart} if spread else {}),
            **(more or {}),
            "containers": containers,
            "volumes": volumes,
        },
    }


def container(
    name: str, image: str, args: Sequence[str], user: int, *, group: int, memory: str,
    health: str = "", ports: Mapping[str, int] | None = None,
    mounts: Mapping[str, str] | None = None, writable: Sequence[str] = (),
    capabilities: Sequence[str] = (), unconfined: bool = False,
) -> dict[str, Data]:  # fmt: skip
    """A container as closed as can be; ``mounts`` are names of volumes and where they appear."""
    added = {"add": list(capabilities)} if capabilities else {}
    probes: dict[str, Data] = {}
    if health:
        probes = {
            "readinessProbe": {"httpGet": {"path": "/ready", "port": health}, "periodSeconds": 5},
            "livenessProbe": {
                "httpGet": {"path": "/live", "port": health}, "periodSeconds": 10,
                "failureThreshold": 6,
            },
        }  # fmt: skip
    return {
        "name": name,
        "image": image,
        "command": ["seawall"],
        "args": list(args),
        "ports": [
            {"name": port, "containerPort": number} for port, number in (ports or {}).items()
        ],
        **probes,
        "securityContext": {
            "allowPrivilegeEscalation": False,
            **({"appArmorProfile": {"type": "Unconfined"}} if unconfined else {}),
            "capabilities": {**added, "drop": ["ALL"]},
            "privileged": False,
            "readOnlyRootFilesystem": True,
            "runAsGroup": group,
            "runAsNonRoot": user != 0,
            "runAsUser": user,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "resources": {
            "requests": {"cpu": "100m", "memory": memory, "ephemeral-storage": "16Mi"},
            "limits": {"cpu": "2", "memory": memory, "ephemeral-storage": "64Mi"},
        },
        "volumeMounts": [
            {
                "name": volume, "mountPath": path,
                **({} if volume in writable else {"readOnly": True}),
            }
            for volume, path in (mounts or {}).items()
        ],
    }  # fmt: skip


def token_volume(name: str, *, audience: str = AUDIENCE, with_issuer: bool = False) -> Object:
    """A token of the pod's account; without an audience it is for the API server.

    ``with_issuer`` adds the API server's certificate and the namespace, as client libraries expect.
    """
    token: dict[str, Data] = {"expirationSeconds": TOKEN_SECONDS, "path": "token"}
    if audience:
        token["audience"] = audience
    sources: list[Data] = [{"serviceAccountToken": token}]
    if with_issuer:
        certificate: Data = {"key": "ca.crt", "path": "ca.crt"}
        field: Data = {"path": "namespace", "fieldRef": {"fieldPath": "metadata.namespace"}}
        sources += [
            {"configMap": {"name": "kube-root-ca.crt", "items": [certificate]}},
            {"downwardAPI": {"items": [field]}},
        ]
    return {"name": name, "projected": {"defaultMode": 0o440, "sources": sources}}


def budget(namespace: str, name: str) -> Object:
    """What keeps one pod of a deployment while nodes are emptied."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": metadata(namespace, name),
        "spec": {
            "minAvailable": 1,
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
            "selector": {"matchLabels": labels(name)},
        },
    }


def service(
    namespace: str, name: str, ports: Mapping[str, int], *, outside: int = 0
) -> Object:  # fmt: skip
    """The service in front of a part; ``outside`` is its port, where that is another one."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(namespace, name),
        "spec": {
            "type": "ClusterIP",
            "selector": labels(name),
            "ports": [
                {"name": port, "port": outside or number, "targetPort": port}
                for port, number in ports.items()
            ],
        },
    }
