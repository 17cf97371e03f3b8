"""The contract with programs: docs/json-output.md and the schema in the package."""

import json
import re
from pathlib import Path

import jsonschema
import pytest

from seawall import __version__
from seawall.core.location import Location
from seawall.core.report import RuleFault
from seawall.reports import Options
from tests.reports.samples import (
    HOSTILE_SOURCES,
    LONE,
    NASTY,
    clean,
    fingerprints,
    hostile,
    nothing,
    shop,
    text_of,
)
from tests.reports.schemas import report_validator, valid_report

DOCS = Path(__file__).parents[2] / "docs" / "json-output.md"


def test_a_report_is_what_the_schema_says() -> None:
    value = valid_report(text_of("json", shop()))
    assert list(value) == [
        "schema_version", "tool", "findings", "suppressed", "coverage", "faults", "summary",
    ]  # fmt: skip
    assert value["tool"] == {"name": "seawall", "version": __version__, "ruleset": "2026.1"}
    assert value["summary"] == {
        "findings": 6,
        "by_severity": {"critical": 3, "high": 1, "medium": 1, "low": 1, "info": 0},
        "suppressed": 1,
        "objects": 2,
        "packages": 0,
        "files_read": 4,
        "files_searched": 0,
        "rules": 99,
        "checked": True,
    }
    assert value["coverage"]["failed"] == [
        {
            "path": "shop/broken.yaml",
            "line": 3,
            "column": 7,
            "reason": "a mapping value is not allowed here",
        }
    ]


def test_a_finding() -> None:
    first = shop().findings[3]
    value = valid_report(text_of("json", shop()))["findings"][3]
    assert value == {
        "rule": "privileged-container",
        "domain": "kubernetes",
        "aliases": list(first.rule.aliases),
        "severity": "critical",
        "confidence": "high",
        "message": "runs privileged",
        "remedy": first.remedy,
        "subject": {
            "kind": "Deployment", "namespace": "shop", "name": "web", "container": "app",
        },
        "location": {
            "path": "shop/web.yaml", "line": 14, "column": 13, "end_line": 14, "end_column": 29,
            "key_path": "spec.template.spec.containers[0].securityContext.privileged",
        },
        "related": [],
        "fingerprint": fingerprints(list(shop().findings))[3],
        "fixes": [
            {
                "title": "Set privileged to false",
                "safety": "unsafe",
                "edits": [
                    {"path": "shop/web.yaml", "start": 309, "end": 313, "replacement": "false"}
                ],
            }
        ],
        "details": {},
    }  # fmt: skip


def test_fingerprints_run_on_through_the_suppressed_findings() -> None:
    report = shop()
    again = report.suppressed[0]._replace(finding=report.findings[0])
    value = valid_report(text_of("json", report._replace(suppressed=(again,))))
    first = value["findings"][0]["fingerprint"]
    assert value["suppressed"][0]["fingerprint"] == f"{first}-2"
    assert value["suppressed"][0]["reason"].startswith("accepted")


def test_what_has_no_place_has_zeros() -> None:
    first = shop().findings[0]._replace(location=Location("image"))
    value = valid_report(text_of("json", shop()._replace(findings=(first,))))
    assert value["findings"][0]["location"] == {
        "path": "image", "line": 0, "column": 0, "end_line": 0, "end_column": 0, "key_path": "",
    }  # fmt: skip


def test_nothing_checked_is_not_clean() -> None:
    assert valid_report(text_of("json", nothing()))["summary"]["checked"] is False
    assert valid_report(text_of("json", clean()))["summary"]["checked"] is True


def test_faults_are_told() -> None:
    report = clean()._replace(faults=(RuleFault("a", "b", "c", "d"),))
    value = valid_report(text_of("json", report))
    assert value["faults"] == [{"rule": "a", "subject": "b", "path": "c", "error": "d"}]


def test_meta_only_when_given() -> None:
    assert "meta" not in valid_report(text_of("json", shop()))
    value = valid_report(text_of("json", shop(), options=Options(meta={"time": "now"})))
    assert value["meta"] == {"time": "now"}


def test_one_key_of_a_finding_to_a_line() -> None:
    text = text_of("json", shop())
    assert '    {\n      "rule": "github-token",\n      "domain": "secrets",\n' in text
    assert text.count('\n      "fingerprint": ') == 7
    assert text.startswith('{\n  "schema_version": 1,\n  "tool": {"name": "seawall", ')


