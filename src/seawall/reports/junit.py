"""JUnit's XML, for the test views of Jenkins, GitLab, Azure DevOps and others.

There is no one standard: the file fits both the schema of Jenkins' xUnit plugin and the stricter
one of Apache Ant (windyroad). A suite is a file, a test case what one edit would mend. The
stricter schema asks for a time: unless ``meta`` has one it is 1970, for a report holds none.
"""

from collections.abc import Iterable, Iterator, Sequence

from seawall.core.named_tuple import NamedTuple
from seawall.core.portion import HOLE, Piece, Portion, pieces
from seawall.core.report import Coverage, Report, Summary
from seawall.reports import Options, Sources
from seawall.reports.blocks import Block, by_file
from seawall.reports.redacted import redacted
from seawall.reports.text_block import block_lines
from seawall.reports.visible import visible
from seawall.reports.wording import nothing_checked, sentence, subject_of

NO_TIME = "1970-01-01T00:00:00"


class Case(NamedTuple):
    """A test case; ``outcome`` is ``failure``, ``error``, ``skipped`` or empty: passed."""

    name: str
    outcome: str = ""
    kind: str = ""
    message: str = ""
    text: str = ""


class _Told(NamedTuple):
    """The test cases of a path, written, of what was found there and of what is suppressed."""

    path: str
    found: str = ""
    suppressed: str = ""
    tests: int = 0
    failures: int = 0
    skipped: int = 0
    """Of findings; what is suppressed is skipped as well."""


def tell(report: Report, sources: Sources, options: Options) -> Portion:
    """The test cases of each path, with a hole behind those found and those suppressed."""
    return Portion((_told(report, redacted(sources, report), options),))


def _told(report: Report, sources: Sources, options: Options) -> Iterator[Piece]:
    plain = options._replace(width=0, colour=False)
    blocks = by_file(report.findings)
    suppressed: dict[str, list[Case]] = {}
    for finding, reason, *_ in report.suppressed:
        name = f"{finding.rule.id}: {sentence(finding)}"
        case = Case(name, "skipped", "", f"suppressed: {reason}")
        suppressed.setdefault(finding.location.path, []).append(case)
    for path in sorted({*blocks, *suppressed}):
        found = [_of_block(block, sources, plain) for block in blocks.get(path, ())]
        others = suppressed.get(path, ())
        row = (
            path,
            len(found) + len(others),
            sum(case.outcome == "failure" for case in found),
            sum(case.outcome == "skipped" for case in found) + len(others),
        )
        yield Piece(f"{_cases(path, found)}{HOLE}{_cases(path, others)}{HOLE}", (row,))


def join(portions: Sequence[Portion], summary: Summary, options: Options) -> Iterator[str]:
    """A suite to a file that was read or could not be.

    Findings below the threshold are skipped cases, so that a CI server breaks a build exactly
    when the exit code does; without a threshold all are failures.
    """
    time = time_of(options)
    missing: dict[str, list[Case]] = {}
    for path, case in _of_coverage(summary.coverage):
        missing.setdefault(path, []).append(case)
    broken: dict[str, list[Case]] = {}
    for path, case in _of_faults(summary):
        broken.setdefault(path, []).append(case)
    paths = sorted({*summary.coverage.read, *missing, *broken})
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n'
    for number, told in enumerate(_merged(paths, _unfolded(pieces(portions, 0)))):
        path = told.path
        yield _suite(told, missing.get(path, ()), broken.get(path, ()), number, time)
    yield "</testsuites>\n"


def _unfolded(written: Iterable[Piece]) -> Iterator[_Told]:
    for text, rows in written:
        parts = iter(text.split(HOLE))
        for path, *counts in rows:
            yield _Told(path, next(parts), next(parts), *counts)


def _merged(paths: Iterable[str], told: Iterator[_Told]) -> Iterator[_Told]:
    """What is told of each path, those without a word as well; both are in order."""
    own = next(told, None)
    for path in paths:
        while own is not None and own.path < path:
            yield own
            own = next(told, None)
        if own is not None and own.path == path:
            yield own
            own = next(told, None)
        else:
            yield _Told(path)
    if own is not None:
        yield own
    yield from told


