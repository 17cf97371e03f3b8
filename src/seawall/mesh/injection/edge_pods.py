"""The pods at the edges of a mesh: the exit to the world outside, and the gateway into the mesh.

Both are proxies of the mesh without an application, so what stands in their pods is what is put
into others. The exit has one more init container: its rules keep the proxy to public addresses and
the ranges that whoever runs the cluster has opened, whatever the document says or DNS answers.
"""

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_network

from seawall.core.edit import Data
from seawall.core.named_tuple import NamedTuple
from seawall.mesh.injection import cluster_parts, parts
from seawall.mesh.injection.cluster_parts import Object, declared, labels, metadata, pod
from seawall.mesh.injection.errors import SettingsError
from seawall.mesh.injection.settings import Agent, By, Settings
from seawall.mesh.plan.edges import EXIT_PORT
from seawall.mesh.redirect.exit_rules import INNER_4, INNER_6
from seawall.mesh.redirect.rules import CLOSED, PROBES

EGRESS, GATEWAY = "seawall-mesh-egress", "seawall-mesh-gateway"
"""Deployments and their service accounts: by these the controller knows their pods."""
GATEWAY_SECRET = f"{GATEWAY}-tls"
GATEWAY_TLS_AT = "/etc/seawall/mesh/gateway"
GATEWAY_CERTIFICATE = "/run/seawall/mesh/proxy/gateway/secret.json"
"""The file by which the gateway's proxy gets certificate and key."""
_EXIT = "seawall-mesh-exit"
_REPLICAS = 2
_WIDEST_4, _WIDEST_6 = 8, 16


class Edges(NamedTuple):
    """Which of the two a cluster has."""

    egress: bool = False
    private: tuple[str, ...] = ()
    """Ranges that are not public and that the exit may reach all the same."""
    gateway: int = 0
    """The port of the document's gateway; 0 for none."""

    @property
    def names(self) -> tuple[str, ...]:
        """The service accounts."""
        return (*((EGRESS,) if self.egress else ()), *((GATEWAY,) if self.gateway else ()))


def checked(edges: Edges) -> Edges:
    """The same with ranges as they are written; raises :class:`SettingsError`."""
    if edges.private and not edges.egress:
        raise SettingsError("--egress-private is of no use without --egress: add that")
    ranges = []
    for text in edges.private:
        try:
            found = ip_network(text)
        except ValueError:
            raise SettingsError(
                f"--egress-private {text}: no range of addresses; write one like 10.20.0.0/16"
            ) from None
        if found.prefixlen < (_WIDEST_4 if found.version == 4 else _WIDEST_6):
            raise SettingsError(
                f"--egress-private {text}: wider than destinations need; name the ranges that "
                "they are in"
            )
        ranges.append(str(found))
    if edges.gateway and (not 0 < edges.gateway < 2**16 or edges.gateway in (*CLOSED, PROBES)):
        raise SettingsError(
            f"--gateway {edges.gateway}: no port for a gateway; give that of the document's listen"
        )
    return edges._replace(private=tuple(ranges))


def objects(namespace: str, settings: Settings, edges: Edges) -> Iterator[Object]:
    """Deployments, what keeps enough of their pods, and services."""
    if edges.egress:
        own = _proxy(settings, ["--edge", "egress"])
        inits = [*_redirect(settings), _exit(settings, edges.private)]
        yield from _deployment(namespace, EGRESS, settings, own, inits, ())
    if edges.gateway:
        own = _proxy(settings, ["--edge", "gateway"])
        own["ports"] = [*_list(own["ports"]), {"name": "gateway", "containerPort": edges.gateway}]
        mount: Data = {"name": "tls", "mountPath": GATEWAY_TLS_AT, "readOnly": True}
        own["volumeMounts"] = [*_list(own["volumeMounts"]), mount]
        secret: Data = {"secretName": GATEWAY_SECRET, "optional": True, "defaultMode": 0o440}
        tls: Data = {"name": "tls", "secret": secret}
        yield from _deployment(namespace, GATEWAY, settings, own, _redirect(settings), [tls])
        yield cluster_parts.service(namespace, GATEWAY, {"gateway": edges.gateway}, outside=443)


