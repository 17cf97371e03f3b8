"""JUnit's XML, for the test views of Jenkins, GitLab, Azure DevOps and others.

There is no one standard: the file fits both the schema of Jenkins' xUnit plugin and the stricter
one of Apache Ant (windyroad). A suite is a file, a test case what one edit would mend. The
stricter schema asks for a time: unless ``meta`` has one it is 1970, for a report holds none.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from seawall.core.report import Report
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


def write(report: Report, sources: Sources, options: Options) -> Iterator[str]:
    """A suite to a file that was read or could not be.

    Findings below the threshold are skipped cases, so that a CI server breaks a build exactly
    when the exit code does; without a threshold all are failures.
    """
    cases = _Cases(report, redacted(sources, report), options)
    time = _time(options)
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n'
    for number, path in enumerate(cases.paths()):
        yield _suite(path, list(cases.of(path)), number, time)
    yield "</testsuites>\n"


def _time(options: Options) -> str:
    text = str((options.meta or {}).get("time", ""))[: len(NO_TIME)]
    shape = "".join("0" if c.isascii() and c.isdigit() else c for c in text)
    return text if shape == "0000-00-00T00:00:00" else NO_TIME


class _Cases:
    """The test cases of each path."""

    def __init__(self, report: Report, sources: Sources, options: Options) -> None:
        self._report = report
        self._sources = sources
        self._options = options._replace(width=0, colour=False)
        self._blocks = by_file(report.findings)
        self._others: dict[str, list[Case]] = {}
        for path, case in self._of_coverage():
            self._others.setdefault(path, []).append(case)

    def paths(self) -> Iterable[str]:
        """Every path there is something to say of, in order."""
        return sorted({*self._report.coverage.read, *self._blocks, *self._others})

    def of(self, path: str) -> Iterator[Case]:
        """The cases of a path; one that passed where nothing was found."""
        blocks, others = self._blocks.get(path, []), self._others.get(path, [])
        for block in blocks:
            yield self._of_block(block)
        yield from others
        if not blocks and not others:
            yield Case("no findings")

    def _of_block(self, block: Block) -> Case:
        lines = block_lines(block, self._sources, self._options)
        label = block.severity.label
        threshold = self._options.fail_on
        messages = "; ".join(dict.fromkeys(sentence(finding) for finding in block.findings))
        case = Case(_name(block), "failure", label, messages, "\n".join(lines))
        if threshold is not None and not any(item.fails(threshold) for item in block.findings):
            why = f"below the threshold {threshold.label}"
            if block.severity >= threshold:
                why = "which fails no run: nothing mends it yet, or it is for development only"
            message = f"{label}, {why}: {messages}"
            case = case._replace(outcome="skipped", message=message)
        return case

    def _of_coverage(self) -> Iterator[tuple[str, Case]]:
        coverage = self._report.coverage
        for failed in coverage.failed:
            where = f"line {failed.line}, column {failed.column}: " if failed.line else ""
            message = f"{where}{failed.reason}"
            yield failed.path, Case("could not be read", "error", "unreadable", message, message)
        for gap in coverage.not_covered:
            message = f"{gap.what}: {gap.reason} ({gap.remedy})"
            yield gap.path, Case(f"not covered: {gap.what}", "skipped", "", message)
        for finding, reason, *_ in self._report.suppressed:
            name = f"{finding.rule.id}: {sentence(finding)}"
            yield finding.location.path, Case(name, "skipped", "", f"suppressed: {reason}")
        for fault in self._report.faults:
            name = f"{fault.rule} broke on {fault.subject}"
            yield fault.path, Case(name, "error", "internal", fault.error, fault.error)
        nothing = nothing_checked(self._report.summary())
        if nothing:
            yield "seawall", Case("nothing was checked", "skipped", "", nothing)


def _name(block: Block) -> str:
    return f"{', '.join(block.rules)}: {subject_of(block.subject)}".removesuffix(": ")


def _suite(path: str, cases: list[Case], number: int, time: str) -> str:
    name = _token(path)
    attributes = {
        "name": name,
        "package": name,
        "id": str(number),
        "tests": str(len(cases)),
        "failures": str(sum(case.outcome == "failure" for case in cases)),
        "errors": str(sum(case.outcome == "error" for case in cases)),
        "skipped": str(sum(case.outcome == "skipped" for case in cases)),
        "time": "0",
        "timestamp": time,
        "hostname": "localhost",
    }
    body = "".join(_case(name, case) for case in cases)
    return (
        f"  <testsuite{_attributes(attributes)}>\n    <properties/>\n{body}"
        "    <system-out/>\n    <system-err/>\n  </testsuite>\n"
    )


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
