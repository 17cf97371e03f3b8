"""What the controller and its agents say to each other: JSON within gRPC.

Readers are strict about what they need and pass over what they do not know, so that a controller
and an agent of neighbouring versions understand each other.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from seawall.core.errors import SeawallError
from seawall.mesh.control.edge_messages import edges_from_plain, edges_to_plain
from seawall.mesh.control.hearsay import (
    HearsayError,
    addresses_in,
    counts_in,
    finite,
    text_in,
    texts_in,
)
from seawall.mesh.identity.spiffe_id import parse
from seawall.mesh.plan.edges import Edges
from seawall.mesh.plan.model import Known, Port, Protocol, Rule, Source, View, Workload

PROTOCOL = 1
"""The version of the messages. One that is further away than one is refused."""
LARGEST = 16 * 1024 * 1024
SERVICE = "seawall.mesh.v1.Controller"
Plain = dict[str, Any]
UNTOLD = "-"
"""A declaration of which an agent does not say whether its proxies have it."""
_MISFITS = (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, SeawallError)
"""What comes of reading a message that has other values than it should have."""


class MessageError(HearsayError):
    """A message that does not fit: the other side is of another version, or is no seawall."""


class Standing(NamedTuple):
    """How one workload of an agent stands."""

    addresses: tuple[str, ...]
    slot: int = 0
    """The issuer of its certificate; 0 while it has none."""
    ends: int = 0
    """When the certificate ends."""
    generation: int = -1
    """The newest generation that its proxy has taken."""
    is_connected: bool = False
    """Whether its proxy has a stream open."""
    refusals: tuple[str, ...] = ()
    """What its proxy said of configurations that it did not take."""
    counts: Mapping[str, int] = {}
    """Counters of its proxy and of its fence."""
    declared: str = UNTOLD
    """The declaration (``Orders.declared``) of which its proxy has all; empty for none."""
    refuses: str = ""
    """The one of which it has refused something that it is to have still."""
    why: str = ""
    """What it said of the first thing of it: what it refused after that may come of it."""

    @property
    def fault(self) -> str:
        """Why it refuses what it is to have; agents of the release before say only the last."""
        said = self.why or (self.refusals[-1] if self.refusals else "it does not say why")
        return said if self.refuses else ""


class Report(NamedTuple):
    """What an agent tells, when it comes and whenever something has changed."""

    host: str
    workloads: Mapping[str, Standing]
    """All when it comes; then those that stand otherwise than they did."""
    protocol: int = PROTOCOL
    redirected: tuple[str, ...] = ()
    """Of ``Orders.redirects``, those whose rules are in force and proven."""
    keeps_views: bool = False
    """Whether views need not be told again on the same stream while they are the same."""


class Orders(NamedTuple):
    """What an agent is to bring about."""

    generation: int
    bundle: str
    """The trusted roots, in PEM form."""
    slot: int
    """The issuer that certificates must be of: others are to be replaced now."""
    lifetime: int
    """Seconds that certificates are to hold."""
    views: tuple[View, ...]
    token_keys: str = ""
    """The keys that vouch for JWT-SVIDs, as a JWK Set; empty from a controller that makes none."""
    revoked: tuple[Known, ...] = ()
    """Whose connections are to be ended."""
    callers: tuple[Known, ...] = ()
    """Those who may have connections that last, and when their identities end."""
    redirects: tuple[str, ...] = ()
    """Pods, by uid, whose rules the agent loads from outside."""
    declared: str = ""
    """The declaration that views are made of (``control.pushing``)."""
    tried: str = ""
    """The next one, if some have it already: those of ``tries``."""
    tries: tuple[str, ...] = ()
    """Workloads, by name."""
    programs: tuple[str, ...] = ()
    """Pods, by uid, whose programs get the Workload API."""
    term: int = 0
    """That of the controller that says so (``control.leading``); 0 of one that has none."""

    def declared_to(self, name: str) -> str:
        """The declaration that a workload's view is made of."""
        return self.tried if name in self.tries else self.declared


