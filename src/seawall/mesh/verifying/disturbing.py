"""What is killed, stopped and flushed on purpose: nothing gets through, and all comes back.

The supervisor starts again what was killed; what was stopped goes on, also when we are interrupted.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from seawall.core.errors import SeawallError
from seawall.mesh.control.operating import OperatorError, ask
from seawall.mesh.hosting import network
from seawall.mesh.hosting.commands import run
from seawall.mesh.hosting.layout import Layout
from seawall.mesh.plan.model import Protocol
from seawall.mesh.redirect.loading import listing
from seawall.mesh.redirect.rules import TABLE
from seawall.mesh.verifying.attacker import attack
from seawall.mesh.verifying.capture import Capture
from seawall.mesh.verifying.forging import Forge
from seawall.mesh.verifying.lines import Line
from seawall.mesh.verifying.outcomes import ANSWERED, CLOSED, FORBIDDEN, REFUSED, Outcome
from seawall.mesh.verifying.processes import Processes, held, kill
from seawall.mesh.verifying.stranger import Stranger
from seawall.mesh.verifying.targets import Edge, Target

RECOVERED_WITHIN = 3.0
"""Seconds after which whatever was killed does its work again."""
RULES_WITHIN = 10.0
_TICK = 0.1
_LATE = 5.0
_WAITED = 30.0
"""Seconds after which nothing is waited for any more."""
MARK = "a-word-of-seawall-mesh-verify"


class Call(NamedTuple):
    """A request that a rule allows, from one workload to another one."""

    caller: Target
    callee: Target
    port: int

    def make(self) -> Outcome:
        """Make it, as the caller's application does."""
        act = {
            "act": "plain", "address": self.callee.addresses[0], "port": self.port,
            "host": self.callee.name, "path": f"/{MARK}",
        }  # fmt: skip
        (outcome,) = attack(self.caller.namespace, self.caller.user, [act])
        return outcome

    @property
    def said(self) -> str:
        """Who calls whom."""
        return f"{self.caller.name} -> {self.callee.name}:{self.port}"


class Disturbed(NamedTuple):
    """What all of them need."""

    layout: Layout
    forge: Forge
    stranger: Stranger
    call: Call
    patience: float

    @property
    def processes(self) -> Processes:
        """The mesh's own."""
        return Processes(self.layout)


def disturbances(
    layout: Layout, targets: Sequence[Target], edges: Sequence[Edge], forge: Forge,
    stranger: Stranger, patience: float,
) -> Iterator[Line]:  # fmt: skip
    """Each of them, with an allowed call to see what it does to honest traffic."""
    call = _call(targets, edges)
    if call is None:
        yield Line("what is killed or flushed", layout.mesh, "nothing is let through",
                   "not tried: no allowed call over HTTP is answered here", None)  # fmt: skip
        return
    disturbed = Disturbed(layout, forge, stranger, call, patience)
    words = (f"/{MARK} HTTP/1.1",)
    with Capture(network.switch_of(layout.mesh), words) as wire:
        for attempt in (_proxy_killed, _agent_killed, _controller_killed, _controller_away,
                        _rules_flushed):  # fmt: skip
            yield from attempt(disturbed)
    seen = wire.seen
    ok = seen.words[words[0]] == 0 and seen.packets > 0
    said = f"{seen.words[words[0]]} of {seen.packets} packets, {seen.handshakes} begin a handshake"
    where = network.switch_of(layout.mesh)
    yield Line("plain text on the wire, all that time", where, "none", said, ok)


def _call(targets: Sequence[Target], edges: Sequence[Edge]) -> Call | None:
    """A call that is answered, so that it can be seen to be refused, and to be answered again."""
    named = {target.name: target for target in targets}
    for edge in edges:
        if edge.protocol is Protocol.HTTP and {edge.caller, edge.callee} <= named.keys():
            call = Call(named[edge.caller], named[edge.callee], edge.port)
            if call.make().kind == ANSWERED:
                return call
    return None


def _proxy_killed(own: Disturbed) -> Iterator[Line]:
    """The callee's proxy: its application is not to be had without it."""
    callee = own.call.callee
    kill(own.processes.proxy(callee.name))
    began = time.monotonic()
    act = {"act": "plain", "address": callee.addresses[0], "port": own.call.port}
    (direct,) = attack(own.stranger.namespace, own.call.caller.user, [act])
    yield Line("proxy killed, plaintext from a stranger", callee.name, "no answer", direct.kind,
               direct.kind != ANSWERED)  # fmt: skip
    yield _recovery("proxy killed", callee.name, own.call, began)


