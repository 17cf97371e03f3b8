"""Suppressed findings stay in every report that has room for them, with the reason."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.core.location import Location, Span
from seawall.core.report import Report, Suppressed
from seawall.reports import Options
from tests.reports import plain_json
from tests.reports.samples import HOSTILE_SOURCES, NASTY, hostile, shop, text_of
from tests.reports.schemas import valid_report

WHY = "accepted until the move in June"
FORMS = [
    ("comment", "inSource"), ("annotation", "inSource"), ("configuration", "external"),
    ("baseline", "external"), ("history", "external"), (".trivyignore", "external"),
]  # fmt: skip
ORIGIN = Location("shop/web.yaml", 0, (), Span(3, 5, 3, 30))


def hidden(form: str, origin: Location | None = ORIGIN) -> Report:
    first, *rest = shop().findings
    return shop()._replace(
        findings=tuple(rest), suppressed=(Suppressed(first, WHY, form, origin),)
    )  # fmt: skip


@pytest.mark.parametrize(("form", "kind"), FORMS)
def test_sarif_tells_what_stands_in_the_source(form: str, kind: str) -> None:
    value: Any = json.loads(text_of("sarif", hidden(form)))
    (suppression,) = value["runs"][0]["results"][-1]["suppressions"]
    assert (suppression["kind"], suppression["justification"]) == (kind, WHY)
    assert ("location" in suppression) is (kind == "inSource")
    if kind == "inSource":
        place = suppression["location"]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "shop/web.yaml"
        assert place["region"]["startLine"] == 3


@pytest.mark.parametrize(("form", "_kind"), FORMS)
def test_json_tells_what_hides_a_finding(form: str, _kind: str) -> None:
    (item,) = valid_report(text_of("json", hidden(form)))["suppressed"]
    assert item["reason"] == WHY
    assert item["by"] == {"form": form, "path": "shop/web.yaml", "line": 3}
    for origin in (None, Location("")):
        (item,) = valid_report(text_of("json", hidden(form, origin)))["suppressed"]
        assert item["by"] == {"form": form}
    (item,) = valid_report(text_of("json", hidden(form, Location("x"))))["suppressed"]
    assert item["by"] == {"form": form, "path": "x", "line": 0}


@pytest.mark.parametrize("format_", ["html", "junit", "markdown", "table"])
def test_the_reason_is_shown(format_: str) -> None:
    text = text_of(format_, hidden("comment"), options=Options(verbose=True))
    assert WHY in text
    assert "github-token" in text


@pytest.mark.parametrize("format_", ["github", "gitlab"])
def test_formats_that_alarm_leave_them_out(format_: str) -> None:
    assert "github-token" not in text_of(format_, hidden("comment"))


@pytest.mark.parametrize("report", [shop(), hostile(), hidden("comment"), hidden("x", None)])
def test_the_quick_writer_writes_what_the_plain_one_does(report: Report) -> None:
    text = text_of("json", report, HOSTILE_SOURCES)
    expected = list(plain_json.findings(report))
    assert expected
    for finding in expected:
        assert finding in text
    assert len(expected) == text.count('\n      "fingerprint": ')


TEXTS = st.one_of(
    st.text(st.characters(codec=None)),
    st.sampled_from([NASTY, "##", "#", "\x7f", "\ud83d", "\\", '"', "\u2028", "é", "\U000e0001"]),
)


@settings(max_examples=150)
@given(texts=st.lists(TEXTS, min_size=9, max_size=9), number=st.integers(0, 2**70))
def test_the_quick_writer_writes_any_text(texts: list[str], number: int) -> None:
    finding = shop().findings[3]
    place = Location(texts[0], 0, (texts[1], number, texts[2]), Span(1, 2, 3, number))
    finding = finding._replace(
        message=texts[3], remedy=texts[4], location=place, evidence=texts[8],
        subject=finding.subject._replace(kind=texts[5], name=texts[6]),
        details={"api_version": texts[7]},
    )  # fmt: skip
    report = shop()._replace(
        findings=(finding,), suppressed=(Suppressed(finding, texts[8], texts[7], place),)
    )
    text = text_of("json", report)
    for expected in plain_json.findings(report):
        assert expected in text
    json.loads(text)
