"""Lock files in TOML are read by lines as ``tomllib`` reads them."""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.packages import lock_toml
from seawall.packages.package import Unreadable

LINES = (
    "",
    "# comment",
    "[[package]]",
    '[package."a.b"]',
    "[package.dependencies]",
    "[[package.files]]",
    "[metadata]",
    '[metadata."x y"]',
    "[a.b]",
    "[a]",
    "[[a]]",
    "wheels = [",
    "sdist = {}",
    "]",
    "]  ",
    'name = "a"',
    'version = "1.0"',
    "version = 4",
    "size = -12",
    "flag = true",
    "dependencies = [",
    ' "a 1.0 (registry+x)",',
    '    { name = "b", marker = "c == \'d\'" },',
    "    1,",
    "[",
    "list = []",
    'inline = { a = "1", b = [1, 2], c = { d = true } }',
    'inline = { a = "x = y", a-b = "\\"" }',
    'text = "a \\" b"',
    'text = "\\u0041"',
    'text = "\\U00000041"',
    "literal = 'a\"b'",
    "date = 2026-01-01",
    'text = """a',
    'b"""',
    "number = 1_000",
    'key."a" = 1',
    '"quoted key" = "x"',
    '"a.b" = 2',
    "x = 1 # c",
    "a = 1",
    "a.b = 1",
    "b = {}",
    "[a.b.c]",
    "[[a.b]]",
    'list = ["a", "b",]',
    "  indented = 1",
    "nan = nan",
    "text = \"'''\"",
    "literal = '''",
    "'''",
    "\t",
    'x = "\t"',
    'x = "\x7f"',
)


def by_tomllib(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except ValueError:
        return None


@given(st.lists(st.sampled_from(LINES), max_size=12).map("\n".join))
def test_what_tomllib_reads_is_read_the_same(text: str) -> None:
    expected = by_tomllib(text)
    if expected is not None and "nan" not in text:
        assert lock_toml.read(text).value == expected


SAMPLE = """\
version = 1

[[package]]
name = "a"
wheels = [
    { url = "x" },
]
sdist = { url = "y" }
dependencies = [
    { name = "b", marker = "c == 'd'" },
]

[package.metadata]
requires-dist = [{ name = "b", specifier = ">=1" }]

[[package]]
name = "b"
"""


@pytest.mark.parametrize("more", ["", "float = 1.5\n"])
def test_keys_are_skipped_and_lines_are_told(more: str) -> None:
    lock = lock_toml.read(more + SAMPLE, skip=("wheels", "sdist"))
    first, second = lock.value["package"]
    assert first["dependencies"] == [{"name": "b", "marker": "c == 'd'"}]
    assert first["metadata"]["requires-dist"] == [{"name": "b", "specifier": ">=1"}]
    assert second == {"name": "b"}
    assert ("wheels" in first) == bool(more)  # the full reader skips nothing
    shift = 1 if more else 0
    assert [lock.line("package", number) for number in range(3)] == [3 + shift, 16 + shift, 0]


@pytest.mark.parametrize(
    ("text", "line"),
    [('a = "', 1), ("a = 1\na = 2", 2), ("\n[a\n", 2), (f"{'a.' * 2000}a = 1", 1), ("a = [", 1)],
)
def test_what_is_no_toml(text: str, line: int) -> None:
    with pytest.raises(Unreadable) as raised:
        lock_toml.read(text)
    assert raised.value.line == line


def test_deep_nesting_is_refused() -> None:
    for text in ("a = " + "[" * 100_000, "a = " + '{ "a" = ' * 100_000, "a = " + "1" * 10_000):
        with pytest.raises(Unreadable):
            lock_toml.read(text)
