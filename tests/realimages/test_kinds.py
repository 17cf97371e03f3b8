"""Every difference from syft on real images is of a declared kind."""

import pytest

from tests.builds.machine import missing
from tests.oracles.osv_scanner import OURS, THEIRS
from tests.realimages import kinds, syft
from tests.realimages.trees import NotFetchedError


def test_declarations_are_sound() -> None:
    for kind in kinds.kinds():
        assert kind.side in (OURS, THEIRS), kind
        assert kind.right in kinds.RIGHT, kind
        assert kind.why.endswith("."), kind
        assert kind.evidence.endswith("."), kind
        assert kind.example, kind
        assert kind.times, kind
    used = {name for kind in kinds.kinds() for name in kind.when}
    assert used == kinds.CONDITIONS.keys(), kinds.CONDITIONS.keys() - used


def test_there_is_no_difference_where_ours_is_wrong() -> None:
    assert not [kind for kind in kinds.kinds() if kind.right == THEIRS]


def test_there_was_enough_to_compare() -> None:
    assert kinds.both() > 1_000


def test_the_document_is_made_from_the_declarations() -> None:
    assert kinds.DOCUMENT.read_text(encoding="utf-8") == kinds.document()


@pytest.mark.full
@pytest.mark.skipif(bool(missing()), reason=missing() or "images can be built")
@pytest.mark.skipif(syft.peer() is None, reason="syft is not on PATH")
def test_every_difference_is_declared() -> None:
    try:
        found = syft.compare()
    except NotFetchedError as error:
        pytest.skip(f"packages to make images of cannot be fetched: {error}")
    undeclared = [item for item in found.differences if kinds.kind_of(item) is None]
    assert not undeclared, "\n".join(f"{d.side} {d.package} {d.paths[:2]}" for d in undeclared[:20])
    assert found.packages > 1_000