def test_text_stays_text() -> None:
    first = shop().findings[1]._replace(message='grün 漢字 "quoted" \\ back')
    text = text_of("json", shop()._replace(findings=(first,)))
    assert 'grün 漢字 \\"quoted\\" \\\\ back' in text


def test_hostile_text_survives_and_is_escaped() -> None:
    text = text_of("json", hostile(), HOSTILE_SOURCES)
    value = valid_report(text)
    assert value["findings"][0]["message"] == NASTY + "\ufffd \ufffd"
    assert value["findings"][0]["subject"]["name"] == NASTY
    assert "\\u009b" in text
    assert "\\u202e" in text
    assert "\\ufffd" in text
    assert all(character not in text for character in LONE.split())


@pytest.mark.parametrize(
    ("domain", "details"),
    [
        ("kubernetes", {"api_version": "apps/v1"}),
        ("dockerfile", {"instruction": "RUN", "stage": "build"}),
        ("secrets", {"redacted": "a***", "hash": "00", "validity": "valid", "commit": "f00"}),
        (
            "vulnerabilities",
            {
                "id": "CVE-2024-3094",
                "aliases": ["GHSA-rxwq-x6h5-x525"],
                "package": {
                    "name": "xz", "version": "5.6.0", "ecosystem": "Debian",
                    "purl": "pkg:deb/debian/xz@5.6.0",
                },
                "fixed_versions": ["5.6.1+really5.4.5-1"],
                "scores": [{"source": "nvd", "vector": "CVSS:3.1/AV:N", "score": 10.0}],
                "exploitation": 0.8,
                "known_exploited": False,
                "references": ["https://example.org/"],
                "layer": "sha256:00",
            },
        ),
        ("image", {"reference": "a:1", "digest": "sha256:0", "platform": "linux/amd64"}),
        ("policy", {"namespace": "main", "query": "deny", "metadata": {"any": [1, {}]}}),
        ("access", {"path": [{"from": "Pod/a", "by": "token", "to": "ServiceAccount/b"}]}),
        ("mesh", {"from": "a", "to": "b", "port": 443}),
        ("input", {"format": "yaml"}),
    ],
)  # fmt: skip
def test_details_by_domain(domain: str, details: dict[str, object]) -> None:
    value = json.loads(text_of("json", shop()))
    finding = value["findings"][0] | {"domain": domain, "details": details}
    value["findings"][0] = finding
    report_validator().validate(value)
    for wrong in (details | {"surprise": 1}, {next(iter(details)): None}):
        value["findings"][0] = finding | {"details": wrong}
        with pytest.raises(jsonschema.ValidationError):
            report_validator().validate(value)


@pytest.mark.parametrize(
    "path",
    ["", "tool", "findings/0", "findings/0/subject", "findings/0/location", "findings/3/fixes/0",
     "findings/3/fixes/0/edits/0", "findings/1/related/0", "suppressed/0", "coverage",
     "coverage/skipped/0", "coverage/not_covered/0", "coverage/failed/0", "summary",
     "summary/by_severity"],
)  # fmt: skip
def test_the_schema_takes_no_unknown_and_no_missing_key(path: str) -> None:
    for change in ("unknown", "missing"):
        value = json.loads(text_of("json", shop()))
        inner = value
        for step in filter(None, path.split("/")):
            inner = inner[int(step) if step.isdigit() else step]
        if change == "unknown":
            inner["surprise"] = 1
        else:
            del inner[next(iter(inner))]
        with pytest.raises(jsonschema.ValidationError):
            report_validator().validate(value)


def test_details_that_are_no_json_are_an_error_of_ours() -> None:
    first = shop().findings[0]._replace(details={"x": object()})
    with pytest.raises(TypeError, match="object cannot be written as JSON"):
        text_of("json", shop()._replace(findings=(first,)))


def test_the_page_names_every_key_of_the_schema() -> None:
    page = DOCS.read_text("utf-8")
    named = set(re.findall(r"`([a-z_]+)`", page))
    keys: set[str] = set()

    def collect(schema: object) -> None:
        if isinstance(schema, dict):
            for key, value in schema.items():
                if key == "properties" and isinstance(value, dict):
                    keys.update(value)
                collect(value)
        elif isinstance(schema, list):
            for item in schema:
                collect(item)

    collect(report_validator().schema)
    assert keys - named == set()


def test_the_example_of_the_page_is_valid() -> None:
    page = DOCS.read_text("utf-8")
    (example,) = re.findall(r"```json\n(\{\n  \"schema_version.*?)```", page, re.DOTALL)
    valid_report(example)
