"""Policies as Istio writes them: what of AuthorizationPolicy and PeerAuthentication is carried out.

Documents in the file of the mesh, or in files that it names under ``istio``. A field that is not
carried out is refused by its name, with what to write instead: a policy that is read but in part
would let in whom it does not say. Principals are those of Istio, ``TRUST-DOMAIN/ns/NAMESPACE/sa/
ACCOUNT``, and ``cluster.local`` stands for the own trust domain, as it does there.

Two differences remain. Where no ALLOW policy selects a workload Istio lets everybody in; here it
stays closed. And whoever has no identity is never let in by a rule.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from seawall.core.lazy import pattern
from seawall.mesh.identity.errors import IdentityError
from seawall.mesh.identity.spiffe_id import SpiffeId, parse, trust_domain
from seawall.mesh.plan.document import Node
from seawall.mesh.plan.model import Port, Protocol, Rule, Source
from seawall.mesh.plan.modes import STRICT, Mode, seconds_at
from seawall.mesh.plan.policy import method_of, path_of

VERSIONS = ("security.istio.io/v1", "security.istio.io/v1beta1")
ROOT_NAMESPACE = "istio-system"
"""A policy there is about all namespaces (MeshConfig: rootNamespace)."""
UNTIL = "mesh.seawall.dev/plaintext-until"
"""The annotation that says when PERMISSIVE ends."""
_ANYBODY = "*"
_LOCAL = "cluster.local"
_NAMESPACE = pattern(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")
_POSITIVE = ("principals", "namespaces", "serviceAccounts")
_NOT_SOURCES = {
    "notPrincipals": "write a DENY policy with principals",
    "notNamespaces": "write a DENY policy with namespaces",
    "notServiceAccounts": "write a DENY policy with serviceAccounts",
    "requestPrincipals": "let the application look at tokens of users",
    "notRequestPrincipals": "let the application look at tokens of users",
    "ipBlocks": "name principals: an address is no identity",
    "notIpBlocks": "name principals: an address is no identity",
    "remoteIpBlocks": "name principals: an address is no identity",
    "notRemoteIpBlocks": "name principals: an address is no identity",
    "trustDomains": "name principals: there is one trust domain",
    "notTrustDomains": "name principals: there is one trust domain",
}
_NOT_OPERATIONS = {
    "hosts": "use ports and paths: hosts are looked at by the gateway",
    "notHosts": "use ports and paths: hosts are looked at by the gateway",
    "notPorts": "name the ports, or write a DENY policy with ports",
    "notMethods": "name the methods, or write a DENY policy with methods",
    "notPaths": "name the paths, or write a DENY policy with paths",
}
_NOT_SPEC = {
    "targetRef": "use selector",
    "targetRefs": "use selector",
    "provider": "let the application ask it",
}


class Selectable(NamedTuple):
    """A workload as policies select it."""

    id: SpiffeId
    labels: Mapping[str, str]
    ports: tuple[Port, ...]
    mode: Mode = STRICT

    @property
    def namespace(self) -> str:
        """That of its id, ``/ns/NAMESPACE/...``; empty where it has none."""
        parts = self.id.path.split("/")
        return parts[2] if len(parts) > 3 and parts[1] == "ns" else ""


class Found(NamedTuple):
    """What documents of Istio come to."""

    rules: tuple[Rule, ...] = ()
    modes: Mapping[str, Mode] = {}
    """By name of a workload."""


def is_policy(document: Node) -> bool:
    """Whether a document is one of Kubernetes', and not the description of a mesh."""
    return "apiVersion" in document and "kind" in document


def read(documents: Sequence[Node], domain: SpiffeId, known: Mapping[str, Selectable]) -> Found:
    """Rules and modes of documents; raises ``PlanError`` at what is not carried out."""
    rules: list[Rule] = []
    modes: dict[str, Mode] = {}
    for document in documents:
        document.only("apiVersion", "kind", "metadata", "spec", "status")
        document.of("apiVersion").choice(*VERSIONS)
        kind = document.of("kind").choice("AuthorizationPolicy", "PeerAuthentication")
        if kind == "AuthorizationPolicy":
            rules += _rules(document, domain, known)
            continue
        for name, mode in _modes(document, known).items():
            if name in modes:
                document.fail(f"two policies say how strict {name} is: remove one")
            modes[name] = mode
    return Found(tuple(rules), modes)


# AuthorizationPolicy ----------------------------------------------------------------------------


