"""Findings: what a rule says of a subject, where, and how to mend it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from seawall.core.location import KeyPath, Location, made
from seawall.core.named_tuple import NamedTuple
from seawall.core.redacted import NOTHING, Redacted
from seawall.core.severity import Confidence, Gate, Severity

if TYPE_CHECKING:
    from seawall.core.edit import Fix, Repair
    from seawall.core.rule import Rule

NO_DETAILS: Mapping[str, object] = {}


class Subject(NamedTuple):
    """What the finding is about, in the words of its domain; absent parts are empty."""

    kind: str = ""
    namespace: str = ""
    name: str = ""
    container: str = ""

    def __str__(self) -> str:
        """``Deployment/web`` as people say it."""
        return f"{self.kind}/{self.name}" if self.name else self.kind


class Related(NamedTuple):
    """A second place that helps to understand the finding."""

    location: Location
    message: str


class Finding(NamedTuple):
    """One thing that is wrong. Immutable; made by the engine from what a rule yields."""

    rule: "Rule"
    severity: Severity
    confidence: Confidence
    message: str
    remedy: str
    subject: Subject
    location: Location
    related: tuple[Related, ...] = ()
    fixes: "tuple[Fix, ...]" = ()
    evidence: str = ""
    """The offending value, when another value on the same field would be another finding."""
    details: Mapping[str, object] = NO_DETAILS
    repairs: "tuple[Repair, ...]" = ()
    """Fixes of a document of keys and values, from which ``fixes`` are made."""
    secret: Redacted = NOTHING
    """The secret value the finding is about. It enters no report and no fingerprint."""
    gate: Gate = Gate.BY_SEVERITY

    def fails(self, threshold: Severity) -> bool:
        """Whether it makes a run with this threshold fail."""
        if self.gate == Gate.BY_SEVERITY:
            return self.severity >= threshold
        return self.gate == Gate.ALWAYS

    def moved(self, location: Location, related: tuple[Related, ...]) -> "Finding":
        """The same finding with other places: ``_replace``, at a quarter of its time."""
        return made(Finding, (*self[:6], location, related, *self[8:]))

    def sort_key(self) -> tuple[str, int, int, int, str, str, str, str]:
        """Order of reports: by place, then by rule, then by text."""
        place = self.location
        line, column = (place.span.line, place.span.column) if place.span else (0, 0)
        return (
            place.path,
            line,
            column,
            place.document,
            self.rule.id,
            self.subject.container,
            self.message,
            self.evidence,
        )


def fingerprint_basis(finding: Finding) -> str:
    """The text a fingerprint is made of.

    It holds what stays when lines shift, when keys are reordered or when the object moves to
    another file: rule, subject, the path of keys without list indices, and the evidence. A
    subject without a name has nothing else to be known by, so its file takes the name's place.
    """
    subject = finding.subject
    name = subject.name or f"file:{finding.location.path}"
    keys = "/".join(_stable_keys(finding.location.key_path))
    parts = (*subject[:2], name, subject.container, keys, finding.evidence)
    return "\n".join((finding.rule.id, *parts))


def _stable_keys(key_path: KeyPath) -> list[str]:
    return [key for key in key_path if isinstance(key, str)]


def render_subject(finding: Finding) -> str:
    """The subject in one line, for files that people read: ``shop/Deployment/web/app``."""
    subject = finding.subject
    if not subject.name:
        return finding.location.path
    parts = (subject.namespace, subject.kind, subject.name, subject.container)
    return "/".join(part for part in parts if part)


def fingerprint(finding: Finding) -> str:
    """The mark of a finding: 32 hexadecimal digits, equal for findings that are the same."""
    from seawall.core.digests import blake2b  # noqa: PLC0415 - the table needs none of it

    # A file name that is no UTF-8 holds lone surrogates (PEP 383).
    basis = fingerprint_basis(finding).encode("utf-8", "surrogatepass")
    return blake2b(basis, digest_size=16).hexdigest()
