"""What is known of packages: each question is asked of the database once."""

from collections.abc import Iterable, Sequence
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from seawall.advisories.assessing import prepare
from seawall.advisories.known import Unjudged
from seawall.advisories.store import Store
from seawall.engine.knowledge import Knowledge
from seawall.packages.package import Package

Query = tuple[str, str, str]
QUERIES = st.lists(st.tuples(st.just("npm"), st.sampled_from("abcdef"), st.sampled_from("12")))


class Asked:
    """A database that says of each package its own name, and of some that nobody can tell."""

    def __init__(self) -> None:
        self.asked: list[Query] = []
        self.questions = 0

    def match(self, wanted: Sequence[Query]) -> list[list[str]]:
        self.questions += 1
        self.asked += wanted
        return [[f"{name} {version}"] * int(version) for _, name, version in wanted]

    def unjudged(self, wanted: Sequence[Query]) -> list[Unjudged]:
        return [
            Unjudged(place, "no order", (name,))
            for place, (_, name, _) in enumerate(wanted)
            for _ in range("abc".find(name) + 1)
        ]

    def vulnerabilities(self, numbers: Iterable[int]) -> dict[int, str]:
        return {number: f"CVE {number}" for number in numbers}


def knowledge() -> tuple[Knowledge, Asked]:
    asked = Asked()
    return Knowledge(cast(Store, asked), b"", (), ()), asked


@given(st.lists(QUERIES, max_size=5))
def test_answers_are_those_of_the_database(questions: list[list[Query]]) -> None:
    known, asked = knowledge()
    plain = Asked()
    for wanted in questions:
        assert cast(Any, known.match(wanted)) == plain.match(wanted)
        assert known.unjudged(wanted) == plain.unjudged(wanted)
        numbers = [int(version) for _, _, version in wanted]
        assert cast(Any, known.vulnerabilities(numbers)) == plain.vulnerabilities(numbers)
    assert len(asked.asked) == len(set(asked.asked))


def test_many_packages_are_one_question() -> None:
    known, asked = knowledge()
    packages = [Package("npm", name, "0") for name in "abcdef"]
    prepare(packages, known)
    for package in packages:
        known.match([("npm", package.name, "0")])
    assert asked.questions == 1
