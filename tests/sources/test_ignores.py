"""What .gitignore leaves out: git itself is the judge."""

import shutil
import subprocess
import time
from pathlib import Path
from random import Random

import pytest

from seawall.sources.ignores import Ignores
from seawall.text.gitignore import parse

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="there is no git here")

ATOMS = (
    "a", "b", "foo", "ab", "c", "-", ".", "*", "**", "***", "?", "[ab]", "[!a]", "[^b-]", "[a-c]",
    "[]a]", "[a-]", "[z-a]", "[\\]a]", "[[:alpha:]]", "[[:digit:][:space:]]", "[[:", "[", "\\*",
    "\\a", "\\", "\\ ", " ",
)  # fmt: skip
NAMES = ("a", "b", "c", "foo", "ab", "ba", "abc", "foo.a", "*", "-", "]", "[", "a b", "a ", "aa")


def is_ignored(lines: list[str], path: str, *, is_directory: bool) -> bool:
    """As a walk does it: what an ignored directory holds is never asked for."""
    patterns = parse(lines)
    parts = path.split("/")
    for depth in range(1, len(parts) + 1):
        is_parent = depth < len(parts)
        for pattern in patterns:
            if pattern.matches(parts[:depth], is_directory=is_parent or is_directory):
                if is_parent and not pattern.negated:
                    return True
                if not is_parent:
                    return not pattern.negated
                break
    return False


@pytest.mark.parametrize(
    ("pattern", "ignored", "kept"),
    [
        ("a.yaml", ["a.yaml", "x/a.yaml"], ["b.yaml", "a.yaml2"]),
        ("/a.yaml", ["a.yaml"], ["x/a.yaml"]),
        ("x/a.yaml", ["x/a.yaml"], ["y/x/a.yaml"]),
        ("*.yaml", ["a.yaml", "x/.yaml"], ["a.yml"]),
        ("x/*.yaml", ["x/a.yaml"], ["x/y/a.yaml"]),
        ("x/**", ["x/a", "x/y/z"], ["x"]),
        ("**/x/a", ["x/a", "y/x/a", "y/z/x/a"], ["xx/a"]),
        ("x/**/a", ["x/a", "x/y/a", "x/y/z/a"], ["xa", "x/y/ab"]),
        ("build/", ["build/x", "y/build/z"], ["build"]),
        ("\\#a", ["#a"], ["\\#a"]),
        ("#a", [], ["#a"]),
        ("\\!a", ["!a"], ["a"]),
        ("a  ", ["a"], ["a  "]),
        ("a\\  ", ["a "], ["a", "a  "]),
        ("a\r", ["a"], ["a\r"]),
        ("?b", ["ab"], ["b", "aab"]),
        ("[a-c]x", ["ax", "cx"], ["dx"]),
        ("[!a-c]x", ["dx"], ["ax"]),
        ("[]-]", ["]", "-"], ["a"]),
        ("[[:digit:]]", ["1"], ["a"]),
        ("[a", [], ["[a", "a"]),
        ("", [], ["a"]),
        ("/", [], ["a"]),
    ],
)
def test_patterns(pattern: str, ignored: list[str], kept: list[str]) -> None:
    for path in ignored:
        assert is_ignored([pattern], path, is_directory=False), path
    for path in kept:
        assert not is_ignored([pattern], path, is_directory=False), path


def test_the_last_match_decides() -> None:
    lines = ["*.yaml", "!keep.yaml", "keep.yaml", "!keep.yaml"]
    assert is_ignored(lines, "a.yaml", is_directory=False)
    assert not is_ignored(lines, "keep.yaml", is_directory=False)


def random_pattern(random: Random) -> str:
    names = ["".join(random.choices(ATOMS, k=random.randint(1, 3))) for _ in range(3)]
    text = "/".join(names[: random.randint(1, 3)])
    return "".join(
        (
            random.choice(["", "", "", "", "!"]),
            random.choice(["", "", "", "/"]),
            text,
            random.choice(["", "", "", "/"]),
            random.choice(["", "", "", "  ", "\r"]),
        )
    )


