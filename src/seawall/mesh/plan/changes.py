"""What another description changes about a mesh that is up, and what it may not change."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from seawall.mesh.plan.edges import GATEWAY, External, Gateway
from seawall.mesh.plan.errors import PlanError
from seawall.mesh.plan.model import Rule, Source
from seawall.mesh.plan.reading import Member, Plan

ADDED, REMOVED, CHANGED = "added", "removed", "changed"
_DOWN = "take the mesh down and bring it up with this description"
_IN_TWO_STEPS = "apply a description without it first, and then this one"


class Change(NamedTuple):
    """One line of what is to be done."""

    how: str
    kind: str
    """``workload``, ``rule``, ``external``, ``gateway``, ``drain``."""
    name: str
    what: tuple[str, ...] = ()
    """What of it is another one."""


def changes_of(before: Plan, after: Plan) -> tuple[Change, ...]:
    """All changes from one plan to another one.

    Raises:
        PlanError: something changes that cannot while a mesh is up.
    """
    _refuse(before, after)
    found = _compared("workload", _by_name(before.members), _by_name(after.members), _about_member)
    found += [Change(how, "rule", name) for how, name in _rules(before, after)]
    found += _compared("external", _externals(before), _externals(after), _fields)
    if before.edges.resolvers != after.edges.resolvers:
        found.append(Change(CHANGED, "egress", "resolvers"))
    found += _compared("gateway", _gateway(before), _gateway(after), _fields)
    if before.drain != after.drain:
        found.append(Change(CHANGED, "drain", f"{after.drain} s"))
    return tuple(found)


def _refuse(before: Plan, after: Plan) -> None:
    for what, old, new in (
        ("the name of the mesh", before.mesh, after.mesh),
        ("the trust domain", before.trust_domain.trust_domain, after.trust_domain.trust_domain),
        ("how long certificates hold", f"{before.lifetime} s", f"{after.lifetime} s"),
        ("who signs", before.issuer, after.issuer),
        ("where metrics are told", before.metrics, after.metrics),
        ("the hosts", before.hosts, after.hosts),
        ("how many controllers there are", str(before.controllers), str(after.controllers)),
    ):
        if old != new:
            told = f" ({old} to {new})" if isinstance(old, str) else ""
            raise PlanError(f"{after.path}: {what} cannot change while it is up{told}: {_DOWN}")
    known = _by_name(before.members)
    for own in after.members:
        what = _is_another(known[own.name], own) if own.name in known else ""
        if what:
            raise PlanError(
                f"{after.path}: {own.name} gets {what}, so it is another workload: {_IN_TWO_STEPS}"
            )


def _is_another(before: Member, after: Member) -> str:
    """What makes a workload of the same name another one."""
    if before.id != after.id:
        return "another id"
    if before.host != after.host:
        return "another host"
    is_other = bool(before.mode.off_reason) != bool(after.mode.off_reason)
    return "another mode (off, or off no more)" if is_other else ""


def _externals(plan: Plan) -> dict[str, External]:
    return {own.name: own for own in plan.edges.externals}


def _gateway(plan: Plan) -> dict[str, Gateway]:
    return {} if plan.edges.gateway is None else {GATEWAY: plan.edges.gateway}


def _by_name(members: Iterable[Member]) -> dict[str, Member]:
    return {own.name: own for own in members}


def _compared(
    kind: str, before: Mapping[str, Any], after: Mapping[str, Any],
    about: Callable[[Any, Any], tuple[str, ...]],
) -> list[Change]:  # fmt: skip
    found = [Change(REMOVED, kind, name) for name in before if name not in after]
    for name, own in after.items():
        if name not in before:
            found.append(Change(ADDED, kind, name))
        elif what := about(before[name], own):
            found.append(Change(CHANGED, kind, name, what))
    return found


def _fields(before: Any, after: Any) -> tuple[str, ...]:
    """The names of the fields that differ. Addresses are made up by us, and stay."""
    return tuple(
        name
        for name, old, new in zip(before._fields, before, after, strict=True)
        if old != new and name != "addresses"
    )


def _about_member(before: Member, after: Member) -> tuple[str, ...]:
    what = [name for name in _fields(before, after) if name not in ("process", "labels")]
    if (before.process is None) != (after.process is None):
        what.append("command")
    elif before.process is not None and after.process is not None:
        what += _fields(before.process, after.process)
    return tuple(what)


def _rules(before: Plan, after: Plan) -> list[tuple[str, str]]:
    """Rules by what they say: what they are called, or where they stand, changes nothing."""
    names = {own.id: own.name for plan in (before, after) for own in plan.members}
    names |= {own.id: own.name for plan in (before, after) for own in plan.edges.externals}
    old, new = (
        {own._replace(name=""): _told(own, names) for own in plan.rules} for plan in (before, after)
    )
    found = [(REMOVED, told) for rule, told in old.items() if rule not in new]
    return found + [(ADDED, told) for rule, told in new.items() if rule not in old]


def _told(rule: Rule, names: Mapping[Any, str]) -> str:
    def source(own: Source) -> str:
        return f"{names.get(own.id, str(own.id))}{'/*' if own.with_below else ''}"

    sources = ", ".join(map(source, rule.sources)) or "*"
    words = [f"{'allow' if rule.allows else 'deny'} {sources} -> {names.get(rule.to, rule.to)}"]
    about = (rule.ports, rule.methods, rule.paths)
    words += [",".join(map(str, values)) for values in about if values]
    return " ".join(words)
