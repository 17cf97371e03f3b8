"""Ignore comments in lock files and manifests."""

import pytest

from seawall.core.ignore import Lines, WholeFile
from seawall.packages.comments import ignores


def test_behind_an_entry_it_is_about_its_line() -> None:
    line = "flask==1.0  # seawall: ignore[CVE-2023-30861] not served until=2027-01-31\n"
    (found,) = ignores(line, "web/requirements.txt")
    assert found.rules == ("CVE-2023-30861",)
    assert found.scope == Lines("web/requirements.txt", 1, 1)
    assert (found.reason, found.until) == ("not served", "2027-01-31")


@pytest.mark.parametrize("mark", ["#", "//", ";", "<!--"])
def test_on_a_line_of_its_own_it_is_about_the_next_entry(mark: str) -> None:
    end = " -->" if mark == "<!--" else ""
    text = f"first\n  {mark} seawall: ignore[vulnerable-package] why{end}\n\n{mark} more\nsecond\n"
    (found,) = ignores(text, "file")
    assert found.scope == Lines("file", 5, 5)
    assert found.reason == "why"
    assert found.origin.span is not None
    assert (found.origin.span.line, found.origin.span.column) == (2, 3)


def test_the_whole_file() -> None:
    (found,) = ignores("# seawall: ignore-file[CVE-2024-1234] all of it\na==1\n", "file")
    assert found.scope == WholeFile("file")


def test_what_cannot_be_one_says_so() -> None:
    (found,) = ignores("a==1  # seawall: ignore\n", "file")
    assert "names no rule" in found.fault


@pytest.mark.parametrize("text", ['"url": "https://seawall:x@example.org"', "a#seawall: ignore"])
def test_what_stands_within_a_word_is_no_comment(text: str) -> None:
    assert not list(ignores(text, "file"))
