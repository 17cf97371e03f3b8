"""The list of attacks: what is tried, on whom, and what has to come of it."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from seawall.mesh.authority.probing import Variant
from seawall.mesh.plan.model import Port, Protocol
from seawall.mesh.redirect.rules import ADMIN, CLOSED
from seawall.mesh.verifying import reasons
from seawall.mesh.verifying.attacker import NOBODY
from seawall.mesh.verifying.forging import Forge
from seawall.mesh.verifying.outcomes import (
    ALERT,
    ANSWERED,
    DENIED,
    FORBIDDEN,
    OPEN,
    REFUSED,
    SILENT,
    Outcome,
)
from seawall.mesh.verifying.outcomes import CLOSED as ENDED
from seawall.mesh.verifying.targets import Edge, Target
from seawall.mesh.verifying.tls_client import Credentials

SHORT = 4
"""Seconds that the probe holds whose end is waited for."""
_PATIENT = 10.0
"""Seconds within which somebody who says nothing is to be gone."""
NOWHERE = ("192.0.2.1", "2001:db8::1")
"""Addresses for documentation (RFC 5737, RFC 3849)."""
Judge = Callable[[Outcome], bool]


class Trial(NamedTuple):
    """One attack on one target."""

    attack: str
    target: str
    namespace: str
    user: int
    act: dict[str, Any]
    expected: str
    holds: Judge
    workload: str = ""
    """Whose proxy's log may tell why."""
    because: tuple[str, ...] = ()
    """Why it has to be refused: for something else is not right; empty where that is not asked."""


def _one_of(*kinds: str) -> Judge:
    return lambda outcome: outcome.kind in kinds


_IN_THE_HANDSHAKE = ("refused in the handshake", _one_of(ALERT, ENDED))
_NO_ANSWER = ("no answer", _one_of(ALERT, ENDED, REFUSED, SILENT))
_DROPPED = ("dropped", _one_of(SILENT))
_NOT_PERMITTED = ("not permitted", _one_of(DENIED))


# What a stranger tries ----------------------------------------------------------------------------


class Attempt(NamedTuple):
    """An attack with a certificate, or none."""

    name: str
    fields: dict[str, Any]
    because: str
    """Why a port of HTTP refuses it."""
    because_of_tcp: str = ""
    """The same of a port of TCP, where it is another reason."""
    is_old: bool = False

    def reason(self, port: Port) -> str:
        """Why it is to be refused there."""
        return self.because_of_tcp if port.protocol is Protocol.TCP and self.because_of_tcp else (
            self.because
        )  # fmt: skip


def attempts(forge: Forge) -> Iterator[Attempt]:
    """Everything that is wrong about who comes; the issuer is asked for probes meanwhile."""
    yield Attempt("no certificate", {}, reasons.NO_CERTIFICATE)
    variants = (
        ("expired certificate", Variant.EXPIRED, reasons.EXPIRED, ""),
        ("certificate not yet valid", Variant.FUTURE, reasons.FUTURE, ""),
        ("another trust domain", Variant.STRANGE, reasons.STRANGE, ""),
        # Neither name is one that a port of TCP lets in, and it asks for that first.
        ("two URIs in one certificate", Variant.TWO_NAMES, reasons.TWO, reasons.NAME),
        ("certificate of an issuer as leaf", Variant.AUTHORITY, reasons.NO_LEAF, ""),
        ("leaf whose key may sign", Variant.SIGNING, reasons.NO_LEAF, ""),
    )
    for name, variant, because, of_tcp in variants:
        yield Attempt(name, _shown(forge.probe(variant)), because, of_tcp)
    yield Attempt("TLS 1.2", _shown(forge.probe(Variant.VALID)), reasons.OLD, is_old=True)


def from_outside(
    target: Target, namespace: str, forge: Forge, tried: Sequence[Attempt], callers: Sequence[str]
) -> Iterator[Trial]:
    """What a stranger on the network tries with every port of a target, over both families.

    ``callers`` are ids that may call: another issuer's certificate for one of them is no use.
    """
    valid = _shown(forge.probe(Variant.VALID))
    short = _shown(forge.probe(Variant.VALID, SHORT))
    names = [*callers, target.id]
    foreign = _shown(forge.foreign(names[0]))
    for port in target.ports:
        for address in target.addresses:
            place = _Place(target, namespace, address, port)
            yield place.trial("the proxy shows who it is", {"act": "tls", "roots": forge.bundle},
                              "its own certificate", _shows_a_certificate)  # fmt: skip
            for attempt in tried:
                act = {"act": "tls", "old": attempt.is_old, **attempt.fields}
                yield place.trial(attempt.name, act, *_IN_THE_HANDSHAKE, attempt.reason(port))
            yield place.trial(f"another issuer's certificate for {names[0]}",
                              {"act": "tls", **foreign}, *_IN_THE_HANDSHAKE,
                              reasons.ISSUER)  # fmt: skip
            yield place.trial("an id that no rule allows", {"act": "tls", **valid},
                              *_not_allowed(port))  # fmt: skip
            yield place.trial("plaintext", {"act": "plain"}, *_NO_ANSWER, reasons.NO_TLS)
        place = _Place(target, namespace, target.addresses[0], port)
        yield place.trial("a session resumed after the certificate's end",
                          {"act": "resumed", "wait": SHORT, **short},
                          "no session, or refused", _is_not_resumed)  # fmt: skip
        yield place.trial("somebody who says nothing", {"act": "wait", "hold": _PATIENT},
                          f"closed within {_PATIENT:g} s", _one_of(ENDED),
                          reasons.SILENT, reasons.TOO_LONG)  # fmt: skip
    for address in target.addresses:
        for number in CLOSED:
            place = _Place(target, namespace, address, Port(number))
            yield place.trial("straight to the proxy's port", {"act": "connect"}, *_DROPPED)
        place = _Place(target, namespace, address, Port(53))
        yield place.trial("UDP from outside", {"act": "udp"}, *_NO_ANSWER)


