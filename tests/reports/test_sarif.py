"""SARIF against OASIS' schema, and what GitHub asks for beyond it."""

import base64
import random
import re
import string
from pathlib import Path

import pytest

from seawall.core.documentation import documentation
from seawall.core.edit import Edit, Fix, Safety
from seawall.core.location import Location
from seawall.core.report import Coverage, RuleFault
from seawall.core.severity import Severity
from seawall.engine import Options, scan
from seawall.kubernetes.rules import all_rules
from seawall.reports.sarif import message, uri
from seawall.reports.sarif_rules import descriptor
from tests.reports.samples import (
    HOSTILE_SOURCES,
    clean,
    fingerprints,
    hostile,
    made_rule,
    nothing,
    shop,
    text_of,
)  # fmt: skip
from tests.reports.schemas import valid_sarif

URI_REFERENCE = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=@/-]|%[0-9A-F]{2})*")


@pytest.mark.parametrize("report", [shop, clean, nothing])
def test_logs_fit_the_schema(report: object) -> None:
    valid_sarif(text_of("sarif", report()))  # type: ignore[operator]


def test_a_result() -> None:
    run = valid_sarif(text_of("sarif", shop()))
    result = run["results"][3]
    assert run["columnKind"] == "unicodeCodePoints"
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == "privileged-container"
    assert result["ruleId"] == "privileged-container"
    assert result["level"] == "error"
    assert result["message"]["text"] == (
        f"Deployment/web container app: runs privileged\n{shop().findings[3].remedy}"
    )
    assert result["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "shop/web.yaml"},
                "region": {"startLine": 14, "startColumn": 13, "endLine": 14, "endColumn": 29},
            },
            "logicalLocations": [
                {
                    "name": "app",
                    "fullyQualifiedName": "shop/Deployment/web/app",
                    "kind": "resource",
                }
            ],
        }
    ]
    assert result["partialFingerprints"] == {"seawall/v1": fingerprints(list(shop().findings))[3]}


def test_levels() -> None:
    run = valid_sarif(text_of("sarif", shop()))
    levels = [result["level"] for result in run["results"]]
    assert levels == ["error", "error", "warning", "error", "error", "note", "warning"]


def test_only_rules_with_results_and_their_manuals() -> None:
    rules = valid_sarif(text_of("sarif", shop()))["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [
        "github-token", "host-network", "image-tag-mutable", "privileged-container",
        "read-only-root-filesystem", "readiness-probe-missing",
    ]  # fmt: skip
    rule = rules[3]
    manual = documentation(shop().findings[3].rule)
    assert rule["shortDescription"]["text"] == manual.summary
    assert manual.why in rule["help"]["text"]
    assert manual.bad.rstrip() in rule["help"]["markdown"]
    assert rule["properties"]["security-severity"] == "9.5"
    assert rule["properties"]["tags"][:2] == ["security", "kubernetes"]
    assert "helpUri" not in rule
    reliability = rules[5]["properties"]
    assert "security-severity" not in reliability
    assert reliability["tags"][0] == "reliability"
    assert reliability["problem.severity"] in {"error", "warning", "recommendation"}


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)
def test_every_rule_has_what_github_demands(rule: object) -> None:
    described = descriptor(rule, "2026.1")  # type: ignore[arg-type]
    for key in ("shortDescription", "fullDescription"):
        text = described[key]["text"]  # type: ignore[index]
        assert 0 < len(text) <= 1024
    assert described["help"]["text"]  # type: ignore[index]
    tags = described["properties"]["tags"]  # type: ignore[index]
    assert len(tags) == len(set(tags)) <= 20


def test_a_rule_without_a_manual_still_has_texts() -> None:
    described = descriptor(made_rule("team/x", "policy"), "2026.1")
    assert described["shortDescription"] == {"text": "team/x"}
    assert described["help"] == {"text": "Remedy: Take the token out of the image and revoke it."}


def test_related_places_are_numbered() -> None:
    result = valid_sarif(text_of("sarif", shop()))["results"][1]
    (related,) = result["relatedLocations"]
    assert related["id"] == 1
    assert related["physicalLocation"]["artifactLocation"]["uri"] == "shop/service.yaml"
    assert related["message"]["text"] == "this Service makes it reachable"


def test_suppressed_results_say_why() -> None:
    results = valid_sarif(text_of("sarif", shop()))["results"]
    assert all("suppressions" not in result for result in results[:6])
    assert results[6]["suppressions"] == [
        {
            "kind": "external",
            "justification": "accepted until June: the app writes its cache there",
        }
    ]


def test_fixes_are_bytes() -> None:
    first = shop().findings[1]
    fix = Fix(
        "Mend it", Safety.SAFE,
        (Edit("a b.yaml", 3, 3, "grün\n"), Edit("a b.yaml", 9, 12, ""), Edit("c", 0, 1, "x")),
    )  # fmt: skip
    report = shop()._replace(findings=(first._replace(fixes=(fix, fix, Fix("e", fix.safety, ()))),))
    (made,) = valid_sarif(text_of("sarif", report))["results"][0]["fixes"]
    assert made["description"] == {"text": "Mend it"}
    one, two = made["artifactChanges"]
    assert one["artifactLocation"] == {"uri": "a%20b.yaml"}
    insertion, deletion = one["replacements"]
    assert insertion["deletedRegion"] == {"byteOffset": 3, "byteLength": 0}
    assert base64.b64decode(insertion["insertedContent"]["binary"]).decode() == "grün\n"
    assert insertion["insertedContent"]["text"] == "grün\n"
    assert deletion == {"deletedRegion": {"byteOffset": 9, "byteLength": 3}}
    assert two["artifactLocation"] == {"uri": "c"}


