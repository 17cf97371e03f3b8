"""The file that ``seawall mesh up`` takes: a mesh on one host, or on some (``plan.hosts``).

::

    mesh: shop
    trustDomain: shop.example.org
    workloads:
      web:
        command: [/usr/bin/python3, web.py]
        user: 1000
        ports: {8000: http}
      orders:
        id: /ns/shop/sa/orders
        command: [/usr/bin/python3, orders.py]
        user: 1001
        ports: {8080: {protocol: http, longLived: true}}
    policy:
      - allow: {from: web, to: orders}
"""

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from seawall.core.lazy import pattern
from seawall.mesh.identity.errors import IdentityError
from seawall.mesh.identity.spiffe_id import SpiffeId, trust_domain
from seawall.mesh.plan import istio
from seawall.mesh.plan.document import Node, documents_in, read
from seawall.mesh.plan.durations import seconds_of
from seawall.mesh.plan.edge_reading import edges_in
from seawall.mesh.plan.edges import GATEWAY, NONE, Edges
from seawall.mesh.plan.errors import PlanError
from seawall.mesh.plan.hosts import LOCAL, Host, host_of, hosts_in
from seawall.mesh.plan.issuing import issuer_in
from seawall.mesh.plan.model import Expectation, Port, Protocol, Rule, Selectors, Workload
from seawall.mesh.plan.modes import STRICT, Mode, mode_in
from seawall.mesh.plan.policy import Names, id_in, rules_in
from seawall.mesh.plan.ports import port_number, port_of
from seawall.mesh.plan.telling import NOWHERE, Metrics, metrics_in
from seawall.mesh.redirect.rules import ADMIN, INBOUND, OUTBOUND, PROBES

if TYPE_CHECKING:
    import re

