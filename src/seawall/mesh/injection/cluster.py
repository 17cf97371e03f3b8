"""What a cluster needs for a mesh, as manifests: the same text for the same options.

What Pod Security Standards or our own rules object to is declared where it is, by an annotation
with the reason.
"""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence

from seawall.core.edit import Data
from seawall.core.lazy import pattern
from seawall.mesh.identity.spiffe_id import trust_domain as checked_trust_domain
from seawall.mesh.injection import agent_pods, cluster_parts, edge_pods
from seawall.mesh.injection.cluster_parts import (
    AGENT,
    CONTROLLER,
    INJECTOR,
    LABEL,
    METRICS_PORT,
    SCRAPED,
    Object,
    container,
    declared,
    labels,
    metadata,
    pod,
    token_volume,
)  # fmt: skip
from seawall.mesh.injection.edge_pods import Edges
from seawall.mesh.injection.errors import SettingsError
from seawall.mesh.injection.parts import ROOTS
from seawall.mesh.injection.settings import Agent, Settings
from seawall.text.yaml_edit import render

CONTROLLER_PORT, JOIN_PORT, WEBHOOK_PORT = 15012, 15013, 8443
"""Agents come with a certificate, or with a token to get one; the API server."""
CONTROLLER_USER, INJECTOR_USER = 61_335, 61_334
_DOORS = {"agents": CONTROLLER_PORT, "join": JOIN_PORT}
_NAMESPACE = pattern(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")
_STATE = "/var/lib/seawall/mesh"
_RUN = "/run/seawall/mesh/cluster/controller"
"""Of the mesh that is called ``cluster``: so ``seawall mesh status cluster`` finds it there."""
DOCUMENT = "seawall-mesh"
"""The ConfigMap with the mesh's document, under the key ``mesh.yaml``."""
_DOCUMENT_AT = "/etc/seawall/mesh/document"
_CERTIFICATE = "/etc/seawall/mesh/webhook"
_PSS_VERSION = "v1.36"
"""Of the schema that seawall has; an older API server takes its own newest."""
_LARGEST_CA = 256 * 1024
NO_EDGES = Edges()
_WIDE = "network-policy-allow-all"


def controller_address(namespace: str) -> str:
    """Where agents find the controller."""
    return f"{CONTROLLER}.{namespace}.svc:{CONTROLLER_PORT}"


def manifests(
    namespace: str,
    trust_domain: str,
    settings: Settings,
    ca: bytes = b"",
    edges: Edges = NO_EDGES,
) -> str:
    """All objects, in the order in which they are to be applied.

    Raises:
        SettingsError: no name of a namespace, no certificate in PEM, edges that cannot be.
        IdentityError: no trust domain.
    """
    if not _NAMESPACE.match(namespace):
        raise SettingsError(
            f"{namespace!r} is no name of a namespace: use small letters, digits and dashes"
        )
    checked_trust_domain(trust_domain)
    if ca and (len(ca) > _LARGEST_CA or b"-----BEGIN CERTIFICATE-----" not in ca):
        raise SettingsError("--webhook-ca holds no certificate in PEM: name the issuer's file")
    edges = edge_pods.checked(edges)
    with_agents = agent_pods.are_needed(settings)
    names = (CONTROLLER, *((AGENT,) if with_agents else ()), INJECTOR, *edges.names)
    is_open = with_agents or edge_pods.are_privileged(settings, edges)
    found = [
        _namespace(namespace, is_open=is_open),
        *_accounts(namespace, names),
        *_rights(namespace, settings),
        *_controller(namespace, trust_domain, settings),
        *agent_pods.objects(namespace, trust_domain, settings),
        *_injector(namespace, settings),
        *edge_pods.objects(namespace, settings, edges),
        *_policies(namespace, names, edges),
        _webhook(namespace, ca),
    ]
    return "---\n".join(render(one) for one in found)


def _namespace(namespace: str, *, is_open: bool) -> Object:
    level = "pod-security.kubernetes.io"
    meant = {
        "pss-namespace-unlabelled": "parts of the mesh need the node, or NET_ADMIN, which no lower "
        "level allows; nothing but the mesh is to run here",
    }  # fmt: skip
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": namespace,
            "labels": {
                **labels("seawall-mesh"),
                f"{level}/enforce": "privileged" if is_open else "restricted",
                f"{level}/enforce-version": _PSS_VERSION,
                f"{level}/audit": "restricted",
                f"{level}/warn": "restricted",
            },
            **({"annotations": declared(meant)} if is_open else {}),
        },
    }


