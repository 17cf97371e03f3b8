"""How many layers came with the base, by histories as builders write them."""

import pytest

from seawall.images.base import (
    ANNOTATION,
    HISTORY,
    LOCK,
    SEEN,
    Base,
    Candidate,
    Claim,
    Step,
    base_of,
    layers_of_base,
)

DEBIAN = [("/bin/sh -c #(nop) ADD file:1a in / ", False), ('/bin/sh -c #(nop)  CMD ["bash"]', True)]
PYTHON = [
    *DEBIAN,
    ("RUN /bin/sh -c apt-get update # buildkit", False),
    ("ENV PATH=/usr/local/bin", True),
    ('CMD ["python3"]', True),
]


@pytest.mark.parametrize(
    ("history", "base"),
    [
        ([], 0),
        (DEBIAN, 0),
        ([*DEBIAN, ("COPY app /app # buildkit", False)], 1),
        (PYTHON, 1),
        ([*PYTHON, ("COPY . /app # buildkit", False), ('ENTRYPOINT ["/app/run"]', True)], 2),
        ([*PYTHON, ("WORKDIR /app", False), ("COPY . . # buildkit", False), ("CMD x", True)], 2),
        ([*PYTHON, ("USER 10001", True)], 1),
        ([("COPY / / # buildkit", False)], 0),
    ],
)
def test_histories(history: list[tuple[str, bool]], base: int) -> None:
    assert layers_of_base(history, sum(not empty for _, empty in history)) == base


def test_a_history_that_does_not_fit_the_layers_tells_nothing() -> None:
    assert layers_of_base([*PYTHON, ("COPY . /app", False)], 5) == 0


STEPS = [Step(created_by, empty) for created_by, empty in [*PYTHON, ("COPY . /app", False)]]
"""Three layers, of which the history gives two to the base."""
CHAIN = ("sha256:1", "sha256:2", "sha256:3")
ONE = Candidate("sha256:1", "debian:12", ("sha256:d",), SEEN)
TWO = Candidate("sha256:2", "python:3.11", ("sha256:p",), LOCK)


def test_nothing_but_the_history() -> None:
    assert base_of(CHAIN, STEPS) == Base(2, HISTORY)
    assert base_of(CHAIN, []) == Base()
    assert base_of((), []) == Base()


def test_buildah_notes_where_it_began() -> None:
    steps = [
        Step("COPY dir:1 in /", empty_layer=False),
        Step("CMD x", empty_layer=True, comment="FROM 0dce08ba5de2"),
        Step("ENV A=b", empty_layer=True, comment="FROM registry.example.org/base:1"),
        Step("COPY file:2 in /", empty_layer=False, comment="FROM ba6626c7b901"),
        Step("COPY file:3 in /", empty_layer=False, comment="FROM scratch"),
    ]
    assert base_of(CHAIN, steps) == Base(
        1, HISTORY, "registry.example.org/base:1", "", HISTORY
    )  # fmt: skip


def test_layers_that_are_known_count_more_than_the_history() -> None:
    found = base_of(CHAIN, STEPS, candidates=[ONE, TWO])
    assert found == Base(2, LOCK, "python:3.11", "sha256:p", LOCK)
    seen = TWO._replace(known_by=SEEN)
    assert base_of(CHAIN, STEPS, candidates=[ONE, seen]).known_by == SEEN
    assert base_of(CHAIN, [], candidates=[ONE]) == Base(1, SEEN, "debian:12", "sha256:d", SEEN)


def test_the_base_of_the_base_is_not_the_base() -> None:
    """That debian is known does not make what python added this image's own."""
    assert base_of(CHAIN, STEPS, candidates=[ONE]) == Base(2, HISTORY)


def test_an_image_is_not_its_own_base() -> None:
    itself = Candidate("sha256:3", "app:1", (), SEEN)
    assert base_of(CHAIN, STEPS, candidates=[itself]) == Base(2, HISTORY)
    locked = itself._replace(known_by=LOCK)
    assert base_of(CHAIN, STEPS, candidates=[locked]).layers == 3  # it added no layer


def test_annotations_alone_give_a_name_only() -> None:
    claim = Claim("debian:12", "sha256:d")
    found = base_of(CHAIN, STEPS, claim)
    assert found == Base(2, HISTORY, "debian:12", "sha256:d", ANNOTATION)
    assert base_of(CHAIN, [], claim) == Base(0, "", "debian:12", "sha256:d", ANNOTATION)


def test_annotations_of_a_base_whose_layers_are_known() -> None:
    claim = Claim("debian:12", "sha256:d")
    proven = Base(1, ANNOTATION, "debian:12", "sha256:d", ANNOTATION)
    assert base_of(CHAIN, STEPS, claim._replace(chain_id="sha256:1")) == proven
    assert base_of(CHAIN, STEPS, claim, [ONE, TWO]) == proven


def test_annotations_that_are_not_true_are_told() -> None:
    found = base_of(CHAIN, STEPS, Claim("alpine:3", "sha256:a", "sha256:9"))
    assert (found.layers, found.known_by, found.name) == (2, HISTORY, "")
    assert found.problem == (
        "its annotations name alpine:3 as its base, but it has none of that one's layers"
    )
