"""The agents of nodes: what a DaemonSet of them may do depends on what is asked of them.

To serve sockets to pods an agent needs one directory of its node. Only where it also loads the
rules of pods, from outside, does it need the node's processes and the right to enter namespaces.
Where sidecars hold their own keys and load their own rules there are no agents.
"""

from collections.abc import Iterator, Mapping

from seawall.core.edit import Data
from seawall.mesh.injection.cluster_parts import (
    AGENT,
    METRICS_PORT,
    Object,
    container,
    declared,
    labels,
    metadata,
    pod,
)
from seawall.mesh.injection.cluster_parts import token_volume as token
from seawall.mesh.injection.parts import ROOTS, ROOTS_KEY, SOCKETS
from seawall.mesh.injection.settings import Agent, By, Settings

_TOKEN_AT = "/var/run/secrets/seawall-mesh"  # noqa: S105 - a directory
_ROOTS_AT = "/etc/seawall/mesh/roots"
_STATE = "/run/seawall/mesh"
_GROUP = 61_336


_ALWAYS: Mapping[str, str] = {
    "pss-restricted": "it serves the node: what it needs is named by the other ignores",
    "run-as-non-root": "sockets and rules of pods are root's to make; it has few capabilities",
    "scheduling-control-plane": "pods of the mesh may run on any node",
}
_TO_SERVE: Mapping[str, str] = {
    "writable-host-path": "it makes the sockets of pods there; nothing else is in that directory",
}
_TO_REDIRECT: Mapping[str, str] = {
    "apparmor-unconfined": "runtimes' profiles let nobody look at a sandbox's process",
    "capability-dangerous-added": "rules are loaded with NET_ADMIN, pods found with SYS_PTRACE",
    "capability-sys-admin-added": "a network namespace is entered with it (setns)",
    "host-pid": "the network namespace of a pod is found by one of its processes",
}
"""Rule -> why what it says of the agent is meant, by what the agent is for."""


def are_needed(settings: Settings) -> bool:
    """Whether anything is left for agents of nodes to do."""
    return settings.agent is Agent.NODE or settings.redirect is By.AGENT


def objects(namespace: str, trust_domain: str, settings: Settings) -> Iterator[Object]:
    """The DaemonSet; nothing where no agents are needed."""
    serves, redirects = settings.agent is Agent.NODE, settings.redirect is By.AGENT
    if not are_needed(settings):
        return
    reasons = {
        **_ALWAYS, **(_TO_SERVE if serves else {}), **(_TO_REDIRECT if redirects else {}),
    }  # fmt: skip
    capabilities = [
        *(["CHOWN"] if serves else []),
        *(["NET_ADMIN", "SYS_ADMIN", "SYS_PTRACE"] if redirects else []),
    ]
    mounts = {"token": _TOKEN_AT, "roots": _ROOTS_AT, "run": f"{_STATE}/agent"}
    args = [
        "mesh", "agent", "--trust-domain", trust_domain, "--controller", settings.controller,
        "--token", f"{_TOKEN_AT}/token", "--roots", f"{_ROOTS_AT}/{ROOTS_KEY}",
        "--node", "$(NODE_NAME)",
        "--proxy-user", str(settings.proxy_user),
        "--metrics", f":{METRICS_PORT}",
        *(["--serve", SOCKETS] if serves else []), *(["--redirect"] if redirects else []),
    ]  # fmt: skip
    own: dict[str, Data] = container(
        "agent", settings.image, args, 0, group=_GROUP, memory="192Mi",
        ports={"metrics": METRICS_PORT},
        mounts={**mounts, "pods": SOCKETS} if serves else mounts,
        writable=("pods", "run"), capabilities=capabilities,
        # The profiles of runtimes let nobody look at the sandbox's process (ptrace, read).
        unconfined=redirects,
    )  # fmt: skip
    own["env"] = [{"name": "NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}]
    own["readinessProbe"] = _asked("ready", 10)
    own["livenessProbe"] = _asked("live", 10)
    volumes: list[Data] = [
        token("token"),
        {"name": "roots", "configMap": {"name": ROOTS}},
        {"name": "run", "emptyDir": {"medium": "Memory", "sizeLimit": "16Mi"}},
    ]
    if serves:
        pods = {"path": SOCKETS, "type": "DirectoryOrCreate"}
        volumes.append({"name": "pods", "hostPath": pods})
    more: dict[str, Data] = {
        "priorityClassName": "system-node-critical",
        "tolerations": [{"operator": "Exists"}],
        **({"hostPID": True} if redirects else {}),
    }
    yield {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": metadata(namespace, AGENT, declared(reasons)),
        "spec": {
            "selector": {"matchLabels": labels(AGENT)},
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1}},
            "template": pod(AGENT, [own], volumes, user=0, group=_GROUP, more=more),
        },
    }


def _asked(what: str, seconds: int) -> Data:
    """A probe by command: whether it is ready is told to nobody else."""
    return {
        "exec": {"command": ["seawall", "mesh", "agent", "--ask", what]},
        "periodSeconds": seconds, "timeoutSeconds": 5, "failureThreshold": 6,
    }  # fmt: skip
