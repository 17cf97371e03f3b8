"""Policy as it is written: who may reach whom. What is not allowed is refused.

::

    policy:
      - allow: {from: web, to: orders, ports: [8080], methods: [GET], paths: [/orders/*]}
      - deny: {from: /ns/test/*, to: orders}

``from`` and ``to`` are names of workloads or ids, those of this trust domain by their path. An id
that ends in ``/*`` stands, in ``from``, for itself and all below; ``"*"`` is everybody in the mesh.
There are no regular expressions. What asks about HTTP on a port that is not HTTP is an error, since
it could only be ignored or widened.
"""

from collections.abc import Mapping
from typing import NamedTuple

from seawall.core.lazy import pattern
from seawall.mesh.identity.errors import IdentityError
from seawall.mesh.identity.spiffe_id import SCHEME, SpiffeId, parse
from seawall.mesh.plan.document import Node
from seawall.mesh.plan.model import Protocol, Rule, Source, Workload

EVERYBODY = "*"
_BELOW = "/*"
_METHOD = pattern(r"[A-Z]{1,20}\Z")
_PATH = pattern(r"/(?:[A-Za-z0-9._~!$&'()+,;=:@-]+/)*(?:[A-Za-z0-9._~!$&'()+,;=:@-]+|\*)?\Z")
_KEYS = ("from", "to", "ports", "methods", "paths")


class Names(NamedTuple):
    """What rules may speak of by name."""

    trust_domain: SpiffeId
    workloads: Mapping[str, Workload]
    externals: Mapping[str, Workload] = {}
    """Destinations outside: they are called, and never call."""
    off: Mapping[str, SpiffeId] = {}
    """Workloads that are no part of the mesh: nobody can tell who they are."""

    @property
    def targets(self) -> Mapping[str, Workload]:
        """All that can be called."""
        return {**self.externals, **self.workloads}


def rules_in(node: Node, known: Names) -> tuple[Rule, ...]:
    """The rules of a list, in their order."""
    found = []
    names: set[str] = set()
    for number, item in enumerate(node.sequence(), 1):
        rule = _rule(item, number, known)
        if rule.name in names:
            item.fail(f"two rules are called {rule.name!r}: give each a name of its own")
        names.add(rule.name)
        found.append(rule)
    return tuple(found)


def _refuse_off(node: Node, known: Names) -> None:
    if node.text() in known.off:
        node.fail(f"{node.text()} is off, so no rule is kept for it: let it be part of the mesh")


def _rule(item: Node, number: int, known: Names) -> Rule:
    item.only("name", "allow", "deny")
    if ("allow" in item) == ("deny" in item):
        item.fail("a rule allows or denies: write one of allow and deny")
    allows = "allow" in item
    body = item.of("allow" if allows else "deny").only(*_KEYS)
    target = body.of("to")
    to = _target(target, known)
    rule = Rule(
        item.of("name").text(longest=100) if "name" in item else f"rule {number}",
        allows,
        to,
        _sources(body.of("from"), known),
        _ports(body, to, known.targets),
        tuple(sorted({method_of(own) for own in _several(body, "methods")})),
        tuple(sorted({path_of(own) for own in _several(body, "paths")})),
    )
    if rule.asks_for_http:
        _refuse_without_http(body, rule, known.targets)
    return rule


def _several(body: Node, key: str) -> list[Node]:
    if key not in body:
        return []
    found = body.of(key).one_or_more()
    if not found:
        body.of(key).fail(
            "an empty list allows nothing and denies nothing: name some, or leave it out"
        )
    return found


def _target(node: Node, known: Names) -> SpiffeId:
    text = node.text()
    targets, trust_domain = known.targets, known.trust_domain
    _refuse_off(node, known)
    if text in targets:
        return targets[text].id
    name = id_in(node, trust_domain, targets)
    if name.trust_domain != trust_domain.trust_domain:
        node.fail(
            f"{name} is no workload of {trust_domain}: rules are about workloads of this mesh"
        )
    return name


def _sources(node: Node, known: Names) -> tuple[Source, ...]:
    """Who is meant; nobody named means everybody, which must be written as such."""
    nodes = node.one_or_more()
    if not nodes:
        node.fail('an empty list names nobody: name some, or write "*" for everybody in the mesh')
    if len(nodes) == 1 and nodes[0].is_text and nodes[0].text() == EVERYBODY:
        return ()
    return tuple(sorted({_source(own, known) for own in nodes}))


def _source(node: Node, known: Names) -> Source:
    text = node.text()
    trust_domain, workloads = known.trust_domain, known.workloads
    _refuse_off(node, known)
    if text in known.externals:
        node.fail(f"{text} is outside of the mesh and has no identity: name workloads or ids")
    if text == EVERYBODY:
        node.fail('"*" is everybody: others beside it mean nothing, remove them')
    if text in workloads:
        return Source(workloads[text].id)
    if text.endswith(_BELOW):
        return Source(_id(node, text.removesuffix(_BELOW), trust_domain), with_below=True)
    return Source(id_in(node, trust_domain, workloads))


def id_in(node: Node, trust_domain: SpiffeId, workloads: Mapping[str, Workload]) -> SpiffeId:
    """An id that is written whole or as a path within the trust domain."""
    text = node.text()
    if not text.startswith(("/", SCHEME)):
        known = ", ".join(sorted(workloads)) or "none"
        node.fail(
            f"there is no workload {text!r} (there are: {known}); name one, or an id such as "
            "/ns/shop/sa/web"
        )
    return _id(node, text, trust_domain)


def _id(node: Node, text: str, trust_domain: SpiffeId) -> SpiffeId:
    try:
        return parse(f"{trust_domain}{text}" if not text.startswith(SCHEME) else text)
    except IdentityError as error:
        node.fail(str(error))


def _ports(body: Node, to: SpiffeId, workloads: Mapping[str, Workload]) -> tuple[int, ...]:
    served = {
        port.number for workload in workloads.values() if workload.id == to
        for port in workload.ports
    }  # fmt: skip
    found = set()
    for node in _several(body, "ports"):
        number = node.whole_number(1, 65535)
        if served and number not in served:
            known = ", ".join(map(str, sorted(served)))
            node.fail(f"{to} serves no port {number} (it serves {known}): name one of these")
        found.add(number)
    return tuple(sorted(found))


def method_of(node: Node) -> str:
    """A method of HTTP."""
    text = node.text(longest=20)
    if not _METHOD.match(text):
        node.fail(f"{text!r} is no HTTP method: write one like GET, in capitals")
    return text


def path_of(node: Node) -> str:
    """A path as rules and routes have it; ``/*`` at its end stands for all below."""
    text = node.text()
    if not _PATH.match(text) or any(part in (".", "..") for part in text.split("/")):
        node.fail(
            f"{text!r} is no path that can be matched: begin with /, without query, empty and "
            "dotted parts; /* at the end stands for all below"
        )
    return text


def _refuse_without_http(body: Node, rule: Rule, workloads: Mapping[str, Workload]) -> None:
    """Rules about requests are for ports that are declared to be HTTP."""
    for workload in workloads.values():
        if workload.id != rule.to:
            continue
        for port in workload.ports:
            is_meant = not rule.ports or port.number in rule.ports
            if is_meant and port.protocol is not Protocol.HTTP:
                body.fail(
                    f"port {port.number} of {workload.name} is tcp, so methods and paths mean "
                    "nothing there: declare it as http, or name the ports that are"
                )