def _rules(document: Node, domain: SpiffeId, known: Mapping[str, Selectable]) -> Iterator[Rule]:
    spec = document.of("spec") if "spec" in document else None
    selected = _selected(document, known)
    title = document.of("metadata").of("name").text(longest=253)
    if spec is None:
        return  # it allows nothing
    _refuse(spec, _NOT_SPEC)
    spec.only("selector", "action", "rules")
    action = "ALLOW"
    if "action" in spec:
        action = spec.of("action").text()
        if action in ("AUDIT", "CUSTOM"):
            spec.of("action").fail(f"{action} is not carried out: write ALLOW or DENY")
        spec.of("action").choice("ALLOW", "DENY")
    namespace = _namespace(document)
    for number, rule in enumerate(spec.of("rules").sequence() if "rules" in spec else (), 1):
        for part in _parts(rule, domain, namespace):
            found = []
            for name, own in selected.items():
                called = f"{namespace or '-'}/{title} {number}.{part.number} for {name}"
                found += part.rules(called, own, allows=action == "ALLOW", node=rule)
            if not found:
                rule.fail(
                    "nobody serves such a port over HTTP, so this means nothing: declare the port "
                    "as http, or leave methods and paths out"
                )
            yield from found


class _Part(NamedTuple):
    """One operation of a rule, with everybody whom the rule means."""

    number: int
    sources: tuple[Source, ...]
    ports: tuple[int, ...]
    methods: tuple[str, ...]
    paths: tuple[str, ...]

    def rules(self, name: str, own: Selectable, *, allows: bool, node: Node) -> list[Rule]:
        """It as a rule about a workload; none where it could let nobody in."""
        ports = self.ports
        about = [port for port in own.ports if not ports or port.number in ports]
        if about and (self.methods or self.paths):
            http = tuple(port.number for port in about if port.protocol is Protocol.HTTP)
            if len(http) != len(about) and not allows:
                node.fail(
                    f"{own.id} serves tcp, too, where methods and paths mean nothing: add the "
                    "ports of http to the operation, and deny the others by a rule of their own"
                )
            if not http:
                return []
            # An ALLOW with fields of HTTP never lets anybody in on a port of tcp.
            ports = http
        return [Rule(name, allows, own.id, self.sources, ports, self.methods, self.paths)]


def _parts(rule: Node, domain: SpiffeId, namespace: str) -> Iterator[_Part]:
    _refuse(rule, {"when": "use from and to, and name principals, ports, methods and paths"})
    rule.only("from", "to")
    sources: set[Source] = set()
    everybody = "from" not in rule
    for own in rule.of("from").sequence() if "from" in rule else ():
        found = _sources(own.only("source").of("source"), domain, namespace)
        everybody = everybody or not found
        sources.update(found)
    if "from" in rule and not (sources or everybody):
        rule.of("from").fail("an empty list means nobody: remove it for everybody in the mesh")
    meant = () if everybody else tuple(sorted(sources))
    if "to" not in rule:
        yield _Part(1, meant, (), (), ())
        return
    operations = rule.of("to").sequence()
    if not operations:
        rule.of("to").fail("an empty list means nothing: remove it for all requests")
    for number, own in enumerate(operations, 1):
        operation = own.only("operation").of("operation")
        _refuse(operation, _NOT_OPERATIONS)
        operation.only("ports", "methods", "paths")
        ports = tuple(sorted({_port(node) for node in _several(operation, "ports")}))
        methods = tuple(
            sorted({method_of(_plain(node)) for node in _several(operation, "methods")})
        )
        paths = tuple(sorted({path_of(node) for node in _several(operation, "paths")}))
        if not (ports or methods or paths):
            operation.fail("an empty operation: name ports, methods or paths")
        yield _Part(number, meant, ports, methods, paths)


def _sources(source: Node, domain: SpiffeId, namespace: str) -> set[Source]:
    """Whom a source means; nobody by name means everybody in the mesh."""
    _refuse(source, _NOT_SOURCES)
    source.only(*_POSITIVE)
    given = [key for key in _POSITIVE if key in source]
    if len(given) != 1:
        source.fail(
            f"a source with {' and '.join(given) or 'nothing'} is not carried out: use one of "
            f"{', '.join(_POSITIVE)}, with principals written whole"
        )
    nodes = _several(source, given[0])
    if given[0] == "principals":
        if any(node.text() == _ANYBODY for node in nodes):
            return set()
        return {_principal(node, domain) for node in nodes}
    if given[0] == "namespaces":
        return {Source(domain.child("ns", _named(node)), with_below=True) for node in nodes}
    return {_account(node, domain, namespace) for node in nodes}


