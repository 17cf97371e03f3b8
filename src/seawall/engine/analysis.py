"""What the rules say of some targets, before anybody's word on what counts."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from seawall.core.finding import Finding
from seawall.core.ignore import Ignore
from seawall.core.location import Span
from seawall.core.named_tuple import NamedTuple
from seawall.core.redacted import Redacted
from seawall.core.report import Coverage, ImageFacts, RuleFault

if TYPE_CHECKING:
    from seawall.engine.rendered import Rendered


NOTHING_RENDERED: "Mapping[str, Rendered]" = {}


class Analysis(NamedTuple):
    """What the rules say of the targets, before anybody's word on what counts."""

    findings: list[Finding]
    ignores: list[Ignore]
    coverage: Coverage
    objects: int
    faults: list[RuleFault]
    private: Mapping[str, tuple[Span, ...]]
    """By file, where the secret values that were found stand in its text."""
    unsure: Mapping[str, tuple[str, ...]]
    """By file, the rules that may find more once all of it, and what is around it, is read."""
    rendered: "Mapping[str, Rendered]" = NOTHING_RENDERED
    """By template of a chart, where what was rendered is from; findings there have places of the
    rendered text."""
    builds: Sequence[tuple[str, Any]] = ()
    """By file, what Dockerfiles name, as plain values (``Judgement.contents``)."""
    images: tuple[ImageFacts, ...] = ()
    """The images that were looked at."""

    @property
    def secrets(self) -> set[Redacted]:
        """The secret values that findings are about."""
        return {finding.secret for finding in self.findings if finding.secret}