def _not_allowed(port: Port) -> tuple[str, Judge] | tuple[str, Judge, str]:
    """That it is known and refused proves, too, that the others were refused for their defects."""
    if port.protocol is Protocol.HTTP:
        return "403 of the proxy", _one_of(FORBIDDEN)
    return *_IN_THE_HANDSHAKE, reasons.NAME


def _is_not_resumed(outcome: Outcome) -> bool:
    return outcome.extra == "no ticket" or outcome.kind in (ALERT, ENDED)


def _shows_a_certificate(outcome: Outcome) -> bool:
    return bool(outcome.extra) and "verify failed" not in outcome.said


def _shown(credentials: Credentials) -> dict[str, str]:
    return {"chain": credentials.chain, "key": credentials.key}


class _Place(NamedTuple):
    """A port of a target, as a stranger reaches it."""

    target: Target
    namespace: str
    address: str
    port: Port

    def trial(
        self, attack: str, act: dict[str, Any], expected: str, holds: Judge, *because: str
    ) -> Trial:
        at = f"[{self.address}]" if ":" in self.address else self.address
        where = f"{self.target.name} {at}:{self.port.number}"
        full = {"address": self.address, "port": self.port.number, **act}
        return Trial(
            attack, where, self.namespace, NOBODY, full, expected, holds, self.target.name, because
        )


# What an application tries ------------------------------------------------------------------------


def from_inside(own: Target, others: Sequence[Target], edges: Sequence[Edge]) -> Iterator[Trial]:
    """What the application of a workload tries, to get around its proxy or into it."""

    def trial(
        attack: str, act: dict[str, Any], expected: str, holds: Judge, *because: str
    ) -> Trial:
        return Trial(
            attack, own.name, own.namespace, own.user, act, expected, holds, own.name, because
        )

    for address in (*(other.addresses[0] for other in others[:1]), *NOWHERE):
        yield trial(f"UDP to {address}", {"act": "udp", "address": address, "port": 9},
                    *_NOT_PERMITTED)  # fmt: skip
    for family in (4, 6):
        yield trial(f"a raw socket, IPv{family}", {"act": "raw", "family": family},
                    *_NOT_PERMITTED)  # fmt: skip
    yield trial(f"becoming the proxy's user {own.proxy_user}",
                {"act": "become", "user": own.proxy_user}, *_NOT_PERMITTED)  # fmt: skip
    yield trial("the proxy's administration, by its socket", {"act": "unix", "path": own.admin},
                *_NOT_PERMITTED)  # fmt: skip
    for address in ("127.0.0.1", "::1"):
        yield trial(f"the proxy's administration, by {address}:{ADMIN}",
                    {"act": "connect", "address": address, "port": ADMIN},
                    "nobody listens", _one_of(REFUSED))  # fmt: skip
    for address in NOWHERE:
        yield trial(f"a destination nobody declared, {address}",
                    {"act": "plain", "address": address, "port": 80}, *_NO_ANSWER,
                    reasons.UNDECLARED)  # fmt: skip
    yield from _to_others(own, others, edges)


def _to_others(own: Target, others: Sequence[Target], edges: Sequence[Edge]) -> Iterator[Trial]:
    """Ports of others that no rule opens; one of each workload."""
    may = {(edge.caller, edge.callee, edge.port) for edge in edges}
    for other in others:
        closed = [port for port in other.ports if (own.name, other.name, port.number) not in may]
        for port in closed[:1]:
            for address in other.addresses:
                act = {"act": "plain", "address": address, "port": port.number}
                at = f"{other.name} [{address}]:{port.number}"
                yield Trial(f"a workload that no rule opens to it, {at}", own.name, own.namespace,
                            own.user, act, *_NO_ANSWER, own.name,
                            (reasons.UNDECLARED,))  # fmt: skip


def answered(outcome: Outcome) -> bool:
    """Whether the application itself said something."""
    return outcome.kind in (ANSWERED, OPEN)