def encoded(message: Plain) -> bytes:
    """A message as it is sent."""
    return json.dumps(message, separators=(",", ":")).encode()


def decoded(data: bytes) -> Plain:
    """A message that was received; raises :class:`MessageError`."""
    if len(data) > LARGEST:
        raise MessageError(f"a message of {len(data)} bytes: split the mesh over more hosts")
    try:
        found = json.loads(data, parse_float=finite, parse_constant=finite)
    except (ValueError, RecursionError):
        raise MessageError("a message is no JSON: update seawall on both sides") from None
    if not isinstance(found, dict):
        raise MessageError("a message is no object of JSON: update seawall on both sides")
    return found


def report_to_plain(report: Report) -> Plain:
    """A report for :func:`encoded`."""
    standings = {name: own._asdict() for name, own in report.workloads.items()}
    return {
        "protocol": report.protocol, "host": report.host, "workloads": standings,
        "redirected": report.redirected, "keeps_views": report.keeps_views,
    }  # fmt: skip


def report_from_plain(plain: Plain) -> Report:
    """The report again."""
    with_fields = _Reader("a report")
    protocol = with_fields.number(plain, "protocol")
    if abs(protocol - PROTOCOL) > 1:
        raise MessageError(
            f"the other side speaks version {protocol}, this one {PROTOCOL}: bring both to "
            "neighbouring releases"
        )
    workloads = {
        str(name): Standing(
            addresses_in(with_fields.texts(own, "addresses")), with_fields.number(own, "slot"),
            with_fields.number(own, "ends"), with_fields.number(own, "generation"),
            bool(own.get("is_connected")), texts_in(with_fields.texts(own, "refusals")),
            counts_in(own.get("counts")),
            text_in(own.get("declared", UNTOLD)), text_in(own.get("refuses", "")),
            text_in(own.get("why", "")),
        )
        for name, own in with_fields.mappings(plain, "workloads").items()
    }  # fmt: skip
    redirected = tuple(with_fields.texts(plain, "redirected")) if "redirected" in plain else ()
    keeps_views = plain.get("keeps_views") is True
    return Report(with_fields.text(plain, "host"), workloads, protocol, redirected, keeps_views)


def orders_to_plain(orders: Orders, *, with_views: bool = True) -> Plain:
    """Orders for :func:`encoded`; without views for an agent that has the same ones still."""
    plain = orders._asdict()
    if with_views:
        plain["views"] = [_view_to_plain(view) for view in orders.views]
    else:
        del plain["views"]
    for name in ("revoked", "callers"):
        plain[name] = [own._asdict() | {"id": str(own.id)} for own in plain[name]]
    for name in ("redirects", "tries", "programs"):
        plain[name] = list(plain[name])
    return plain


def orders_from_plain(plain: Plain, before: Orders | None = None) -> Orders:
    """The orders again; where they are without views, with those of the orders ``before``."""
    fields = _Reader("orders")
    try:
        views = (
            before.views
            if before is not None and "views" not in plain
            else tuple(_view_from_plain(own) for own in fields.sequence(plain, "views"))
        )
        revoked, callers = (
            tuple(map(_known_from_plain, plain.get(name, ()))) for name in ("revoked", "callers")
        )
    except _MISFITS as error:
        raise MessageError(f"orders do not fit ({error}): update seawall on both sides") from None
    return Orders(
        fields.number(plain, "generation"), fields.text(plain, "bundle"),
        fields.number(plain, "slot"), fields.number(plain, "lifetime"), views,
        str(plain.get("token_keys") or ""), revoked, callers,
        tuple(fields.texts(plain, "redirects")) if "redirects" in plain else (),
        str(plain.get("declared") or ""), str(plain.get("tried") or ""),
        tuple(fields.texts(plain, "tries")) if "tries" in plain else (),
        tuple(fields.texts(plain, "programs")) if "programs" in plain else (),
        fields.number(plain, "term") if "term" in plain else 0,
    )  # fmt: skip


