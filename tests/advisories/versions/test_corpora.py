"""72,000 comparisons of public corpora: all hold, but for those that are wrong themselves."""

import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from seawall.advisories.versions.schemes import Key, scheme_of
from tests.shared import DATA, SHARED

OWN = DATA / "versions"
CORPUS = SHARED / "corpora" / "versions"
ECOSYSTEMS = {
    "alpine": "Alpine",
    "cran": "CRAN",
    "debian": "Debian",
    "hackage": "Hackage",
    "maven": "Maven",
    "nuget": "NuGet",
    "packagist": "Packagist",
    "pub": "Pub",
    "pypi": "PyPI",
    "redhat": "Red Hat",
    "rubygems": "RubyGems",
    "semver": "npm",
}


def key_of(file: str) -> Key:
    scheme = scheme_of(ECOSYSTEMS[file.partition("-")[0]])
    assert scheme is not None
    return scheme.key


def lines(path: Path) -> Iterator[str]:
    for line in path.read_text(encoding="utf-8").splitlines():
        text = line.strip()
        if text and not text.startswith(("#", "//")):
            yield text


def holds(line: str, key: Key) -> bool:
    one, operator, other = line.split(" ")
    left, right = key(one), key(other)
    if left is None or right is None:
        return False
    return operator == ("<" if left < right else ">" if left > right else "=")


def differences() -> dict[str, set[str]]:
    found = defaultdict(set)
    table = tomllib.loads((OWN / "differences.toml").read_text(encoding="utf-8"))
    for each in table["difference"]:
        assert each["reason"]
        found[each["file"]].update(each["lines"])
    return found


def wrong(path: Path) -> set[str]:
    key = key_of(path.name)
    return {line for line in lines(path) if not holds(line, key)}


@pytest.mark.parametrize("name", ECOSYSTEMS)
def test_those_written_by_hand(name: str) -> None:
    path = OWN / f"{name}-versions.txt"
    assert sum(1 for _ in lines(path)) > 10
    assert wrong(path) == differences().get(path.name, set())


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared corpora are not beside this checkout")
def test_all_of_them() -> None:
    paths = sorted(CORPUS.glob("*.txt"))
    assert {path.name: bad for path in paths if (bad := wrong(path))} == differences()
    assert sum(1 for path in paths for _ in lines(path)) > 70_000
