"""JSON lines: the same contents as the JSON report, one event to a line."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from seawall.core.report import Advisories, Coverage, Feed, ImageFacts, Report, RuleFault
from seawall.reports import Options
from tests.reports.samples import HOSTILE_SOURCES, clean, hostile, nothing, pieces, shop, text_of
from tests.reports.schemas import event_validator, valid_events

DOCS = Path(__file__).parents[2] / "docs" / "json-output.md"


def of_type(events: list[Any], type_: str) -> list[Any]:
    return [
        {key: value for key, value in event.items() if key != "type"}
        for event in events
        if event["type"] == type_
    ]


@pytest.mark.parametrize("report", [shop(), clean(), nothing(), hostile()])
def test_the_lines_hold_what_the_report_holds(report: Report) -> None:
    report = report._replace(faults=(RuleFault("a", "b", "c", "d"),))
    options = Options(meta={"time": "now"})
    whole = json.loads(text_of("json", report, HOSTILE_SOURCES, options))
    events = valid_events(text_of("jsonl", report, HOSTILE_SOURCES, options))
    (tool,) = of_type(events, "tool")
    assert tool == {"schema_version": 1, **whole["tool"], "meta": whole["meta"]}
    assert of_type(events, "finding") == whole["findings"]
    assert of_type(events, "suppressed") == whole["suppressed"]
    assert of_type(events, "fault") == whole["faults"]
    assert of_type(events, "summary") == [whole["summary"]]
    coverage: dict[str, list[Any]] = {name: [] for name in whole["coverage"]}
    for event in of_type(events, "coverage"):
        state = event.pop("state")
        coverage[state].append(event["path"] if state == "read" else event)
    assert coverage == whole["coverage"]


def test_each_piece_is_a_line() -> None:
    """A line is made when the one before is written: nobody ever holds the whole."""
    assert all(piece.count("\n") == 1 for piece in pieces("jsonl", hostile(), HOSTILE_SOURCES))


def test_no_meta_unless_asked_for() -> None:
    assert "meta" not in valid_events(text_of("jsonl", shop()))[0]


def everything() -> Report:
    advisories = Advisories("2026-08-22", 3, (Feed("osv-go", "2026-08-21", 3),))
    faults, images = (RuleFault("a", "b", "c", "d"),), (ImageFacts("app.tar", "app:1"),)
    return shop()._replace(faults=faults, images=images, advisories=advisories)


def test_the_schema_takes_no_unknown_and_no_missing_key() -> None:
    report = everything()
    for event in valid_events(text_of("jsonl", report)):
        assert not event_validator().is_valid(event | {"surprise": 1})
        for key in event:
            rest = {name: value for name, value in event.items() if name != key}
            assert not event_validator().is_valid(rest), (event["type"], key)


def test_every_type_occurs_in_these_tests() -> None:
    report = everything()
    found = {event["type"] for event in valid_events(text_of("jsonl", report))}
    assert found == set(event_validator().schema["properties"]["type"]["enum"])
    assert report.coverage.failed
    assert report.coverage.not_covered
    assert report.coverage != Coverage()


def test_the_page_tells_of_every_type_and_its_example_is_valid() -> None:
    page = DOCS.read_text("utf-8")
    part = page[page.index("## JSON lines") :]
    for type_ in event_validator().schema["properties"]["type"]["enum"]:
        assert f"| `{type_}` |" in part
    (example,) = re.findall(r"```json\n(.*?)```", part, re.DOTALL)
    valid_events(example)
