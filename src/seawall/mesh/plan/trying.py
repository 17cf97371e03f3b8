"""A policy put to the test: a table of who reaches what, and the plan's own expectations.

::

    tests:
      - {from: web, to: orders, port: 8080, method: GET, path: /orders/1, expect: allow}
      - {from: /ns/test/job, to: database, port: 5432, expect: deny}
"""

from collections.abc import Iterator
from typing import NamedTuple

from seawall.mesh.plan.deciding import Decision, Request, about_requests, decide
from seawall.mesh.plan.edges import External
from seawall.mesh.plan.errors import PlanError
from seawall.mesh.plan.model import Port, Protocol, Rule
from seawall.mesh.plan.modes import written
from seawall.mesh.plan.reading import Member, Plan


class Row(NamedTuple):
    """A line of the table: a caller, a port, and what comes of it."""

    caller: str
    to: str
    port: Port
    answer: str
    """``allowed``, ``refused``, or ``some requests``, where it hangs on the request."""
    because: str


Target = Member | External


def targets_of(plan: Plan) -> list[Target]:
    """All that can be called: workloads, then what is outside."""
    return [*plan.inside, *plan.edges.externals]


def member_of(plan: Plan, name: str) -> Target:
    """What can be called by a name; raises :class:`PlanError`."""
    targets = targets_of(plan)
    for member in targets:
        if member.name == name:
            return member
    known = ", ".join(member.name for member in targets)
    raise PlanError(f"{plan.path}: there is no workload {name!r}; name one of {known}")


def port_of(plan: Plan, member: Target, number: int) -> Port:
    """The port that a workload serves; raises :class:`PlanError`."""
    for port in member.ports:
        if port.number == number:
            return port
    served = ", ".join(str(port.number) for port in member.ports) or "none"
    raise PlanError(
        f"{plan.path}: {member.name} serves no port {number} (it serves {served}): name one that "
        "it serves"
    )


def rules_about(plan: Plan, member: Target) -> list[Rule]:
    """The rules that the proxy of a workload gets, or the exit for a destination."""
    return [rule for rule in plan.rules if rule.to == member.id]


def asked(plan: Plan, to: str, number: int, request: Request) -> Decision:
    """What comes of a request; raises :class:`PlanError` where it means nothing."""
    member = member_of(plan, to)
    port = port_of(plan, member, number)
    if port.protocol is Protocol.TCP and (request.method or request.path):
        raise PlanError(f"{plan.path}: port {number} of {to} is tcp: ask without method and path")
    return decide(rules_about(plan, member), port, request)


def table(plan: Plan) -> Iterator[Row]:
    """Every workload as a caller of every port of every other one."""
    for callee in targets_of(plan):
        rules = rules_about(plan, callee)
        for port in callee.ports:
            for caller in plan.inside:
                if caller is not callee:
                    yield _row(caller, callee, port, rules)


def _row(caller: Member, callee: Target, port: Port, rules: list[Rule]) -> Row:
    if not about_requests(rules, port):
        decision = decide(rules, port, Request(caller.id, "GET", "/"))
        answer = "allowed" if decision.is_allowed else "refused"
        return Row(caller.name, callee.name, port, answer, decision.because)
    concerned = [
        rule
        for rule in rules
        if (not rule.ports or port.number in rule.ports)
        and (not rule.sources or any(source.covers(caller.id) for source in rule.sources))
    ]
    if not any(rule.allows for rule in concerned):
        return Row(caller.name, callee.name, port, "refused", "no rule allows it")
    return Row(caller.name, callee.name, port, "some requests", "; ".join(map(_written, concerned)))


def _written(rule: Rule) -> str:
    """A rule in a few words: ``rule 1 allows GET /orders/*``."""
    what = " ".join((*rule.methods, *rule.paths)) or "all"
    return f"{rule.name} {'allows' if rule.allows else 'denies'} {what}"


def openings(plan: Plan) -> list[str]:
    """Where the mesh is open whatever its rules allow: who takes plaintext, and who is no part."""
    found = []
    for own in plan.members:
        if own.mode.off_reason:
            found.append(f"off: {own.name} is no part of the mesh ({own.mode.off_reason})")
        elif own.mode.plaintext_until:
            ports = [str(port.number) for port in own.ports if not _denies_all(plan, own, port)]
            if ports:
                found.append(
                    f"permissive: anybody reaches {own.name} on {', '.join(ports)} without TLS "
                    f"until {written(own.mode.plaintext_until)}"
                )
    return found


def _denies_all(plan: Plan, own: Member, port: Port) -> bool:
    """Whether a rule keeps everybody out, which is all that holds for who has no identity."""
    return any(
        not (rule.allows or rule.sources or rule.asks_for_http)
        and (not rule.ports or port.number in rule.ports)
        for rule in rules_about(plan, own)
    )


def failures(plan: Plan) -> list[str]:
    """What does not come out as the plan expects; each with its place."""
    found = []
    for own in plan.expectations:
        decision = asked(plan, own.to, own.port, Request(own.caller, own.method, own.path))
        if decision.is_allowed != own.is_allowed:
            wanted, got = ("allowed", "refused") if own.is_allowed else ("refused", "allowed")
            found.append(
                f"{own.where}: {own.caller} -> {own.to}:{own.port} should be {wanted} and is {got} "
                f"({decision.because})"
            )
    return found