@needs_git
@pytest.mark.parametrize("block", range(4))
def test_as_git_does(block: int, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    random = Random(block)
    for _ in range(60):
        # A set may hold a slash that it cannot match; too odd to follow, and left out here.
        lines = [random_pattern(random) for _ in range(random.randint(1, 3))]
        if any("[" in line and "/" in line.partition("[")[2] for line in lines):
            continue
        (tmp_path / ".gitignore").write_text("\n".join(lines) + "\n", newline="")
        paths = ["/".join(random.choices(NAMES, k=random.randint(1, 4))) for _ in range(40)]
        output = subprocess.run(
            ["git", "check-ignore", "--no-index", "-v", "-n", "-z", "--stdin"],
            input="\0".join(paths),
            capture_output=True,
            text=True,
            cwd=tmp_path,
            check=False,
        ).stdout.split("\0")
        for index, path in enumerate(paths):
            pattern = output[4 * index + 2]
            ignored = pattern != "" and not pattern.startswith("!")
            assert is_ignored(lines, path, is_directory=False) == ignored, (lines, path)


def test_nested_files(tmp_path: Path) -> None:
    (tmp_path / ".git" / "info").mkdir(parents=True)
    (tmp_path / ".git" / "info" / "exclude").write_text("*.bak\n*.tmp\n")
    (tmp_path / ".gitignore").write_text("\ufeff*.yaml\n!*.tmp\n", encoding="utf-8")
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (inner / ".gitignore").write_text("!keep.yaml\n/here\n")
    for root in (tmp_path, tmp_path / "a", inner):
        ignores = Ignores(str(root))
        for path, expected in {
            "x.yaml": True, "keep.yaml": False, "here": True, "x.bak": True, "x.tmp": False,
        }.items():  # fmt: skip
            assert ignores.match(str(inner / path), is_directory=False) == expected, (root, path)
    assert Ignores(str(tmp_path)).match(str(tmp_path / "keep.yaml"), is_directory=False)


def test_files_above_the_repository_do_not_count(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*\n")
    inner = tmp_path / "repository"
    (inner / ".git").mkdir(parents=True)
    assert not Ignores(str(inner)).match(str(inner / "a"), is_directory=False)
    plain = tmp_path / "plain"
    plain.mkdir()
    assert not Ignores(str(plain)).match(str(plain / "a"), is_directory=False)


@pytest.mark.parametrize("broken", ["directory", "binary", "missing"])
def test_an_unreadable_file_ignores_nothing(tmp_path: Path, broken: str) -> None:
    if broken == "directory":
        (tmp_path / ".gitignore").mkdir()
    elif broken == "binary":
        (tmp_path / ".gitignore").write_bytes(b"\xff\x00\xfe\nb\n")
    ignores = Ignores(str(tmp_path))
    assert not ignores.match(str(tmp_path / "a"), is_directory=False)
    assert ignores.match(str(tmp_path / "b"), is_directory=False) == (broken == "binary")


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*a" * 20 + "*b", "a" * 250 + "c"),
        ("**/a/" * 20 + "**/b", "a/" * 800 + "c"),
        ("*[ab]" * 50 + "*c", "ab" * 125),
        ("*?" * 60 + "b", "a" * 250),
        ("**/*a*/" * 30 + "b", ("a" * 20 + "/") * 150 + "c"),
    ],
)
def test_no_pattern_takes_long(pattern: str, path: str) -> None:
    patterns = parse([pattern])
    start = time.process_time()
    assert not patterns[0].matches(path.split("/"), is_directory=False)
    assert time.process_time() - start < 1


def test_endless_files_end() -> None:
    start = time.process_time()
    assert len(parse(["a*b"] * 300_000)) == 10_000
    assert time.process_time() - start < 10
