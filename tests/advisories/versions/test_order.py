"""Keys are the order of their ecosystem, and are fit for intervals."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.version import Version

from seawall.advisories.versions.interval import FIRST, LAST
from seawall.advisories.versions.schemes import ecosystems, scheme, scheme_of
from tests.advisories.versions import comparable_version, comparators, strategies

SCHEMES = sorted({found.name for each in ecosystems() if (found := scheme_of(each))})


def python(a: str, b: str) -> int:
    return comparators.sign(Version(a), Version(b))


def nuget(a: str, b: str) -> int:
    return comparators.semver(a.lower(), b.lower())


def opam(a: str, b: str) -> int:
    return comparators.debian(f"0:{a}", f"0:{b}")


def composer(a: str, b: str) -> int:
    return comparators.php(normal(a), normal(b))


def normal(text: str) -> str:
    """The normal form of what ``strategies.COMPOSER`` makes."""
    text = text.partition("+")[0]
    numbers = text
    while not numbers.replace(".", "").isdigit():
        numbers = numbers[:-1]
    rest = "" if "stable" in text else text[len(numbers) :]
    return numbers + ".0" * (3 - numbers.count(".")) + rest


CASES = {
    "apk": (strategies.APK, comparators.apk),
    "composer": (strategies.COMPOSER, composer),
    "debian": (strategies.DEBIAN, comparators.debian),
    "gem": (strategies.GEM, comparators.gem),
    "golang": (strategies.SEMVER, comparators.semver),
    "numbers": (strategies.NUMBERS, comparators.numbers),
    "nuget": (strategies.SEMVER, nuget),
    "opam": (strategies.MIXED, opam),
    "pep440": (strategies.PYTHON, python),
    "pub": (strategies.SEMVER, comparators.build),
    "rpm": (strategies.RPM, comparators.rpm),
    "semver": (strategies.SEMVER, comparators.semver),
}


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=120)
@given(data=st.data())
def test_keys_say_what_comparing_item_by_item_says(name: str, data: st.DataObject) -> None:
    strategy, compare = CASES[name]
    key = scheme(name).key
    a, b = data.draw(strategy), data.draw(strategy)
    one, other = key(a), key(b)
    assert one is not None
    assert other is not None
    assert comparators.sign(one, other) == comparators.sign(compare(a, b), 0)


@settings(max_examples=200)
@given(strategies.MAVEN, strategies.MAVEN)
def test_maven_is_followed_wherever_it_is_an_order(a: str, b: str) -> None:
    key = scheme("maven").key
    one, other = key(a), key(b)
    assert one is not None
    assert other is not None
    left, right = comparable_version.parse(a), comparable_version.parse(b)
    ours = comparators.sign(one, other)
    if ours == comparable_version.compare(left, right):
        return
    # Maven itself has a < shared < b < a: what they share decides.
    between = comparable_version.shared(left, right)
    assert comparable_version.compare(left, between) == ours
    assert comparable_version.compare(between, right) == ours


@pytest.mark.parametrize("name", SCHEMES)
@settings(max_examples=60)
@given(a=strategies.ANY, b=strategies.ANY)
def test_no_key_is_the_beginning_of_another_and_all_are_between_the_ends(
    name: str, a: str, b: str
) -> None:
    key = scheme(name).key
    one, other = key(a), key(b)
    for each in (one, other):
        assert each is None or FIRST < each < LAST
    if one is not None and other is not None and one != other:
        assert not other.startswith(one)
        assert not one.startswith(other)


@pytest.mark.parametrize("name", SCHEMES)
@pytest.mark.parametrize(
    "text",
    ["1" * 10_000, "1." * 5000, "1-" * 5000, "1a" * 5000, "~" * 10_000, " " * 10_000, "a" * 10**6],
    ids=lambda text: f"{text[:2]}x{len(text)}",
)
def test_what_is_too_long_is_no_version(name: str, text: str) -> None:
    assert scheme(name).key(text) is None


@pytest.mark.parametrize("name", SCHEMES)
@pytest.mark.parametrize(
    "unit", ["1", "1.", "1-", "1a", "_p", "~", "-", ".", "a.", "-1-", "+", "-r"]
)
def test_no_repetition_makes_it_try_ever_longer(name: str, unit: str) -> None:
    """What is exponential in the length of a version does not end here."""
    key = scheme(name).key
    for end in ("", "!", "x", "-"):
        found = key("1" + unit * (900 // len(unit)) + end)
        assert found is None or len(found) < 10_000


@pytest.mark.parametrize("name", SCHEMES)
def test_numbers_of_any_length_are_compared(name: str) -> None:
    key = scheme(name).key
    keys = [key("9" * length) for length in (1, 2, 100, 254, 255, 256, 400, 900)]
    assert all(each is not None for each in keys)
    assert all(one < other for one, other in pairwise(keys) if one and other)


@pytest.mark.parametrize(
    ("ecosystem", "rising"),
    [
        ("Alpine:v3.20", "8.2.0_rc1 8.2.0 8.2.0-r1 8.2.0.1 8.2.0357 8.2.1"),
        ("Alpine:v3.20", "1.0.1 1.06 1.1"),
        ("Alpine:v3.20", "1.0_git20210101 1.0_p1 5.1 5.1p1"),
        ("Bitnami", "1.2.3-rc.1 1.2.3 1.2.3-1 1.2.3-10 1.2.4"),
        ("ConanCenter", "1.0-pre 1.0 1.0+1 1.0.1 1.1a 1.2 1.10"),
        ("FreeBSD:ports", "2.* 2pl1 2alpha3 2.9f7 3.*"),
        ("FreeBSD:ports", "pl11 alpha3 0.1beta2 0.1 1.0 1.0_1 1.0_10 1.0.1 0.9,1"),
        ("Go", "1.20.14 1.21rc1 1.21rc2 1.21 1.21.1 go1.22 go1.22.3-vendor go1.22.4"),
        ("Go", "1.21.0-0 go1.21rc1 1.21.0-rc.2 go1.21.0"),
        (
            "Go",
            "v1.2.2 v1.2.3-0.20191109021931-daa7c04131f5 v1.2.3-0.20200101000000-0 v1.2.3 v2.0.0+x",
        ),
        ("Go", "v0.0.0-20190101000000-ffffffffffff v0.0.0-20200101000000-000000000000 v0.0.1"),
        ("Julia", "1.0.0-rc1 1.0.0 1.0.0+0 1.0.0+1 1.0.1"),
        ("Linux", "5.10-rc1 5.10 5.10.1 5.10.102 5.11"),
        ("PyPI", "0.1-bulbasaur 2004d 0.0.dev1 0.0 1.dev1 1a1 1 1.post1 1!0"),
        ("opam", "1.0~beta 1.0 1.0-1 1.0.1"),
        ("Packagist", "1.0-dev 1.0-alpha1 1.0-beta1 1.0-RC1 1.0 1.0-p1 1.0.1-dev 1.x-dev 2.0"),
        ("Red Hat:rhel_e4s:8.6::appstream", "1.0~rc1 1.0 1.0-1.el8 1.0^git1-1 1.0.1 1:0.1"),
    ],
)
def test_orders_people_know(ecosystem: str, rising: str) -> None:
    found = scheme_of(ecosystem)
    assert found is not None
    keys = [found.key(each) for each in rising.split()]
    assert None not in keys
    assert keys == sorted(set(keys), key=lambda each: each or b"")


@pytest.mark.parametrize(
    ("ecosystem", "text"),
    [("Packagist", "dev-main"), ("Go", "(devel)"), ("npm", "latest"), ("Maven", "${revision}")],
)
def test_what_has_no_order_has_no_key(ecosystem: str, text: str) -> None:
    found = scheme_of(ecosystem)
    assert found is not None
    assert found.key(text) is None
