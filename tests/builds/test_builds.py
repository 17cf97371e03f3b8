"""``seawall harden`` proven by building: what it leaves still builds, and runs as before."""

import pytest

from tests.builds.cases import CASES, Case
from tests.builds.images import Shelf
from tests.builds.machine import CommandError, missing
from tests.builds.proof import Outcome, Proof

needs_builder = pytest.mark.skipif(bool(missing()), reason=missing() or "images can be built")


@pytest.fixture(scope="session")
def shelf() -> Shelf:
    return Shelf()


def _cases() -> list[object]:
    return [
        pytest.param(case, id=case.name, marks=() if case.is_cheap else (pytest.mark.full,))
        for case in CASES
    ]


@needs_builder
@pytest.mark.parametrize("case", _cases())
def test_what_harden_leaves_builds_and_runs_as_before(shelf: Shelf, case: Case) -> None:
    with Proof(shelf, case) as proof:
        before = proof.before()
        assert case.says in before.output
        for tier in ("safe", "lock"):
            after = proof.after(tier)
            assert after.output == before.output, _account(after)
            assert after.identity == before.identity, _account(after)
        if case.changes:
            assert case.changes in _what_changed(proof, before)
            return
        after = proof.after("unsafe")
        assert after.output == before.output, _account(after)
        assert after.identity.uid != 0, _account(after)
        assert after.identity.gid != 0, _account(after)
        assert after.identity.root_is_read_only
        assert after.identity.capabilities == 0


def _what_changed(proof: Proof, before: Outcome) -> str:
    """What is known of a hardened Dockerfile that does not do as before."""
    try:
        after = proof.after("unsafe")
    except CommandError as error:
        return str(error)
    assert after.output != before.output, _account(after)
    return _account(after)


def _account(outcome: Outcome) -> str:
    parts = (outcome.tier, outcome.identity, outcome.summary, outcome.text, outcome.output)
    return "\n".join(str(part) for part in parts)
