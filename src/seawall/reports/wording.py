"""Sentences that several formats share, so that they never say different things."""

from collections.abc import Iterator

from seawall.core.finding import Finding, Subject
from seawall.core.location import Location
from seawall.core.named_tuple import NamedTuple
from seawall.core.report import ImageFacts, NotCovered, Summary
from seawall.core.severity import Severity

WORST_FIRST = tuple(sorted(Severity, reverse=True))
_FILES = "files"
"""Begins the path of keys of a file in an image; the file's path is the rest of it."""
_OF_FILE = 2


def counted(number: int, singular: str, plural: str = "") -> str:
    """A number with its noun: ``1 file``, ``2 files``."""
    return f"{number} {singular if number == 1 else plural or singular + 's'}"


def place(location: Location) -> str:
    """``path:line:column`` as editors and terminals understand it; the path alone without it.

    Of a file in an image, its path there: ``app.tar:/etc/passwd``.
    """
    span = location.span
    if span:
        return f"{location.path}:{span.line}:{span.column}"
    if location.key_path[:1] == (_FILES,) and len(location.key_path) == _OF_FILE:
        return f"{location.path}:/{location.key_path[1]}"
    return location.path


def layer_of(finding: Finding) -> str:
    """The layer of an image that brought what a finding is about, and the step that made it."""
    number = finding.details.get("layer_number")
    if not number:
        return ""
    base = ", of the base image" if finding.details.get("base") is True else ""
    step = finding.details.get("step")
    return f"layer {number}{base}: {step}" if step else f"layer {number}{base}"


def in_use_of(finding: Finding) -> str:
    """Which process of this machine runs a package that a finding is about."""
    told = finding.details.get("in_use_by")
    count = finding.details.get("in_use_count")
    if not isinstance(told, list) or not told or not isinstance(count, int):
        return ""
    more = f" and {count - 1} more" if count > 1 else ""
    first = told[0]
    return f"in use by {first['name']} (pid {first['pid']}, user {first['user']}){more}"


def decision_of(finding: Finding) -> str:
    """What the baseline says of a finding that is told all the same."""
    decision = finding.details.get("decision")
    if not isinstance(decision, dict):
        return ""
    state, from_ = decision.get("state"), decision.get("moved_from")
    told = [f"{state} in the baseline"] if state else ["known to the baseline"]
    if from_:
        told.append(f"moved from {from_}")
    reason, by = decision.get("reason"), decision.get("by")
    said = ", ".join(told) + (f": {reason}" if reason else "") + (f" ({by})" if by else "")
    if state == "rotated":
        return f"{said}; good until it is revoked"
    return said


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


def severities(summary: Summary) -> list[tuple[Severity, int]]:
    """How many findings there are of each severity, worst first, none left out."""
    return [(severity, summary.count(severity)) for severity in WORST_FIRST]


def nothing_checked(summary: Summary) -> str:
    """Why an empty report says nothing about safety; empty when something was judged."""
    if summary.findings or summary.suppressed:
        return ""
    count = len(summary.coverage.read)
    read = counted(count, "file was", "files were") + " read"
    if searched(summary):
        return ""
    if not count:
        return "Nothing was checked: no input was read."
    if not summary.rules:
        return f"Nothing was checked: {read}, but no rule ran."
    if not summary.objects and not summary.packages:
        known = "it" if count == 1 else "them"
        return f"Nothing was checked: {read}, but nothing in {known} is known to a rule."
    return ""


def verdict(summary: Summary) -> str:
    """The result in one sentence."""
    nothing = nothing_checked(summary)
    if nothing:
        return nothing
    if not (summary.findings or summary.objects or summary.packages or summary.suppressed):
        return "No secrets found; nothing else was checked."
    if not summary.findings:
        limit = " in what could be read" if summary.coverage.failed else ""
        return f"No findings{limit}."
    counts = [f"{count} {severity.label}" for severity, count in severities(summary) if count]
    return f"{counted(summary.findings, 'finding')}: {', '.join(counts)}."


def searched(summary: Summary) -> str:
    """What was searched for secrets, as a sentence; empty for nothing."""
    counts = ((summary.searched, "file"), (summary.git_objects, "git object"))
    what = [counted(count, name) for count, name in counts if count]
    return f"{' and '.join(what)} searched for secrets." if what else ""


def extent(summary: Summary) -> str:
    """What was looked at."""
    rules = f"with {counted(summary.rules, 'rule')} of rule set {summary.ruleset}"
    what = [counted(summary.objects, "object")] if summary.objects else []
    if summary.packages:
        what.append(counted(summary.packages, "package"))
    secrets = searched(summary)
    if what or not secrets:
        known = " and ".join(what or [counted(0, "object")])
        text = f"{known} in {counted(len(summary.coverage.read), 'file')} checked {rules}."
        text += f" {secrets}" if secrets else ""
    else:
        text = secrets
    if summary.advisories is not None:
        text += (
            f" Advisories of {summary.advisories.built or 'an unknown day'}: "
            f"{counted(summary.advisories.vulnerabilities, 'vulnerability', 'vulnerabilities')}."
        )
    return text


_KNOWN_BY = {
    "annotation": "its annotations and the layers of that image tell",
    "lock-file": "the lock file knows its layers",
    "image-seen": "that image was looked at, too",
    "history": "so its history suggests",
}


def bases(summary: Summary) -> Iterator[str]:
    """What came with the base of each image, in sentences: others mend it, with a newer base."""
    for image in summary.images:
        if not image.base_layers:
            if image.base:
                yield (
                    f"{image.path} is built on {image.base}, by its annotations; nothing tells "
                    "which of its layers and findings came with that."
                )
            continue
        named = f" {image.base}" if image.base else ""
        yield (
            f"{image.path}: {image.base_layers} of {counted(image.layers, 'layer')} came with the "
            f"base image{named} ({_KNOWN_BY.get(image.base_known_by, image.base_known_by)})"
            f"{_split(image)}."
        )


def _split(image: ImageFacts) -> str:
    if not image.findings:
        return ""
    of_base, own = image.of_base, image.findings - image.of_base
    noun = counted(image.findings, "finding")
    text = f", and so did {of_base} of {noun}" if of_base else f", and none of {noun}"
    if of_base:
        text += f": a newer base image may mend the {image.fixed_above} that have a fixed version"
    return f"{text}; {own} to be mended in this image itself" if own else text


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
