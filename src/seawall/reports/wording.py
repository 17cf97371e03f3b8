"""Sentences that several formats share, so that they never say different things."""

from typing import NamedTuple

from seawall.core.finding import Finding, Subject
from seawall.core.location import Location
from seawall.core.report import NotCovered, Report
from seawall.core.severity import Severity

WORST_FIRST = tuple(sorted(Severity, reverse=True))


def counted(number: int, singular: str, plural: str = "") -> str:
    """A number with its noun: ``1 file``, ``2 files``."""
    return f"{number} {singular if number == 1 else plural or singular + 's'}"


def place(location: Location) -> str:
    """``path:line:column`` as editors and terminals understand it; the path alone without it."""
    span = location.span
    return f"{location.path}:{span.line}:{span.column}" if span else location.path


def subject_of(subject: Subject) -> str:
    """The object, with its namespace, without its container; empty when there is none."""
    if not subject.namespace:
        return str(subject)
    return f"{subject} (namespace {subject.namespace})"


def sentence(finding: Finding) -> str:
    """Subject, container and message in one line."""
    subject = str(finding.subject)
    if finding.subject.container:
        subject = f"{subject} container {finding.subject.container}".strip()
    return f"{subject}: {finding.message}" if subject else finding.message


def statement(message: str, containers: tuple[str, ...]) -> str:
    """A message with the containers it holds for."""
    if not containers:
        return message
    noun = "container" if len(containers) == 1 else "containers"
    return f"{noun} {', '.join(containers)}: {message}"


def severities(report: Report) -> list[tuple[Severity, int]]:
    """How many findings there are of each severity, worst first, none left out."""
    return [(severity, report.count(severity)) for severity in WORST_FIRST]


def nothing_checked(report: Report) -> str:
    """Why an empty report says nothing about safety; empty when something was judged."""
    if report.findings or report.suppressed:
        return ""
    count = len(report.coverage.read)
    read = counted(count, "file was", "files were") + " read"
    if not count:
        return "Nothing was checked: no input was read."
    if not report.rules:
        return f"Nothing was checked: {read}, but no rule ran."
    if not report.objects and not report.packages:
        known = "it" if count == 1 else "them"
        return f"Nothing was checked: {read}, but nothing in {known} is known to a rule."
    return ""


def verdict(report: Report) -> str:
    """The result in one sentence."""
    nothing = nothing_checked(report)
    if nothing:
        return nothing
    if not report.findings:
        limit = " in what could be read" if report.coverage.failed else ""
        return f"No findings{limit}."
    counts = [f"{count} {severity.label}" for severity, count in severities(report) if count]
    return f"{counted(len(report.findings), 'finding')}: {', '.join(counts)}."


def at_threshold(report: Report, fail_on: Severity | None) -> int:
    """How many findings make the scan fail."""
    if fail_on is None:
        return 0
    return sum(1 for finding in report.findings if finding.fails(fail_on))


def extent(report: Report) -> str:
    """What was looked at."""
    what = [counted(report.objects, "object")] if report.objects or not report.packages else []
    if report.packages:
        what.append(counted(report.packages, "package"))
    text = (
        f"{' and '.join(what)} in {counted(len(report.coverage.read), 'file')} "
        f"checked with {counted(report.rules, 'rule')} of rule set {report.ruleset}."
    )
    if report.advisories is not None:
        text += (
            f" Advisories of {report.advisories.built}: "
            f"{counted(report.advisories.vulnerabilities, 'vulnerability', 'vulnerabilities')}."
        )
    return text


class Gap(NamedTuple):
    """The same thing missing for several inputs."""

    what: str
    reason: str
    remedy: str
    inputs: int


def gaps(not_covered: tuple[NotCovered, ...]) -> list[Gap]:
    """What is not covered, by cause, in the order of the first input of each."""
    counts: dict[tuple[str, str, str], int] = {}
    for input_ in not_covered:
        key = (input_.what, input_.reason, input_.remedy)
        counts[key] = counts.get(key, 0) + 1
    return [Gap(*key, count) for key, count in counts.items()]
