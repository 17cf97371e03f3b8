"""Every writer gives well-formed output, whatever stands in a report."""

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from unicodedata import bidirectional, category

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seawall.core.edit import Edit, Fix, Safety
from seawall.core.finding import Finding, Related, Subject
from seawall.core.location import Location, Span
from seawall.core.report import (
    Advisories,
    Coverage,
    Failed,
    Feed,
    ImageFacts,
    NotCovered,
    Report,
    RuleFault,
    Skipped,
    Suppressed,
)
from seawall.core.severity import Confidence, Severity
from seawall.reports import FORMATS, Options
from tests.reports.samples import Texts, made_rule, text_of
from tests.reports.schemas import (
    junit_schemas,
    valid_events,
    valid_gitlab,
    valid_gitlab_secrets,
    valid_report,
    valid_sarif,
)
from tests.reports.test_github import parse
from tests.reports.test_html import check
from tests.reports.test_markdown import OURS, Rendered

TEXT = st.text(
    st.one_of(
        st.characters(categories=None),
        st.sampled_from("\x1b\x00\n\r\t<>&\"'`|]#:%[{\u202e\u2028\ufffe\x9b"),
    ),
    max_size=12,
)
KEY_PATHS = st.lists(st.one_of(TEXT, st.integers(0, 9)), max_size=3).map(tuple)
DOMAINS = st.sampled_from(["kubernetes", "dockerfile", "secrets", "policy", "input"])


@st.composite
def spans(draw: st.DrawFn) -> Span:
    line = draw(st.integers(1, 4))
    column = draw(st.integers(1, 15))
    end_line = line + draw(st.integers(0, 3))
    end_column = draw(st.integers(column if end_line == line else 1, 20))
    return Span(line, column, end_line, end_column)


LOCATIONS = st.builds(Location, TEXT, st.integers(0, 2), KEY_PATHS, st.none() | spans())
EDITS = st.builds(lambda p, s, n, r: Edit(p, s, s + n, r), TEXT, st.integers(0, 9),
                  st.integers(0, 9), TEXT)  # fmt: skip
FIXES = st.builds(
    Fix, TEXT, st.sampled_from(Safety), st.lists(EDITS, max_size=2).map(tuple)
)  # fmt: skip
RULES = st.builds(made_rule, TEXT, DOMAINS, st.sampled_from(Severity))
FINDINGS = st.builds(
    Finding,
    RULES,
    st.sampled_from(Severity),
    st.sampled_from(Confidence),
    TEXT,
    TEXT,
    st.builds(Subject, TEXT, TEXT, TEXT, TEXT),
    LOCATIONS,
    st.lists(st.builds(Related, LOCATIONS, TEXT), max_size=2).map(tuple),
    st.lists(FIXES, max_size=2).map(tuple),
    TEXT,
)
SUPPRESSED = st.builds(Suppressed, FINDINGS, TEXT, TEXT, st.none() | LOCATIONS)
POSITIONS = st.integers(0, 3)
COVERAGES = st.builds(
    Coverage,
    st.lists(TEXT, max_size=2).map(tuple),
    st.lists(st.builds(Skipped, TEXT, TEXT), max_size=2).map(tuple),
    st.lists(st.builds(NotCovered, TEXT, TEXT, TEXT, TEXT), max_size=12).map(tuple),
    st.lists(st.builds(Failed, TEXT, POSITIONS, POSITIONS, TEXT), max_size=2).map(tuple),
    st.lists(TEXT, max_size=2).map(tuple),
)
ADVISORIES = st.builds(
    Advisories,
    st.sampled_from(["", "2026-08-22"]),
    st.integers(0, 9),
    st.lists(st.builds(Feed, TEXT, TEXT, st.integers(0, 9)), max_size=2).map(tuple),
)
COUNTS = st.integers(0, 9)
IMAGES = st.builds(
    ImageFacts,
    *[TEXT] * 6,
    COUNTS,
    *[TEXT] * 2,
    COUNTS,
    *[TEXT] * 2,
    *[COUNTS] * 3,
)
REPORTS = st.builds(
    Report,
    st.lists(FINDINGS, max_size=3).map(tuple),
    st.lists(SUPPRESSED, max_size=2).map(tuple),
    COVERAGES,
    st.just("2026.1"),
    st.integers(0, 2),
    st.integers(0, 2),
    st.lists(st.builds(RuleFault, TEXT, TEXT, TEXT, TEXT), max_size=1).map(tuple),
    st.dictionaries(TEXT, st.lists(spans(), max_size=2).map(tuple), max_size=1),
    st.integers(0, 2),
    st.none() | ADVISORIES,
    st.lists(IMAGES, max_size=2).map(tuple),
    *[COUNTS] * 2,
)
OPTIONS = st.builds(
    Options,
    st.just(value=False),
    st.sampled_from([0, 20, 80]),
    st.booleans(),
    st.booleans(),
    st.none() | st.dictionaries(TEXT, TEXT, max_size=1),
    st.none() | st.sampled_from(Severity),
)


def is_dangerous(character: str) -> bool:
    """Whether a terminal or an eye could be led astray by it."""
    return character != "\n" and (
        category(character) in {"Cc", "Cs", "Zl", "Zp"}
        or bidirectional(character)
        in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    )


def printable(text: str) -> None:
    assert all(line.isprintable() for line in text.split("\n"))


def github(text: str) -> None:
    for line in text.split("\n")[:-1]:
        assert parse(line).name in {"error", "warning", "notice"}


def junit(text: str) -> None:
    ET.fromstring(text)
    for schema in junit_schemas():
        schema.validate(text)


def markdown(text: str) -> None:
    assert set(Rendered(text).elements) <= OURS


def html(text: str) -> None:
    check(text)


def openvex(text: str) -> None:
    document = json.loads(text)
    assert {"@context", "@id", "author", "timestamp", "version", "statements"} <= document.keys()
    for statement in document["statements"]:
        assert statement["products"]
        assert statement["vulnerability"]["name"]
        told = {"affected": "action_statement", "not_affected": "impact_statement"}
        assert told[statement["status"]] in statement


CHECKS: dict[str, Callable[[str], object]] = {
    "table": printable,
    "json": valid_report,
    "jsonl": valid_events,
    "sarif": valid_sarif,
    "junit": junit,
    "gitlab": valid_gitlab,
    "gitlab-secrets": valid_gitlab_secrets,
    "github": github,
    "markdown": markdown,
    "html": html,
    "openvex": openvex,
}


def test_every_format_is_checked() -> None:
    assert set(CHECKS) == set(FORMATS)


@pytest.mark.parametrize("format_", FORMATS)
@given(report=REPORTS, options=OPTIONS, lines=st.lists(TEXT, max_size=5))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_text(format_: str, report: Report, options: Options, lines: list[str]) -> None:
    paths = {finding.location.path for finding in report.findings}
    text = text_of(format_, report, Texts(dict.fromkeys(paths, "\n".join(lines))), options)
    text.encode("utf-8")
    assert not {c for c in text if is_dangerous(c)}
    CHECKS[format_](text)
