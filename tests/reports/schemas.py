"""Validators of the published schemas and of our own."""

import json
import re
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from referencing import Registry, Resource

PUBLISHED = Path(__file__).parent.parent / "data" / "schemas"


@cache
def report_validator() -> Any:
    """The schema that is shipped with the package."""
    schema = json.loads(files("seawall.reports").joinpath("report.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@cache
def event_validator() -> Any:
    """The schema of one JSON line, which refers to that of the report."""
    schema = json.loads(files("seawall.reports").joinpath("events.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    report = Resource.from_contents(report_validator().schema)
    return jsonschema.Draft202012Validator(schema, registry=report @ Registry())


@cache
def sarif_validator() -> Any:
    """OASIS' schema of SARIF 2.1.0."""
    schema = json.loads((PUBLISHED / "sarif-schema-2.1.0.json").read_text("utf-8"))
    return jsonschema.Draft4Validator(schema)


@cache
def gitlab_validator() -> Any:
    """GitLab's schema of one Code Quality issue."""
    schema = json.loads((PUBLISHED / "gitlab-code-quality.json").read_text("utf-8"))
    return jsonschema.Draft4Validator(schema)


@cache
def junit_schemas() -> list[Any]:
    """Both published schemas of JUnit's XML; skips where xmlschema is not installed."""
    xmlschema = pytest.importorskip("xmlschema")
    return [
        xmlschema.XMLSchema(PUBLISHED / f"junit-{name}.xsd") for name in ("windyroad", "jenkins")
    ]


_VALID_FINDINGS: set[str] = set()


def valid_report(text: str) -> Any:
    """Read a JSON report that must be valid.

    A finding that was valid in one report is in the next: the schema says nothing of several
    together, and to validate hundreds takes seconds.
    """
    value = json.loads(text)
    findings = {json.dumps(finding): finding for finding in value["findings"]}
    news = [finding for said, finding in findings.items() if said not in _VALID_FINDINGS]
    report_validator().validate(value | {"findings": news})
    _VALID_FINDINGS.update(findings)
    return value


def valid_events(text: str) -> list[Any]:
    """Read JSON lines that must be valid, the first about the tool, the last the summary."""
    *lines, end = text.split("\n")
    assert end == ""
    events = [json.loads(line) for line in lines]
    for event in events:
        event_validator().validate(event)
    kinds = [event["type"] for event in events]
    assert kinds[0] == "tool"
    assert kinds[-1] == "summary"
    assert {kinds.count("tool"), kinds.count("summary")} == {1}
    return events


def valid_sarif(text: str) -> Any:
    """Read a SARIF log that must be valid, and return its one run."""
    value = json.loads(text)
    sarif_validator().validate(value)
    (run,) = value["runs"]
    return run


def valid_gitlab_secrets(text: str) -> Any:
    """Read a report of secret detection, and hold it to what GitLab's schema 15.0.1 demands."""
    value = json.loads(text)
    assert set(value) == {"version", "scan", "vulnerabilities"}
    assert re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+", value["version"])
    scan = value["scan"]
    assert scan["type"] == "secret_detection"
    assert scan["status"] in {"success", "failure"}
    for who in (scan["analyzer"], scan["scanner"]):
        assert all((who["id"], who["name"], who["version"], who["vendor"]["name"]))
    for time in (scan["start_time"], scan["end_time"]):
        assert re.fullmatch(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}", time)
    for message in scan.get("messages", ()):
        assert message["level"] in {"info", "warn", "fatal"}
        assert message["value"]
    for item in value["vulnerabilities"]:
        assert item["id"]
        assert len(item["name"]) <= 255
        assert len(item["solution"]) <= 7000
        assert item["severity"] in {"Info", "Low", "Medium", "High", "Critical"}
        assert item["identifiers"]
        for identifier in item["identifiers"]:
            assert all((identifier["type"], identifier["name"], identifier["value"]))
        assert item["location"]["commit"]["sha"]
        assert item["location"].get("start_line", 1) >= 1
    assert len({item["id"] for item in value["vulnerabilities"]}) == len(value["vulnerabilities"])
    return value


def valid_gitlab(text: str) -> Any:
    """Read a Code Quality report that must be valid, and more strictly so than GitLab asks."""
    value = json.loads(text)
    assert isinstance(value, list)
    for issue in value:
        gitlab_validator().validate(issue)
        assert set(issue) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert issue["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert issue["location"]["lines"]["begin"] >= 1
        assert not issue["location"]["path"].startswith("./")
    assert len({issue["fingerprint"] for issue in value}) == len(value)
    return value
