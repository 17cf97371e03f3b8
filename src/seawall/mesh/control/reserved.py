"""The mesh's own parts have certificates, too, and are no workloads: they are let in nowhere."""

from collections.abc import Iterable, Sequence

from seawall.mesh.identity.spiffe_id import SpiffeId
from seawall.mesh.plan.model import Rule, Source
from seawall.mesh.plan.reading import RESERVED


def kept_out(workloads: Iterable[SpiffeId], rules: Sequence[Rule]) -> list[Rule]:
    """A rule that denies the ids of controller, agents and probes, wherever another lets them in.

    Only a rule without sources, or with all of a trust domain, does so.
    """
    about: dict[SpiffeId, list[Rule]] = {}
    for rule in rules:
        if rule.allows:
            about.setdefault(rule.to, []).append(rule)
    found = []
    for own in workloads:
        reserved = own._replace(path="").child(*RESERVED)
        is_open = any(
            not rule.sources or any(source.covers(reserved) for source in rule.sources)
            for rule in about.get(own, ())
        )
        if is_open:
            denied = (Source(reserved, with_below=True),)
            found.append(Rule(f"parts of the mesh: {own}", allows=False, to=own, sources=denied))
    return found
