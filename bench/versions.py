"""Keys of versions a second, and beside them what ``packaging`` reads of its own."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from packaging.version import Version

from seawall.advisories.versions.schemes import scheme_of

DATA = Path(__file__).resolve().parent.parent / "tests" / "data" / "versions"
KEYS = 2_000
ROUNDS = 9
FILES = {
    "npm": "semver",
    "Go": "semver",
    "PyPI": "pypi",
    "Debian": "debian",
    "Red Hat": "redhat",
    "Alpine": "alpine",
    "Maven": "maven",
    "RubyGems": "rubygems",
    "NuGet": "nuget",
    "Packagist": "packagist",
}


def versions(name: str) -> list[str]:
    """Versions of a corpus's file, in an order of no meaning, 2,000 of them."""
    lines = (DATA / f"{name}-versions.txt").read_text(encoding="utf-8").splitlines()
    parts = [line.split() for line in lines if line.strip() and line[0] not in "#/"]
    found = [each for part in parts if len(part) == 3 for each in (part[0], part[2])]
    result = (found * (KEYS // len(found) + 1))[:KEYS]
    random.Random(1).shuffle(result)  # noqa: S311 - the same in each run
    return result


def seconds(key: Callable[[str], object], texts: Sequence[str]) -> float:
    """The least of some rounds over all versions."""
    rounds = []
    for _ in range(ROUNDS):
        start = time.process_time()
        for text in texts:
            key(text)
        rounds.append(time.process_time() - start)
    return min(rounds)


def rows() -> Iterator[tuple[str, str]]:
    """One row for each family of versions."""
    for ecosystem, name in FILES.items():
        scheme = scheme_of(ecosystem)
        if scheme is not None:
            yield f"keys of versions, {ecosystem}", _told(seconds(scheme.key, versions(name)))
    python = [text for text in versions("pypi") if text[0].isdigit() and "-" not in text]
    valid = [text for text in python if not text.startswith("0.9.r") and "r" not in text[-1:]]
    yield "packaging.version.Version, PyPI", _told(seconds(Version, valid) * KEYS / len(valid))


def _told(took: float) -> str:
    return f"{KEYS / took:,.0f}/s, {KEYS:,} in {took * 1000:.1f} ms"


if __name__ == "__main__":
    for what, result in rows():
        print(f"| {what} | {result} |")