def _agent_killed(own: Disturbed) -> Iterator[Line]:
    """Proxies have what they need; the agent joins anew."""
    kill(own.processes.agent())
    began = time.monotonic()
    yield _unharmed("agent killed", own)
    taken = _until(lambda: _all_connected(own.layout), began)
    yield _within("agent killed", "agent", "its proxies are with it again", taken)


def _controller_killed(own: Disturbed) -> Iterator[Line]:
    """For less than a certificate's life: nobody notices."""
    kill(own.processes.controller())
    began = time.monotonic()
    yield _unharmed("controller killed", own)
    taken = _until(lambda: bool(ask(own.layout.operator, "Status")), began)
    yield _within("controller killed", "controller", "it answers again", taken)
    _until(lambda: _all_connected(own.layout), began)


def _controller_away(own: Disturbed) -> Iterator[Line]:
    """For longer than a certificate's life: then nothing goes, and nothing goes in the clear."""
    attempt, expected = "controller away for longer than certificates hold", "refused, or 503"
    status = ask(own.layout.operator, "Status")
    ends = max(one["standing"]["ends"] for one in status["workloads"].values() if one["standing"])
    # The last connection may have been made just before the end.
    wait = ends - status["now"] + min(status["lifetime"] / 2, 1800) + _LATE
    if wait > own.patience:
        text = f"not waited for: --patience {wait:.0f} does"
        yield Line(attempt, own.call.said, expected, text, None)
        return
    with held(own.processes.controller(), own.layout):
        time.sleep(wait)
        outcome = own.call.make()
    seen = f"{outcome.kind}: {outcome.said}"
    refused = outcome.kind in (CLOSED, REFUSED, FORBIDDEN) or " 503 " in outcome.said
    yield Line(attempt, own.call.said, expected, seen, refused)
    yield _recovery(attempt, "controller", own.call, time.monotonic())


def _rules_flushed(own: Disturbed) -> Iterator[Line]:
    """Somebody takes the rules of a workload away."""
    caller = own.call.caller
    enter = ("ip", "netns", "exec", caller.namespace)
    before = listing(enter)
    run(*enter, "nft", "delete", "table", "inet", TABLE)
    taken = _until(lambda: listing(enter) == before, time.monotonic())
    ok = taken is not None and taken <= RULES_WITHIN
    seen = "not back" if taken is None else f"back after {taken:.1f} s"
    yield Line("rules flushed", caller.name, f"back within {RULES_WITHIN:g} s", seen, ok)


def _unharmed(attempt: str, own: Disturbed) -> Line:
    outcome = own.call.make()
    seen = f"{outcome.kind}: {outcome.said}"
    return Line(f"{attempt}, an allowed call meanwhile", own.call.said, "answered", seen,
                outcome.kind == ANSWERED and " 503 " not in outcome.said)  # fmt: skip


def _recovery(attempt: str, target: str, call: Call, began: float) -> Line:
    taken = _until(lambda: _is_answered(call), began)
    return _within(attempt, target, "an allowed call is answered again", taken)


def _is_answered(call: Call) -> bool:
    outcome = call.make()
    return outcome.kind == ANSWERED and " 503 " not in outcome.said


def _within(attempt: str, target: str, what: str, taken: float | None) -> Line:
    ok = taken is not None and taken <= RECOVERED_WITHIN
    seen = "never" if taken is None else f"after {taken:.1f} s"
    return Line(attempt, target, f"{what} within {RECOVERED_WITHIN:g} s", seen, ok)


def _all_connected(layout: Layout) -> bool:
    standings = [own["standing"] for own in ask(layout.operator, "Status")["workloads"].values()]
    return all(own is not None and own["is_connected"] for own in standings)


def _until(is_so: Callable[[], bool], began: float) -> float | None:
    """Seconds until something is so; ``None`` where it does not become so."""
    while time.monotonic() - began < _WAITED:
        try:
            if is_so():
                return time.monotonic() - began
        except (OperatorError, SeawallError):
            pass
        time.sleep(_TICK)
    return None
