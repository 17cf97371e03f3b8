"""Reports: findings, what was suppressed and why, and what the scan could not see."""

from collections.abc import Iterable, Mapping

from seawall.core.finding import Finding
from seawall.core.location import Location, Span
from seawall.core.named_tuple import NamedTuple
from seawall.core.severity import Gate, Severity


class Skipped(NamedTuple):
    """An input left out on purpose."""

    path: str
    reason: str


class NotCovered(NamedTuple):
    """An input that was recognised, but a tool, data or ability is missing."""

    path: str
    what: str
    reason: str
    remedy: str


class Failed(NamedTuple):
    """An input that could not be read; line and column count from 1, 0 when unknown."""

    path: str
    line: int
    column: int
    reason: str


class Coverage(NamedTuple):
    """What became of each input. "Nothing was checked" is never "nothing is wrong"."""

    read: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    not_covered: tuple[NotCovered, ...] = ()
    failed: tuple[Failed, ...] = ()
    searched: tuple[str, ...] = ()
    """Inputs that were searched for secrets, and are of no format that anything else reads."""


BASELINE, HISTORY = "baseline", "history"
"""Forms of suppression that no ignore brings: the finding was there before."""


class Suppressed(NamedTuple):
    """A finding that does not count, and why."""

    finding: Finding
    reason: str
    form: str = "configuration"
    """What hides it: the form of an ignore (``comment``, ``annotation``, ``configuration``, the
    name of another tool's file), or ``baseline`` or ``history``."""
    origin: Location | None = None
    """Where whatever hides it is written."""


class RuleFault(NamedTuple):
    """A rule that raised: our own error, never the target's."""

    rule: str
    subject: str
    path: str
    error: str


class Feed(NamedTuple):
    """A source of advisories, as far as this run rests on it."""

    name: str
    date: str
    """The day of its newest record or of its export; empty when it is not known."""
    records: int


class Advisories(NamedTuple):
    """The advisories that packages were held against."""

    built: str
    """The day the database was made."""
    vulnerabilities: int
    feeds: tuple[Feed, ...]


class ImageFacts(NamedTuple):
    """An image that was looked at, and what of it came with its base."""

    path: str
    """As its findings have it."""
    reference: str = ""
    digest: str = ""
    platform: str = ""
    system: str = ""
    """The distribution: ``debian 12``."""
    end_of_life: str = ""
    """The day the distribution's security support ends; empty where it is not known."""
    layers: int = 0
    base: str = ""
    """What the base is called; empty where nothing tells."""
    base_digest: str = ""
    base_layers: int = 0
    """How many of the lowest layers came with it; 0 where nothing tells."""
    base_known_by: str = ""
    """How it is known where it ends: ``annotation``, ``lock-file``, ``image-seen``, ``history``."""
    base_named_by: str = ""
    findings: int = 0
    of_base: int = 0
    """The findings about what came with the base."""
    fixed_above: int = 0
    """Those of them that a newer package mends, so that a newer base may bring it."""


def counted_images(
    images: Iterable[ImageFacts], findings: Iterable[Finding]
) -> tuple[ImageFacts, ...]:
    """Images with how many of some findings are about them and about their bases."""
    counts = {image.path: [0, 0, 0] for image in images}
    for finding in findings if counts else ():
        count = counts.get(finding.location.path)
        if count is not None:
            is_of_base = finding.details.get("base") is True
            count[0] += 1
            count[1] += is_of_base
            count[2] += is_of_base and bool(finding.details.get("fixed_versions"))
    return tuple(
        image._replace(findings=count[0], of_base=count[1], fixed_above=count[2])
        for image in images
        for count in (counts[image.path],)
    )


class Summary(NamedTuple):
    """What a report comes to: how much was found, and what the scan could not see."""

    counts: tuple[int, ...]
    """The findings of each severity, the least first."""
    suppressed: int
    coverage: Coverage
    ruleset: str
    objects: int
    rules: int
    faults: tuple[RuleFault, ...]
    packages: int = 0
    advisories: Advisories | None = None
    gated: tuple[int, ...] = ()
    """The findings of each severity that fail a run from theirs on; empty for all."""
    always: int = 0
    """The findings that fail a run whatever their severity."""
    images: tuple[ImageFacts, ...] = ()
    searched: int = 0
    """How many files were searched for secrets."""
    git_objects: int = 0
    """How many blobs and messages of git's were searched for secrets."""

    @property
    def findings(self) -> int:
        """How many findings there are."""
        return sum(self.counts)

    def count(self, severity: Severity) -> int:
        """How many findings have exactly this severity."""
        return self.counts[severity]

    def failing(self, threshold: Severity | None) -> int:
        """How many findings fail a run with this threshold; none do when it is ``None``."""
        if threshold is None:
            return 0
        return sum((self.gated or self.counts)[threshold:]) + self.always

    def exit_code(self, fail_on: Severity | None, *, strict: bool) -> int:
        """The exit code of a scan.

        4 when a rule of ours broke, 1 for findings at or above the threshold, 3 when only
        reading failed (with ``strict`` also when something was not covered), else 0.
        """
        if self.faults:
            return 4
        if self.failing(fail_on):
            return 1
        if self.coverage.failed or (strict and self.coverage.not_covered):
            return 3
        return 0


def count_of_each(findings: Iterable[Finding]) -> tuple[int, ...]:
    """How many findings have each severity, the least first."""
    counts = [0] * len(Severity)
    for finding in findings:
        counts[finding.severity] += 1
    return tuple(counts)


class Report(NamedTuple):
    """Everything a writer needs. Findings are sorted and their locations concrete."""

    findings: tuple[Finding, ...]
    suppressed: tuple[Suppressed, ...]
    coverage: Coverage
    ruleset: str
    objects: int = 0
    """How many facts (Kubernetes objects) were judged."""
    rules: int = 0
    """How many rules ran."""
    faults: tuple[RuleFault, ...] = ()
    private: Mapping[str, tuple[Span, ...]] = {}
    """By path, where the secret values that were found stand: no excerpt may show one."""
    packages: int = 0
    """How many packages were held against what is known."""
    advisories: Advisories | None = None
    """What they were held against; ``None`` where there were none."""
    images: tuple[ImageFacts, ...] = ()
    """The images that were looked at."""
    searched: int = 0
    """How many files were searched for secrets."""
    git_objects: int = 0
    """How many blobs and messages of git's were searched for secrets."""

    def summary(self) -> Summary:
        """What it comes to."""
        return Summary(
            count_of_each(self.findings), len(self.suppressed), self.coverage, self.ruleset,
            self.objects, self.rules, self.faults, self.packages, self.advisories,
            count_of_each(f for f in self.findings if f.gate == Gate.BY_SEVERITY),
            sum(finding.gate == Gate.ALWAYS for finding in self.findings),
            counted_images(self.images, self.findings), self.searched, self.git_objects,
        )  # fmt: skip

    def exit_code(self, fail_on: Severity | None, *, strict: bool) -> int:
        """The exit code of a scan."""
        return self.summary().exit_code(fail_on, strict=strict)