def _known_from_plain(plain: Plain) -> Known:
    return Known(parse(plain["id"]), addresses_in(plain["addresses"]), int(plain["ends"]))


def _view_to_plain(view: View) -> Plain:
    return {
        "own": _workload_to_plain(view.own),
        "peers": [_workload_to_plain(peer) for peer in view.peers],
        "rules": [rule_to_plain(rule) for rule in view.rules],
        "longest_connection": view.longest_connection,
        "edges": edges_to_plain(Edges(view.externals, view.resolvers, view.gateway)),
        "exit": "" if view.exit is None else str(view.exit),
        "exit_addresses": view.exit_addresses,
        "plaintext_until": view.plaintext_until,
    }


def _view_from_plain(plain: Plain) -> View:
    edges = edges_from_plain(plain.get("edges"))
    exit_ = plain.get("exit")
    return View(
        _workload_from_plain(plain["own"]),
        tuple(map(_workload_from_plain, plain["peers"])),
        tuple(map(rule_from_plain, plain["rules"])),
        int(plain["longest_connection"]),
        plaintext_until=int(plain.get("plaintext_until", 0)),
        externals=edges.externals,
        exit=parse(exit_) if exit_ else None,
        exit_addresses=addresses_in(plain.get("exit_addresses", ())),
        resolvers=edges.resolvers,
        gateway=edges.gateway,
    )


def _workload_to_plain(workload: Workload) -> Plain:
    return workload._asdict() | {"id": str(workload.id)}


def _workload_from_plain(plain: Plain) -> Workload:
    ports = (Port(int(number), Protocol(protocol), bool(long)) for number, protocol, long, *_ in
             plain["ports"])  # fmt: skip
    addresses = addresses_in(plain["addresses"])
    return Workload(str(plain["name"]), parse(plain["id"]), addresses, tuple(ports))


def rule_to_plain(rule: Rule) -> Plain:
    """A rule of policy as JSON has it."""
    sources = [(str(source.id), source.with_below) for source in rule.sources]
    return rule._asdict() | {"to": str(rule.to), "sources": sources}


def rule_from_plain(plain: Plain) -> Rule:
    """The rule again."""
    return Rule(
        str(plain["name"]), bool(plain["allows"]), parse(plain["to"]),
        tuple(Source(parse(name), bool(below)) for name, below in plain["sources"]),
        tuple(map(int, plain["ports"])), tuple(plain["methods"]), tuple(plain["paths"]),
    )  # fmt: skip


class _Reader:
    """Takes fields out of a message and says which one is wrong."""

    def __init__(self, what: str) -> None:
        self._what = what

    def _field(self, plain: Plain, name: str, kind: type) -> Any:
        value = plain.get(name)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise MessageError(
                f"{self._what} without {name!r} as it should be: update seawall on both sides"
            )
        return value

    def text(self, plain: Plain, name: str) -> str:
        return str(self._field(plain, name, str))

    def number(self, plain: Plain, name: str) -> int:
        return int(self._field(plain, name, int))

    def mapping(self, plain: Plain, name: str) -> Plain:
        found: Plain = self._field(plain, name, dict)
        return found

    def mappings(self, plain: Plain, name: str) -> dict[str, Plain]:
        found = self.mapping(plain, name)
        if not all(isinstance(own, dict) for own in found.values()):
            raise MessageError(f"{self._what} with odd {name!r}: update seawall on both sides")
        return found

    def sequence(self, plain: Plain, name: str) -> Sequence[Any]:
        found: Sequence[Any] = self._field(plain, name, list)
        return found

    def texts(self, plain: Plain, name: str) -> list[str]:
        return [str(own) for own in self.sequence(plain, name)]
