"""The mesh as it was declared, in the store: a controller that is started again knows it."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from seawall.mesh.authority.store import Store
from seawall.mesh.control.edge_messages import edges_from_plain, edges_to_plain
from seawall.mesh.control.messages import rule_from_plain, rule_to_plain
from seawall.mesh.control.registry import Entry
from seawall.mesh.identity.spiffe_id import SpiffeId, parse
from seawall.mesh.plan.edges import NONE, Edges
from seawall.mesh.plan.model import Port, Protocol, Rule

_FACT, _RELEASED, _REVOKED, _OFF = "declared", "released:", "revoked", "off"
_OWN_ROOT: Mapping[str, Any] = {}


class Declared(NamedTuple):
    """Workloads and rules, and how long certificates hold, in seconds."""

    entries: tuple[Entry, ...]
    rules: tuple[Rule, ...]
    lifetime: int
    edges: Edges = NONE
    issuer: Mapping[str, Any] = {}
    """Who signs the intermediate (``plan.issuing``); empty: the mesh's own root."""


def write(
    store: Store,
    entries: Sequence[Entry],
    rules: Sequence[Rule],
    lifetime: int,
    edges: Edges = NONE,
    issuer: Mapping[str, Any] = _OWN_ROOT,
    *,
    is_held: bool = False,
) -> None:
    """Remember a declaration in place of the one before, within ``changes``.

    ``is_held``: proxies are alive that have the one before, and are to have it until others have
    tried this one (``control.pushing``).
    """
    if is_held:
        hold(store, _FACT)
    else:
        release(store)
    own = Declared(tuple(entries), tuple(rules), lifetime, edges, issuer)
    store.set_fact(_FACT, json.dumps(to_plain(own), sort_keys=True))


def to_plain(own: Declared) -> dict[str, Any]:
    """A declaration as JSON has it."""
    return {
        "entries": [entry._asdict() | {"id": str(entry.id)} for entry in own.entries],
        "rules": [rule_to_plain(rule) for rule in own.rules],
        "lifetime": own.lifetime,
        "edges": edges_to_plain(own.edges),
        "issuer": dict(own.issuer),
    }


def hold(store: Store, fact: str) -> None:
    """Keep a fact that proxies live by before it becomes another one, within ``changes``."""
    if not store.fact(_RELEASED + fact):
        store.set_fact(_RELEASED + fact, store.fact(fact))


def release(store: Store) -> None:
    """Note that all may live by what was declared last, within ``changes``."""
    for fact in store.facts(_RELEASED):
        store.drop_fact(_RELEASED + fact)


def released(store: Store, fact: str) -> str:
    """The fact that proxies live by that have not tried the newest; empty where they have that."""
    return store.fact(_RELEASED + fact)


def read_released(store: Store) -> Declared | None:
    """The declaration of that kind."""
    text = released(store, _FACT)
    return from_plain(json.loads(text)) if text else None


def read(store: Store) -> Declared:
    """The declaration; nothing where there is none."""
    text = store.fact(_FACT)
    if not text:
        return Declared((), (), 3600)
    return from_plain(json.loads(text))


def from_plain(plain: Mapping[str, Any]) -> Declared:
    """The declaration again."""
    entries = tuple(
        Entry(
            own["name"], parse(own["id"]), own["host"],
            tuple(Port(number, Protocol(name), long) for number, name, long in own["ports"]),
            int(own.get("plaintext_until", 0)), tuple(own.get("addresses") or ()),
        )
        for own in plain["entries"]
    )  # fmt: skip
    rules = tuple(map(rule_from_plain, plain["rules"]))
    return Declared(
        entries, rules, plain["lifetime"], edges_from_plain(plain.get("edges")),
        plain.get("issuer") or {},
    )  # fmt: skip


def revoked(store: Store) -> frozenset[SpiffeId]:
    """The ids that were revoked."""
    text = store.fact(_REVOKED)
    return frozenset(map(parse, json.loads(text))) if text else frozenset()


def set_revoked(store: Store, names: Collection[SpiffeId]) -> None:
    """Remember which ids are revoked, within ``changes``."""
    store.set_fact(_REVOKED, json.dumps(sorted(map(str, names))))


def off(store: Store) -> dict[str, str]:
    """The workloads that are no part of the mesh, with the reasons that were given."""
    found: dict[str, str] = json.loads(store.fact(_OFF) or "{}")
    return found


def set_off(store: Store, reasons: Mapping[str, str]) -> None:
    """Remember them, within ``changes``."""
    store.set_fact(_OFF, json.dumps(dict(reasons), sort_keys=True))