def _accounts(namespace: str, names: Sequence[str]) -> Iterator[Object]:
    for name in names:
        yield {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": metadata(namespace, name),
            "automountServiceAccountToken": False,
        }


def _rights(namespace: str, settings: Settings) -> Iterator[Object]:
    """The controller asks whose a token is and what runs where, and writes down the roots.

    Nobody else has any right.
    """
    everywhere = settings.agent is Agent.SIDECAR
    rules: list[Data] = [
        _rule("authentication.k8s.io", ["tokenreviews"], ["create"]),
        _rule("", ["pods"], ["get", "list", "watch"]),
        _rule("", ["services", *(["namespaces"] if everywhere else [])], ["list", "watch"]),
        _rule("discovery.k8s.io", ["endpointslices"], ["list", "watch"]),
    ]
    roots: list[Data] = [
        # To create cannot be given by name (RBAC, "Referring to resources").
        _rule("", ["configmaps"], ["create"]),
        {**_rule("", ["configmaps"], ["get", "update"]), "resourceNames": [ROOTS]},
    ]
    for kind, own, where in (
        ("ClusterRole", [*rules, *(roots if everywhere else [])], {}),
        *(() if everywhere else (("Role", roots, {"namespace": namespace}),)),
    ):
        about = {"name": CONTROLLER, **where, "labels": labels(CONTROLLER)}
        yield {
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": about,
            "rules": own,
        }  # fmt: skip
        yield {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": f"{kind}Binding",
            "metadata": about,
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": CONTROLLER,
            },
            "subjects": [{"kind": "ServiceAccount", "name": CONTROLLER, "namespace": namespace}],
        }  # fmt: skip


def _rule(group: str, resources: list[Data], verbs: list[Data]) -> dict[str, Data]:
    return {"apiGroups": [group], "resources": resources, "verbs": verbs}


def _controller(namespace: str, trust_domain: str, settings: Settings) -> Iterator[Object]:
    yield {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": metadata(namespace, CONTROLLER),
        "spec": {
            "accessModes": ["ReadWriteOncePod"], "resources": {"requests": {"storage": "1Gi"}},
        },
    }  # fmt: skip
    args = [
        "mesh", "controller", "--trust-domain", trust_domain, "--state", _STATE,
        "--run", _RUN, "--document", f"{_DOCUMENT_AT}/mesh.yaml",
        "--listen", f":{CONTROLLER_PORT}", "--join", f":{JOIN_PORT}",
        *(["--agents", f"{namespace}/{AGENT}"] if agent_pods.are_needed(settings) else []),
        *(["--announce-everywhere"] if settings.agent is Agent.SIDECAR else []),
        "--metrics", f":{METRICS_PORT}",
    ]  # fmt: skip
    own = container(
        "controller", settings.image, args, CONTROLLER_USER, group=CONTROLLER_USER,
        ports={**_DOORS, "metrics": METRICS_PORT}, health="metrics",
        mounts={
            "state": _STATE, "run": _RUN, "document": _DOCUMENT_AT,
            "api": "/var/run/secrets/kubernetes.io/serviceaccount",
        },
        writable=("state", "run"), memory="256Mi",
    )  # fmt: skip
    volumes: list[Data] = [
        {"name": "state", "persistentVolumeClaim": {"claimName": CONTROLLER}},
        {"name": "run", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}},
        {"name": "document", "configMap": {"name": DOCUMENT, "optional": True}},
        token_volume("api", audience="", with_issuer=True),
    ]
    yield {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata(namespace, CONTROLLER),
        "spec": {
            # One, because one process owns the store; while it restarts, agents go on.
            "replicas": 1,
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": labels(CONTROLLER)},
            "template": pod(
                CONTROLLER, [own], volumes, user=CONTROLLER_USER, group=CONTROLLER_USER
            ),
        },
    }
    yield cluster_parts.service(namespace, CONTROLLER, _DOORS)


