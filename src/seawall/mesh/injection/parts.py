"""What is put into a pod: the containers and volumes of the mesh."""

from collections.abc import Mapping, Sequence

from seawall.core.edit import Data
from seawall.mesh.injection.settings import Agent, By, Settings
from seawall.mesh.redirect.rules import INBOUND, OUTBOUND, PROBES

INIT, PROXY = "seawall-mesh-init", "seawall-mesh-proxy"
TOKEN, RUN, AGENT = "seawall-mesh-token", "seawall-mesh-run", "seawall-mesh-agent"
ROOTS = "seawall-mesh-roots"
"""A volume, and the ConfigMap that it holds: the controller writes it into namespaces."""
ROOTS_KEY = "roots.pem"
PROGRAMS = "seawall-mesh-api"
"""The volume of the Workload API's socket, where the sidecar makes it."""
CONTAINERS, VOLUMES = (INIT, PROXY), (TOKEN, RUN, AGENT, ROOTS, PROGRAMS)
AUDIENCE = "seawall-mesh"
TOKEN_SECONDS = 3600
SOCKETS = "/run/seawall/mesh/pods"
"""The directory of a node in which its agent has one for each pod, named by the pod's uid."""
PROGRAMS_BELOW = "workload-api"
"""The directory below that of a pod with the socket for its programs."""
PROGRAMS_AT = "/run/seawall/mesh/workload-api"
PROGRAMS_SOCKET = "api.sock"
PROGRAMS_ENDPOINT = f"unix://{PROGRAMS_AT}/{PROGRAMS_SOCKET}"
_AGENT_AT = "/run/seawall/mesh/agent"
_TOKEN_AT = "/var/run/secrets/seawall-mesh"  # noqa: S105 - a directory
_ROOTS_AT = "/etc/seawall/mesh/roots"
_RUN_AT = "/run/seawall/mesh/proxy"

Part = Mapping[str, Data]


def containers(settings: Settings, annotation: str, *, programs: bool = False) -> list[Part]:
    """The init containers, in their order; ``annotation`` is that of the probes.

    ``programs`` says whether the pod's programs take their identity themselves.
    """
    found = [_proxy(settings, annotation, programs=programs)]
    return [init(settings), *found] if settings.redirect is By.INIT else found


def volumes(settings: Settings, *, programs: bool = False) -> list[Part]:
    """What the containers mount. A token has the sidecar that is an agent itself, and no other."""
    run: Part = {"name": RUN, "emptyDir": {"medium": "Memory", "sizeLimit": "8Mi"}}
    if settings.agent is Agent.NODE:
        return [run, {"name": AGENT, "hostPath": {"path": SOCKETS, "type": "Directory"}}]
    token: Part = {
        "name": TOKEN,
        "projected": {
            "sources": [
                {
                    "serviceAccountToken": {
                        "audience": AUDIENCE, "expirationSeconds": TOKEN_SECONDS, "path": "token",
                    }
                }
            ]
        },
    }  # fmt: skip
    found: list[Part] = [run, token, {"name": ROOTS, "configMap": {"name": ROOTS}}]
    if programs:
        memory: Data = {"medium": "Memory", "sizeLimit": "1Mi"}
        found.append({"name": PROGRAMS, "emptyDir": memory})
    return found


def init(settings: Settings, name: str = INIT, more: Sequence[str] = ()) -> Part:
    """A container that loads rules, and ends."""
    return {
        "name": name,
        "image": settings.image,
        "command": ["seawall"],
        "args": ["mesh", "init", "--proxy-user", str(settings.proxy_user), *more],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"add": ["NET_ADMIN"], "drop": ["ALL"]},
            "privileged": False,
            "readOnlyRootFilesystem": True,
            # A capability takes effect for root only: Kubernetes has no ambient ones (KEP-2763).
            "runAsGroup": 0,
            "runAsNonRoot": False,
            "runAsUser": 0,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "resources": {
            "requests": {"cpu": "10m", "memory": "64Mi", "ephemeral-storage": "8Mi"},
            "limits": {"cpu": "1", "memory": "128Mi", "ephemeral-storage": "16Mi"},
        },
    }


def _proxy(settings: Settings, annotation: str, *, programs: bool) -> Part:
    mounts: list[Part] = [{"name": RUN, "mountPath": _RUN_AT}]
    # The pod's own directory alone: it sees no other pod's socket.
    if settings.agent is Agent.NODE:
        mounts.append(
            {
                "name": AGENT, "mountPath": _AGENT_AT, "subPathExpr": "$(POD_UID)",
                "readOnly": True,
            }
        )  # fmt: skip
    else:
        mounts += [
            {"name": TOKEN, "mountPath": _TOKEN_AT, "readOnly": True},
            {"name": ROOTS, "mountPath": _ROOTS_AT, "readOnly": True},
            *([{"name": PROGRAMS, "mountPath": PROGRAMS_AT}] if programs else []),
        ]
    return {
        "name": PROXY,
        "image": settings.image,
        "restartPolicy": "Always",
        "command": ["seawall"],
        "args": ["mesh", "sidecar", *_where(settings, programs=programs)],
        "env": [
            _field("POD_NAME", "metadata.name"),
            _field("POD_NAMESPACE", "metadata.namespace"),
            _field("POD_UID", "metadata.uid"),
            _field("SEAWALL_MESH_PROBES", f"metadata.annotations['{annotation}']"),
        ],
        "ports": [
            {"name": "mesh-outbound", "containerPort": OUTBOUND},
            {"name": "mesh-inbound", "containerPort": INBOUND},
            {"name": "mesh-health", "containerPort": PROBES},
        ],
        "startupProbe": {**_ready(), "periodSeconds": 1, "failureThreshold": 60},
        "readinessProbe": {**_ready(), "periodSeconds": 5, "failureThreshold": 2},
        "livenessProbe": {
            "httpGet": {"path": "/live", "port": PROBES}, "periodSeconds": 10,
            "failureThreshold": 6,
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "privileged": False,
            "readOnlyRootFilesystem": True,
            "runAsGroup": settings.proxy_user,
            "runAsNonRoot": True,
            "runAsUser": settings.proxy_user,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "resources": {
            "requests": {"cpu": "50m", "memory": "96Mi", "ephemeral-storage": "16Mi"},
            "limits": {"cpu": "2", "memory": "256Mi", "ephemeral-storage": "64Mi"},
        },
        "volumeMounts": mounts,
    }  # fmt: skip


def _where(settings: Settings, *, programs: bool) -> Sequence[str]:
    """How the sidecar comes by its configuration."""
    if settings.agent is Agent.NODE:
        return ["--agent", f"{_AGENT_AT}/agent.sock"]
    return [
        "--controller", settings.controller, "--token", f"{_TOKEN_AT}/token",
        "--roots", f"{_ROOTS_AT}/{ROOTS_KEY}",
        *(["--workload-api", f"{PROGRAMS_AT}/{PROGRAMS_SOCKET}"] if programs else []),
    ]  # fmt: skip


def _field(name: str, path: str) -> Part:
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}


def _ready() -> Part:
    return {"httpGet": {"path": "/ready", "port": PROBES}}
