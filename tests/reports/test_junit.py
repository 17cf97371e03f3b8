"""JUnit's XML against both published schemas."""

import xml.etree.ElementTree as ET

import pytest

from seawall.core.report import Coverage, Failed, RuleFault
from seawall.core.severity import Severity
from seawall.reports import Options
from tests.reports.samples import (
    HOSTILE_SOURCES,
    SOURCES,
    Texts,
    clean,
    hostile,
    nothing,
    shop,
    text_of,
)
from tests.reports.schemas import junit_schemas

ALL = {"shop": (shop, SOURCES), "clean": (clean, SOURCES), "nothing": (nothing, SOURCES),
       "hostile": (hostile, HOSTILE_SOURCES)}  # fmt: skip


@pytest.mark.parametrize("name", ALL)
def test_reports_fit_the_schemas(name: str) -> None:
    make, sources = ALL[name]
    text = text_of("junit", make(), sources)
    for schema in junit_schemas():
        schema.validate(text)


def suites(
    *, options: Options | None = None, report: object = None, sources: Texts = SOURCES
) -> dict[str, ET.Element]:
    made = report if isinstance(report, type(shop())) else shop()
    root = ET.fromstring(text_of("junit", made, sources, options))
    assert root.tag == "testsuites"
    found = {suite.attrib["name"]: suite for suite in root}
    for suite in found.values():
        cases = suite.findall("testcase")
        assert suite.attrib["tests"] == str(len(cases))
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert suite.attrib[name] == str(len(suite.findall(f"testcase/{tag}")))
    return found


def test_a_suite_to_a_file() -> None:
    found = suites()
    assert list(found) == [
        "Dockerfile", "chart", "shop/broken.yaml", "shop/clean.yaml", "shop/service.yaml",
        "shop/web.yaml",
    ]  # fmt: skip
    web = found["shop/web.yaml"]
    assert [case.attrib["name"] for case in web.findall("testcase")][2] == (
        "privileged-container: Deployment/web (namespace shop)"
    )
    failure = web.findall("testcase/failure")[2]
    assert failure.attrib == {
        "message": "Deployment/web container app: runs privileged; "
        "Deployment/web container metrics: runs privileged",
        "type": "critical",
    }
    assert failure.text is not None
    assert "    14 |             privileged: true\n       |             ^^^^" in failure.text


def test_a_clean_file_is_a_passed_test() -> None:
    (case,) = suites()["shop/clean.yaml"].findall("testcase")
    assert case.attrib["name"] == "no findings"
    assert len(case) == 0


def test_what_could_not_be_read_is_an_error() -> None:
    (error,) = suites()["shop/broken.yaml"].findall("testcase/error")
    assert error.attrib["message"] == "line 3, column 7: a mapping value is not allowed here"
    coverage = Coverage(failed=(Failed("x", 0, 0, "vanished"),))
    report = clean()._replace(coverage=coverage)
    (error,) = suites(report=report)["x"].findall("testcase/error")
    assert error.attrib["message"] == "vanished"


def test_gaps_and_suppressed_findings_are_skipped() -> None:
    found = suites()
    (gap,) = found["chart"].findall("testcase/skipped")
    assert gap.attrib["message"] == "Helm chart: helm is not installed (Install helm 3 or 4.)"
    (suppressed,) = found["shop/web.yaml"].findall("testcase/skipped")
    assert suppressed.attrib["message"].startswith("suppressed: accepted until June")


def test_below_the_threshold_nothing_fails() -> None:
    web = suites(options=Options(fail_on=Severity.HIGH))["shop/web.yaml"]
    assert web.attrib["failures"] == "2"
    messages = [skipped.attrib["message"] for skipped in web.findall("testcase/skipped")]
    assert messages[0].startswith("medium, below the threshold high: Deployment/web container app")


def test_our_own_errors_are_errors() -> None:
    report = clean()._replace(faults=(RuleFault("host-pid", "Pod/x", "a.yaml", "KeyError"),))
    (error,) = suites(report=report)["a.yaml"].findall("testcase/error")
    assert error.attrib == {"message": "KeyError", "type": "internal"}


@pytest.mark.parametrize(
    ("meta", "stamp"),
    [
        (None, "1970-01-01T00:00:00"),
        ({"time": "2026-11-20T12:34:56Z"}, "2026-11-20T12:34:56"),
        ({"time": "yesterday"}, "1970-01-01T00:00:00"),
        ({"host": "x"}, "1970-01-01T00:00:00"),
    ],
)
def test_a_time_only_when_given(meta: dict[str, object] | None, stamp: str) -> None:
    found = suites(options=Options(meta=meta))
    assert {suite.attrib["timestamp"] for suite in found.values()} == {stamp}


def test_secrets_are_blacked_out() -> None:
    (failure,) = suites()["Dockerfile"].findall("testcase/failure")
    assert failure.text is not None
    assert "TOKEN=****" in failure.text