def _injector(namespace: str, settings: Settings) -> Iterator[Object]:
    args = [
        "mesh", "webhook", "--listen", f":{WEBHOOK_PORT}", "--certificate", _CERTIFICATE,
        "--metrics", f":{METRICS_PORT}", "--image", settings.image,
        "--redirect", settings.redirect.value, "--agent", settings.agent.value,
        "--proxy-user", str(settings.proxy_user), "--controller", settings.controller,
    ]  # fmt: skip
    own = container(
        "webhook", settings.image, args, INJECTOR_USER, group=INJECTOR_USER,
        ports={"webhook": WEBHOOK_PORT, "metrics": METRICS_PORT}, health="metrics",
        mounts={"certificate": _CERTIFICATE}, memory="128Mi",
    )  # fmt: skip
    volumes: list[Data] = [
        {"name": "certificate", "secret": {"secretName": f"{INJECTOR}-tls", "defaultMode": 0o440}}
    ]
    yield {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata(namespace, INJECTOR),
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": labels(INJECTOR)},
            "template": pod(
                INJECTOR, [own], volumes, user=INJECTOR_USER, group=INJECTOR_USER, spread=True
            ),
        },
    }
    yield cluster_parts.budget(namespace, INJECTOR)
    yield cluster_parts.service(namespace, INJECTOR, {"webhook": WEBHOOK_PORT}, outside=443)


def _policies(namespace: str, names: Sequence[str], edges: Edges) -> Iterator[Object]:
    """Nothing comes or goes but what is named here."""
    dns: Data = {
        "to": [
            {
                "namespaceSelector": {
                    "matchLabels": {"kubernetes.io/metadata.name": "kube-system"}
                },
                "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
            }
        ],
        "ports": [_port(53, "UDP"), _port(53)],
    }
    to_controller: Data = {
        "to": [{"podSelector": {"matchLabels": labels(CONTROLLER)}}],
        "ports": [_port(port) for port in _DOORS.values()],
    }
    from_agents: Data = {
        "from": [{"namespaceSelector": {}}],
        "ports": [_port(port) for port in _DOORS.values()],
    }
    api_server: Data = {"ports": [_port(443), _port(6443)]}
    yield _policy(namespace, "closed", [], [])
    scraping: Data = {
        "from": [{"namespaceSelector": {"matchLabels": SCRAPED}}], "ports": [_port(METRICS_PORT)],
    }  # fmt: skip
    yield _policy(namespace, "metrics", [scraping], [])
    yield _policy(
        namespace, CONTROLLER,
        [from_agents], [dns, api_server],
        {_WIDE: "agents are in any namespace; the API server has no label to be selected by"},
    )  # fmt: skip
    if AGENT in names:
        yield _policy(namespace, AGENT, [], [dns, to_controller])
    yield _policy(
        namespace, INJECTOR, [{"ports": [_port(WEBHOOK_PORT)]}], [],
        {_WIDE: "the API server, which asks it, has no label to be selected by"},
    )  # fmt: skip
    for name in edges.names:
        own = edge_pods.ways_of(name, edges)
        yield _policy(namespace, name, own.come, [dns, to_controller, *own.go], own.meant)


def _policy(
    namespace: str, name: str, come: list[Data], go: list[Data],
    meant: Mapping[str, str] | None = None,
) -> Object:  # fmt: skip
    own: Mapping[str, Data] = {} if name in ("closed", "metrics") else labels(name)
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata(namespace, name, declared(meant) if meant else None),
        "spec": {
            "podSelector": {"matchLabels": own} if own else {},
            "policyTypes": ["Ingress", "Egress"],
            **({"ingress": come} if come else {}),
            **({"egress": go} if go else {}),
        },
    }


def _port(number: int, protocol: str = "TCP") -> Data:
    return {"port": number, "protocol": protocol}


def _webhook(namespace: str, ca: bytes) -> Object:
    client: dict[str, Data] = {
        "service": {"name": INJECTOR, "namespace": namespace, "path": "/inject", "port": 443}
    }
    if ca:
        client["caBundle"] = b64encode(ca).decode("ascii")
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": INJECTOR, "labels": labels(INJECTOR)},
        "webhooks": [
            {
                "name": "inject.mesh.seawall.example",
                "admissionReviewVersions": ["v1"],
                "clientConfig": client,
                # A pod of a namespace in the mesh comes with its proxy or not at all.
                "failurePolicy": "Fail",
                "matchPolicy": "Equivalent",
                "namespaceSelector": {"matchLabels": LABEL},
                "objectSelector": {},
                "reinvocationPolicy": "IfNeeded",
                "rules": [
                    _asked_about("CREATE", "pods"),
                    _asked_about("UPDATE", "pods/ephemeralcontainers"),
                ],
                "sideEffects": "None",
                "timeoutSeconds": 5,
            }
        ],
    }  # fmt: skip


def _asked_about(operation: str, resource: str) -> Data:
    return {
        "apiGroups": [""], "apiVersions": ["v1"], "scope": "Namespaced",
        "operations": [operation], "resources": [resource],
    }  # fmt: skip