def test_an_input_that_failed_makes_the_run_incomplete() -> None:
    (invocation,) = valid_sarif(text_of("sarif", shop()))["invocations"]
    assert invocation["executionSuccessful"] is False
    failed, gap = invocation["toolExecutionNotifications"]
    assert failed["level"] == "error"
    assert failed["descriptor"] == {"id": "input-failed"}
    assert failed["locations"][0]["physicalLocation"]["region"]["startLine"] == 3
    assert gap["level"] == "warning"
    assert gap["message"]["text"] == "Helm chart: helm is not installed\nInstall helm 3 or 4."


def test_a_gap_alone_does_not() -> None:
    gap = shop().coverage.not_covered
    report = clean()._replace(coverage=Coverage(read=("a",), not_covered=gap))
    (invocation,) = valid_sarif(text_of("sarif", report))["invocations"]
    assert invocation["executionSuccessful"] is True
    assert len(invocation["toolExecutionNotifications"]) == 1


def test_a_broken_rule_does() -> None:
    report = clean()._replace(faults=(RuleFault("host-pid", "Pod/x", "a.yaml", "KeyError"),))
    (invocation,) = valid_sarif(text_of("sarif", report))["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["toolExecutionNotifications"][0]["message"]["text"] == (
        "host-pid on Pod/x: KeyError"
    )


def test_nothing_checked_is_a_notification() -> None:
    (invocation,) = valid_sarif(text_of("sarif", nothing()))["invocations"]
    (notification,) = invocation["toolExecutionNotifications"]
    assert notification["descriptor"] == {"id": "nothing-checked"}
    described = valid_sarif(text_of("sarif", nothing()))["tool"]["driver"]["notifications"]
    assert "nothing-checked" in {entry["id"] for entry in described}


def test_a_finding_without_a_line_still_has_a_region() -> None:
    first = shop().findings[1]._replace(location=Location("image"))
    result = valid_sarif(text_of("sarif", shop()._replace(findings=(first,))))["results"][0]
    assert result["locations"][0]["physicalLocation"]["region"] == {
        "startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("path", "reference"),
    [
        ("a/b.yaml", "a/b.yaml"),
        ("a b#c?.yaml", "a%20b%23c%3F.yaml"),
        ("c:/x", "c%3A/x"),
        ("https://evil.example/", "https%3A//evil.example/"),
        ("//evil.example/x", "/.//evil.example/x"),
        ("100%.yaml", "100%25.yaml"),
        ("grün/漢", "gr%C3%BCn/%E6%BC%A2"),
        ("caf\udce9", "caf%E9"),
        ("\ud800x", "%3Fx"),
        ("<stdin>", "%3Cstdin%3E"),
        ("a\\b", "a%5Cb"),
        ("a\nb", "a%0Ab"),
    ],
)
def test_paths_as_uris(path: str, reference: str) -> None:
    assert uri(path) == reference
    assert URI_REFERENCE.fullmatch(reference)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("containers[0] (x)", "containers[0] (x)"),
        ("{{ .Values.image }}", "{{ .Values.image }}"),
        ("[here](http://evil)", r"\[here\](http://evil)"),
        (r"[a\](1)", r"\[a\\\](1)"),
    ],
)
def test_no_name_makes_itself_a_link(text: str, written: str) -> None:
    assert message(text) == {"text": written}


def test_hostile_text() -> None:
    run = valid_sarif(text_of("sarif", hostile(), HOSTILE_SOURCES))
    assert len(run["results"]) == 5
    places = re.findall(r'"uri": "((?:[^"\\]|\\.)*)"', text_of("sarif", hostile()))
    assert places
    assert all(URI_REFERENCE.fullmatch(place) for place in places)
    assert all(not place.startswith("//") for place in places)


def test_info_is_a_note_with_a_score_above_none() -> None:
    described = descriptor(made_rule("x", "policy", Severity.INFO), "2026.1")
    assert described["defaultConfiguration"] == {"level": "note"}
    assert described["properties"]["security-severity"] == "1.0"  # type: ignore[index]


ASTRAL = chr(0x1F512)
"""One character, and two units of UTF-16."""


def test_columns_are_characters_as_the_log_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    value = "".join(random.Random(3).choices(string.ascii_letters, k=11)) + "7Kq"
    texts = {
        "app.py": f'a = "{ASTRAL * 3}"; db_password = "{value}"\n',
        "wide.py": f'a = "{ASTRAL * 3}"; db_password = "{value}"\n',
        "pod.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n"
        f'  - {{name: a, env: [{{value: "{ASTRAL * 2}", name: B}},'
        f' {{name: DB_PASSWORD, value: "{value}"}}]}}\n',
        "Dockerfile": f'FROM scratch\nENV A="{ASTRAL * 2}" DB_PASSWORD={value}\n',
    }
    for name, text in texts.items():
        encoding = "utf-16" if name.startswith("wide") else "utf-8"
        (tmp_path / name).write_text(text, encoding=encoding)
    monkeypatch.chdir(tmp_path)
    run = valid_sarif(text_of("sarif", scan(Options()).report))
    assert run["columnKind"] == "unicodeCodePoints"
    told = {}
    for result in run["results"]:
        place = result["locations"][0]["physicalLocation"]
        region = place.get("region", {})
        line = texts[place["artifactLocation"]["uri"]].splitlines()[region["startLine"] - 1]
        if value in line and "password" in result["message"]["text"].lower():
            part = line[region["startColumn"] - 1 : region["endColumn"] - 1]
            told[place["artifactLocation"]["uri"]] = value in part and ASTRAL not in part
    assert told == dict.fromkeys(texts, True)