_NAME = pattern(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?\Z")
_VARIABLE = pattern(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_UNIT = pattern(r"[A-Za-z0-9:_.@\\-]{1,240}\.(?:service|scope)\Z")
_ABSOLUTE = pattern(r"/[^\0]*[^/\0]\Z")
_DIGEST = pattern(r"[0-9a-f]{64}\Z")
_OWN_PORTS = (ADMIN, OUTBOUND, INBOUND, PROBES)
MOST_WORKLOADS = 1000
FIRST_PROXY_USER = 61_337
"""The user id of the first workload's proxy; each has one of its own, so that no proxy reaches
another's socket."""
_FIRST_OWN_USER = FIRST_PROXY_USER - 10
"""Those before it are those of the mesh's own processes: who is one of them has all keys."""
LAST_USER = FIRST_PROXY_USER + MOST_WORKLOADS + 1 + 3000
"""The last one that is kept for proxies: exits of meshes have those behind the workloads'."""
FIRST_MOVED_USER = 2_000_000_000
"""From here on are those of further meshes on one host."""
RESERVED = ("seawall",)
"""The first segment of the paths of the mesh's own parts: its controller and agents."""
DAY = 24 * 3600
_MOST_CONTROLLERS = 3
USUAL_DRAIN, _LONGEST_DRAIN = 5, 600
_MOST_USERS = 2**31


class Process(NamedTuple):
    """What is started for a workload."""

    command: tuple[str, ...]
    user: int
    directory: str
    environment: Mapping[str, str]


class Member(NamedTuple):
    """A workload: what is known to others, and what is run on its host."""

    name: str
    id: SpiffeId
    ports: tuple[Port, ...]
    process: Process | None
    """``None``: only its network and its proxy are made; somebody starts the program there."""
    selectors: Selectors | None = None
    """By what its program is known to the Workload API; ``None``: it gets none."""
    mode: Mode = STRICT
    labels: Mapping[str, str] = {}
    """What policies of Istio select it by."""
    host: str = LOCAL


class Plan(NamedTuple):
    """A mesh."""

    path: str
    mesh: str
    trust_domain: SpiffeId
    lifetime: int
    """Seconds that the certificates of workloads hold."""
    members: tuple[Member, ...]
    rules: tuple[Rule, ...]
    expectations: tuple[Expectation, ...] = ()
    """What its own tests say (``plan.trying``)."""
    edges: Edges = NONE
    """What it has to do with the world outside."""
    metrics: Metrics = NOWHERE
    drain: int = USUAL_DRAIN
    """Seconds that requests under way have to end when the mesh is taken down."""

    issuer: Mapping[str, str] = {}
    """Who signs the intermediate (``plan.issuing``); empty: a root of the mesh's own."""
    hosts: tuple[Host, ...] = ()
    """Those of a mesh that has several."""
    controllers: int = 1
    """How many there are: one leads, another one takes over as soon as its process has ended."""

    @property
    def inside(self) -> tuple[Member, ...]:
        """The workloads that are part of the mesh; the others have a network only."""
        return tuple(member for member in self.members if not member.mode.off_reason)


def load(path: str) -> Plan:
    """The plan in a file; raises :class:`PlanError` that names file and line."""
    return plan_of(path, read(path))


def plan_of(path: str, data: bytes) -> Plan:
    """The plan that some bytes describe. Its paths are relative to the directory of the file."""
    documents = documents_in(path, data)
    policies = [document for document in documents if istio.is_policy(document)]
    roots = [document for document in documents if not istio.is_policy(document)]
    if len(roots) != 1:
        raise PlanError(f"{path}: {len(roots)} documents; describe one mesh in one document")
    (root,) = roots
    root.only(
        "mesh", "trustDomain", "certificates", "hosts", "workloads", "policy", "tests", "external",
        "egress", "gateway", "drain", "istio", "metrics", "controllers",
    )  # fmt: skip
    mesh = _name(root.of("mesh"), "a mesh")
    domain = _trust_domain(root.of("trustDomain"))
    base = os.path.dirname(os.path.abspath(path))
    hosts = hosts_in(root, _NAME.match)
    members = _members(root.of("workloads"), domain, base, hosts)
    for node in root.of("istio").one_or_more() if "istio" in root else ():
        policies += _policies(node, base)
    foreign = istio.read(policies, domain, _selectable(members))
    members = tuple(own._replace(mode=foreign.modes.get(own.name, own.mode)) for own in members)
    if "gateway" in root:
        gateway = _gateway_member(root.of("gateway"), members, domain)
        members = (*members, gateway._replace(host=_gateway_host(root.of("gateway"), hosts)))
    workloads = {
        own.name: Workload(own.name, own.id, (), own.ports)
        for own in members
        if not own.mode.off_reason
    }
    edges = edges_in(root, domain, workloads, base)
    externals = {
        own.name: Workload(own.name, own.id, own.addresses, own.ports) for own in edges.externals
    }
    off = {own.name: own.id for own in members if own.mode.off_reason}
    known = Names(domain, workloads, externals, off)
    rules = rules_in(root.of("policy"), known) if "policy" in root else ()
    rules = (*rules, *foreign.rules)
    _refuse_unreachable(root, edges, known, rules)
    expected = _expectations(root.of("tests"), known) if "tests" in root else ()
    drain = seconds_of(root.of("drain"), 0, _LONGEST_DRAIN) if "drain" in root else USUAL_DRAIN
    issuer = issuer_in(root, base)
    return Plan(
        path,
        mesh,
        domain,
        _lifetime(root),
        members,
        rules,
        expected,
        edges,
        metrics_in(root),
        drain,
        issuer,
        hosts,
        root.of("controllers").whole_number(1, _MOST_CONTROLLERS) if "controllers" in root else 1,
    )


def _policies(node: Node, base: str) -> list[Node]:
    """The documents of a file with policies of Istio."""
    path = os.path.join(base, node.text())
    found = documents_in(path, read(path))
    for document in found:
        if not istio.is_policy(document):
            document.fail("no policy of Istio: name a file with apiVersion and kind in each part")
    return found


def _selectable(members: Sequence[Member]) -> dict[str, istio.Selectable]:
    return {
        own.name: istio.Selectable(own.id, {"app": own.name, **own.labels}, own.ports, own.mode)
        for own in members
        if not own.mode.off_reason
    }


def _gateway_member(node: Node, members: Sequence[Member], domain: SpiffeId) -> Member:
    """The gateway as a workload: it has an identity, and whoever it calls must let it in."""
    for member in members:
        if member.name == GATEWAY:
            node.fail(f"a workload is called {GATEWAY!r} already: give that another name")
    own = _id_of(GATEWAY, node, domain)
    if any(member.id == own for member in members):
        node.of("id").fail(f"{own} is the id of a workload already: give each its own")
    return Member(GATEWAY, own, (), None)


def _gateway_host(node: Node, hosts: tuple[Host, ...]) -> str:
    """The host that it is said to be on, else that of the controller."""
    if "host" in node:
        return host_of(node, hosts)
    return next((own.name for own in hosts if own.has_controller), LOCAL)


def _refuse_unreachable(root: Node, edges: Edges, known: Names, rules: Sequence[Rule]) -> None:
    """A route to a workload that lets the gateway in nowhere would only ever be refused."""
    if edges.gateway is None:
        return
    gateway = known.workloads[GATEWAY].id
    for node, route in zip(
        root.of("gateway").of("routes").sequence(), edges.gateway.routes, strict=True
    ):
        to = known.workloads[route.to].id
        if not any(rule.may_let_in(gateway, to, route.port) for rule in rules):
            node.fail(
                f"no rule lets the gateway reach {route.to}:{route.port}: add one to the policy, "
                f"from: {GATEWAY}, to: {route.to}"
            )


def _expectations(node: Node, names: Names) -> tuple[Expectation, ...]:
    found = []
    known = names.targets
    for own in node.sequence():
        own.only("from", "to", "port", "method", "path", "expect")
        to = own.of("to").choice(*known)
        number = own.of("port").whole_number(1, 65535)
        port = next((port for port in known[to].ports if port.number == number), None)
        if port is None:
            own.of("port").fail(f"{to} serves no port {number}: name one that it serves")
        method = own.of("method").text() if "method" in own else ""
        path = own.of("path").text() if "path" in own else ""
        if port.protocol is Protocol.TCP and (method or path):
            own.fail(f"port {number} of {to} is tcp: leave method and path out")
        if port.protocol is Protocol.HTTP and not (method and path):
            own.fail(f"port {number} of {to} is http: add method and path")
        caller = own.of("from")
        name = caller.text()
        workloads = names.workloads
        id_ = (
            workloads[name].id
            if name in workloads
            else id_in(caller, names.trust_domain, workloads)
        )
        allowed = own.of("expect").choice("allow", "deny") == "allow"
        found.append(Expectation(own.where, id_, to, number, method, path, allowed))
    return tuple(found)


def _lifetime(root: Node) -> int:
    if "certificates" not in root:
        return 3600
    certificates = root.of("certificates").only("lifetime", "issuer")
    if "lifetime" not in certificates:
        return 3600
    return seconds_of(certificates.of("lifetime"), 10, DAY)


def _name(node: Node, of_what: str) -> str:
    text = node.text()
    if not _NAME.match(text):
        node.fail(
            f"{text!r} cannot be the name of {of_what}: use up to 40 small letters, digits and '-'"
        )
    return text


def is_name(text: str) -> bool:
    """Whether a text may be the name of a mesh or of a workload: files are called by it."""
    return bool(_NAME.match(text))


def _trust_domain(node: Node) -> SpiffeId:
    try:
        return trust_domain(node.text())
    except IdentityError as error:
        node.fail(str(error))


def _members(
    node: Node, domain: SpiffeId, base: str, hosts: tuple[Host, ...]
) -> tuple[Member, ...]:
    members: list[Member] = []
    ids: dict[SpiffeId, str] = {}
    for name, own in node.items():
        if len(members) == MOST_WORKLOADS:
            own.fail(f"more than {MOST_WORKLOADS} workloads: use several meshes, or a cluster")
        if not _NAME.match(name):
            own.fail(f"{name!r} cannot be a name: use up to 40 small letters, digits and '-'")
        member = _member(name, own, domain, base)._replace(host=host_of(own, hosts))
        if member.id in ids:
            own.fail(f"{member.id} is the id of {ids[member.id]!r} already: give each its own")
        ids[member.id] = name
        members.append(member)
    if not members:
        node.fail("a mesh has workloads: describe one at least")
    return tuple(members)


def _member(name: str, node: Node, domain: SpiffeId, base: str) -> Member:
    node.only(
        "id", "host", "command", "user", "directory", "environment", "ports", "attest", "mode",
        "labels",
    )  # fmt: skip
    own = _id_of(name, node, domain)
    process = _process(node, base) if "command" in node else None
    for key in ("user", "directory", "environment"):
        if process is None and key in node:
            node.of(key).fail("means nothing without a command: add one, or remove it")
    mode = mode_in(node)
    if mode.off_reason and "attest" in node:
        node.of("attest").fail("a workload that is off gets no identity: remove one of both")
    selectors = None if mode.off_reason else _selectors(node, process)
    labels = {}
    if "labels" in node:
        labels = {key: value.text(longest=63) for key, value in node.of("labels").items()}
    return Member(name, own, _ports(node), process, selectors, mode, labels)


def _selectors(node: Node, process: Process | None) -> Selectors | None:
    """What a program is known by; one that we start ourselves has its user at least."""
    user = process.user if process else 0
    if "attest" not in node:
        return Selectors(user) if process else None
    own = node.of("attest").only("user", "group", "unit", "path", "sha256")
    if "user" in own:
        if process:
            own.of("user").fail("the user stands with the command already: remove it here")
        user = own.of("user").whole_number(1, _MOST_USERS)
    found = Selectors(
        user,
        own.of("group").whole_number(0, _MOST_USERS) if "group" in own else -1,
        _matching(own, "unit", _UNIT, "a unit of systemd, like orders.service"),
        _matching(own, "path", _ABSOLUTE, "an absolute path"),
        _matching(own, "sha256", _DIGEST, "64 hexadecimal digits, in small letters"),
    )
    if not (found.user or found.unit):
        own.fail("anybody may run a program: add a user or a unit")
    return found


def _matching(node: Node, key: str, wanted: "re.Pattern[str]", what: str) -> str:
    if key not in node:
        return ""
    text = node.of(key).text()
    if not wanted.match(text):
        node.of(key).fail(f"{text!r} does not fit: write {what}")
    return text


def _id_of(name: str, node: Node, domain: SpiffeId) -> SpiffeId:
    own = id_in(node.of("id"), domain, {}) if "id" in node else domain.child("workload", name)
    if own.is_below(domain.child(*RESERVED)):
        node.of("id").fail(f"{own} is the mesh's own: give the workload another id")
    if own.trust_domain != domain.trust_domain or not own.is_workload:
        node.of("id").fail(f"{own} is no workload of {domain}: give it an id of this mesh")
    return own


def _process(node: Node, base: str) -> Process:
    command = tuple(own.argument() for own in node.of("command").sequence())
    if not command or not command[0]:
        node.of("command").fail("a command has a program: name it")
    user = node.of("user").whole_number(0, _MOST_USERS)
    if user == 0:
        node.of("user").fail("root could become the proxy's user and go around it: use another one")
    if _FIRST_OWN_USER <= user <= LAST_USER or user >= FIRST_MOVED_USER:
        node.of("user").fail(f"{user} is kept for a proxy and the mesh itself: use another one")
    directory = node.of("directory").text() if "directory" in node else "."
    environment = {}
    if "environment" in node:
        for name, value in node.of("environment").items():
            if not _VARIABLE.match(name):
                value.fail(f"{name!r} is no name of a variable: use letters, digits and '_'")
            environment[name] = value.argument()
    return Process(command, user, os.path.normpath(os.path.join(base, directory)), environment)


def _ports(node: Node) -> tuple[Port, ...]:
    if "ports" not in node:
        return ()
    found = []
    for text, value in node.of("ports").items():
        number = port_number(text, value)
        if number in _OWN_PORTS:
            value.fail(f"port {number} is the proxy's own: let the program use another one")
        found.append(port_of(number, value))
    return tuple(sorted(found))