def _principal(node: Node, domain: SpiffeId) -> Source:
    text = node.text()
    below = text.endswith("/*")
    name = text.removesuffix("/*")
    if "*" in name:
        node.fail(
            f"{text!r} is a pattern that is not carried out: write a principal whole, or end it "
            "in /*"
        )
    own, _, path = name.partition("/")
    try:
        host = domain if own in (_LOCAL, domain.trust_domain) else trust_domain(own)
        if not path:
            node.fail(f"{text!r} is no principal: write TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT")
        return Source(parse(f"{host}/{path}"), with_below=below)
    except IdentityError as error:
        node.fail(str(error))


def _named(node: Node) -> str:
    text = node.text(longest=63)
    if not _NAMESPACE.match(text):
        node.fail(f"{text!r} is no name of a namespace: write it whole, without patterns")
    return text


def _account(node: Node, domain: SpiffeId, namespace: str) -> Source:
    text = node.text(longest=320)
    before, slash, account = text.rpartition("/")
    place = before if slash else namespace
    if not place:
        node.fail(f"{text!r} has no namespace, and neither has the policy: write NAMESPACE/ACCOUNT")
    try:
        return Source(domain.child("ns", place, "sa", account))
    except IdentityError as error:
        node.fail(str(error))


def _port(node: Node) -> int:
    text = node.text(longest=5)
    number = int(text) if text.isascii() and text.isdigit() else 0
    if not 0 < number < 2**16:
        node.fail(f"{text!r} is no port: write a number in quotes, without patterns")
    return number


def _plain(node: Node) -> Node:
    if "*" in node.text():
        node.fail("patterns of methods are not carried out: name them, or leave methods out")
    return node


# PeerAuthentication -----------------------------------------------------------------------------


def _modes(document: Node, known: Mapping[str, Selectable]) -> dict[str, Mode]:
    spec = document.of("spec").only("selector", "mtls", "portLevelMtls")
    selected = _selected(document, known)
    if "portLevelMtls" in spec:
        for _, port in spec.of("portLevelMtls").items():  # noqa: PERF102 - no dictionary
            if port.only("mode").of("mode").text() != "STRICT":
                port.of("mode").fail("modes of single ports are not carried out: say it of all")
    mode = "UNSET"
    if "mtls" in spec:
        mode = spec.of("mtls").only("mode").of("mode").choice(
            "UNSET", "STRICT", "PERMISSIVE", "DISABLE"
        )  # fmt: skip
    if mode == "DISABLE":
        spec.of("mtls").fail(
            "DISABLE is not carried out: say in the workload why, mode: {off: {reason: ...}}"
        )
    if mode != "PERMISSIVE":
        return {}
    metadata = document.of("metadata")
    if "annotations" not in metadata or UNTIL not in metadata.of("annotations"):
        spec.of("mtls").fail(
            f"plaintext is taken for a while only: add the annotation {UNTIL}: 2027-01-31"
        )
    until = seconds_at(metadata.of("annotations").of(UNTIL))
    for name, own in selected.items():
        if own.mode != STRICT:
            document.fail(f"{name} says itself how strict it is: remove one of both")
    return dict.fromkeys(selected, Mode(until))


# Both -------------------------------------------------------------------------------------------


def _namespace(document: Node) -> str:
    metadata = document.of("metadata")
    return _named(metadata.of("namespace")) if "namespace" in metadata else ""


def _selected(document: Node, known: Mapping[str, Selectable]) -> dict[str, Selectable]:
    """The workloads that a document is about; one about nobody protects nobody."""
    namespace = _namespace(document)
    labels: dict[str, str] = {}
    if "spec" in document and "selector" in document.of("spec"):
        selector = document.of("spec").of("selector").only("matchLabels")
        if "matchLabels" in selector:
            labels = {key: own.text() for key, own in selector.of("matchLabels").items()}
    found = {
        name: own
        for name, own in known.items()
        if namespace in ("", ROOT_NAMESPACE, own.namespace)
        and all(own.labels.get(key) == value for key, value in labels.items())
    }
    if not found:
        document.fail(
            "it selects no workload of this mesh: correct its namespace (that of ids, /ns/NAME/...)"
            " and its labels (labels of workloads; app is their name unless said)"
        )
    return found


def _several(node: Node, key: str) -> list[Node]:
    if key not in node:
        return []
    found = node.of(key).sequence()
    if not found:
        node.of(key).fail("an empty list means nothing: name some, or leave it out")
    return found


def _refuse(node: Node, remedies: Mapping[str, str]) -> None:
    for key, remedy in remedies.items():
        if key in node:
            node.of(key).fail(f"{key} is not carried out: {remedy}")
