"""What the rules say of some targets, before anybody's word on what counts."""

from typing import NamedTuple

from seawall.core.finding import Finding
from seawall.core.ignore import Ignore
from seawall.core.report import Coverage, RuleFault


class Analysis(NamedTuple):
    """What the rules say of the targets, before anybody's word on what counts."""

    findings: list[Finding]
    ignores: list[Ignore]
    coverage: Coverage
    objects: int
    faults: list[RuleFault]