class Ways(NamedTuple):
    """What a network policy lets in and out besides DNS and the controller."""

    come: list[Data]
    go: list[Data]
    meant: Mapping[str, str]
    """Rule -> why it is so wide."""


def ways_of(name: str, edges: Edges) -> Ways:
    """Those of one of the two."""
    if name == GATEWAY:
        everybody: Data = {"ports": [{"port": edges.gateway, "protocol": "TCP"}]}
        mesh: Data = {"to": [{"namespaceSelector": {}}]}
        why = "whoever is outside may call the gateway; which pods it reaches is the mesh's policy"
        return Ways([everybody], [mesh], {"network-policy-allow-all": why})
    called: Data = {
        "from": [{"namespaceSelector": {}}], "ports": [{"port": EXIT_PORT, "protocol": "TCP"}],
    }  # fmt: skip
    outside: list[Data] = [
        {"ipBlock": {"cidr": "0.0.0.0/0", "except": list(INNER_4)}},
        {"ipBlock": {"cidr": "::/0", "except": list(INNER_6)}},
        *({"ipBlock": {"cidr": own}} for own in edges.private),
    ]
    meant = {
        "network-policy-allow-all": "pods of any namespace call it, and show who they are",
        "network-policy-world": "what is declared is outside; its proxy goes nowhere else",
    }
    return Ways([called], [{"to": outside}], meant)


def are_privileged(settings: Settings, edges: Edges) -> bool:
    """Whether any of their pods needs what the restricted level forbids."""
    by_itself = settings.redirect is By.AGENT and settings.agent is Agent.SIDECAR
    return edges.egress or (bool(edges.gateway) and not by_itself)


def _deployment(
    namespace: str, name: str, settings: Settings, own: dict[str, Data],
    inits: Sequence[Data], volumes: Sequence[Data],
) -> Iterator[Object]:  # fmt: skip
    reasons = {}
    if inits:
        reasons["pss-restricted"] = "rules of the pod are loaded with NET_ADMIN, before the proxy"
        reasons["run-as-root-group"] = "the same, of an init container"
        reasons["run-as-non-root"] = "a capability takes effect for root only, in init containers"
        reasons["capability-dangerous-added"] = "rules are loaded with NET_ADMIN, and then no more"
    if settings.agent is Agent.NODE:
        reasons["host-path-volume"] = "the pod's own directory of the node's agent, for reading"
        reasons["pss-restricted"] = (
            "its keys come from the node's agent, by a directory of the node"
        )
    user = settings.proxy_user
    template = pod(
        name, [own], [*parts.volumes(settings), *volumes], user=user, group=user,
        spread=True, is_scraped=False,
        more={"initContainers": list(inits)} if inits else None,
    )  # fmt: skip
    yield {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata(namespace, name, declared(reasons) if reasons else None),
        "spec": {
            "replicas": _REPLICAS,
            "selector": {"matchLabels": labels(name)},
            "template": template,
        },
    }
    yield cluster_parts.budget(namespace, name)


def _proxy(settings: Settings, more: Sequence[str]) -> dict[str, Data]:
    """The proxy as a container like any other: there is nothing that it would stand beside."""
    *_, proxy = parts.containers(settings, "")
    own: dict[str, Data] = {key: own for key, own in proxy.items() if key != "restartPolicy"}
    own["args"] = [*_list(own["args"]), *more]
    own["env"] = _list(own["env"])[:-1]  # there are no probes of an application
    return own


def _redirect(settings: Settings) -> list[Data]:
    *inits, _ = parts.containers(settings, "")
    return list(inits)


def _exit(settings: Settings, private: Sequence[str]) -> Data:
    args = [
        *(word for own in private for word in ("--private", own)),
        *(["--controller", settings.controller] if settings.agent is Agent.SIDECAR else []),
    ]
    return parts.init(settings, _EXIT, ["--exit", *args])


def _list(own: Data) -> list[Data]:
    assert isinstance(own, list)  # noqa: S101 - made in parts
    return own
