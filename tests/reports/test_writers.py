"""What every writer keeps to, and what starting the default one may cost."""

import subprocess
import sys

import pytest

from seawall.core.errors import UsageError
from seawall.reports import FORMATS, Options, form, table
from tests.reports.samples import HOSTILE_SOURCES, SOURCES, clean, hostile, nothing, shop, text_of

REPORTS = {"shop": shop, "clean": clean, "nothing": nothing}

HEAVY = (
    "json", "textwrap", "shutil", "dataclasses", "unicodedata", "hashlib", "xml", "urllib",
    "inspect", "pathlib", "html", "logging", "datetime",
)  # fmt: skip


def test_an_unknown_format_names_the_choices() -> None:
    with pytest.raises(UsageError, match="choose from table, json, jsonl, sarif"):
        form("xml")


@pytest.mark.parametrize("name", ["__init__", "visible", "../core/report", ""])
def test_only_formats_can_be_loaded(name: str) -> None:
    with pytest.raises(UsageError):
        form(name)


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("report", REPORTS)
def test_the_same_report_gives_the_same_bytes(format_: str, report: str) -> None:
    assert text_of(format_, REPORTS[report]()) == text_of(format_, REPORTS[report]())


@pytest.mark.parametrize("format_", FORMATS)
def test_a_report_ends_with_its_only_final_newline(format_: str) -> None:
    text = text_of(format_, shop())
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


@pytest.mark.parametrize("format_", FORMATS)
def test_reports_do_not_depend_on_the_hash_seed(format_: str) -> None:
    script = (
        "import sys; from tests.reports.samples import shop, text_of; "
        f"sys.stdout.write(text_of({format_!r}, shop()))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path), "PATH": "/usr/bin"},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


@pytest.mark.parametrize("format_", FORMATS)
def test_a_secret_is_shown_nowhere(format_: str) -> None:
    text = text_of(format_, shop())
    assert "ghp_0123456789" not in text
    if format_ != "openvex":  # which speaks of vulnerabilities only
        assert "github-token" in text or "github&#45;token" in text


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("colour", [False, True])
def test_no_raw_control_character_reaches_the_output(format_: str, *, colour: bool) -> None:
    options = Options(colour=colour, width=80, verbose=True)
    text = text_of(format_, hostile(), HOSTILE_SOURCES, options)
    if colour and format_ == "table":
        for code in {*table.CODES.values(), "0"}:  # those that are ours, and nothing else
            text = text.replace(f"\x1b[{code}m", "")
    left = {c for c in text if not c.isprintable() and c != "\n"}
    assert not left


@pytest.mark.parametrize("format_", FORMATS)
def test_no_line_is_an_order_to_a_ci_runner(format_: str) -> None:
    text = text_of(format_, hostile(), HOSTILE_SOURCES, Options(width=80, verbose=True))
    assert "##[" not in text
    assert "##vso[" not in text
    for line in text.splitlines():
        if format_ != "github":
            assert not line.lstrip().startswith("::")


@pytest.mark.parametrize("format_", FORMATS)
def test_every_writer_gives_utf8(format_: str) -> None:
    text_of(format_, hostile(), HOSTILE_SOURCES).encode("utf-8")


@pytest.mark.parametrize("format_", ["json", "jsonl", "sarif", "gitlab", "html"])
def test_a_file_name_that_is_no_utf8(format_: str) -> None:
    report = shop()
    first = report.findings[0]
    odd = first._replace(location=first.location._replace(path="caf\udce9/Dockerfile"))
    text_of(format_, report._replace(findings=(odd,)), SOURCES).encode("utf-8")


@pytest.mark.parametrize("format_", ["table", "junit", "github", "markdown", "html"])
def test_with_nothing_read_nothing_is_called_fine(format_: str) -> None:
    text = text_of(format_, nothing())
    assert "Nothing was checked: no input was read." in text
    assert "No findings" not in text


def test_the_table_imports_nothing_heavy() -> None:
    script = (
        "import sys; before = set(sys.modules); import seawall.reports.table; "
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", script],
        env={"PYTHONPATH": "src"}, capture_output=True, check=True, text=True,
    )  # fmt: skip
    loaded = done.stdout.split()
    assert "seawall.reports.table" in loaded
    assert not {name for name in loaded if name.partition(".")[0] in HEAVY}
