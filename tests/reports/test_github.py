"""Workflow commands, read back the way GitHub's runner reads them."""

from typing import NamedTuple

import pytest

from seawall.core.location import Location, Span
from seawall.core.report import Report
from seawall.reports.github import command
from tests.reports.samples import HOSTILE_SOURCES, clean, hostile, nothing, shop, text_of

LEVELS = ("error", "warning", "notice")


class Command(NamedTuple):
    name: str
    properties: dict[str, str]
    message: str


def parse(line: str) -> Command:
    """As ``ActionCommand.TryParseV2`` of the runner does it."""
    assert line.startswith("::")
    head, separator, message = line[2:].partition("::")
    assert separator
    name, _, rest = head.partition(" ")
    properties = {}
    for part in rest.split(","):
        key, equals, value = part.partition("=")
        if key and equals and value:
            properties[key] = unescape(value.replace("%3A", ":").replace("%2C", ","))
    return Command(name, properties, unescape(message))


def unescape(text: str) -> str:
    return text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


def commands(report: Report) -> list[Command]:
    text = text_of("github", report, HOSTILE_SOURCES)
    assert "\r" not in text
    return [parse(line) for line in text.splitlines()]


def test_the_worst_comes_first() -> None:
    found = commands(shop())
    assert [c.name for c in found[:6]] == ["error", "error", "error", "error", "warning", "notice"]
    assert found[1] == Command(
        "error",
        {
            "file": "shop/web.yaml", "line": "14", "endLine": "14", "col": "13",
            "endColumn": "29", "title": "critical: privileged-container",
        },
        f"Deployment/web container app: runs privileged\n{shop().findings[3].remedy}",
    )  # fmt: skip


def test_what_could_not_be_judged_is_annotated_too() -> None:
    failed, gap = commands(shop())[6:]
    assert failed == Command(
        "error",
        {"file": "shop/broken.yaml", "line": "3", "col": "7", "title": "could not be read"},
        "a mapping value is not allowed here",
    )
    assert gap.name == "warning"
    assert gap.message == "Helm chart: helm is not installed\nInstall helm 3 or 4."


def test_columns_only_within_one_line() -> None:
    first = shop().findings[1]
    many = first._replace(location=first.location._replace(span=Span(3, 5, 4, 2)))
    whole = first._replace(location=Location("f"))
    one, two = commands(clean()._replace(findings=(many, whole)))
    assert one.properties["line"] == "3"
    assert one.properties["endLine"] == "4"
    assert not {"col", "endColumn"} & set(one.properties)
    assert set(two.properties) == {"file", "title"}


def test_nothing_found_says_nothing_and_nothing_checked_says_so() -> None:
    assert text_of("github", clean()) == ""
    (warning,) = commands(nothing())
    assert warning == Command(
        "warning", {"title": "seawall"}, "Nothing was checked: no input was read."
    )


@pytest.mark.parametrize(
    ("value", "read"),
    [("a,b:c", "a,b:c"), ("100%", "100%"), ("%0A", "%0A"), ("x::y", "x::y"), ("a=b", "a=b")],
)
def test_values_survive_their_escapes(value: str, read: str) -> None:
    parsed = parse(command("error", {"file": value, "title": "t"}, value).rstrip("\n"))
    assert parsed.properties == {"file": read, "title": "t"}
    assert parsed.message == read


def test_hostile_text_makes_no_command_of_its_own() -> None:
    found = commands(hostile())
    assert len(found) == 3 + 2 + 1 + 1
    for one in found:
        assert one.name in LEVELS
        assert set(one.properties) <= {"file", "line", "endLine", "col", "endColumn", "title"}
