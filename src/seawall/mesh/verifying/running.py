"""All attacks on the workloads of one host, one after the other, and what came of each."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from cryptography import x509

from seawall.core.errors import SeawallError
from seawall.mesh.control.operating import ask
from seawall.mesh.hosting.layout import Layout
from seawall.mesh.identity.checking import leaf_id
from seawall.mesh.identity.errors import IdentityError
from seawall.mesh.identity.spiffe_id import trust_domain
from seawall.mesh.proxies.secrets import bundle_of
from seawall.mesh.verifying import limits, trials
from seawall.mesh.verifying.attacker import NOBODY, attack
from seawall.mesh.verifying.disturbing import disturbances
from seawall.mesh.verifying.forging import Forge
from seawall.mesh.verifying.lines import Line, Verdict
from seawall.mesh.verifying.outcomes import Outcome
from seawall.mesh.verifying.reasons import Place, place_of, reasons_of
from seawall.mesh.verifying.stranger import Stranger
from seawall.mesh.verifying.targets import Edge, Target, edges_of, targets_of
from seawall.mesh.verifying.trials import Trial


class Choice(NamedTuple):
    """What the operator wants to have tried."""

    workloads: tuple[str, ...] = ()
    """Empty for all of this host."""
    disturb: bool = False
    """Kill processes and flush rules as well."""
    patience: float = 20.0
    """Seconds that one attack may take."""


def verify(layout: Layout, choice: Choice) -> Verdict:
    """Attack the workloads of a mesh on this host.

    Raises:
        VerifyError: there is nothing to attack here, or no right to.
        OperatorError: the controller cannot be asked.
    """
    status = ask(layout.operator, "Status")
    targets = targets_of(layout, status, choice.workloads)
    edges = edges_of(ask(layout.operator, "Edges"))
    domain = trust_domain(status["trust_domain"])
    forge = Forge(layout.operator, domain)
    with Stranger(layout.mesh) as stranger:
        lines = list(_quiet(targets, edges, forge, stranger))
        lines += limits.lines(
            targets, status["lifetime"], forge, stranger.namespace, choice.patience
        )
        lines.append(_empty_bundle())
        if choice.disturb:
            lines += disturbances(layout, targets, edges, forge, stranger, choice.patience)
        else:
            lines.append(
                Line("what is killed or flushed", layout.mesh, "nothing is let through",
                     "not tried: it disturbs; ask for it with --disturb", None)
            )  # fmt: skip
    return Verdict(layout.mesh, domain.trust_domain, tuple(lines))


def _quiet(
    targets: Sequence[Target], edges: Sequence[Edge], forge: Forge, stranger: Stranger
) -> Iterator[Line]:
    """What can be tried without anybody noticing."""
    tried = list(trials.attempts(forge))
    outside = [
        trial
        for target in targets
        for trial in trials.from_outside(
            target, stranger.namespace, forge, tried,
            [own.id for own in targets if _may(own, target, edges)],
        )
    ]  # fmt: skip
    begun = time.time()
    outcomes = attack(stranger.namespace, NOBODY, [trial.act for trial in outside])
    done = list(zip(outside, outcomes, strict=True))
    for target in targets:
        others = [other for other in targets if other is not target]
        inside = list(trials.from_inside(target, others, edges))
        outcomes = attack(target.namespace, target.user, [trial.act for trial in inside])
        done += zip(inside, outcomes, strict=True)
    sources: dict[str, Sequence[str]] = {stranger.namespace: stranger.addresses}
    sources |= {target.namespace: target.addresses for target in targets}
    places = [_place(trial, outcome, sources) for trial, outcome in done]
    wanted = {
        place
        for place, (trial, outcome) in zip(places, done, strict=True)
        if trial.because and outcome.port and trial.holds(outcome)
    }
    reasons = reasons_of(targets, wanted, begun)
    ids = {target.name: target.id for target in targets}
    for place, (trial, outcome) in zip(places, done, strict=True):
        yield _line(trial, outcome, reasons.get(place, ""), ids)


def _may(caller: Target, callee: Target, edges: Sequence[Edge]) -> bool:
    return any(edge.caller == caller.name and edge.callee == callee.name for edge in edges)


def _line(trial: Trial, outcome: Outcome, because: str, ids: dict[str, str]) -> Line:
    ok = trial.holds(outcome)
    seen = outcome.kind if outcome.said in ("", outcome.kind) else f"{outcome.kind}: {outcome.said}"
    if trial.act.get("roots"):
        seen, is_right = _identity(outcome, ids[trial.workload])
        ok = ok and is_right
    elif outcome.extra in ("ticket", "no ticket"):
        seen = f"{outcome.extra}; {seen}"
    expected = trial.expected
    if trial.because:
        expected = f"{expected}: {trial.because[0]}"
        if ok and not because:
            because = "the proxy's log does not tell why"
        ok = ok and because in trial.because
    elif trial.act.get("roots"):
        because = ""  # it came without a certificate of its own, to look at the proxy's
    return Line(
        trial.attack, trial.target, expected, f"{seen} ({because})" if because else seen, ok
    )


def _place(trial: Trial, outcome: Outcome, sources: Mapping[str, Sequence[str]]) -> Place:
    """By what the log of a workload's proxy knows an attack: from where it came.

    ``sources`` are the addresses of namespaces.
    """
    is_new = ":" in str(trial.act.get("address", ""))
    own = next((own for own in sources[trial.namespace] if (":" in own) == is_new), "")
    return trial.workload, place_of(own, outcome.port)


def _identity(outcome: Outcome, expected: str) -> tuple[str, bool]:
    """Who the other side has shown itself to be: its chain was checked by the TLS library."""
    if not outcome.extra:
        return f"{outcome.kind}: {outcome.said}", False
    try:
        leaf = x509.load_der_x509_certificate(bytes.fromhex(outcome.extra))
        name = leaf_id(leaf, outcome.at)
    except (ValueError, IdentityError) as error:
        return str(error), False
    return str(name), str(name) == expected


def _empty_bundle() -> Line:
    """Without roots a proxy might trust anybody, so there is no such secret."""
    expected = "refused on our side, the last roots stay"
    try:
        made: Any = bundle_of(())
    except SeawallError as error:
        return Line("the bundle deleted", "all proxies", expected, f"refused: {error}", ok=True)
    return Line("the bundle deleted", "all proxies", expected, f"handed out: {made}", ok=False)
