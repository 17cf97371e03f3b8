"""Secrets that were found are not published by the report that says so."""

from seawall.core.location import Location, Span
from seawall.core.report import Report, Suppressed
from seawall.reports.redacted import redacted
from tests.reports.samples import Texts, real_rule, shop

TEXT = "user: x\n  token: abc123 # note\n-----BEGIN\n  key\n-----END\nafter"
SOURCES = Texts({"f": TEXT})


def report_with(span: Span | None, *, suppressed: bool = False) -> Report:
    report = shop()
    secret = report.findings[0]._replace(location=Location("f", 0, (), span))
    if suppressed:
        return report._replace(findings=(), suppressed=(Suppressed(secret, "known"),))
    return report._replace(findings=(secret,), suppressed=())


def test_the_spot_is_blacked_out_and_keeps_its_length() -> None:
    sources = redacted(SOURCES, report_with(Span(2, 10, 2, 16)))
    assert sources.line("f", 2) == "  token: ****** # note"
    assert sources.line("f", 1) == "user: x"
    assert sources.line("g", 1) is None


def test_suppressed_secrets_are_blacked_out_too() -> None:
    sources = redacted(SOURCES, report_with(Span(2, 10, 2, 16), suppressed=True))
    assert sources.line("f", 2) == "  token: ****** # note"


def test_secrets_of_many_lines_vanish_whole() -> None:
    sources = redacted(SOURCES, report_with(Span(3, 1, 5, 9)))
    assert [sources.line("f", n) for n in (3, 4, 5, 6)] == [
        "**********", "  ***", "********", "after",
    ]  # fmt: skip


def test_a_place_without_extent_takes_its_line() -> None:
    assert redacted(SOURCES, report_with(Span(2, 3, 2, 3))).line("f", 2) == "  " + "*" * 20


def test_a_spot_past_the_end_changes_nothing() -> None:
    assert redacted(SOURCES, report_with(Span(1, 50, 1, 60))).line("f", 1) == "user: x"


def test_other_findings_can_call_themselves_sensitive() -> None:
    report = shop()
    network = report.findings[1]._replace(details={"sensitive": True})
    sources = redacted(Texts({"shop/web.yaml": "\n" * 8 + "      hostNetwork: true # x"}),
                       report._replace(findings=(network,)))  # fmt: skip
    assert sources.line("shop/web.yaml", 9) == "      ***************** # x"


def test_without_a_span_there_is_nothing_to_hide() -> None:
    assert redacted(SOURCES, report_with(None)).line("f", 2) == "  token: abc123 # note"


MANIFEST = """\
kind: ConfigMap
data:
  app.properties: |
    url=x

    password=s3cr3t
  other: shown
env:
- name: DB_PASSWORD
  value: >-
     s3cr3t
- name: B
"""


def test_what_hangs_below_a_sensitive_key_is_blacked_out_too() -> None:
    first = shop().findings[1]
    places = [
        Location("f", 0, ("data", "app.properties"), Span(3, 19, 3, 20)),
        Location("f", 0, ("env", 0, "value"), Span(10, 10, 10, 12)),
    ]
    report = shop()._replace(
        findings=tuple(first._replace(rule=real_rule("hardcoded-secret"), location=place)
                       for place in places)
    )  # fmt: skip
    sources = redacted(Texts({"f": MANIFEST}), report)
    shown = [sources.line("f", number) for number in range(1, 13)]
    assert shown == [
        "kind: ConfigMap",
        "data:",
        "  app.properties: *",
        "    *****",
        "",
        "    ***************",
        "  other: shown",
        "env:",
        "- name: DB_PASSWORD",
        "  value: **",
        "     ******",
        "- name: B",
    ]
