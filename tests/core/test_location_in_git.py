"""Paths of what git keeps."""

import pytest

from seawall.core.location import path_in_tree
from seawall.text.gitignore import Paths, RootedPaths


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("0123456789ab:src/a.py", "src/a.py"),
        ("0123456789ab:", ""),
        ("src/a.py", "src/a.py"),
        ("0123456789aX:src/a.py", "0123456789aX:src/a.py"),
        ("0123456789abc:a.py", "0123456789abc:a.py"),
        ("0123456789ab", "0123456789ab"),
        ("", ""),
    ],
)
def test_the_commit_is_taken_off(path: str, expected: str) -> None:
    assert path_in_tree(path) == expected


def test_patterns_hold_for_the_past() -> None:
    patterns = RootedPaths(Paths(["docs/**"]))
    assert patterns.matches("0123456789ab:docs/a.md")
    assert not patterns.matches("0123456789ab:src/docs/a.md")