def time_of(options: Options) -> str:
    """The time of the run where that is told, else one that is always the same."""
    text = str((options.meta or {}).get("time", ""))[: len(NO_TIME)]
    shape = "".join("0" if c.isascii() and c.isdigit() else c for c in text)
    return text if shape == "0000-00-00T00:00:00" else NO_TIME


def _of_block(block: Block, sources: Sources, options: Options) -> Case:
    lines = block_lines(block, sources, options)
    label = block.severity.label
    threshold = options.fail_on
    messages = "; ".join(dict.fromkeys(sentence(finding) for finding in block.findings))
    case = Case(_name(block), "failure", label, messages, "\n".join(lines))
    if threshold is not None and not any(item.fails(threshold) for item in block.findings):
        why = f"below the threshold {threshold.label}"
        if block.severity >= threshold:
            why = "which fails no run: nothing mends it yet, or it is for development only"
        message = f"{label}, {why}: {messages}"
        case = case._replace(outcome="skipped", message=message)
    return case


def _of_coverage(coverage: Coverage) -> Iterator[tuple[str, Case]]:
    for failed in coverage.failed:
        where = f"line {failed.line}, column {failed.column}: " if failed.line else ""
        message = f"{where}{failed.reason}"
        yield failed.path, Case("could not be read", "error", "unreadable", message, message)
    for gap in coverage.not_covered:
        message = f"{gap.what}: {gap.reason} ({gap.remedy})"
        yield gap.path, Case(f"not covered: {gap.what}", "skipped", "", message)


def _of_faults(summary: Summary) -> Iterator[tuple[str, Case]]:
    for fault in summary.faults:
        name = f"{fault.rule} broke on {fault.subject}"
        yield fault.path, Case(name, "error", "internal", fault.error, fault.error)
    nothing = nothing_checked(summary)
    if nothing:
        yield "seawall", Case("nothing was checked", "skipped", "", nothing)


def _name(block: Block) -> str:
    return f"{', '.join(block.rules)}: {subject_of(block.subject)}".removesuffix(": ")


def _suite(
    told: _Told, missing: Sequence[Case], broken: Sequence[Case], number: int, time: str
) -> str:
    """What was found in a path, what could not be looked at, what is suppressed, what broke."""
    others = [*missing, *broken]
    if not others and not told.tests:
        others = broken = [Case("no findings")]
    name = _token(told.path)
    attributes = {
        "name": name,
        "package": name,
        "id": str(number),
        "tests": str(told.tests + len(others)),
        "failures": str(told.failures),
        "errors": str(sum(case.outcome == "error" for case in others)),
        "skipped": str(told.skipped + sum(case.outcome == "skipped" for case in others)),
        "time": "0",
        "timestamp": time,
        "hostname": "localhost",
    }
    return (
        f"  <testsuite{_attributes(attributes)}>\n    <properties/>\n{told.found}"
        f"{_cases(told.path, missing)}{told.suppressed}{_cases(told.path, broken)}"
        "    <system-out/>\n    <system-err/>\n  </testsuite>\n"
    )


def _cases(path: str, cases: Iterable[Case]) -> str:
    name = _token(path)
    return "".join(_case(name, case) for case in cases)


def _case(suite: str, case: Case) -> str:
    attributes = {"name": _token(case.name), "classname": suite, "time": "0"}
    start = f"    <testcase{_attributes(attributes)}"
    if not case.outcome:
        return f"{start}/>\n"
    inner = {"message": visible(case.message)}
    if case.outcome != "skipped":
        inner["type"] = case.kind
    lines = "\n".join(visible(line) for line in case.text.split("\n"))
    return (
        f"{start}>\n      <{case.outcome}{_attributes(inner)}>{escape(lines)}</{case.outcome}>\n"
        "    </testcase>\n"
    )


def _token(text: str) -> str:
    return visible(text).strip() or "-"


def _attributes(values: dict[str, str]) -> str:
    return "".join(f' {key}="{escape(value)}"' for key, value in values.items())


def escape(text: str) -> str:
    """Text for an element or an attribute; everything XML forbids is visible before."""
    for mark, reference in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(mark, reference)
    return text.replace("##", "#&#35;")  # see visible.harmless
