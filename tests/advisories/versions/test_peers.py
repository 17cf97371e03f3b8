"""Keys and ranges against the package managers' own programs, where they are installed."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from seawall.advisories.versions.interval import contains
from seawall.advisories.versions.ranges import RangeError, parse, satisfies
from seawall.advisories.versions.schemes import scheme, scheme_of
from tests.advisories.versions import comparable_version, peers
from tests.advisories.versions.comparators import sign

NUMBERS = ["0", "1", "2", "9", "10", "01", "00", "100"]
WORDS = "a b m alpha beta rc cr pre dev snapshot final ga sp foo p jre git".split()
MANY = 1500
FEW = 300  # dpkg is a process for each comparison


def versions(separators: str, rest: str = "") -> Callable[[random.Random], str]:
    """A maker of versions."""

    def make(chance: random.Random) -> str:
        result = chance.choice(NUMBERS)
        for _ in range(chance.randint(0, 4)):
            result += chance.choice([*separators, *separators, ""])
            result += chance.choice([*NUMBERS, *WORDS, *rest])
        return result

    return make


def with_revision(chance: random.Random) -> str:
    """A version of a distribution: epoch, upstream version, revision."""
    part = versions(".+~", "~")
    epoch, revision = chance.choice(["", "", "1:", "0:"]), chance.choice(["", f"-{part(chance)}"])
    return f"{epoch}{part(chance)}{revision}"


def with_stability(chance: random.Random) -> str:
    """A version of Composer."""
    numbers = ".".join(chance.choice("0123") for _ in range(chance.randint(1, 4)))
    ends = "  -beta -alpha.1 RC2 .x-dev -dev -p1 b2 -stable +b @dev".split(" ")
    return numbers + chance.choice(ends)


def pairs(make: Callable[[random.Random], str], many: int) -> list[tuple[str, str]]:
    chance = random.Random(20240229)
    return [(make(chance), make(chance)) for _ in range(many)]


def ours(name: str, a: str, b: str) -> str:
    one, other = scheme(name).key(a), scheme(name).key(b)
    return "!" if one is None or other is None else "<=>"[sign(one, other) + 1]


def differing(name: str, asked: list[tuple[str, str]], answers: list[str]) -> list[str]:
    """The pairs for which a peer that understands them says something else."""
    assert len(asked) == len(answers)
    assert sum(answer != "!" for answer in answers) > len(asked) / 2
    return [
        f"{a} {b}: {answer}"
        for (a, b), answer in zip(asked, answers, strict=True)
        if answer != "!" and ours(name, a, b) != answer
    ]


def test_dpkg() -> None:
    asked = pairs(with_revision, FEW)
    assert not differing("debian", asked, peers.dpkg(asked))


def test_rpm() -> None:
    asked = pairs(with_revision, MANY)
    both = [(a, b) for a, b in asked if ("-" in a) == ("-" in b)]
    # With a release on one side only, rpm compares no releases; keys have one order.
    assert not differing("rpm", both, peers.rpm(both))


def test_ruby_gems() -> None:
    asked = pairs(versions(".-"), MANY)
    assert not differing("gem", asked, peers.ruby(asked))


def test_composer() -> None:
    asked = pairs(with_stability, MANY)
    assert not differing("composer", asked, peers.composer(asked))


def test_maven(tmp_path: Path) -> None:
    asked = pairs(versions(".-"), MANY)
    for (a, b), answer in zip(asked, peers.maven(asked, tmp_path), strict=True):
        one, other = comparable_version.parse(a), comparable_version.parse(b)
        assert "<=>"[comparable_version.compare(one, other) + 1] == answer, (a, b)


def npm_range(chance: random.Random) -> str:
    def number() -> str:
        return chance.choice(["0", "0", "1", "2", "3", "10"])

    def partial() -> str:
        parts = [".".join(number() for _ in range(chance.randint(1, 3))), "*", f"{number()}.x"]
        return chance.choice([*parts, npm_version(chance), npm_version(chance)])

    def clause() -> str:
        if chance.random() < 0.15:
            return f"{partial()} - {partial()}"
        signs = ["", "^", "~", ">", ">=", "<", "<=", "=", "~>", ">= ", "^ "]
        return " ".join(chance.choice(signs) + partial() for _ in range(chance.randint(1, 3)))

    return " || ".join(clause() for _ in range(chance.choice([1, 1, 2])))


def npm_version(chance: random.Random) -> str:
    numbers = ".".join(chance.choice(["0", "0", "1", "2", "3", "10"]) for _ in range(3))
    return numbers + chance.choice(["", "", "-alpha", "-alpha.1", "-beta.2", "-0", "-rc.1"])


def test_ranges_of_npm() -> None:
    chance = random.Random(7)
    asked = [(npm_range(chance), npm_version(chance)) for _ in range(MANY)]
    npm = scheme_of("npm")
    assert npm is not None
    for (range_, version), answer in zip(asked, peers.npm_satisfies(asked), strict=True):
        try:
            everything = contains(parse("npm", range_), npm.key(version) or b"")
        except RangeError:
            assert answer == "!", range_
            continue
        result = "<="[everything] + "<="[satisfies("npm", range_, version) is True]
        assert result == answer, (range_, version)


def lets_in(ecosystem: str, range_: str, version: str) -> str:
    found = scheme_of(ecosystem)
    assert found is not None
    try:
        return "<="[contains(parse(ecosystem, range_), found.key(version) or b"")]
    except RangeError:
        return "!"


def test_requirements_of_ruby_gems() -> None:
    chance = random.Random(8)
    version = versions(".", "")
    signs = ["", "= ", "~> ", ">= ", "<= ", "< ", "> ", "!= ", "~> "]
    asked = [
        (
            ", ".join(
                chance.choice(signs) + version(chance) for _ in range(chance.choice([1, 1, 2]))
            ),
            version(chance),
        )
        for _ in range(MANY)
    ]
    for pair, answer in zip(asked, peers.ruby_satisfies(asked), strict=True):
        assert answer in {lets_in("RubyGems", *pair), "!"}, pair


def test_constraints_of_composer() -> None:
    chance = random.Random(9)

    def constraint() -> str:
        if chance.random() < 0.1:
            return f"{with_stability(chance)} - {with_stability(chance)}".replace("@dev", "")
        if chance.random() < 0.2:
            return f"{chance.choice('0123')}.{chance.choice('0123')}.*"
        signs = ["", "=", "==", "^", "~", ">=", "<=", "<", ">", "!=", ">= "]
        return chance.choice(signs) + with_stability(chance).replace("@dev", "")

    def whole() -> str:
        parts = [constraint() for _ in range(chance.choice([1, 1, 2]))]
        return chance.choice([" ", ", "]).join(parts)

    asked = [
        (" || ".join(whole() for _ in range(chance.choice([1, 1, 2]))), with_stability(chance))
        for _ in range(MANY)
    ]
    for pair, answer in zip(asked, peers.composer_satisfies(asked), strict=True):
        # Composer compares 1.2.3.4.x-dev, which it cannot read, as text.
        if pair[0].count(".x-dev") == 0:
            assert answer in {lets_in("Packagist", *pair), "!"}, pair


@pytest.mark.parametrize("seed", range(4))
def test_specifiers_of_python(seed: int) -> None:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    chance = random.Random(seed)

    def version() -> str:
        numbers = ".".join(
            chance.choice(["0", "1", "2", "10"]) for _ in range(chance.randint(1, 3))
        )
        ends = ["", "", "a1", "b2", "rc1", ".dev1", ".post1", ".post0", "a1.dev1", ".post1.dev2"]
        return numbers + chance.choice(ends)

    def specifier() -> str:
        operator = chance.choice(["==", "!=", ">=", "<=", "<", ">", "~="])
        if operator in {"==", "!="} and chance.random() < 0.4:
            return f"{operator}{chance.choice('012')}.{chance.choice('012')}.*"
        return operator + version() + ("+l.1" if operator in {"==", "!="} and seed == 1 else "")

    for _ in range(500):
        range_ = ",".join(specifier() for _ in range(chance.choice([1, 1, 2, 3])))
        asked = version() + chance.choice(["", "", "+l.1"])
        try:
            answer = "<="[SpecifierSet(range_).contains(asked, prereleases=True)]
        except InvalidSpecifier:
            answer = "!"
        assert lets_in("PyPI", range_, asked) == answer, (range_, asked)
